"""Ids in the platforms' own formats; a plain name such as "mei" always becomes the same user id."""

from __future__ import annotations

import hashlib
import random
import re
import string
import time

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TOKEN = string.ascii_letters + string.digits
_LINE_ID = re.compile(r"[UCR][0-9a-f]{32}")


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def ulid(ms: int | None = None) -> str:
    """A ULID, the format of LINE's `webhookEventId`; `ms` since 1970, default now."""
    value = ((now_ms() if ms is None else ms) << 80) | random.getrandbits(80)
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))


def token(length: int = 32) -> str:
    """Letters and digits, as reply tokens and quote tokens have."""
    return "".join(random.choices(_TOKEN, k=length))


def message_id() -> str:
    """LINE's message ids are decimal, 18 digits today."""
    return str(random.randrange(10**17, 10**18))


def _digest(user: str) -> str:
    return hashlib.md5(user.encode(), usedforsecurity=False).hexdigest()


def line_user_id(user: str) -> str:
    """`U` and 32 hex digits; group and room ids pass unchanged."""
    return user if _LINE_ID.fullmatch(user) else "U" + _digest(user)


def messenger_psid(user: str) -> str:
    """A page-scoped id: 16 decimal digits."""
    return user if user.isdigit() else str(10**15 + int(_digest(user), 16) % (9 * 10**15))


def telegram_user_id(user: str | int) -> int:
    """A positive 64-bit id; beyond 32 bits for names, since clients that store 32 bits must fail in tests."""
    text = str(user)
    return int(text) if text.lstrip("-").isdigit() else 2**33 + int(_digest(text), 16) % 2**33
