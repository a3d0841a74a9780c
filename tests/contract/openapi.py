"""Validates against LINE's published OpenAPI descriptions; an unknown or misspelt field is a fault too.

JSON Schema knows no discriminators: a schema that has one becomes two here, `Event` that leads to the schema
its `type` names, and `Event..base` with the common fields, which that schema extends.
"""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

SPECS = Path(__file__).parent.parent / "fixtures" / "specs" / "line"
_PREFIX = "#/components/schemas/"


def _bases(schema: Any) -> Any:
    """`schema` with what it extends replaced by the common fields of that."""
    return {
        **schema,
        "allOf": [
            {"$ref": part["$ref"] + "..base"} if part.get("$ref") else part for part in schema["allOf"]
        ],
    }


@cache
def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((SPECS / name).read_text())
    schemas: dict[str, Any] = document["components"]["schemas"]
    made: dict[str, Any] = {}
    for key, given in schemas.items():
        schema = copy.deepcopy(given)
        leads = schema.pop("discriminator", None)
        base = _bases(schema) if "allOf" in schema else schema
        made[f"{key}..base"] = base
        if leads and leads.get("mapping"):
            field, mapping = leads["propertyName"], leads["mapping"]
            made[key] = {
                "type": "object",
                "required": [field],
                "properties": {field: {"enum": sorted(mapping)}},
                "allOf": [
                    {
                        "if": {"properties": {field: {"const": value}}, "required": [field]},
                        "then": {"$ref": f"{target}..closed"},
                    }
                    for value, target in mapping.items()
                ],
            }
        else:
            made[key] = {"$ref": f"{_PREFIX}{key}..closed"}
        closed = {"$ref": f"{_PREFIX}{key}..base"}
        is_object = "properties" in base or "allOf" in base
        made[f"{key}..closed"] = {**closed, "unevaluatedProperties": False} if is_object else closed
    document["components"]["schemas"] = made
    return document


def faults(name: str, schema: str, value: Any) -> str | None:
    """What is wrong with `value` by the schema of that name, None when nothing is."""
    document = {**_document(name), "$ref": _PREFIX + schema}
    fault = best_match(Draft202012Validator(document).iter_errors(value))
    return f"{fault.json_path}: {fault.message[:300]}" if fault else None


def request_schema(name: str, method: str, path: str) -> tuple[str, set[str]]:
    """Schema of a call's body, and the headers it may carry. Raises KeyError for an unknown call."""
    operation = _document(name)["paths"][path][method.lower()]
    content = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    headers = {p["name"].lower() for p in operation.get("parameters", []) if p["in"] == "header"}
    return content.removeprefix(_PREFIX), headers
