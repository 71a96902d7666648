"""What came of one image or one pair. Where there is no number, none can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, cast

from .errors import UnscoredError


@dataclass(frozen=True)
class Score:
    """The result of one image; `raw` is all that the service said (`contract.ScoreResult`, or a panel's)."""

    raw: Mapping[str, Any]

    @property
    def image(self) -> str:
        """Its id, its file name, or its place from 0."""
        return str(self.raw["image"])

    @property
    def score(self) -> Optional[float]:
        """The expected worth on the judge's scale; None where `reason` says why there is none."""
        score = self.raw["score"]
        return None if score is None else float(score)

    @property
    def value(self) -> float:
        """The same, for who needs a number: raises `UnscoredError` where there is none."""
        score = self.score
        if score is None:
            raise UnscoredError(self.image, self.reason or "unscored", str(self.raw.get("detail", "")))
        return score

    @property
    def calibrated(self) -> Optional[float]:
        """The score on a human scale, where that was asked for and there is a score."""
        calibrated = self.raw.get("calibrated")
        return None if calibrated is None else float(calibrated["score"])

    @property
    def reason(self) -> Optional[str]:
        """Why there is no score; None where there is one."""
        return cast("Optional[str]", self.raw.get("reason"))

    @property
    def detail(self) -> Optional[str]:
        """The reason in words."""
        return cast("Optional[str]", self.raw.get("detail"))

    @property
    def opinion(self) -> Optional[Mapping[str, float]]:
        """The probability of each level."""
        return cast("Optional[Mapping[str, float]]", self.raw["opinion"])

    @property
    def spread(self) -> Optional[float]:
        """The standard deviation of the worth under the opinion."""
        return cast("Optional[float]", self.raw["spread"])

    @property
    def provenance(self) -> Mapping[str, Any]:
        """All that is needed to ask for the same again. A panel has one for each member."""
        return cast("Mapping[str, Any]", self.raw.get("provenance", {}))


@dataclass(frozen=True)
class Comparison:
    """The result of one pair; `raw` is all that the service said (`contract.CompareResult`, or a panel's)."""

    raw: Mapping[str, Any]

    @property
    def preference(self) -> Optional[str]:
        """`first`, `second`, `tie`, `review` or `dropped`; None where `reason` says why there is none."""
        return cast("Optional[str]", self.raw["preference"])

    @property
    def first_better(self) -> Optional[float]:
        """The probability that the first image is better; None where the pair was not compared."""
        return cast("Optional[float]", self.raw["first_better"])

    @property
    def second_better(self) -> Optional[float]:
        """The probability that the second image is better."""
        return cast("Optional[float]", self.raw["second_better"])

    @property
    def tie(self) -> Optional[float]:
        """The probability that neither is better."""
        return cast("Optional[float]", self.raw["tie"])

    @property
    def reason(self) -> Optional[str]:
        """Why the pair was not compared; None where it was."""
        return cast("Optional[str]", self.raw.get("reason"))

    @property
    def detail(self) -> Optional[str]:
        """The reason in words."""
        return cast("Optional[str]", self.raw.get("detail"))
