"""`python -m tests.access_table` writes docs/security/access.md: every page, who may open it, and what it notes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from flask import Flask

import inbox
from bot.model import Role
from inbox.permissions import OPEN_TO_STAFF, Permission, may
from inbox.stated import STATED

FILE = Path(__file__).parents[1] / "docs" / "security" / "access.md"
HEAD = """# Who may open what, and what it notes

Made by `python -m tests.access_table` of the routes themselves, `inbox/permissions.py` and `inbox/stated.py`; a test
fails while this file is not what the code says. Whoever is not let in gets 403, and the try is noted
(`account:permission:denied`). A conversation or customer that is not theirs is 404 whether it is there or not, noted
as `account:object:denied`: which of them a role may read stands in `bot/store/reading.py`, in the queries themselves.

- agents read the queue, their own conversations and those of a customer whom they serve now; no complaint
- senior agents: complaints too; supervisors, compliance and auditors: all; administrators: none
- the event stands in the audit log before anything is shown: where it cannot be written, the page is 503
- "—" under *notes*: shows nothing of customers, or changes nothing but the reader's own screen

`A` agent, `S` senior agent, `V` supervisor, `C` compliance, `M` administrator, `U` auditor.
"""
LETTERS = {
    Role.AGENT: "A",
    Role.SENIOR: "S",
    Role.SUPERVISOR: "V",
    Role.COMPLIANCE: "C",
    Role.ADMIN: "M",
    Role.AUDITOR: "U",
}


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    rule: str
    endpoint: str
    permission: Permission


def console_app() -> Flask:
    """The console without a house behind it: its routes are all that is asked of it."""
    app = Flask("table", static_folder=None)
    settings = SimpleNamespace(
        public_url="http://127.0.0.1",
        timezone="Asia/Taipei",
        security=SimpleNamespace(strict=False, idle_minutes=30),
    )
    service = SimpleNamespace(settings=settings, limiter_storage=None, secret_key="none")
    inbox.register(app, cast(Any, service))
    return app


def routes(app: Flask) -> Iterator[Route]:
    """Every page of the console, by address."""
    found = [
        Route(method, rule.rule, rule.endpoint, app.view_functions[rule.endpoint].permission)  # type: ignore[attr-defined]
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]
    return iter(sorted(found, key=lambda one: (one.rule, one.method)))


def who(permission: Permission) -> list[str]:
    """A cell for each role."""
    if permission in OPEN_TO_STAFF:
        return ["•"] * len(LETTERS)
    return ["•" if may(role, permission) else "" for role in LETTERS]


def table() -> str:
    lines = [
        HEAD,
        f"| | address | permission | {' | '.join(LETTERS.values())} | notes |",
        f"|---|---|---|{'---|' * len(LETTERS)}---|",
    ]
    for one in routes(console_app()):
        noted = f"`{STATED[one.endpoint]}`" if STATED.get(one.endpoint) else "—"
        rule = one.rule.replace("|", "\\|")
        lines.append(
            f"| {one.method} | `{rule}` | `{one.permission.value}` | {' | '.join(who(one.permission))} | {noted} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(table(), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
