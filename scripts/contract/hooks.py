"""What schemathesis needs to know of Opine beside openapi.yaml; SCHEMATHESIS_HOOKS names this module.

A request of which every value is right can still be refused, by rules between values and by what the service has at hand:
no schema can say that covariates are as many as images, or which policies a folder holds. Such a refusal is right for the
rules below, which the document tells in words, and wrong for every other. Each rule is the code of the problem and the
place that it points at.
"""

import json
import re
import uuid
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
    "bestOf": [("wrong_protocol", r"/judge")],
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

# What the schemas of JSON bodies say of judges and panels is told in words for forms, whose parts are not values.
# So is that files and URLs are counted together.
FORM_RULES = [("invalid_value", r"/judge|"), ("too_many_images", r"/images")]

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
    return {"data": value if isinstance(value, (str, bytes)) else json.dumps(value)}


@schemathesis.hook
def before_call(context, case, kwargs):
    """A name for what is asked for is chosen anew for each new thing; a right one is made so."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch("[!-~]{1,255}", key):
        case.headers["Idempotency-Key"] = key[:-36] + str(uuid.uuid4())


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
