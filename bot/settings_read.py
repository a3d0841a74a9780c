"""Reading one value of the environment; a fault is a sentence added to `faults`, and the default stands in."""

from __future__ import annotations

import json
from collections.abc import Mapping


def address(name: str, value: str | None, schemes: tuple[str, ...], faults: list[str]) -> None:
    """The fault names no value: an address may hold a password."""
    if value and not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        faults.append(f"{name} must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}.")


def integer(
    values: Mapping[str, str], name: str, default: int, low: int, high: int, faults: list[str]
) -> int:
    raw = values.get(name) or str(default)
    if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
        faults.append(f"{name} must be a whole number from {low} to {high}.")
        return default
    return int(raw)


def amount(values: Mapping[str, str], name: str, default: float | None, faults: list[str]) -> float | None:
    raw = values.get(name)
    if not raw:
        return default
    try:
        number = float(raw)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        faults.append(f"{name} must be a number of 0 or more, without a currency sign.")
        return default
    return number


def one_of(
    values: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str, faults: list[str]
) -> str:
    value = values.get(name) or default
    if value not in allowed:
        faults.append(f"{name} must be one of: {', '.join(allowed)}.")
        return default
    return value


def json_object(values: Mapping[str, str], name: str, faults: list[str]) -> dict[str, object]:
    try:
        parsed = json.loads(values.get(name) or "{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        faults.append(f"{name} must be a JSON object.")
        return {}
    return parsed
