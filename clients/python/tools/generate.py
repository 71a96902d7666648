"""Writes the types of the client from the contract: generate.py openapi.yaml > src/opine_client/contract.py

Every schema that a JSON body of the contract can hold becomes a type of the same name, and every operation a line of
`OPERATIONS`. A request becomes a second type, NAME + `Options`: what may be given beside what must be. Takes YAML, which needs PyYAML, or the same as JSON, on standard input where the file is `-`. The order of the contract is
kept, so that equal contracts give equal bytes.
"""

import json
import keyword
import re
import sys
from pathlib import Path
from typing import Any, Iterator

HEAD = '''"""The contract of Opine as types. Made from openapi.yaml by tools/generate.py; do not edit."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, TypedDict, Union
'''

SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None", "array": "List[Any]", "object": "Dict[str, Any]"}

Schema = Any


def read(name: str) -> Any:
    text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    if text.lstrip().startswith("{"):
        return json.loads(text)
    import yaml

    return yaml.safe_load(text)


def camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))


def literal(value: Any) -> str:
    """A constant as Python writes it; the contract quotes with double quotes, and so does the code around it."""
    return json.dumps(value) if isinstance(value, str) else repr(value)


def union(parts: list[str]) -> str:
    distinct = list(dict.fromkeys(parts))
    return distinct[0] if len(distinct) == 1 else f"Union[{', '.join(distinct)}]"


def references(schema: Schema) -> Iterator[str]:
    """Names of the schemas that a schema is made of."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        for key, value in schema.items():
            if key not in ("example", "examples", "default"):
                yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


class Types:
    """The types of one contract; nested objects get a name from their place."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.schemas = document["components"]["schemas"]
        self.lines: list[str] = []

    def of(self, schema: Schema, place: str) -> str:
        """The type of a schema; objects below it are written as types named by their place."""
        if "$ref" in schema:
            return camel(schema["$ref"].rpartition("/")[2])
        if "const" in schema:
            return f"Literal[{literal(schema['const'])}]"
        if "enum" in schema:
            return f"Literal[{', '.join(literal(value) for value in schema['enum'])}]"
        kinds = schema.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if not kinds:
            variants = schema.get("oneOf") or schema.get("anyOf") or []
            return union([self.of(variant, place) for variant in variants]) if variants else "Any"
        return union([self.of_kind(kind, schema, place) for kind in kinds])

    def of_kind(self, kind: str, schema: Schema, place: str) -> str:
        if kind == "array" and "items" in schema:
            return f"List[{self.of(schema['items'], place.removesuffix('s'))}]"
        if kind == "object" and "properties" in schema:
            # A class has no field with a name such as `class`: what has one is typed as a dictionary.
            if any(keyword.iskeyword(name) for name in schema["properties"]):
                return SCALARS[kind]
            self.object(place, schema, [])
            return place
        if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
            return f"Dict[str, {self.of(schema['additionalProperties'], place)}]"
        return SCALARS[kind]

    def named(self, name: str, schema: Schema) -> None:
        place = camel(name)
        if "allOf" in schema:
            bases = [self.of(part, place) for part in schema["allOf"] if "$ref" in part]
            for part in schema["allOf"]:
                if "properties" in part:
                    self.object(place, {**part, "description": schema.get("description", "")}, bases)
        elif schema.get("type") == "object" and "properties" in schema:
            self.object(place, schema, [])
        else:
            # An alias is evaluated when the module is read: names of what comes later stand in quotes.
            kind = re.sub(r"(?<![\"\w])([A-Z]\w+)(?![\w\[\"])", quoted, self.of(schema, place))
            self.lines += ["", "", f"{place} = {kind}"]

    def object(self, place: str, schema: Schema, bases: list[str]) -> None:
        """A dictionary with these keys. What may be missing stands in a class of its own: Python 3.9 has no other way."""
        required = schema.get("required", [])
        fields = {name: self.of(field, place + camel(name)) for name, field in schema["properties"].items()}
        known = {name: kind for name, kind in fields.items() if name in required}
        open_ones = {name: kind for name, kind in fields.items() if name not in required}
        if known and open_ones:
            self.write(f"_{place}", known, bases, True, "")
            bases = [f"_{place}"]
        self.write(place, open_ones or known, bases, not open_ones, schema.get("description", ""))
        if place.endswith("Request"):
            summary = f"What may be given beside {', '.join(f'`{name}`' for name in known)}."
            self.write(f"{place[:-7]}Options", open_ones, [], False, summary)

    def write(self, place: str, fields: dict[str, str], bases: list[str], total: bool, summary: str) -> None:
        wrong = [name for name in fields if not name.isidentifier() or keyword.iskeyword(name)]
        assert not wrong, f"{place}: {wrong} cannot be fields of a class"
        totality = [] if total else ["total=False"]
        self.lines += ["", "", f"class {place}({', '.join((bases or ['TypedDict']) + totality)}):"]
        if summary:
            first = re.split(r"(?<=[.:;])\s", " ".join(summary.split()))[0].rstrip(":;")
            self.lines += [f'    """{first.rstrip(".")}."""', ""]
        self.lines += [f"    {name}: {kind}" for name, kind in fields.items()] or ["    pass"]


def quoted(match: re.Match[str]) -> str:
    name = match[1]
    return name if name in ("Any", "None", "Union", "List", "Dict", "Literal") else f'"{name}"'


def operations(document: Any) -> Iterator[tuple[str, str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield operation["operationId"], method.upper(), path, operation


def reachable(document: Any) -> list[str]:
    """Schemas that a JSON body, a line of one or a problem can hold, in the order of the contract."""
    schemas = document["components"]["schemas"]
    bodies = [response for response in document["components"]["responses"].values()]
    for _, _, _, operation in operations(document):
        bodies += [operation.get("requestBody", {}), *operation["responses"].values()]
    waiting = []
    for body in bodies:
        for media_type, content in body.get("content", {}).items():
            if "json" in media_type:
                waiting += references(content["schema"])
    found = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += references(schemas[name])
    return [name for name in schemas if name in found]


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    document = read(sys.argv[1])
    types = Types(document)
    for name in reachable(document):
        types.named(name, types.schemas[name])
    print(HEAD)
    print(f'VERSION = {literal(document["info"]["version"])}\n')
    print("# Method and path of each operation.\nOPERATIONS: Dict[str, tuple[str, str]] = {")
    for name, method, path, _ in operations(document):
        print(f"    {literal(name)}: ({literal(method)}, {literal(path)}),")
    print("}")
    print("\n".join(types.lines))


if __name__ == "__main__":
    main()
