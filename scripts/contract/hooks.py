"""What schemathesis needs to know of Opine beside openapi.yaml; SCHEMATHESIS_HOOKS names this module.

A request of which every value is right can still be refused, by rules between values and by what the service has at hand:
no schema can say that covariates are as many as images, or which policies a folder holds. Such a refusal is right for the
rules below, which the document tells in words, and wrong for every other. Each rule is the code of the problem and the
place that it points at.
"""

import base64
import json
import re
import struct
import uuid
import zlib
from itertools import count

import schemathesis
from urllib3.util import connection

RULES = {
    # Judges: what they are asked for, who sits on a panel and by what weights. Images that are compared must be images.
    "score": [
        ("wrong_protocol", r"/judges?"),
        ("invalid_value", r"/judges|/jury|/weights|/quorum|/explain|/calibrated"),
        ("no_calibration", r"/calibrated|/jury"),
    ],
    "compare": [
        ("wrong_protocol", r"/judges?"),
        ("invalid_value", r"/images(/\d+)?|/judges|/jury|/weights|/quorum|/tie_width|/calibrated"),
        ("no_calibration", r"/calibrated|/jury"),
    ],
    # What belongs to one method or model alone has no place in the others.
    "rank": [
        ("wrong_protocol", r"/judges?|/method|"),
        ("invalid_value", r"/images(/\d+)?|/judges|/jury|/weights|/quorum|/anchors|/covariates|/calibrated|"),
        ("no_calibration", r"/calibrated|/jury"),
        # Whole numbers of more than 64 bits.
        ("wrong_type", r"/seed|/budget|"),
    ],
    # The policies of a folder.
    "gate": [("invalid_value", r"/policy")],
    # What goes by scores has nobody who compares.
    "bestOf": [
        ("wrong_protocol", r"/(pair_)?judge"),
        ("invalid_value", r"/images(/\d+)?|/pair_judge|/shortlist|/calibrated"),
        ("no_calibration", r"/calibrated"),
    ],
    "choose": [("wrong_protocol", r"/judge"), ("invalid_value", r"/questions.*|/answers")],
    # What two tables can be asked: their columns, their ids, and that there is something to compare.
    "audit": [("invalid_value", r"/.*")],
    "fitCalibration": [("invalid_value", r"/.*"), ("no_calibration", r".*")],
    # A method of evaluation names what it needs of judge, writer and questions.
    "evaluate": [("wrong_protocol", r".*"), ("invalid_value", r".*"), ("missing_field", r".*")],
    # Systems that occur, and prompts that both have.
    "release": [("invalid_value", r".*"), ("missing_field", r"/new|/items/\d+/scores")],
    "takeLabels": [("invalid_value", r".*"), ("missing_field", r".*"), ("wrong_type", r".*")],
    "rollingAgreement": [("invalid_value", r".*")],
    # Whole numbers of more than 64 bits.
    "jobResults": [("wrong_type", r""), ("invalid_value", r"")],
    # The lines of a manifest, the settings of its operation, and that each setting is given once, here or there.
    "submitJob": [
        ("bad_manifest", r""),
        ("too_many_items", r""),
        ("wrong_protocol", r".*"),
        ("invalid_value", r".*"),
        ("unknown_field", r""),
        ("duplicate_field", r""),
        ("missing_field", r""),
        ("no_calibration", r".*"),
    ],
}

# What the schemas of JSON bodies say of judges, panels and questions is told in words for forms, whose parts are not values.
# So is that files and URLs are counted together.
FORM_RULES = [("invalid_value", r"/judge|/question|"), ("too_many_images", r"/images")]

# An address that shows wrong keys is told to wait after twenty of them, and the checks show many more: each connection
# comes from an address of its own, as those of different callers do.
addresses = count(1)
plainly = connection.create_connection


def from_elsewhere(address, timeout=None, source_address=None, socket_options=None):
    number = next(addresses)
    source = (f"127.{1 + number // 62500 % 250}.{number // 250 % 250}.{1 + number % 250}", 0)
    return plainly(address, timeout, source, socket_options)


connection.create_connection = from_elsewhere


