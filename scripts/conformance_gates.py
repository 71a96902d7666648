"""Gates, best of N and releases over VIEScore's released judgements and ImagenHub's human ratings, by the released program.

Conventions are those of calibration/gates/README.md: good is a mean human consistency of .75 or more; a judge's score is the least of its
numbers over 10, held to 0..1; O is the square root of the product of both aspects. The expected figures were found by another program.
"""

import csv
import hashlib
import json
import math
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

TASK = "Text-Guided_IG"
# Best precision and its bound, by judge, within .005.
PRECISION = {"gemini": (0.706, 0.623), "gpt4o": (0.639, 0.536)}
# Share of the oracle's uplift, within a point; release verdicts as people's out of 10, within one.
UPLIFT = {"gemini": 0.500, "gpt4o": 0.375, "llava": 0.17}
RELEASES = {"gemini": 7, "gpt4o": 5, "qwenvl": 2}


def ratings(folder: Path) -> dict:
    """For each model and item the raters' pairs of consistency and quality."""
    found = defaultdict(list)
    for path in sorted(folder.glob("*.tsv")):
        with open(path, newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                for model, cell in row.items():
                    if model != "uid":
                        found[model, row["uid"]].append(json.loads(cell))
    return found


def judgements(path: Path) -> dict:
    """For each judge, for each model and item, the score of either aspect."""
    found = defaultdict(lambda: defaultdict(dict))
    with open(path, newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["task"] == TASK and row["setting"] == "0shot":
                given = json.loads(row["score_raw_json"])
                least = min(given) if isinstance(given, list) else given
                found[row["judge"]][row["model"], row["uid"]][row["dim"]] = (least, min(max(least / 10, 0), 1))
    return found


def run(opine: str, arguments: list[str]) -> tuple[int, dict]:
    done = subprocess.run([opine, *arguments, "--json"], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


def gates(opine: str, folder: Path, tally) -> None:
    people = ratings(folder / "human_raters" / f"ImagenHub_{TASK}")
    judges = judgements(folder / "judge_scores.tsv")
    mean = lambda values: sum(values) / len(values)
    with tempfile.TemporaryDirectory() as work:
        for judge, scored in sorted(judges.items()):
            labels = Path(work) / f"{judge}-labels.csv"
            rows = Path(work) / f"{judge}-rows.csv"
            with open(labels, "w") as file:
                print("id,score,good", file=file)
                for item, pairs in people.items():
                    if "SC" in scored[item]:
                        print(f"{'/'.join(item)},{scored[item]['SC'][0]},{int(mean([pair[0] for pair in pairs]) >= 0.75)}", file=file)
            with open(rows, "w") as file:
                print("prompt,system,id,score,human", file=file)
                for (model, uid), pairs in people.items():
                    both = scored[model, uid]
                    score = math.sqrt(both["SC"][1] * both["PQ"][1]) if len(both) == 2 else ""
                    print(f"{uid},{model},{model}/{uid},{score},{mean([math.sqrt(pair[0] * pair[1]) for pair in pairs])}", file=file)
            code, fit = run(opine, ["gate", "fit", "--labels", str(labels), "--target", "precision=0.95", "--confidence", "0.95"])
            tally.check(code == 1 and fit.get("feasible") is False, f"gate {judge}: exit code {code}")
            best = fit.get("best", {})
            for name, wanted in zip(("value", "bound"), PRECISION.get(judge, ())):
                tally.check(abs(best[name] - wanted) <= 0.005, f"gate {judge}: best {name} {best[name]:.4f}, expected {wanted}")
            _, picked = run(opine, ["best-of", "--from", str(rows), "--human", "human"])
            uplift = picked.get("uplift") or {}
            share, ends = uplift.get("share"), uplift.get("share_ci")
            if judge in UPLIFT:
                tally.check(abs(share - UPLIFT[judge]) <= 0.01, f"best of 5 by {judge}: {share:.4f}, expected {UPLIFT[judge]}")
            agree = None
            if judge in RELEASES:
                _, release = run(opine, ["release", "--from", str(rows), "--human", "human"])
                agree = release["dimensions"][0]["validity"]["agree"]
                tally.check(abs(agree - RELEASES[judge]) <= 1, f"releases by {judge}: {agree} of 10, expected {RELEASES[judge]}")
            powered(opine, work, judge, rows, tally)
            precision = f"{best['value']:.3f} (bound {best['bound']:.3f}, n = {best['n']})"
            shown = "-" if share is None else f"{share:.3f} ({ends[0]:.3f} to {ends[1]:.3f}, n = {uplift['groups']})"
            print(f"gate {judge}: best precision {precision}; share of the uplift {shown}; releases {agree}")


def powered(opine: str, work: str, judge: str, rows: Path, tally) -> None:
    """A recall with 120 labels, drawn by their order in a hash, alone and with the scores of all other items."""
    with open(rows, newline="") as file:
        items = [row for row in csv.DictReader(file) if row["score"]]
    items.sort(key=lambda row: hashlib.blake2b(row["id"].encode()).digest())
    labels, others = Path(work) / f"{judge}-few.csv", Path(work) / f"{judge}-others.csv"
    with open(labels, "w") as file:
        print("id,score,good", file=file)
        for row in items[:120]:
            print(f"{row['id']},{row['score']},{int(float(row['human']) >= 0.6)}", file=file)
    with open(others, "w") as file:
        print("id,score", file=file)
        for row in items[120:]:
            print(f"{row['id']},{row['score']}", file=file)
    fit = ["gate", "fit", "--labels", str(labels), "--target", "recall=0.8", "--unlabelled", str(others)]
    code, found = run(opine, fit)
    tally.check(code in (0, 1) and "powered" in found, f"powered gate {judge}: exit code {code}")
    if "powered" not in found or not found["feasible"]:
        return
    good = [float(row["score"]) >= found["threshold"] for row in items if float(row["human"]) >= 0.6]
    alone = found["powered"]["labels_alone"]
    print(
        f"powered gate {judge}: recall .8 from 120 labels at {found['threshold']:.3f} (alone {alone}), worth {found['powered']['gain']:.2f} times the labels; "
        f"of all {len(good)} good items {sum(good) / len(good):.3f} are accepted"
    )
