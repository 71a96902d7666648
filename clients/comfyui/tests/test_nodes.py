"""The nodes, against a real service. Batches are nested lists, or objects with the methods of a tensor."""

from __future__ import annotations

import json
import re
import sys
import types
import unittest
import zlib
from pathlib import Path
from typing import Any, List
from unittest import mock

import comfyui
from comfyui.nodes import OpineAttempt, OpineBestOf, OpineGate, OpineScore
from comfyui.pictures import chosen, files, png
from opine_client import UnscoredError

from service import Service

SIDE = 64


def drawn(colour: Any) -> List[Any]:
    """An image by its colour at each place."""
    return [[list(colour(x, y)) for x in range(SIDE)] for y in range(SIDE)]


SMOOTH = drawn(lambda x, y: (x / SIDE, y / SIDE, 0.5))
SPECKLED = drawn(lambda x, y: ((x * 7919 + y * 104729) % 97 / 96, (x * 31 + y * 17) % 13 / 12, (x ^ y) % 5 / 4))
BLACK = drawn(lambda x, y: (0.0, 0.0, 0.0))


class Tensor:
    """What torch's tensors do, as far as the nodes ask them."""

    def __init__(self, values: Any) -> None:
        self.values = values

    @property
    def shape(self) -> tuple:
        found, values = [], self.values
        while isinstance(values, list):
            found.append(len(values))
            values = values[0] if values else None
        return tuple(found)

    def _each(self, change: Any) -> "Tensor":
        def walk(part: Any) -> Any:
            return [walk(inner) for inner in part] if isinstance(part, list) else change(part)

        return Tensor(walk(self.values))

    def __iter__(self) -> Any:
        return (Tensor(part) for part in self.values)

    def __getitem__(self, places: List[int]) -> "Tensor":
        return Tensor([self.values[place] for place in places])

    def __ne__(self, other: object) -> "Tensor":  # type: ignore[override]
        return self._each(lambda value: value != value)

    def __mul__(self, factor: float) -> "Tensor":
        return self._each(lambda value: value * factor)

    def clamp(self, low: float, high: float) -> "Tensor":
        return self._each(lambda value: min(max(value, low), high))

    def byte(self) -> "Tensor":
        return self._each(int)

    def any(self) -> bool:
        return any(self._flat())

    def cpu(self) -> "Tensor":
        return self

    contiguous = numpy = cpu

    def tobytes(self) -> bytes:
        return bytes(self._flat())

    def _flat(self) -> List[Any]:
        found: List[Any] = []
        self._each(found.append)
        return found


class Nodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        service = Service()
        cls.addClassCleanup(service.__exit__)
        cls.address = service.__enter__().address

    def gated(self, images: Any, **more: Any) -> Any:
        return OpineAttempt().attempt(images, self.address, "any-picture", **more)

    def test_a_batch_is_scored_in_order_as_lists_and_as_tensors(self) -> None:
        images, scores, report = OpineScore().score([SMOOTH, SPECKLED], self.address, "technical-quality")
        self.assertEqual((len(scores), len(images)), (2, 2))
        self.assertNotEqual(scores[0], scores[1])
        self.assertEqual([result["image"] for result in json.loads(report)], ["0", "1"])
        tensors, same, _ = OpineScore().score(Tensor([SMOOTH, SPECKLED]), self.address, "technical-quality")
        self.assertEqual((same, tensors.shape), (scores, (2, SIDE, SIDE, 3)))

    def test_what_has_no_score_stops_the_node_or_is_left_out(self) -> None:
        with mock.patch("comfyui.nodes.files", return_value=[b"no picture", files([SMOOTH])[0]]):
            with self.assertRaises(UnscoredError):
                OpineScore().score([SPECKLED, SMOOTH], self.address, "technical-quality")
            node = OpineScore()
            images, scores, report = node.score([SPECKLED, SMOOTH], self.address, "technical-quality", on_unscored="leave out")
            self.assertEqual((images, len(scores)), ([SMOOTH], 1))
            self.assertEqual([result["status"] for result in json.loads(report)], ["unscored", "scored"])
            best, _, place, _ = OpineBestOf().pick([SPECKLED, SMOOTH], self.address, "technical-quality", 2)
            self.assertEqual((best, place), ([SMOOTH], 1))
        with mock.patch("comfyui.nodes.files", return_value=[b"no picture"]):
            with self.assertRaises(ValueError):
                OpineBestOf().pick([SPECKLED], self.address, "technical-quality", 1)
            with self.assertRaises(ValueError):
                OpineScore().score([SPECKLED], self.address, "technical-quality", on_unscored="leave out")

    def test_the_best_come_first_and_no_more_than_are_to_be_kept(self) -> None:
        _, scores, _ = OpineScore().score([SPECKLED, SMOOTH], self.address, "technical-quality")
        order = sorted(range(2), key=lambda place: -scores[place])
        batch = [SPECKLED, SMOOTH]
        best, score, place, _ = OpineBestOf().pick(batch, self.address, "technical-quality", 2)
        self.assertEqual(best, [batch[place] for place in order])
        self.assertEqual((score, place), (max(scores), order[0]))
        self.assertEqual(len(OpineBestOf().pick(batch, self.address, "technical-quality", 1)[0]), 1)

    def test_a_gate_parts_a_batch_and_what_it_could_not_evaluate_is_for_review(self) -> None:
        accept, review, reject, report = OpineGate().gate([SMOOTH, BLACK], self.address, "any-picture")
        self.assertEqual((accept, review, reject), ([SMOOTH], [], [BLACK]))
        self.assertEqual([result["verdict"] for result in json.loads(report)], ["accept", "reject"])
        replies = {"results": [{"verdict": "not_evaluated"}]}
        with mock.patch("opine_client.Client.gate", return_value=replies):
            self.assertEqual(OpineGate().gate([SMOOTH], self.address, "any-picture")[:3], ([], [SMOOTH], []))

    def test_an_output_without_images_stops_what_is_behind_it(self) -> None:
        module = types.ModuleType("comfy_execution.graph_utils")
        module.ExecutionBlocker = lambda message: ("blocked", message)  # type: ignore[attr-defined]
        with mock.patch.dict(sys.modules, {"comfy_execution": types.ModuleType("comfy_execution"), module.__name__: module}):
            accept, review, reject, _ = OpineGate().gate([BLACK], self.address, "any-picture")
        self.assertEqual((accept, review, reject), (("blocked", None), ("blocked", None), [BLACK]))

    def test_a_loop_goes_on_until_something_is_accepted_or_the_budget_is_spent(self) -> None:
        accepted, go_on, state, seed, stop, _ = self.gated([BLACK], budget=2, seed=(1 << 64) - 1)
        self.assertEqual((accepted, go_on, seed, stop), ([], True, 0, ""))
        self.assertEqual(json.loads(state)["attempt"], 2)
        spent = self.gated([BLACK], budget=2, seed=seed, state=state)
        self.assertEqual((spent[1], spent[4]), (False, "max_attempts"))
        last = self.gated([BLACK, SMOOTH], budget=2, seed=seed, state=state)
        self.assertEqual((last[0], last[1], last[4]), ([SMOOTH], False, "quality_threshold_met"))


class Pictures(unittest.TestCase):
    def test_a_file_has_the_pixels_that_comfyui_would_save(self) -> None:
        (file,) = files([[[[0.0, 0.999, 1.0], [-1.0, 2.0, 0.5]]]])
        content = zlib.decompress(re.search(rb"IDAT(.*)....\x00\x00\x00\x00IEND", file, re.DOTALL)[1])  # type: ignore[index]
        self.assertEqual(content, bytes([0, 0, 254, 255, 0, 255, 127]))
        self.assertEqual(files(Tensor([SMOOTH])), files([SMOOTH]))

    def test_what_is_no_number_or_no_colour_is_no_picture(self) -> None:
        hole = [[[0.0, float("nan"), 0.0]]]
        for images in ([hole], Tensor([hole]), [[[[0.1, 0.2]]]]):
            with self.assertRaises(ValueError):
                files(images)

    def test_gray_and_transparent_images_are_files_too(self) -> None:
        for channels in (1, 3, 4):
            self.assertIn(b"IHDR", png(2, 2, channels, bytes(4 * channels)))
        self.assertEqual(chosen(Tensor([SMOOTH, BLACK]), [1]).values, [BLACK])


class Package(unittest.TestCase):
    def test_every_node_is_as_comfyui_wants_it(self) -> None:
        self.assertEqual(set(comfyui.NODE_CLASS_MAPPINGS), set(comfyui.NODE_DISPLAY_NAME_MAPPINGS))
        for node in comfyui.NODE_CLASS_MAPPINGS.values():
            inputs = node.INPUT_TYPES()
            self.assertEqual(len(node.RETURN_TYPES), len(node.RETURN_NAMES))
            method = getattr(node, node.FUNCTION).__code__
            names = method.co_varnames[1 : method.co_argcount]
            self.assertEqual([*inputs["required"], *inputs["optional"]], list(names))

    def test_nothing_of_torch_or_numpy_is_needed(self) -> None:
        for file in Path(comfyui.__file__).parent.glob("*.py"):
            self.assertIsNone(re.search(r"^\s*(import|from) (torch|numpy|PIL)", file.read_text(), re.MULTILINE), file.name)


if __name__ == "__main__":
    unittest.main()