@schemathesis.serializer("application/jsonl", "application/x-ndjson")
def as_lines(context, value):
    """A manifest: an example has several lines, and what is made up is one."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def picture(side):
    """A file with a picture, as the service wants it; each side is another picture."""
    rows = b"".join(b"\0" + bytes((x * y * side) % 256 for x in range(side)) for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    framed = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks]
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(framed)).decode()


PICTURES = [picture(side) for side in range(33, 49)]
turns = count()

# Jobs that were taken, and what is asked about one.
jobs = []
OF_A_JOB = ("showJob", "jobResults", "jobEvents", "cancelJob", "resumeJob")


# Tables that can be audited, and parts of forms that hold JSON: no generator makes text that is JSON of a schema.
JUDGED = [{"id": str(place), "score": place / 40} for place in range(40)]
HUMAN = [{"id": str(place), "human": place * 7 % 40} for place in range(40)]
COLUMNS = ("on", "group", "cluster", "length", "author", "position", "swapped", "raters", "baselines")
JSON_PARTS = {
    "judges": ["technical-quality"],
    "answers": ["yes", "no"],
    "questions": [{"question": "Is there a dog?"}],
    "raters": ["first", "second"],
    "missing_text": ["none"],
    "extraction": {"entities": []},
    "items": [{"tag": "counting", "include": [{"class": "cat", "count": 1}], "detections": []}],
    "levels": ["bad", "good"],
}


def with_what_is_there(body):
    """The same request about real pictures, judges and tables: what is made up is base64 of nothing and names nobody."""
    there = {"judge": "technical-quality", "judges": ["technical-quality"], "weights": {"technical-quality": 1.0}, "policy": "portrait"}
    # A name may mean another thing elsewhere, as `weights` does.
    changed = {**body, **{name: value for name, value in there.items() if isinstance(body.get(name), type(value))}}
    if "images" in body:
        changed["images"] = [{"base64": PICTURES[place % len(PICTURES)]} for place in range(len(body["images"]))]
    if "judged" in body and "human" in body:
        changed = {name: value for name, value in body.items() if not name.startswith(("human_", "judged_")) and name not in COLUMNS}
        changed.update(judged=JUDGED, human=HUMAN)
    return changed


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Gives the parts of forms that hold JSON something to hold."""
    for name, schema in raw_schema["components"]["schemas"].items():
        for field, part in schema.get("properties", {}).items() if name.endswith("Form") else ():
            if part.get("contentMediaType") == "application/json":
                schema["properties"][field] = {"enum": [json.dumps(JSON_PARTS[field])]}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Every second right request is one that can be done, and a name for what is asked for is chosen anew each time."""
    operation = case.operation.definition.raw["operationId"]
    is_right = case.meta is not None and case.meta.generation.mode.is_positive
    if is_right and next(turns) % 2:
        if case.media_type == "application/json" and isinstance(case.body, dict):
            case.body = with_what_is_there(case.body)
        elif case.media_type == "application/jsonl":
            case.body = {"id": "picture", "base64": PICTURES[0]}
            case.query = {"operation": "score", "judge": "technical-quality"}
        # Chains of requests name what they made themselves.
        elif jobs and operation in OF_A_JOB and case.meta.phase.name.value != "stateful":
            case.path_parameters["id"] = jobs[-1]
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch("[!-~]{1,255}", key):
        case.headers["Idempotency-Key"] = key[:-36] + str(uuid.uuid4())


@schemathesis.hook
def after_call(context, case, response):
    """Remembers a job, to ask about."""
    if response.status_code == 202:
        jobs.append(response.json()["id"])


@schemathesis.check
def refused_by_a_rule_in_words(context, response, case):
    """A request that the document allows is refused by a rule of the list above, or not at all."""
    is_right = case.meta is not None and case.meta.generation.mode.is_positive
    if not is_right or response.status_code != 422:
        return
    problem = response.json()
    code, place = problem["code"], problem.get("pointer", "")
    rules = RULES.get(case.operation.definition.raw["operationId"], [])
    if case.media_type == "multipart/form-data":
        rules = rules + FORM_RULES
    known = any(code == rule and re.fullmatch(pattern, place) for rule, pattern in rules)
    assert known, f"`{code}` at `{place}` is no rule in words: {problem['detail']}"
