"""Checks data against a JSON Schema: the keywords that script_schema uses, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "number": (int, float),
    "integer": int,
}
_SAID = {"$schema", "title", "description", "$defs"}
_CHECKED = {
    "type", "enum", "const", "minimum", "maximum", "minItems", "pattern", "properties",
    "additionalProperties", "propertyNames", "required", "items", "anyOf", "oneOf", "$ref",
}  # fmt: skip


def problems(data: Any, schema: dict[str, Any], whole: dict[str, Any], at: str = "") -> list[str]:
    """Where the data is not as the schema says. whole: the schema that $ref refers to."""
    return list(_problems(data, schema, whole, at))


def _is_a(data: Any, name: str) -> bool:
    if isinstance(data, bool):
        return name == "boolean"
    return isinstance(data, _TYPES[name])


def _problems(data: Any, schema: dict[str, Any], whole: dict[str, Any], at: str) -> Iterator[str]:
    unknown = set(schema) - _SAID - _CHECKED
    if unknown:
        raise AssertionError(f"the test knows no {unknown}")
    if "$ref" in schema:
        yield from _problems(data, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole, at)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is_a(data, name) for name in types):
        yield f"{at}: {data!r} is no {types}"
        return
    if "enum" in schema and data not in schema["enum"]:
        yield f"{at}: {data!r} is none of {schema['enum']}"
    if "const" in schema and data != schema["const"]:
        yield f"{at}: {data!r} is not {schema['const']}"
    if "pattern" in schema and not re.search(schema["pattern"], str(data)):
        yield f"{at}: {data!r} does not fit {schema['pattern']}"
    if "minimum" in schema and data < schema["minimum"]:
        yield f"{at}: {data} is too small"
    if "maximum" in schema and data > schema["maximum"]:
        yield f"{at}: {data} is too large"
    for kind, allowed in (("anyOf", range(1, 100)), ("oneOf", range(1, 2))):
        if kind in schema:
            found = [problems(data, part, whole, at) for part in schema[kind]]
            if sum(not there for there in found) not in allowed:
                yield f"{at}: fits not {kind}: {min(found, key=len)[:2]}"
    if isinstance(data, list):
        if len(data) < schema.get("minItems", 0):
            yield f"{at}: too few items"
        for n, item in enumerate(data if "items" in schema else ()):
            yield from _problems(item, schema["items"], whole, f"{at}[{n}]")
    if isinstance(data, dict):
        yield from _table(data, schema, whole, at)


def _table(
    data: dict[str, Any], schema: dict[str, Any], whole: dict[str, Any], at: str
) -> Iterator[str]:
    for key in schema.get("required", ()):
        if key not in data:
            yield f"{at}: {key} is missing"
    for key, value in data.items():
        if "propertyNames" in schema:
            yield from _problems(key, schema["propertyNames"], whole, f"{at}.{key}")
        if key in schema.get("properties", {}):
            yield from _problems(value, schema["properties"][key], whole, f"{at}.{key}")
        elif schema.get("additionalProperties") is False:
            yield f"{at}: no such key: {key}"
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from _problems(value, schema["additionalProperties"], whole, f"{at}.{key}")
