"""The nodes. Each asks a running Opine service; OPINE_KEY in the environment is its key.

No input takes a key: ComfyUI writes every input into each picture that it saves. What the service could not score or
decide stops the node or goes to a person, and is never a number or an acceptance.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Sequence, Tuple

from opine_client import Client, Picture, next_turn

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
            # Images of one batch may be alike: each is scored, and none is left out for looking like another.
            reply = opine.best_of(pictures(images), judge=judge, texts=texts(prompt), tripwires=False)
        ranked = reply["ranked"]
        if not ranked:
            raise ValueError("no image of the batch has a score: " + report(reply["results"]))
        places = [int(image["id"]) for image in ranked[:keep]]
        return chosen(images, places), ranked[0]["score"], places[0], report(reply["results"])


class OpineAttempt:
    """One turn of a loop that generates until something is accepted or another turn is not worth it."""

    CATEGORY = "Opine"
    FUNCTION = "attempt"
    RETURN_TYPES = ("IMAGE", "BOOLEAN", "STRING", "INT", "STRING", "STRING")
    RETURN_NAMES = ("accepted", "go_on", "state", "next_seed", "stop_reason", "report")
    DESCRIPTION = (
        "Give go_on to the condition of a loop, and state and next_seed to its next turn. The loop ends when the policy accepts "
        "(quality_threshold_met), after so many attempts as the budget or the policy allows, or as the policy says otherwise."
    )

    @classmethod
    def INPUT_TYPES(cls) -> Dict[str, Any]:
        counts = {
            "budget": ("INT", {"default": 8, "min": 1, "max": 1_000_000, "tooltip": "Most attempts"}),
            "seed": ("INT", {"default": 0, "min": 0, "max": 0xFFFFFFFFFFFFFFFF}),
        }
        state = ("STRING", {"default": "", "tooltip": "The state of the turn before; empty for the first"})
        return {
            "required": {"images": ("IMAGE",), "address": ADDRESS, "policy": POLICY, **counts},
            "optional": {"state": state, "prompt": PROMPT},
        }

    def attempt(
        self, images: Any, address: str, policy: str, budget: int, seed: int, state: str = "", prompt: str = ""
    ) -> Tuple[Any, bool, str, int, str, str]:
        turn = json.loads(state) if state.strip() else {"attempt": 1}
        with Client(address) as opine:
            reply = opine.gate(pictures(images), policy, texts=texts(prompt), **turn)
        accepted = [place for place, result in enumerate(reply["results"]) if result["verdict"] == "accept"]
        outlook = reply["attempt"]
        stop = outlook["stop"] or ("max_attempts" if outlook["number"] >= budget else "")
        next_seed = (seed + 1) % (1 << 64)
        told = report(reply["results"])
        return batch(images, accepted), not stop, json.dumps(next_turn(outlook)), next_seed, stop, told


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
