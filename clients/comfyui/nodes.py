"""The nodes. Each asks a running Opine service; OPINE_KEY in the environment is its key.

No input takes a key: ComfyUI writes every input into each picture that it saves. What the service could not score or
decide stops the node or goes to a person, and is never a number or an acceptance.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Sequence, Tuple

from opine_client import Client, Picture

from .pictures import chosen, files

ADDRESS = ("STRING", {"default": "http://127.0.0.1:8080"})
JUDGE = ("STRING", {"default": "technical-quality"})
POLICY = ("STRING", {"default": "", "tooltip": "Id of a policy in the service's folder of gates"})
PROMPT = ("STRING", {"default": "", "multiline": True, "tooltip": "For judges whose question quotes the prompt"})


def pictures(images: Any) -> List[Picture]:
    """The batch, each image called by its place."""
    return [Picture(file, id=str(place)) for place, file in enumerate(files(images))]


def texts(prompt: str) -> Dict[str, str]:
    return {"prompt": prompt} if prompt.strip() else {}


def batch(images: Any, places: Sequence[int]) -> Any:
    """These images; where there are none, what comes behind this output does not run."""
    if places:
        return chosen(images, places)
    try:
        from comfy_execution.graph_utils import ExecutionBlocker
    except ImportError:
        return chosen(images, [])
    return ExecutionBlocker(None)


class OpineScore:
    """The score of each image."""

    CATEGORY = "Opine"
    FUNCTION = "score"
    RETURN_TYPES = ("IMAGE", "FLOAT", "STRING")
    RETURN_NAMES = ("images", "scores", "report")
    OUTPUT_IS_LIST = (False, True, False)
    DESCRIPTION = "Scores a batch. An image without a score stops the node, or is left out with its reason in the report."

    @classmethod
    def INPUT_TYPES(cls) -> Dict[str, Any]:
        optional = {"prompt": PROMPT, "on_unscored": (["stop", "leave out"],)}
        return {"required": {"images": ("IMAGE",), "address": ADDRESS, "judge": JUDGE}, "optional": optional}

    def score(self, images: Any, address: str, judge: str, prompt: str = "", on_unscored: str = "stop") -> Tuple[Any, List[float], str]:
        with Client(address) as opine:
            results = opine.score_all(pictures(images), judge=judge, texts=texts(prompt))
        told = report([result.raw for result in results])
        if on_unscored == "stop":
            return images, [result.value for result in results], told
        places = [place for place, result in enumerate(results) if result.score is not None]
        if not places:
            raise ValueError("no image of the batch has a score: " + told)
        return chosen(images, places), [results[place].value for place in places], told


class OpineGate:
    """Images that are accepted, that a person should look at, and that are rejected."""

    CATEGORY = "Opine"
    FUNCTION = "gate"
    RETURN_TYPES = ("IMAGE", "IMAGE", "IMAGE", "STRING")
    RETURN_NAMES = ("accept", "review", "reject", "report")
    DESCRIPTION = "Decides by a policy of the service. What could not be evaluated is for review, and never accepted."

    @classmethod
    def INPUT_TYPES(cls) -> Dict[str, Any]:
        return {"required": {"images": ("IMAGE",), "address": ADDRESS, "policy": POLICY}, "optional": {"prompt": PROMPT}}

    def gate(self, images: Any, address: str, policy: str, prompt: str = "") -> Tuple[Any, Any, Any, str]:
        with Client(address) as opine:
            results = opine.gate(pictures(images), policy, texts=texts(prompt))["results"]
        kinds: Dict[str, List[int]] = {"accept": [], "review": [], "reject": []}
        for place, result in enumerate(results):
            kinds.get(result["verdict"], kinds["review"]).append(place)
        accept, review, reject = (batch(images, places) for places in kinds.values())
        return accept, review, reject, report(results)


class OpineBestOf:
    """The best images of a batch, the very best first."""

    CATEGORY = "Opine"
    FUNCTION = "pick"
    RETURN_TYPES = ("IMAGE", "FLOAT", "INT", "STRING")
    RETURN_NAMES = ("best", "score", "place", "report")
    DESCRIPTION = "Keeps the best of a batch; score and place are those of the very best. An image without a score is never kept."

    @classmethod
    def INPUT_TYPES(cls) -> Dict[str, Any]:
        keep = ("INT", {"default": 1, "min": 1, "max": 1024})
        return {"required": {"images": ("IMAGE",), "address": ADDRESS, "judge": JUDGE, "keep": keep}, "optional": {"prompt": PROMPT}}

    def pick(self, images: Any, address: str, judge: str, keep: int, prompt: str = "") -> Tuple[Any, float, int, str]:
        with Client(address) as opine:
            reply = opine.best_of(pictures(images), judge=judge, texts=texts(prompt))
        ranked = reply["ranked"]
        if not ranked:
            raise ValueError("no image of the batch has a score: " + report(reply["results"]))
        places = [int(image["id"]) for image in ranked[:keep]]
        return chosen(images, places), ranked[0]["score"], places[0], report(reply["results"])


class OpineAttempt:
    """One turn of a loop that generates until something is accepted or the budget is spent."""

    CATEGORY = "Opine"
    FUNCTION = "attempt"
    RETURN_TYPES = ("IMAGE", "BOOLEAN", "INT", "INT", "STRING", "STRING")
    RETURN_NAMES = ("accepted", "go_on", "next_attempt", "next_seed", "stop_reason", "report")
    DESCRIPTION = (
        "Give go_on to the condition of a loop, next_attempt and next_seed to its next turn. The stop reason is `accepted`, "
        "`budget`, or empty while the loop goes on; accepted has no image unless the policy accepted it."
    )

    @classmethod
    def INPUT_TYPES(cls) -> Dict[str, Any]:
        counts = {
            "attempt": ("INT", {"default": 1, "min": 1, "max": 1_000_000}),
            "budget": ("INT", {"default": 8, "min": 1, "max": 1_000_000}),
            "seed": ("INT", {"default": 0, "min": 0, "max": 0xFFFFFFFFFFFFFFFF}),
        }
        return {
            "required": {"images": ("IMAGE",), "address": ADDRESS, "policy": POLICY, **counts},
            "optional": {"prompt": PROMPT},
        }

    def attempt(
        self, images: Any, address: str, policy: str, attempt: int, budget: int, seed: int, prompt: str = ""
    ) -> Tuple[Any, bool, int, int, str, str]:
        with Client(address) as opine:
            results = opine.gate(pictures(images), policy, texts=texts(prompt))["results"]
        accepted = [place for place, result in enumerate(results) if result["verdict"] == "accept"]
        stop = "accepted" if accepted else "budget" if attempt >= budget else ""
        next_seed = (seed + 1) % (1 << 64)
        return batch(images, accepted), not stop, attempt + 1, next_seed, stop, report(results)


def report(results: Sequence[Any]) -> str:
    """All that the service said, as text for a node that shows it."""
    return json.dumps(list(results), indent=1, ensure_ascii=False)


NODE_CLASS_MAPPINGS = {"OpineScore": OpineScore, "OpineGate": OpineGate, "OpineBestOf": OpineBestOf, "OpineAttempt": OpineAttempt}

NODE_DISPLAY_NAME_MAPPINGS = {
    "OpineScore": "Opine: score",
    "OpineGate": "Opine: gate",
    "OpineBestOf": "Opine: best of",
    "OpineAttempt": "Opine: attempt of a loop",
}
