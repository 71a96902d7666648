"""Text-to-image scores over published judgements, by the released program: TIFA's aggregation, VIEScore's SC, PQ and O, and GenEval's rules.

A small engine in this process answers as the published models answered, so that every score goes the whole way: question, reply,
reader, aggregation. Nothing of the data is kept.
"""

import base64
import csv
import hashlib
import json
import math
import random
import struct
import subprocess
import tempfile
import threading
import zlib
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TASK = "Text-Guided_IG"
JUDGES = ("gpt4o", "gemini", "llava")


class Engine:
    """An OpenAI-compatible server that gives `reply(words, picture)`, on a port of its own."""

    def __init__(self, reply):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_error(404)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                words, picture = "", b""
                for message in body.get("messages", []):
                    content = message["content"]
                    for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
                        if part["type"] == "text":
                            words += part["text"]
                        else:
                            picture = base64.b64decode(part["image_url"]["url"].split(",", 1)[1])
                message = {"role": "assistant", "content": reply(words, picture)}
                answer = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
                data = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        Handler.protocol_version = "HTTP/1.1"
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def config(self) -> str:
        port = self.server.server_address[1]
        return f'[backends.theirs]\nkind = "chat"\nurl = "http://127.0.0.1:{port}/v1"\nmodel = "theirs"\nflavour = "other"\n'


