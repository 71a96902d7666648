"""The step of the action: puts two files of scores together, asks `opine release`, and tells what it found.

Takes its settings from RELEASE_* variables (see action.yml). Ends as `opine release` does: 0 passed, 1 not shown to be as
good, 2 could not be done. Needs Python 3 only.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, NoReturn, Optional

SHOWN = {"better": "better", "worse": "worse", "no_difference": "no difference shown"}


def refuse(text: str) -> NoReturn:
    print(f"::error::{text}")
    sys.exit(2)


def setting(name: str, default: Optional[str] = None) -> str:
    value = os.environ.get(f"RELEASE_{name}", "").strip() or default
    return value if value is not None else refuse(f"`{name.lower()}` is not given")


def rows(path: Path) -> Iterator[Dict[str, Any]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        if path.suffix.lower() == ".csv":
            yield from csv.DictReader(file)
        elif path.suffix.lower() in (".jsonl", ".ndjson"):
            yield from (json.loads(line) for line in file if line.strip())
        else:
            refuse(f"{path} is neither .csv nor .jsonl")


def of_system(system: str, path: Path, prompt: str, scores: List[str]) -> Iterator[Dict[str, Any]]:
    """The rows of one generator. What has no score stays without one: `opine release` counts what it leaves out."""
    for number, row in enumerate(rows(path), 1):
        missing = [name for name in [prompt, *scores] if name not in row]
        if missing:
            refuse(f"{path}, row {number}: there is no column `{missing[0]}`; there are {', '.join(row)}")
        found = {name: None if row[name] in ("", None) else row[name] for name in scores}
        yield {"prompt": row[prompt], "system": system, **found}


def table(report: Dict[str, Any]) -> str:
    """What was found, as Markdown."""
    verdict = "passed" if report["passed"] else "not passed"
    lines = [
        f"### Release gate: {verdict} with a margin of {report['margin']:g}",
        "",
        "| score | difference | 95 % interval | shown | as good within the margin | p (Holm) | prompts | left out | could be shown |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for dimension in report["dimensions"]:
        found = dimension["difference"]
        low, high = found["ci"]
        p_value = found["p_holm"] if found.get("p_holm") is not None else found["p_value"]
        cells = [dimension["score"], f"{found['value']:+.4f}", f"{low:+.4f} to {high:+.4f}", SHOWN.get(found["shown"], found["shown"])]
        cells += ["yes" if found["non_inferior"] else "no", f"{p_value:.4f}", str(found["prompts"]), str(found["left_out"])]
        lines.append(f"| {' | '.join([*cells, format(found['minimum_detectable'], '.4f')])} |")
    return "\n".join([*lines, "", *map(validity, report["dimensions"])]) + "\n"


def validity(dimension: Dict[str, Any]) -> str:
    """How far the judge says what people say: a gate is worth no more than that."""
    score, found = dimension["score"], dimension.get("validity")
    if found is None:
        return f"- {score}: the judge's verdict alone. How far it is people's is not known; `human-column` would say it."
    said = f"- {score}: people's own verdict is the judge's in {found['agree']} of {found['pairs']}"
    preferred = found.get("preferences")
    if preferred is None:
        return f"{said}; people prefer nothing on any prompt."
    low, high = (format(end, ".1%") for end in preferred["ci"])
    share = f"{preferred['value']:.1%} (95 % interval {low} to {high}; a coin: 50 %)"
    return f"{said}; on single prompts it prefers what people prefer in {share} of {preferred['n']} preferences."


def tell(variable: str, text: str) -> None:
    """Adds to a file that the runner names, where there is one."""
    path = os.environ.get(variable)
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)


def main() -> int:
    prompt, scores = setting("PROMPT_COLUMN", "prompt"), setting("SCORE_COLUMNS", "score").split()
    human = [name for name in [setting("HUMAN_COLUMN", "")] if name]
    command = [setting("OPINE", "opine"), "release", "--json", "--new", "new", "--old", "old", "--margin=" + setting("MARGIN", "0")]
    command += [word for name in scores for word in ("--score", name)]
    command += [word for name in human for word in ("--human", name)]
    if setting("LOWER_IS_BETTER", "false") == "true":
        command.append("--lower-is-better")
    with tempfile.TemporaryDirectory() as folder:
        together = Path(folder) / "scores.jsonl"
        with together.open("w", encoding="utf-8") as file:
            for system in ("old", "new"):
                path = Path(setting(system.upper()))
                if not path.is_file():
                    refuse(f"there is no file {path}")
                file.writelines(json.dumps(row) + "\n" for row in of_system(system, path, prompt, scores + human))
        try:
            done = subprocess.run([*command, "--from", str(together)], stdout=subprocess.PIPE)
        except OSError as error:
            refuse(f"`{command[0]}` cannot be run: {error}")
    if done.returncode not in (0, 1):
        return done.returncode
    report = json.loads(done.stdout)
    summary = table(report)
    print(summary)
    tell("GITHUB_STEP_SUMMARY", summary)
    tell("GITHUB_OUTPUT", f"passed={str(report['passed']).lower()}\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
