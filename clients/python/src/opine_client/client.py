"""The client: a method for each operation of the service."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, Iterable, List, Optional, Type, Union, cast

from . import contract
from .images import Image, given
from .jobs import Jobs
from .results import Comparison, Score
from .transport import Transport

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Client:
    """One Opine service.

    `address` and `key` are read from OPINE_ADDRESS and OPINE_KEY unless given. A request waits at most `timeout` seconds
    for its answer, and is sent at most `tries` times: where the service says when to try again, and where the connection
    broke. All waiting between tries takes at most `patience` seconds; what would take longer is raised at once.

    Any method that asks judges takes `idempotency_key`; without one each call gets a key of its own.
    """

    def __init__(
        self,
        address: Optional[str] = None,
        *,
        key: Optional[str] = None,
        timeout: float = 120.0,
        tries: int = 4,
        patience: float = 30.0,
    ) -> None:
        address = address or os.environ.get("OPINE_ADDRESS") or "http://127.0.0.1:8080"
        self._transport = Transport(address, key or os.environ.get("OPINE_KEY"), timeout, tries, patience)
        #: Questions about many items.
        self.jobs = Jobs(self._transport)

    def close(self) -> None:
        """Closes the connections that are kept."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    # Asking judges.

    def score(self, image: Image, *, idempotency_key: Optional[str] = None, **options: Unpack[contract.ScoreOptions]) -> Score:
        """The opinion of a judge (`judge=`), or of a panel (`judges=`), about one image."""
        return self.score_all([image], idempotency_key=idempotency_key, **options)[0]

    def score_all(
        self, images: Iterable[Image], *, idempotency_key: Optional[str] = None, **options: Unpack[contract.ScoreOptions]
    ) -> List[Score]:
        """One result for each image, in order; an image without a score spoils no other."""
        body = {"images": given(images), **options}
        reply = self._transport.call("score", body, idempotency_key=idempotency_key)
        return [Score(result) for result in reply["results"]]

    def compare(
        self, first: Image, second: Image, *, idempotency_key: Optional[str] = None, **options: Unpack[contract.CompareOptions]
    ) -> Comparison:
        """Which of two images is better."""
        body = {"images": given([first, second]), **options}
        return Comparison(self._transport.call("compare", body, idempotency_key=idempotency_key)["result"])

    def rank(
        self, images: Iterable[Image], *, idempotency_key: Optional[str] = None, **options: Unpack[contract.RankOptions]
    ) -> Union[contract.RankReply, contract.PanelRankReply]:
        """Images from the best to the worst (`items`); those without a score are in `unscored` and have no place."""
        body = {"images": given(images), **options}
        reply = self._transport.call("rank", body, idempotency_key=idempotency_key)
        return cast(Union[contract.RankReply, contract.PanelRankReply], reply)

    def gate(
        self, images: Iterable[Image], policy: str, *, idempotency_key: Optional[str] = None, **options: Unpack[contract.GateOptions]
    ) -> contract.GateReply:
        """A decision for each image by a policy of the service; only the verdict `accept` accepts. `until_accepted` loops."""
        body = {"policy": policy, "images": given(images), **options}
        return cast(contract.GateReply, self._transport.call("gate", body, idempotency_key=idempotency_key))

    def best_of(
        self, images: Iterable[Image], *, idempotency_key: Optional[str] = None, **options: Unpack[contract.BestOfOptions]
    ) -> contract.BestOfReply:
        """The image to keep (`pick`), which is None where no image has a score."""
        body = {"images": given(images), **options}
        return cast(contract.BestOfReply, self._transport.call("bestOf", body, idempotency_key=idempotency_key))

    def choose(
        self, images: Iterable[Image], judge: str, *, idempotency_key: Optional[str] = None, **options: Unpack[contract.ChooseOptions]
    ) -> contract.ChooseReply:
        """Closed questions (`question=` with `answers=`, or `questions=`): the probability of every allowed answer."""
        body = {"judge": judge, "images": given(images), **options}
        return cast(contract.ChooseReply, self._transport.call("choose", body, idempotency_key=idempotency_key))

    def evaluate(
        self, images: Iterable[Image], *, idempotency_key: Optional[str] = None, **options: Unpack[contract.EvaluateOptions]
    ) -> contract.EvaluateReply:
        """An explained score of each image against the text it was made from, and what is wrong with it."""
        body = {"images": given(images), **options}
        return cast(contract.EvaluateReply, self._transport.call("evaluate", body, idempotency_key=idempotency_key))

    def geneval(self, items: Iterable[contract.GenEvalItem], *, idempotency_key: Optional[str] = None) -> contract.GenEvalReply:
        """GenEval of pictures by what was detected in them: a verdict with reasons for each, and the share of each task."""
        body = {"method": "geneval", "items": list(items)}
        return cast(contract.GenEvalReply, self._transport.call("evaluate", body, idempotency_key=idempotency_key))

    def release(
        self,
        items: Iterable[contract.ReleaseRequestItem],
        *,
        idempotency_key: Optional[str] = None,
        **options: Unpack[contract.ReleaseOptions],
    ) -> contract.ReleaseReply:
        """Whether a new system is shown to be as good as the old one, by scores of the same prompts."""
        body = {"items": list(items), **options}
        return cast(contract.ReleaseReply, self._transport.call("release", body, idempotency_key=idempotency_key))

    # How far judges agree with people.

    def audit(
        self,
        judged: contract.TableRows,
        human: contract.TableRows,
        *,
        idempotency_key: Optional[str] = None,
        **options: Unpack[contract.AuditOptions],
    ) -> contract.Audit:
        """How far values of a judge agree with people's: two tables of rows."""
        if options.setdefault("format", "json") != "json":
            raise ValueError("this client reads an audit as `json`")
        body = {"judged": judged, "human": human, **options}
        return cast(contract.Audit, self._transport.call("audit", body, idempotency_key=idempotency_key))

    def take_labels(
        self, judge: str, labels: Iterable[contract.LabelsRequestLabel], *, idempotency_key: Optional[str] = None
    ) -> contract.TakenLabels:
        """Labels of people beside what the judge said of the same items, as they arrive."""
        body, path = {"labels": list(labels)}, {"id": judge}
        return cast(contract.TakenLabels, self._transport.call("takeLabels", body, path=path, idempotency_key=idempotency_key))

    def rolling_agreement(self, judge: str, **query: Any) -> contract.RollingAgreement:
        """How far a judge agrees with the labels that arrived, window by window (`window=`, `window_seconds=`, `human_better=`)."""
        return cast(contract.RollingAgreement, self._transport.call("rollingAgreement", path={"id": judge}, query=query))

    def forget_labels(self, judge: str) -> None:
        """Forgets all labels that arrived for a judge."""
        self._transport.call("forgetLabels", path={"id": judge})

    def fit_calibration(
        self,
        map: str,
        judged: contract.TableRows,
        labels: contract.TableRows,
        *,
        idempotency_key: Optional[str] = None,
        **options: Unpack[contract.FitOptions],
    ) -> contract.FitReply:
        """A map of this kind from a judge's scores to a human scale, fitted on two tables of rows; the service keeps nothing."""
        body = {"map": map, "judged": judged, "labels": labels, **options}
        return cast(contract.FitReply, self._transport.call("fitCalibration", body, idempotency_key=idempotency_key))

    def calibrations(self) -> contract.Calibrations:
        """The calibration maps of the service."""
        return cast(contract.Calibrations, self._transport.call("listCalibrations"))

    def calibration(self, name: str) -> contract.CalibrationMap:
        """One calibration map, by its file without `.toml`."""
        return cast(contract.CalibrationMap, self._transport.call("showCalibration", path={"id": name}))

    # Who can be asked, and the service itself.

    def judges(self) -> contract.Judges:
        """All judges, ready or not, and the backends of the configuration."""
        return cast(contract.Judges, self._transport.call("listJudges"))

    def judge(self, name: str) -> contract.Judge:
        """One judge, or `judge@backend`."""
        return cast(contract.Judge, self._transport.call("showJudge", path={"id": name}))

    def reload(self) -> contract.Reloaded:
        """Lets the service read its cards and maps again."""
        return cast(contract.Reloaded, self._transport.call("reload"))

    def call(self, operation: str, body: Any = None, **more: Any) -> Any:
        """Any operation of the contract by its id, with its JSON body; `path` and `query` are its parameters."""
        return self._transport.call(operation, body, **more)
