"""The pages of service hours and assignment, and the account menu's availability: a whole Teller behind them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.desk.hours import LOOK_S
from bot.hours_document import DEFAULT
from bot.model import Role
from inbox.hours_form import form_of, read
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import token

pytestmark = pytest.mark.servers

READS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN, Role.AUDITOR)
WRITES = (Role.SUPERVISOR, Role.ADMIN)


def fields(**changed: str) -> dict[str, str]:
    """The form as the page shows what ships."""
    form = form_of(DEFAULT)
    sent = {f"day-{n}": day for n, day in enumerate(form.days)} | {"calendar": form.calendar}
    for name, skill in form.skills.items():
        sent |= {f"mode-{name}": skill.mode, f"{name}-holidays": "1"}
    return {**sent, "seen": "0", "note": "test", **changed}


def sends(client: FlaskClient, path: str, form: dict[str, Any]) -> Any:
    page = client.get(path if path.startswith("/admin") else "/inbox")
    return client.post(path, data={**form, "csrf_token": token(page.text)})


def test_the_form_of_a_document_gives_that_document() -> None:
    full = {
        "week": [["09:00-12:30", "13:30-21:00"]] * 5 + [["22:00-06:00"], []],
        "calendar": None,
        "exceptions": [{"date": "2026-07-10", "spans": ["10:00-12:00"], "reason": "颱風"}],
        "skills": {
            "fraud": {"week": [["00:00-24:00"]] * 7, "holidays": "open"},
            "loan": {"week": [["10:00-11:00"]] * 7, "holidays": "closed"},
        },
    }
    assert form_of(full).document() == full
    assert form_of(DEFAULT).document() == DEFAULT
    assert read(fields()).document() == DEFAULT


@pytest.mark.parametrize("role", list(Role))
def test_who_reads_and_who_sets(teller: Teller, app: Flask, role: Role) -> None:
    client = signed_in(app, teller.staff(role))
    for path in ("/admin/hours", "/admin/assignment"):
        page = client.get(path)
        assert page.status_code == (200 if role in READS else 403)
        if role in READS:
            assert ("Put in force" in page.text) is (role in WRITES)
            answer = sends(client, path, {"seen": "0", "note": "x"})
            assert answer.status_code == (400 if role in WRITES else 403)


def test_hours_are_set_and_in_force_everywhere_within_seconds(teller: Teller, app: Flask) -> None:
    supervisor = teller.staff(Role.SUPERVISOR)
    client = signed_in(app, supervisor)
    book = teller.service.hours
    before = book.current()
    wish = fields(**{"day-5": "10:00-14:00", "mode-fraud": "always", "note": "週六加班"})
    wish |= {"date-0": "2026-12-24", "spans-0": "", "reason-0": "尾牙"}
    assert sends(client, "/admin/hours", wish).status_code == 303
    version = book.in_force()
    assert (version.number, version.by, version.note) == (1, supervisor.id, "週六加班")
    assert version.document["exceptions"] == [{"date": "2026-12-24", "spans": [], "reason": "尾牙"}]
    assert timedelta(seconds=LOOK_S) < timedelta(seconds=5)
    # The process that set it knows at once; another that has looked just now knows LOOK_S later.
    assert book.current() is not before
    assert book.current().of("fraud").week != book.current().base.week
    (entry,) = teller.service.audit.about("hours:set", ["hours"])
    assert entry["detail"]["changed"] == ["exceptions", "skills", "week"]
    shown = client.get("/admin/hours").text
    assert "10:00-14:00" in shown
    assert "尾牙" in shown
    # The form of a page that was opened before.
    late = sends(client, "/admin/hours", fields(**{"day-6": "09:00-10:00"}))
    assert late.status_code == 409
    assert "09:00-10:00" in late.text
    assert book.in_force().number == 1


def test_what_cannot_be_read_is_said_and_kept(teller: Teller, app: Flask) -> None:
    client = signed_in(app, teller.staff(Role.ADMIN))
    seen = str(teller.service.hours.in_force().number)
    answer = sends(client, "/admin/hours", fields(**{"day-0": "nine to five", "seen": seen}))
    assert answer.status_code == 400
    assert "is no span of hours" in answer.text
    assert re.search(r'value="nine to five"[^>]*aria-invalid="true"', answer.text)
    assert answer.text.count('aria-invalid="true"') == 1
    assert sends(client, "/admin/hours", fields(note="", seen=seen)).status_code == 400
    assert str(teller.service.hours.in_force().number) == seen


def test_rules_are_set_from_the_page(teller: Teller, app: Flask) -> None:
    client = signed_in(app, teller.staff(Role.SUPERVISOR))
    book = teller.service.router.rules
    values: dict[str, Any] = {
        name: getattr(book.in_force().rules, name) for name in book.in_force().rules.__dataclass_fields__
    }
    wish = {**values, "assign": "pull", "unanswered": "20", "seen": "0", "note": "試行"}
    assert sends(client, "/admin/assignment", wish).status_code == 303
    assert (book.in_force().rules.assign, book.in_force().rules.unanswered) == ("pull", 20)
    bad = sends(client, "/admin/assignment", {**wish, "ageing": "none", "seen": "1"})
    assert bad.status_code == 400
    assert "whole minutes" in bad.text


def test_availability_is_chosen_in_the_menu(teller: Teller, app: Flask) -> None:
    person = teller.staff(Role.AGENT)
    client = signed_in(app, person)
    assert '<b data-count="mine"></b> / 4' in client.get("/inbox").text
    answer = sends(client, "/inbox/availability", {"state": "available", "next": "/inbox"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox")
    standing = teller.service.router.availability.standing(person)
    assert standing is not None
    assert standing.state == "available"
    assert sends(client, "/inbox/availability", {"state": "asleep"}).status_code == 400
    away = sends(client, "/inbox/availability", {"state": "away", "hand_over": "1", "next": "//evil.example"})
    assert away.headers["Location"] == "/start"
    desk = teller.service.router.store.desk(person.id)
    assert desk is not None
    assert desk["handing_over"]


def test_who_answers_nobody_has_no_such_menu(teller: Teller, app: Flask) -> None:
    client = signed_in(app, teller.staff(Role.COMPLIANCE))
    page = client.get("/admin/hours").text
    assert "New conversations" not in page
    answer = client.post("/inbox/availability", data={"state": "available", "csrf_token": token(page)})
    assert answer.status_code == 403


def test_the_administrator_sees_no_figures_of_people(teller: Teller, app: Flask) -> None:
    page = signed_in(app, teller.staff(Role.ADMIN)).get("/admin/assignment").text
    assert "for supervisors, compliance and auditors" in page
    assert "Taken by hand" not in page
