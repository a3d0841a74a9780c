"""Reads what platforms post without trusting its shape: an accessor gives a default, never an exception."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.errors import BadPayload
from bot.model import LOCALES

# Beyond this a platform's own word is no word; it would only fill logs and metrics.
LONGEST_DETAIL = 40


def header(headers: Mapping[str, str], name: str) -> str:
    """Value of an HTTP header whatever the case of its name, "" when absent."""
    found = headers.get(name)
    if found is not None:
        return found
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def same(given: str, wanted: str) -> bool:
    """Compares a secret in constant time; `given` may hold anything, a lone surrogate too."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def load(body: bytes, platform: str) -> dict[str, Any]:
    """The body as a JSON object. Raises BadPayload; RecursionError is what a very deep body gives."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise BadPayload(f"The body is not the JSON that {platform} posts.") from fault
    if not isinstance(value, dict):
        raise BadPayload(f"The body is not the JSON object that {platform} posts.")
    return value


def a_dict(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def a_list(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def a_text(value: Any, key: str) -> str | None:
    """A non-empty string, or None. Numbers count: platforms send ids both ways. Lone surrogates, which no
    store takes, become U+FFFD."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 10**30:
        return str(found)
    if not isinstance(found, str) or not found:
        return None
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def a_word(value: Any, key: str, default: str) -> str:
    """A short name such as an event's type, for `kind_detail`."""
    return (a_text(value, key) or default)[:LONGEST_DETAIL]


def a_time(value: Any, key: str, per_second: int) -> datetime:
    """A platform's timestamp (`per_second`: 1 or 1000), aware, UTC; now where it makes no sense."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 10**14:
        try:
            return datetime.fromtimestamp(found / per_second, UTC)
        except (OverflowError, ValueError, OSError):
            pass
    return datetime.now(UTC)


def fingerprint(*parts: Any) -> str:
    """A stable event id for what has none: the same bytes again give the same id."""
    try:
        blob = json.dumps(parts, sort_keys=True)
    except RecursionError as fault:
        raise BadPayload("The body is nested deeper than any platform posts.") from fault
    return "sha256:" + hashlib.sha256(blob.encode()).hexdigest()


def language(code: str | None) -> str | None:
    """One of our locales for a platform's language code, None where we have no text in that language."""
    if not code:
        return None
    main = code.replace("_", "-").partition("-")[0].lower()
    return next((locale for locale in LOCALES if locale.partition("-")[0].lower() == main), None)
