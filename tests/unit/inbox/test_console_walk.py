"""Every route for every role: each cell of the matrix, let in and turned away, and the file that says so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot.model import Role
from inbox import auth
from inbox.permissions import OPEN_TO_ALL, OPEN_TO_STAFF, AuditAction, may
from inbox.stated import STATED
from tests.access_table import FILE, routes, table
from tests.unit.inbox.fake import PASSWORD, a_console, an_app
from tests.unit.inbox.forms import token

ROOT = Path(__file__).parents[3]


class LetIn(Exception):
    """The gate is passed; what lies behind it is other tests' concern."""


def let_in(_: object) -> None:
    raise LetIn


def test_each_cell_of_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    service = a_console()
    app = an_app(service)
    app.register_error_handler(LetIn, lambda _: ("let in", 299))
    wrong: list[str] = []
    cells = 0
    for role in Role:
        client = app.test_client()
        signing = {"email": f"{role.value}@example.com", "password": PASSWORD}
        client.post("/", data={**signing, "csrf_token": token(client.get("/").text)})
        proof = token(client.get("/start", follow_redirects=True).text)
        monkeypatch.setattr(auth, "_first_things_first", let_in)
        for one in routes(app):
            if one.permission in OPEN_TO_STAFF or one.endpoint == "live.events":
                continue
            path = re.sub(r"<(?:any\((\w+)[^>]*|[^<>]*)>", lambda found: found.group(1) or "1", one.rule)
            service.audited.clear()
            form = {"csrf_token": proof}
            answer = client.get(path) if one.method == "GET" else client.post(path, data=form)
            turned_away = ("account:permission:denied", f"page:{one.endpoint}") in [
                (action, subject) for _, action, subject, _ in service.audited
            ]
            cells += 1
            let = answer.status_code == 299
            if (
                let is not may(role, one.permission)
                or turned_away is let
                or answer.status_code not in (299, 403)
            ):
                wrong.append(f"{role} {one.method} {one.rule} {answer.status_code}")
        monkeypatch.undo()
    assert wrong == []
    assert cells > 800


def test_no_form_goes_without_its_token() -> None:
    app = an_app(a_console())
    client = app.test_client()
    form = {"email": "supervisor@example.com", "password": PASSWORD}
    client.post("/", data={**form, "csrf_token": token(client.get("/").text)})
    for one in routes(app):
        if one.method == "POST" and one.permission not in OPEN_TO_ALL:
            path = re.sub(r"<(?:any\((\w+)[^>]*|[^<>]*)>", lambda found: found.group(1) or "1", one.rule)
            assert client.post(path).status_code == 400, one.rule


def test_the_table_is_what_the_code_says() -> None:
    assert FILE.read_text(encoding="utf-8") == table(), "run `python -m tests.access_table`"


def named_actions() -> set[str]:
    """Every action that the code names where it writes an event."""
    found = {str(one) for one in AuditAction} | {one for one in STATED.values() if one}
    # Reading the syntax of half a thousand files takes its time: only those that write events.
    for path in (path for name in ("bot", "kb", "inbox") for path in (ROOT / name).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if re.search(r"audit\w*(\.add\w*)?\(", text) else ():
            if not isinstance(node, ast.Call) or len(node.args) < 3:
                continue
            called, second = node.func, node.args[1]
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            whose = ast.unparse(called)
            if (
                "audit" in whose
                and name in ("add", "add_all", "audit", "_audit")
                and isinstance(second, ast.Constant)
            ):
                found.add(str(second.value))
    return found


def test_every_event_stands_in_the_list() -> None:
    listed = (ROOT / "docs/security/audit-events.md").read_text(encoding="utf-8")
    named = named_actions()
    assert len(named) > 90
    assert sorted(one for one in named if f"`{one}`" not in listed) == []
