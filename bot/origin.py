"""From where and for what something is done: said once a request or command, read where an audit event is written.

A context variable, so that no caller hands it through: each request and each thread has its own.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Origin:
    """`where`: `address` and `session` (the start of the session's hash) of a page, `host` of a command or process.

    `why`: the purpose as a code, such as `page:inbox.conversation#own` or `command:flask records access`; what a person
    gives as their reason stands in the event's detail. `role`: of who is signed in, then. No part holds anything of a
    customer.
    """

    where: Mapping[str, str] = field(default_factory=dict)
    why: str = "system"
    role: str = ""


_NOW: ContextVar[Origin | None] = ContextVar("teller_origin", default=None)


def host() -> str:
    return socket.gethostname()[:64]


def begin(origin: Origin | None) -> None:
    """What follows in this context is done from there; None: by the process itself."""
    _NOW.set(origin)


def now() -> Origin:
    return _NOW.get() or Origin({"host": host()})


def because(basis: str) -> None:
    """Adds what entitles the person in this very case (`own`, `waiting`, `oversight`), where an origin was said."""
    origin = _NOW.get()
    if origin is not None:
        begin(replace(origin, why=f"{origin.why.partition('#')[0]}#{basis}"))


def as_role(role: str) -> None:
    """Who is signed in here is known now."""
    origin = _NOW.get()
    if origin is not None:
        begin(replace(origin, role=role))