def picture(number: int) -> bytes:
    """A picture of 16 x 16 pixels that no other number has."""
    pixel = struct.pack(">I", number)[1:]
    rows = (b"\x00" + pixel * 16) * 16
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def evaluate(opine: str, work: Path, arguments: list[str]) -> list[dict]:
    done = subprocess.run([opine, "evaluate", "--config", "opine.toml", "--json", *arguments], cwd=work, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def tifa(opine: str, folder: Path, tally) -> None:
    """The authors' sample: the answers that their VQA model chose, and the score of each picture that they made of them."""
    details = json.loads((folder / "sample_evaluation_result.json").read_text())["question_details"]
    for name, questions in details.items():
        chosen = {question["question"]: question["multiple_choice_vqa"] for question in questions.values()}
        # The question is the whole of what `choose` asks.
        engine = Engine(lambda words, _: chosen[words.strip()] if words.strip() in chosen else "yes")
        with tempfile.TemporaryDirectory() as work:
            work = Path(work)
            (work / "opine.toml").write_text(engine.config())
            (work / "picture.png").write_bytes(picture(1))
            (work / "questions.json").write_text(json.dumps(list(questions.values())))
            asked = ["picture.png", "--judge", "choose@theirs", "--questions", "questions.json", "--method", "mean", "--verdicts"]
            [found] = evaluate(opine, work, asked)
        engine.server.shutdown()
        theirs = sum(question["scores"] for question in questions.values()) / len(questions)
        ours = found["score"]
        tally.check(ours is not None and abs(ours - theirs) < 1e-12, f"TIFA {name}: {ours}, published {theirs}")
        print(f"TIFA {name}: {ours} of {len(questions)} questions, published {theirs}")


def viescore(opine: str, folder: Path, tally) -> None:
    """Every published judgement of text to image, as its model wrote it: the least of each list, and the root of the product."""
    given = defaultdict(dict)
    with open(folder / "judge_scores.tsv", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["task"] == TASK and row["setting"] == "0shot" and row["judge"] in JUDGES:
                given[row["judge"], row["model"], row["uid"]][row["dim"]] = row["score_raw_json"]
    for judge in JUDGES:
        items = [(key, both) for key, both in sorted(given.items()) if key[0] == judge and len(both) == 2]
        raw = {hashlib.sha256(picture(number)).digest(): both for number, (_, both) in enumerate(items)}

        def reply(words: str, image: bytes) -> str:
            both = raw.get(hashlib.sha256(image).digest())
            if both is None:
                return "yes"
            score = both["PQ" if "naturalness" in words else "SC"]
            return '{"score": %s, "reasoning": "as published"}' % score

        engine = Engine(reply)
        with tempfile.TemporaryDirectory() as work:
            work = Path(work)
            (work / "opine.toml").write_text(engine.config())
            names = [f"{number}.png" for number in range(len(items))]
            for number, name in enumerate(names):
                (work / name).write_bytes(picture(number))
            found = evaluate(opine, work, [*names, "--judge", "viescore-sc@theirs", "--method", "viescore", "--prompt", "as published"])
        engine.server.shutdown()
        unread = 0
        tally.check(len(found) == len(items), f"VIEScore {judge}: {len(found)} of {len(items)} results")
        for (key, both), one in zip(items, found):
            numbers = {dim: json.loads(text) for dim, text in both.items()}
            lists = {dim: value if isinstance(value, list) else [value] for dim, value in numbers.items()}
            fit = all(values and all(isinstance(n, (int, float)) and 0 <= n <= 10 for n in values) for values in lists.values())
            if not fit:
                unread += 1
                tally.check(one["score"] is None, f"VIEScore {key}: {one['score']} of {both}, which is no score")
                continue
            sc, pq = min(lists["SC"]), min(lists["PQ"])
            theirs = (sc, pq, math.sqrt(sc * pq))
            ours = (one["consistency"]["score"], one["quality"]["score"], one["score"])
            near = all(o is not None and abs(o - t) < 1e-9 for o, t in zip(ours, theirs))
            tally.check(near, f"VIEScore {key}: {ours}, published {theirs}")
        print(f"VIEScore {judge}: SC, PQ and O of {len(items) - unread} pictures as published; {unread} without a readable judgement, none scored")


COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")


def seen(entry: dict, draw: random.Random) -> list[dict]:
    """Detections of a picture that a generator might have made of a prompt: often as asked, often not, and always with something else."""
    found = []
    wanted = [element for element in entry["include"] for _ in range(element["count"])]
    others = draw.sample(["person", "chair", "cat", *(element["class"] for element in entry["include"])], 2)
    for element in [*wanted, *({"class": other} for other in others)]:
        if draw.random() < 0.12:
            continue
        left, top = draw.uniform(0, 400), draw.uniform(0, 400)
        width, height = draw.uniform(5, 110), draw.uniform(5, 110)
        if "position" in element and draw.random() < 0.6:
            # Where it was asked to be, near the objects of the one that it lies to, if only by chance.
            left += {"left of": -300, "right of": 300}.get(element["position"][0], 0)
            top += {"above": -300, "below": 300}.get(element["position"][0], 0)
            left, top = min(max(left, 0), 400), min(max(top, 0), 400)
        right = element.get("color") if draw.random() < 0.75 else None
        shares = {colour: draw.random() for colour in COLOURS}
        if right:
            shares[right] += 1
        total = sum(shares.values())
        score = draw.uniform(0.85, 1) if draw.random() < 0.8 else draw.uniform(0.2, 0.9)
        box = [left, top, left + width, top + height]
        found.append({"class": element["class"], "score": score, "box": box, "color": {colour: share / total for colour, share in shares.items()}})
    draw.shuffle(found)
    return found


def lies(one: list[float], other: list[float]) -> set[str]:
    """GenEval's relations of one box to another: the offset of the centres, less a tenth of both sizes, by its full length."""
    apart = [(one[axis] + one[axis + 2] - other[axis] - other[axis + 2]) / 2 for axis in (0, 1)]
    slack = [0.1 * (one[axis + 2] - one[axis] + other[axis + 2] - other[axis]) for axis in (0, 1)]
    left = [math.copysign(max(abs(offset) - give, 0), offset) for offset, give in zip(apart, slack)]
    if max(map(abs, left)) < 1e-3:
        return set()
    x, y = (offset / math.hypot(*apart) for offset in left)
    return {name for name, holds in (("left of", x < -0.5), ("right of", x > 0.5), ("above", y < -0.5), ("below", y > 0.5)) if holds}


def by_the_rules(entry: dict, detections: list[dict]) -> bool:
    """Whether a picture is as asked, by GenEval's published rules (djghosh13/geneval, evaluation/evaluate_images.py), written a second time."""
    least = 0.9 if entry["tag"] == "counting" else 0.3
    surest = sorted((one for one in detections if one["score"] > least), key=lambda one: -one["score"])
    of_class = lambda name: [one for one in surest if one["class"] == name][:16]
    groups = []
    for element in entry["include"]:
        group = of_class(element["class"])[: element["count"]]
        holds = len(group) == element["count"]
        if holds and "color" in element:
            holds = all(max(one["color"], key=one["color"].get) == element["color"] for one in group)
        if holds and "position" in element:
            relation, target = element["position"]
            target = groups[target]
            holds = target is not None and all(relation in lies(one["box"], other["box"]) for one in group for other in target)
        groups.append(group if holds else None)
    too_many = any(len(of_class(element["class"])) >= element["count"] for element in entry.get("exclude", []))
    return None not in groups and not too_many


def geneval(opine: str, folder: Path, tally) -> None:
    """Its 553 prompts with four pictures each, whose detections are drawn here: each verdict, the share of each task and the mean over tasks."""
    draw = random.Random(553)
    entries = [json.loads(line) for line in (folder / "evaluation_metadata.jsonl").read_text().splitlines()]
    items = [{"id": f"{at:05}/{n}", **entry, "detections": seen(entry, draw)} for at, entry in enumerate(entries) for n in range(4)]
    theirs = [by_the_rules(item, item["detections"]) for item in items]
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        (work / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
        (work / "opine.toml").write_text("")
        found = evaluate(opine, work, ["--items", "items.jsonl", "--summary", "summary.json"])
        summary = json.loads((work / "summary.json").read_text())
    tally.check(len(found) == len(items), f"GenEval: {len(found)} of {len(items)} results")
    for item, right, one in zip(items, theirs, found):
        tally.check(one["score"] == float(right), f"GenEval {item['id']}: {one['score']}, by the rules {right}")
    shares = {}
    for item, right in zip(items, theirs):
        shares.setdefault(item["tag"], []).append(right)
    shares = {task: sum(all_of) / len(all_of) for task, all_of in shares.items()}
    for task in summary["tasks"]:
        tally.check(abs(task["score"] - shares[task["task"]]) < 1e-12, f"GenEval {task}: {shares[task['task']]}")
        # Neither all right nor all wrong, so that the verdicts could differ.
        tally.check(0.02 < task["score"] < 0.98, f"GenEval {task}: nothing could be told by it")
    overall = sum(shares.values()) / len(shares)
    tally.check(len(shares) == 6 and abs(summary["score"] - overall) < 1e-12, f"GenEval: {summary['score']}, by the rules {overall}")
    told = ", ".join(f"{task} {share:.4f}" for task, share in shares.items())
    print(f"GenEval: {len(items)} verdicts of {len(entries)} prompts as its rules have them ({told}); mean over tasks {overall:.5f}")


def text_to_image(opine: str, folder: Path, tally) -> None:
    if (folder / "tifa/sample_evaluation_result.json").is_file():
        tifa(opine, folder / "tifa", tally)
    if (folder / "viescore/judge_scores.tsv").is_file():
        viescore(opine, folder / "viescore", tally)
    if (folder / "geneval/evaluation_metadata.jsonl").is_file():
        geneval(opine, folder / "geneval", tally)
