"""The step of the action, with the real program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List

from service import BLURRED, CLEAN, binary, environment

ACTION = Path(__file__).resolve().parent.parent


def scores(shift: float) -> List[Dict[str, Any]]:
    """A score for each of forty prompts."""
    return [{"prompt": f"prompt {place}", "score": place % 7 / 10 + shift + place % 3 / 1000} for place in range(40)]


class Step(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def csv(self, name: str, rows: List[Dict[str, Any]]) -> str:
        path = self.folder / name
        lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    def step(self, **settings: str) -> Any:
        """Exit code, what was said, the summary and the outputs."""
        files = {name: self.folder / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        for file in files.values():
            file.write_text("")
        told = {f"RELEASE_{name.upper()}": value for name, value in settings.items()}
        told.setdefault("RELEASE_OPINE", binary())
        variables = {**environment(), **told, **{name: str(file) for name, file in files.items()}}
        done = subprocess.run([sys.executable, str(ACTION / "release.py")], env=variables, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr, *(file.read_text() for file in files.values())

    def test_a_better_generator_passes_and_a_worse_one_fails(self) -> None:
        good, bad = self.csv("good.csv", scores(0.1)), self.csv("bad.csv", scores(0.0))
        code, _, summary, output = self.step(new=good, old=bad)
        self.assertEqual((code, output), (0, "passed=true\n"))
        self.assertIn("| score | +0.1000 |", summary)
        self.assertIn("| 40 | 0 |", summary)
        code, _, summary, output = self.step(new=bad, old=good)
        self.assertEqual((code, output), (1, "passed=false\n"))
        self.assertIn("not passed with a margin of 0", summary)
        self.assertEqual(self.step(new=bad, old=good, margin="0.2")[0], 0)
        self.assertEqual(self.step(new=bad, old=good, lower_is_better="true")[0], 0)

    def test_the_summary_says_how_far_the_judge_is_people(self) -> None:
        rated = {}
        for name, shift in (("new", 0.1), ("old", 0.0)):
            # The judge prefers the new one on every prompt; people on thirty of forty.
            rows = [{**row, "rating": (shift > 0) == (place % 4 > 0)} for place, row in enumerate(scores(shift))]
            rated[name] = self.csv(f"{name}.csv", [{**row, "rating": int(row["rating"])} for row in rows])
        code, said, summary, _ = self.step(**rated, human_column="rating")
        self.assertEqual(code, 0, said)
        self.assertIn("people's own verdict is the judge's in 1 of 1", summary)
        self.assertRegex(summary, r"what people prefer in 75.0% \(95 % interval 6\d.\d% to 8\d.\d%; a coin: 50 %\) of 40 preferences")
        _, _, summary, _ = self.step(**rated)
        self.assertIn("is not known; `human-column` would say it", summary)
        self.assertIn("no column `taste`", self.step(**rated, human_column="taste")[1])

    def test_what_has_no_score_is_left_out_and_counted(self) -> None:
        with_hole = scores(0.1)
        with_hole[3]["score"] = ""
        code, _, summary, _ = self.step(new=self.csv("new.csv", with_hole), old=self.csv("old.csv", scores(0.0)))
        self.assertEqual(code, 0)
        self.assertIn("| 39 | 1 |", summary)

    def test_what_opine_score_prints_is_read_as_it_is(self) -> None:
        files = {}
        for name, picture in (("new", CLEAN), ("old", BLURRED)):
            for place in range(6):
                folder = self.folder / name
                folder.mkdir(exist_ok=True)
                (folder / f"{place}.jpg").write_bytes(picture.read_bytes())
            command = [binary(), "score", "--json", *sorted(str(path) for path in folder.iterdir())]
            said = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stdout
            lines = [{**json.loads(line), "image": Path(json.loads(line)["image"]).name} for line in said.splitlines()]
            files[name] = self.folder / f"{name}.jsonl"
            files[name].write_text("".join(json.dumps(line) + "\n" for line in lines))
        code, said, summary, _ = self.step(new=str(files["new"]), old=str(files["old"]), prompt_column="image")
        self.assertEqual(code, 0, said)
        self.assertIn("| 6 | 0 |", summary)

    def test_what_cannot_be_done_says_why_and_never_passes(self) -> None:
        good = self.csv("good.csv", scores(0.1))
        for settings, word in (
            ({"new": good, "old": str(self.folder / "none.csv")}, "no file"),
            ({"new": good, "old": good, "score_columns": "beauty"}, "no column `beauty`"),
            ({"new": good, "old": good, "opine": str(self.folder / "none")}, "cannot be run"),
            ({"new": good, "old": good, "margin": "-1"}, "margin"),
            ({"new": good}, "`old` is not given"),
        ):
            code, said, summary, output = self.step(**settings)
            self.assertEqual((code, summary, output), (2, "", ""), said)
            self.assertIn(word, said)


class Files(unittest.TestCase):
    def test_every_input_reaches_the_step_and_only_by_the_environment(self) -> None:
        text = (ACTION / "action.yml").read_text()
        inputs = set(re.findall(r"^  ([a-z-]+):$", text[text.index("inputs:") : text.index("outputs:")], re.MULTILINE))
        given = dict(re.findall(r"^ +RELEASE_([A-Z_]+): \$\{\{ inputs\.([a-z-]+) \}\}$", text, re.MULTILINE))
        self.assertEqual({name.lower().replace("_", "-") for name in given}, inputs)
        self.assertEqual(set(given.values()), inputs)
        self.assertNotIn("${{", re.search(r"run: (.*)", text)[1])  # type: ignore[index]
        step = (ACTION / "release.py").read_text()
        read = set(re.findall(r'setting\("([A-Z_]+)"', step)) | {"NEW", "OLD"}
        self.assertEqual(read, set(given))

    def test_nothing_is_taken_in_a_version_that_moves(self) -> None:
        for name in ("action.yml", "example-workflow.yml"):
            for action in re.findall(r"uses: (\S+)", (ACTION / name).read_text()):
                self.assertTrue(action.startswith("./") or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action), action)
        workflow = (ACTION / "example-workflow.yml").read_text()
        self.assertNotIn("latest", workflow)
        self.assertIn("sha256sum --check", workflow)


if __name__ == "__main__":
    unittest.main()
