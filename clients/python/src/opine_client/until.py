"""Generating until an image is accepted: the caller's loop, with bounds and a reason to stop.

The service decides over images and never generates any. Which images are accepted, how many attempts and questions they are
worth, and when more attempts gain nothing, says the policy; what is tried and what is kept is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, List, Mapping, Optional, Tuple

from .client import Client
from .contract import GateOptions, GateResult, Outlook
from .images import Image

# From the best to the worst; what could not be evaluated is not known to be better than what was refused.
VERDICTS = ("accept", "review", "reject", "not_evaluated")


@dataclass(frozen=True)
class Attempt:
    """One image, what the gate said of it, and what it said of the loop."""

    number: int
    image: Image
    decision: GateResult
    outlook: Outlook


@dataclass(frozen=True)
class Outcome:
    """What came of all attempts. `stop` is a reason of `contract.Outlook`, such as `quality_threshold_met`."""

    attempts: Tuple[Attempt, ...]
    stop: str

    @property
    def accepted(self) -> Optional[Attempt]:
        """The attempt that was accepted; None where none was, and then nothing may be shown as accepted."""
        last = self.attempts[-1]
        return last if last.decision["verdict"] == "accept" else None

    @property
    def best(self) -> Attempt:
        """The attempt to look at first: by verdict, then by how far it came."""
        return min(self.attempts, key=_place)


def _place(attempt: Attempt) -> Tuple[int, bool, float]:
    progress = attempt.outlook["progress"]
    # What is not known comes after all that is, whatever the number beside it.
    return VERDICTS.index(attempt.decision["verdict"]), progress is None, 0.0 if progress is None else -progress


def next_turn(outlook: Outlook) -> GateOptions:
    """What the next request of a loop says of the attempts before it."""
    turn: GateOptions = {"attempt": outlook["number"] + 1, "questions_before": outlook["questions"], "without_gain": outlook["without_gain"]}
    if outlook["best"] is not None:
        turn["best_before"] = outlook["best"]
    return turn


def until_accepted(
    client: Client,
    generate: Callable[[int], Image],
    policy: str,
    *,
    most_attempts: int = 8,
    texts: Optional[Mapping[str, str]] = None,
) -> Outcome:
    """Calls `generate` with 1, 2, ... until the policy accepts its image or says to stop, at most `most_attempts` times."""
    if most_attempts < 1:
        raise ValueError("`most_attempts` is 1 or more")
    attempts: List[Attempt] = []
    turn: GateOptions = {"attempt": 1}
    for number in range(1, most_attempts + 1):
        image = generate(number)
        turn["texts"] = dict(texts or {})
        reply = client.gate([image], policy, **turn)
        attempts.append(Attempt(number, image, reply["results"][0], reply["attempt"]))
        stop = reply["attempt"]["stop"]
        if stop is not None:
            return Outcome(tuple(attempts), stop)
        turn = next_turn(reply["attempt"])
    return Outcome(tuple(attempts), "max_attempts")
