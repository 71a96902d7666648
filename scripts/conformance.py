"""Runs the released program on the data of a folder: conformance.py OPINE DATA

DATA holds published benchmark files and images, each under the name that the tables below give. What is
not there is skipped and said so. Ends with `N passed, N failed` and exit code 1 if anything failed.
"""

import ast
import csv
import json
import math
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from conformance_gates import gates
from conformance_t2i import text_to_image

# A decoder may take this long and this much on any one picture, however hostile.
SECONDS = 2.0
MEGABYTES = 300
# The folder below DATA in which each table looks for its files.
TABLES = {
    "q-bench-a3": ".",
    "agiqa-3k": ".",
    "imagenhub": "t2i",
    "viescore": "t2i",
    "tifa": "t2i",
    "genai-bench": "t2i",
    "edit-judge": "mllm-judge",
    "alt-test": "mllm-judge",
    "alpaca-eval": "mllm-judge",
    "mllm-judge-table": "mllm-judge",
    "krasula-toyama": "iqa",
}


class Tally:
    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def check(self, holds: bool, what: str) -> None:
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}")


def run(command: list[str]) -> tuple[int, bytes, float, float]:
    """Exit code, standard output, wall seconds and peak megabytes of one process."""
    with tempfile.TemporaryFile() as out:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return process.returncode, out.read(), seconds, usage.ru_maxrss / 1024


def score(opine: str, path: Path) -> tuple[dict | None, float, float]:
    code, out, seconds, megabytes = run([opine, "score", "--json", str(path)])
    return (json.loads(out) if code in (0, 1) and out else None), seconds, megabytes


def tables(opine: str, data: Path, tally: Tally) -> None:
    for name, folder in TABLES.items():
        if not (data / folder).is_dir():
            print(f"skipped {name}: no {folder}")
            continue
        code, out, seconds, _ = run([opine, "reproduce", name, "--data", str(data / folder), "--json"])
        rows = json.loads(out)["rows"] if code in (0, 1) else []
        compared = [row for row in rows if row.get("within_tolerance") is not None]
        print(f"{name}: {len(rows)} figures, {len(compared)} compared, {seconds:.2f} s")
        tally.check(code == 0 and bool(rows), f"{name}: exit code {code}")
        for row in compared:
            tally.check(row["within_tolerance"], f"{name}: {row}")


def verdicts(opine: str, folder: Path, tally: Tally) -> None:
    """Every expected verdict holds, and twins have the same score."""
    expected = json.loads((folder / "expect.json").read_text())
    found = {}
    for name, case in expected.items():
        result, seconds, megabytes = score(opine, folder / name)
        found[name] = result
        status = result["status"] if result else "crashed"
        wanted = {"accept": "scored", "reject": "unscored"}.get(case["expect"], status)
        tally.check(status == wanted and status != "crashed", f"{name}: {status}, expected {wanted} ({case['why']})")
        tally.check(seconds <= SECONDS, f"{name}: {seconds:.1f} s")
        tally.check(megabytes <= MEGABYTES, f"{name}: {megabytes:.0f} MB")
    for name, case in expected.items():
        twin = found.get(case.get("same_as"))
        if twin and found[name] and "score" in found[name] and "score" in twin:
            apart = abs(found[name]["score"] - twin["score"])
            tally.check(apart <= case["tol"] + 1e-9, f"{name}: {apart:.4f} from {case['same_as']}, allowed {case['tol']}")


def survivors(opine: str, folder: Path, tally: Tally) -> None:
    """Nothing crashes, hangs or swells, whatever the verdict."""
    accepted = count = 0
    slowest = largest = 0.0
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "expect.json"):
        result, seconds, megabytes = score(opine, path)
        count += 1
        accepted += bool(result and result["status"] == "scored")
        slowest, largest = max(slowest, seconds), max(largest, megabytes)
        tally.check(result is not None, f"{path}: crashed")
        tally.check(seconds <= SECONDS, f"{path}: {seconds:.1f} s")
        tally.check(megabytes <= MEGABYTES, f"{path}: {megabytes:.0f} MB")
    print(f"{folder.name}: {count} files, {accepted} scored, slowest {slowest:.2f} s, largest {largest:.0f} MB")


