"""Generating until an image is accepted: the caller's loop, with a budget and a reason to stop.

The service decides over images and never generates any. What is judged and by which policy is its business; how often
it is tried, and what is kept when the budget is spent, is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, List, Literal, Mapping, Optional, Tuple

from .client import Client
from .contract import GateResult
from .images import Image

Stop = Literal["accepted", "budget"]

# From the best to the worst; what could not be evaluated is not known to be better than what was refused.
VERDICTS = ("accept", "review", "reject", "not_evaluated")


@dataclass(frozen=True)
class Attempt:
    """One image and what the gate said of it."""

    number: int
    image: Image
    decision: GateResult


@dataclass(frozen=True)
class Outcome:
    """What came of all attempts."""

    attempts: Tuple[Attempt, ...]
    stop: Stop
    budget: int

    @property
    def accepted(self) -> Optional[Attempt]:
        """The attempt that was accepted; None where none was, and then nothing may be shown as accepted."""
        return self.attempts[-1] if self.stop == "accepted" else None

    @property
    def best(self) -> Attempt:
        """The attempt to look at first: by verdict, then by the combined score where there is one."""
        return min(self.attempts, key=_place)

    @property
    def left(self) -> int:
        """How many attempts of the budget were not needed."""
        return self.budget - len(self.attempts)


def _place(attempt: Attempt) -> Tuple[int, bool, float]:
    combined = attempt.decision["combined"]
    verdict = VERDICTS.index(attempt.decision["verdict"])
    # Without a combined score it comes after all that have one, whatever the number beside it.
    return verdict, combined is None, 0.0 if combined is None else -combined


def until_accepted(
    client: Client,
    generate: Callable[[int], Image],
    policy: str,
    *,
    budget: int = 8,
    texts: Optional[Mapping[str, str]] = None,
) -> Outcome:
    """Calls `generate` with 1, 2, ... until the policy accepts its image, at most `budget` times."""
    if budget < 1:
        raise ValueError("a budget is 1 or more attempts")
    attempts: List[Attempt] = []
    for number in range(1, budget + 1):
        image = generate(number)
        decision = client.gate([image], policy, texts=dict(texts or {}))["results"][0]
        attempts.append(Attempt(number, image, decision))
        if decision["verdict"] == "accept":
            return Outcome(tuple(attempts), "accepted", budget)
    return Outcome(tuple(attempts), "budget", budget)
