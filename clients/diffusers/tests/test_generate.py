"""The example with a pipeline that makes no pictures but hands out those that are there; the service is a real one."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import types
import unittest
from pathlib import Path
from typing import Any, List
from unittest import mock

import generate

from service import BLURRED, CLEAN, NOISY, Service


class Image:
    """What Pillow's images can do: be saved into a file or under a name."""

    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()

    def save(self, fp: Any, format: Any = None) -> None:
        if isinstance(fp, str):
            Path(fp).write_bytes(self.content)
        else:
            fp.write(self.content)


def pipeline(prompt: str, generator: int) -> Any:
    """A picture for each seed; the fourth is no picture at all."""
    path = [BLURRED, NOISY, CLEAN, Path(__file__)][generator % 4]
    return types.SimpleNamespace(images=[Image(path)])


class Example(unittest.TestCase):
    service: Service

    @classmethod
    def setUpClass(cls) -> None:
        cls.service = Service()
        cls.addClassCleanup(cls.service.__exit__)
        cls.service.__enter__()

    def run_it(self, *given: str) -> Any:
        """Exit code, what was said, and the file that was written, or None."""
        said = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(said):
            out = Path(folder) / "out.png"
            with mock.patch.dict(os.environ, {"OPINE_ADDRESS": self.service.address}):
                code = generate.main(["model", "a fox", *given, "--out", str(out)], lambda _: (pipeline, lambda seed: seed))
            return code, said.getvalue(), out.read_bytes() if out.exists() else None

    def test_it_generates_until_the_policy_accepts(self) -> None:
        code, said, written = self.run_it("--policy", "sharp", "--attempts", "5")
        self.assertEqual((code, written), (0, CLEAN.read_bytes()))
        self.assertIn("attempt 3: accept", said)
        self.assertIn("stopped after 3: quality_threshold_met", said)

    def test_it_gives_up_after_so_many_and_writes_nothing(self) -> None:
        code, said, written = self.run_it("--policy", "sharp", "--attempts", "2")
        self.assertEqual((code, written), (1, None))
        self.assertIn("stopped after 2: max_attempts", said)

    def test_it_keeps_the_best_and_never_what_has_no_score(self) -> None:
        code, said, written = self.run_it("--best-of", "4")
        self.assertEqual((code, written), (0, CLEAN.read_bytes()))
        self.assertIn("1. 2: ", said)
        self.assertIn("unscored: 3", said)
        self.assertEqual(self.run_it("--best-of", "1", "--seed", "3")[::2], (1, None))


if __name__ == "__main__":
    unittest.main()
