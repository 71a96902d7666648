"""Generates until a gate accepts, or keeps the best of several: generate.py MODEL PROMPT [--policy ID | --best-of N]

MODEL is a text-to-image model that diffusers opens, or a folder with one. The service is at OPINE_ADDRESS, or on this
machine. The picture goes to --out; what was not accepted goes nowhere, and ends with exit code 1.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

from opine_client import Client, Outcome, Picture, until_accepted
from opine_client.contract import BestOfReply

# What diffusers calls a pipeline, as far as this example asks it: a prompt and a generator give `images`.
Pipeline = Callable[..., Any]


def pipeline_of(model: str) -> Tuple[Pipeline, Callable[[int], Any]]:
    """A model's pipeline, and what makes a generator of a seed."""
    import torch
    from diffusers import AutoPipelineForText2Image

    device = "cuda" if torch.cuda.is_available() else "cpu"
    opened = AutoPipelineForText2Image.from_pretrained(model).to(device)
    return opened, lambda seed: torch.Generator(device).manual_seed(seed)


def accepted_by(
    opine: Client, pipeline: Pipeline, generator: Callable[[int], Any], prompt: str, policy: str, most_attempts: int, seed: int
) -> Outcome:
    """One picture after the other, each of another seed, until the policy accepts one or says to stop."""

    def generate(number: int) -> Any:
        return pipeline(prompt, generator=generator(seed + number - 1)).images[0]

    return until_accepted(opine, generate, policy, most_attempts=most_attempts, texts={"prompt": prompt})


def best_of(
    opine: Client,
    pipeline: Pipeline,
    generator: Callable[[int], Any],
    prompt: str,
    count: int,
    seed: int,
    options: Optional[Mapping[str, Any]] = None,
) -> Tuple[Optional[Any], BestOfReply]:
    """The best of so many pictures, and all that the service said; None where none has a score."""
    pictures = [pipeline(prompt, generator=generator(seed + number)).images[0] for number in range(count)]
    named = [Picture(picture, id=str(number)) for number, picture in enumerate(pictures)]
    reply = opine.best_of(named, **{"texts": {"prompt": prompt}, **(options or {})})
    return None if reply["pick"] is None else pictures[int(reply["pick"])], reply


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("prompt")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--policy", help="generate until this policy of the service accepts")
    way.add_argument("--best-of", type=int, metavar="N", help="generate N and keep the best")
    parser.add_argument("--attempts", type=int, default=8, help="most pictures before giving up")
    parser.add_argument("--judge", default="technical-quality", help="who scores, for the best of several")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="out.png")
    return parser.parse_args(given)


def main(given: Sequence[str], opened: Callable[[str], Tuple[Pipeline, Callable[[int], Any]]] = pipeline_of) -> int:
    settings = arguments(given)
    pipeline, generator = opened(settings.model)
    told: List[str] = []
    with Client() as opine:
        if settings.policy:
            outcome = accepted_by(opine, pipeline, generator, settings.prompt, settings.policy, settings.attempts, settings.seed)
            for attempt in outcome.attempts:
                reasons = ", ".join(reason["code"] for reason in attempt.decision["reasons"])
                told.append(f"attempt {attempt.number}: {attempt.decision['verdict']} {reasons}".rstrip())
            told.append(f"stopped after {len(outcome.attempts)}: {outcome.stop}")
            kept = None if outcome.accepted is None else outcome.accepted.image
        else:
            # Pictures of one prompt may be alike: each is scored, and none is left out for looking like another.
            options = {"judge": settings.judge, "tripwires": False}
            kept, reply = best_of(opine, pipeline, generator, settings.prompt, settings.best_of, settings.seed, options)
            told += [f"{place}. {image['id']}: {image['score']:.4f}" for place, image in enumerate(reply["ranked"], 1)]
            told += [f"unscored: {name}" for name in reply["unscored"]]
    print("\n".join(told), file=sys.stderr)
    if kept is None:
        return 1
    kept.save(settings.out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