def post(address: str, name: str, content: bytes) -> int:
    """Status of one image sent as a form."""
    head = f'--b\r\ncontent-disposition: form-data; name="image"; filename="{name}"\r\n\r\n'.encode()
    headers = {"content-type": "multipart/form-data; boundary=b"}
    request = urllib.request.Request(f"{address}/v1/score", head + content + b"\r\n--b--\r\n", headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def service(opine: str, folder: Path, tally: Tally) -> None:
    """The same pictures over HTTP: no 5xx, none over time, and one process to the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [opine, "serve", "--listen", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{address}/readyz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        count = 0
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "expect.json"):
            started = time.monotonic()
            status = post(address, path.name, path.read_bytes())
            seconds = time.monotonic() - started
            count += 1
            tally.check(status < 500, f"{path} over HTTP: status {status}")
            tally.check(seconds <= SECONDS, f"{path} over HTTP: {seconds:.1f} s")
        peak = int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())[1]) / 1024
        print(f"service: {count} files, peak {peak:.0f} MB")
        tally.check(server.poll() is None, "the service ended")
    finally:
        server.terminate()
        tally.check(server.wait(timeout=60) == 0, f"the service ended with {server.returncode}")


def payload(opine: str, file: Path, tally: Tally) -> None:
    """A real reply of a served model must read to the probabilities that were published with it."""
    published = json.loads(file.read_text())["p_hat"]
    command = [opine, "judges", "read", "--labels", ",".join(published), str(file)]
    code, out, _, _ = run(command)
    found = json.loads(out) if code == 0 else {"probabilities": []}
    pairs = zip(found["probabilities"], published.values(), strict=code == 0)
    far = max((abs(ours - theirs) for ours, theirs in pairs), default=1.0)
    tally.check(far <= 1e-12, f"{file.name}: {far:.1e} from its published probabilities")


def ranked(opine: str, rows: list[tuple], *options: str) -> dict:
    """The ranking that votes give: rows of first, second, outcome, weight."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as file:
        table = csv.writer(file)
        table.writerow(["first", "second", "outcome", "weight"])
        table.writerows(rows)
        file.flush()
        code, out, _, _ = run([opine, "rank", "--from", file.name, "--json", *options])
    return json.loads(out) if code in (0, 1) and out else {"status": "failed", "items": []}


def strengths(report: dict) -> dict[str, float]:
    return {item["item"]: item["strength"] for item in report["items"]}


def arena(opine: str, folder: Path, tally: Tally) -> None:
    """Ratings and sandwich intervals that arena-rank printed, and the separation that it printed as thousands."""
    scale = 400 / math.log(10)
    outcomes = {"model_a": "first", "model_b": "second", "tie": "tie"}
    printed = (folder / "BT_PPI_RECOMPUTED.txt").read_text().splitlines()

    def votes(voter: dict[str, str]) -> list[tuple]:
        pairs = ((name.split("__"), outcomes[said]) for name, said in voter.items())
        return [(parts[1], parts[2], outcome, 1) for parts, outcome in pairs]

    people = json.loads((folder / "mtbench/human_annotations.json").read_text())
    report = ranked(opine, sum(map(votes, people.values()), []), "--damping", "1e-5")
    found = {item["item"]: [item["strength"], *item["ci"]] for item in report["items"]}
    furthest = 0.0
    for line in printed:
        if match := re.match(r"HUMAN (\S+) (\S+) \[(\S+), (\S+)\]", line):
            ours = [1000 + scale * value for value in found[match[1]]]
            furthest = max(furthest, *(abs(a - float(b)) for a, b in zip(ours, match.groups()[1:])))
    # Its solver stops where the loss changes by 1e-9 of itself, which leaves the fourth digit open: the point where the
    # slope is zero lies up to 7e-4 of a point away from what it prints.
    tally.check(furthest <= 1e-3, f"arena-rank on MT-Bench: {furthest:.1e} of a rating point away")
    print(f"arena-rank: {len(found)} ratings and intervals, at most {furthest:.1e} points away")
    for name, said in json.loads((folder / "mtbench/llm_annotations.json").read_text()).items():
        report = ranked(opine, votes(said))
        line = next(line for line in printed if line.startswith(f"LLM {name} "))
        theirs = ast.literal_eval(line[line.index("{") : line.index("}") + 1])
        # Odds of 100,000 to 1 are nothing that 120 votes can tell.
        if max(theirs.values()) - min(theirs.values()) > 2000:
            groups = report.get("groups") or []
            named = {item for group in groups for item in group} == set(theirs)
            tally.check(report["status"] == "separated" and named, f"{name}: {report['status']}, groups {groups}")
            print(f"{name}: separated into {groups}, printed elsewhere as {min(theirs.values())} to {max(theirs.values())}")
        else:
            ours = {item: 1000 + scale * strength for item, strength in strengths(report).items()}
            far = max((abs(ours[item] - value) for item, value in theirs.items()), default=1.0) if ours else 1e9
            tally.check(far <= 1e-3, f"arena-rank, {name}: {far:.1e} away")


def thurstone(opine: str, file: Path, tally: Tally) -> None:
    """Most probable strengths under a normal prior, by both links, to the digits that were written down."""
    golden = json.loads(file.read_text())
    anchors, furthest = golden["anchor_matrix"], 0.0
    for case in golden["cases"]:
        rows = [(i, j, better) for i, row in enumerate(anchors) for j, better in enumerate(row) if i != j]
        for anchor, better in enumerate(case["p"] or []):
            item = len(anchors)
            rows += [(item, anchor, better), (anchor, item, 1 - better)]
        model = {"probit": "thurstone", "logit": "bradley-terry"}[case["link"]]
        named = [(f"{i:02}", f"{j:02}", "first", weight) for i, j, weight in rows]
        found = strengths(ranked(opine, named, "--model", model, "--ridge", "1"))
        far = max((abs(found.get(f"{at:02}", 9e9) - raw) for at, raw in enumerate(case["raw"])))
        furthest = max(furthest, far)
        tally.check(far <= 1e-8, f"{file.name}: {case['case']}, {case['link']}: {far:.1e} away")
    print(f"{file.name}: {len(golden['cases'])} optima, at most {furthest:.1e} away")


def places(values: list[float]) -> list[float]:
    """Ranks, equal values sharing their mean."""
    order = sorted(values)
    return [order.index(value) + (order.count(value) - 1) / 2 for value in values]


def people(opine: str, folder: Path, tally: Tally) -> None:
    """Strengths from the votes of people on every pair of 100 screenshots, against their authors' scores."""

    def table(name: str) -> list[dict[str, str]]:
        with (folder / name).open(newline="") as file:
            return list(csv.DictReader(file))

    scores = {row["website"]: float(row["score"]) for row in table("website_scores.csv")}

    def srcc(rows: list[tuple]) -> float:
        found = strengths(ranked(opine, [(f"image{a}", f"image{b}", *rest) for a, b, *rest in rows]))
        if set(found) != set(scores):
            return -1.0
        return statistics.correlation(places([found[name] for name in scores]), places(list(scores.values())))

    counted = []
    for row in table("comparisons.csv"):
        counted += [(row["im1"], row["im2"], outcome, row[wins]) for outcome, wins in (("first", "w1"), ("second", "w2"))]
    authors = srcc(counted)
    tally.check(authors >= 0.9999, f"web-aesthetics: SRCC {authors} on the authors' counts")
    # Sessions have ties, and more votes than the authors counted.
    sessions = [(row["acc"] == "true", json.loads(row["vot"])) for row in table("votesessions.csv")]
    figures = {}
    for name, kept in (("accepted", [votes for accepted, votes in sessions if accepted]), ("all", [votes for _, votes in sessions])):
        rows = []
        for vote in sum(kept, []):
            left, right, chosen = vote["imL"], vote["imR"], vote["imC"]
            outcome = {left: "first", right: "second"}.get(chosen, "tie")
            rows.append((left, right, outcome, 1))
        figures[name] = srcc(rows)
    tally.check(figures["all"] < figures["accepted"] <= authors, f"web-aesthetics: {figures}")
    print(
        f"web-aesthetics: SRCC {authors:.6f} on the authors' counts, {figures['accepted']:.4f} on the accepted "
        f"sessions' votes, {figures['all']:.4f} with the rejected ones kept"
    )


def votes_of_others(opine: str, data: Path, tally: Tally) -> None:
    for name, check in (
        ("mllm-judge/alt-test/BT_PPI_RECOMPUTED.txt", lambda path: arena(opine, path.parent, tally)),
        ("iqa/map_thurstone_golden.json", lambda path: thurstone(opine, path, tally)),
        ("images/web-aesthetics/compared/votesessions.csv", lambda path: people(opine, path.parent, tally)),
    ):
        if (data / name).is_file():
            check(data / name)
        else:
            print(f"skipped votes: no {name}")


def texts(opine: str, judge: str, file: Path, tally: Tally, *more: str) -> list[dict]:
    """Every real text of a file, read as the judge reads it: each is read, or says by name why it is not."""
    code, out, seconds, _ = run([opine, "judges", "read", "--judge", judge, *more, str(file)])
    found = [json.loads(line) for line in out.splitlines()] if code in (0, 1) else []
    lines = sum(bool(line.strip()) for line in file.read_text().splitlines())
    tally.check(len(found) == lines, f"{file.name}: {len(found)} of {lines} texts")
    reasons: dict[str, int] = {}
    for one in found:
        if "reason" in one:
            reasons[one["reason"]] = reasons.get(one["reason"], 0) + 1
    read = len(found) - sum(reasons.values())
    shares = ", ".join(f"{reason} {count} ({count / max(lines, 1):.2%})" for reason, count in sorted(reasons.items()))
    print(f"{file.name} by {judge}: {read} of {lines} read ({read / max(lines, 1):.2%}); {shares or 'none left'}; {seconds:.2f} s")
    return found


def written(opine: str, data: Path, tally: Tally) -> None:
    """Real written answers: verdicts of GenAI-Bench against those that its authors read, and scores of VIEScore."""
    pairs = data / "t2i/genai-bench/gpt4o_responses_first300.jsonl"
    if pairs.is_file():
        found = texts(opine, "genai-bench-pair", pairs, tally, "--field", "response")
        theirs = [(json.loads(line)["model_vote"] or "NA").strip("[]") for line in pairs.read_text().splitlines()]
        for number, (ours, vote) in enumerate(zip(found, theirs)):
            # Their pattern leaves nothing where there is no verdict, and says NA.
            tally.check(ours.get("verdict", "NA") == vote, f"{pairs.name}: text {number}: {ours}, published {vote}")
    for file in sorted((data / "t2i/viescore").glob("t2i_raw_*.jsonl")):
        found = texts(opine, "viescore-pq", file, tally)
        # What the authors' own reader wrote down is a list, one number or a word that says that there is none.
        for line, one in zip(file.read_text().splitlines(), found):
            score = json.loads(line)["score"]
            numbers = [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", str(score))]
            if one.get("rating") is not None:
                tally.check(one["rating"] == min(numbers, default=None), f"{file.name}: {one}, published {score}")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    opine, data, tally = sys.argv[1], Path(sys.argv[2]), Tally()
    tables(opine, data, tally)
    sample = data / "mllm-judge/vllm_qwen3vl8b_score_sample.json"
    if sample.is_file():
        payload(opine, sample, tally)
    if (data / "t2i/viescore/judge_scores.tsv").is_file():
        gates(opine, data / "t2i/viescore", tally)
    text_to_image(opine, data / "t2i", tally)
    votes_of_others(opine, data, tally)
    written(opine, data, tally)
    hostile = data / "images/hostile"
    if (hostile / "generated/expect.json").is_file():
        verdicts(opine, hostile / "generated", tally)
        for folder in sorted(path for path in hostile.iterdir() if path.name != "generated"):
            survivors(opine, folder, tally)
        service(opine, hostile, tally)
    print(f"{tally.passed} passed, {tally.failed} failed")
    sys.exit(1 if tally.failed else 0)


if __name__ == "__main__":
    main()
