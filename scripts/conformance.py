"""Runs the released program on the data of a folder: conformance.py OPINE DATA

DATA holds published benchmark files and images, each under the name that the tables below give. What is
not there is skipped and said so. Ends with `N passed, N failed` and exit code 1 if anything failed.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

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
                urllib.request.urlopen(f"{address}/healthz", timeout=1).close()
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
