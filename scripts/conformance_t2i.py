"""Text-to-image scores over published judgements, by the released program: TIFA's aggregation and VIEScore's SC, PQ and O.

A small engine in this process answers as the published models answered, so that every score goes the whole way: question, reply,
reader, aggregation. Nothing of the data is kept.
"""

import base64
import csv
import hashlib
import json
import math
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


def text_to_image(opine: str, folder: Path, tally) -> None:
    if (folder / "tifa/sample_evaluation_result.json").is_file():
        tifa(opine, folder / "tifa", tally)
    if (folder / "viescore/judge_scores.tsv").is_file():
        viescore(opine, folder / "viescore", tally)
