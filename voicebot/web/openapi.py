"""The OpenAPI 3.1 description, made from the operations and their pydantic models."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from voicebot.web.api import PREFIX, Operation
from voicebot.web.api_models import LiveEnd, LiveUpdate, Problem

_REF = "#/components/schemas/{model}"
_IN_PATH = re.compile(r"{(\w+)}")


def describe(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """The whole document."""
    operations = list(operations)
    answers = [op.answer for op in operations if not isinstance(op.answer, str)]
    bodies = [op.body for op in operations if op.body is not None]
    models: list[type[BaseModel]] = [*answers, *bodies, Problem, LiveUpdate, LiveEnd]
    _, schemas = models_json_schema(
        [(model, "serialization") for model in dict.fromkeys(models)], ref_template=_REF
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        item = paths.setdefault(PREFIX + operation.path, {})
        item[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Voicebot",
            "version": version,
            "description": (
                "Calls, cases, promises and callbacks of this node. Amounts are grosze, "
                "instants ISO 8601 with an offset. Errors are problem+json (RFC 9457)."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "login": {"type": "apiKey", "in": "cookie", "name": "voicebot_login"},
                "password": {"type": "http", "scheme": "basic"},
            },
        },
        # The empty one: a node on loopback without a password asks for none.
        "security": [{"login": []}, {"password": []}, {}],
    }


def parameters(operation: Operation) -> list[dict[str, Any]]:
    """Of the path, then of the query."""
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if name == "case_id" else "string"},
        }
        for name in _IN_PATH.findall(operation.path)
    ]
    schema = operation.query.model_json_schema()
    required = schema.get("required", [])
    in_query = []
    for name, property_schema in schema.get("properties", {}).items():
        plain = {key: value for key, value in property_schema.items() if key != "title"}
        in_query.append(
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "description": plain.pop("description", ""),
                "schema": _inlined(plain, schema.get("$defs", {})),
            }
        )
    return in_path + in_query


def _operation(operation: Operation) -> dict[str, Any]:
    if isinstance(operation.answer, str):
        content = {operation.answer: {"schema": {"type": "string"}}}
    else:
        content = {"application/json": {"schema": _reference(operation.answer)}}
    responses: dict[str, Any] = {
        str(operation.status): {
            "description": HTTPStatus(operation.status).phrase,
            "content": content,
        }
    }
    for status in sorted({400, 401, *operation.errors}):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": _reference(Problem)}},
        }
    described = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters(operation),
        "responses": responses,
    }
    if operation.body is not None:
        content = {"application/json": {"schema": _reference(operation.body)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema without references into its own `$defs`."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
        return {key: _inlined(value, definitions) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    return schema
