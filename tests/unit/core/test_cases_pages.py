"""The pages of cases in the browser's terms: guided forms, who sees what, what is noted before it is shown."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from bot.model import Role
from tests.unit.core.teller import Teller, signed_in
from tests.unit.core.test_cases import ID, SAID, complaint, granted, house, waiting
from tests.unit.inbox.forms import post

pytestmark = pytest.mark.servers


def test_a_request_is_guided_from_the_conversation_to_the_answer(teller: Teller, app: Flask) -> None:
    talk, customer = waiting(teller)
    agent = signed_in(app, teller.staff(Role.AGENT))
    supervisor, officer = (signed_in(app, teller.staff(role)) for role in (Role.SUPERVISOR, Role.COMPLIANCE))
    assert f"/cases/new?conversation={talk}" in agent.get(f"/inbox/{talk}").text
    form = f"/cases/new?conversation={talk}"
    assert (
        post(agent, "/cases/requests", form, conversation=talk, kind="correction", text="").status_code == 400
    )
    done = post(agent, "/cases/requests", form, conversation=talk, kind="correction", text=f"{SAID} {ID}")
    page = done.location
    shown = agent.get(page).text
    assert SAID in shown
    assert ID not in shown
    assert post(agent, f"{page}/identify", page, how="call_back", text="回撥").status_code == 303
    assert post(agent, f"{page}/propose", page, outcome="granted", text="符合").status_code == 403
    wanted = {"outcome": "granted", "text": "符合規定", "field": "name"}
    assert post(supervisor, f"{page}/propose", page, **wanted, value="").status_code == 400
    assert post(supervisor, f"{page}/propose", page, **wanted, value="林小明").status_code == 303
    assert post(supervisor, f"{page}/agree", page).status_code == 403
    assert "Agree: Granted" in officer.get(page).text
    assert "Agree: Granted" not in supervisor.get(page).text
    assert post(officer, f"{page}/agree", page).status_code == 303
    assert post(supervisor, f"{page}/fulfil", page).status_code == 303
    assert post(agent, f"{page}/answer", page, how="call", text="已更正").status_code == 303
    assert "林小明" in supervisor.get(f"/inbox/customers/{customer}").text
    assert "Next step" not in agent.get(page).text


def test_the_copy_wants_a_second_factor(teller: Teller, app: Flask) -> None:
    _, case = granted(teller, "copy")
    supervisor = signed_in(app, teller.staff(Role.SUPERVISOR))
    asked = post(supervisor, f"/cases/{case.id}/package", f"/cases/{case.id}")
    assert asked.status_code == 303
    assert "/account" in asked.location or "second" in asked.location
    assert teller.service.mongo["audit"].count_documents({"detail.case": case.id, "kind": "export"}) == 0


def test_a_complaint_is_worked_on_and_its_ledger_told(teller: Teller, app: Flask) -> None:
    _, case = complaint(teller)
    senior, auditor = (signed_in(app, teller.staff(role)) for role in (Role.SENIOR, Role.AUDITOR))
    page = f"/cases/{case.id}"
    assert case.id[-6:] in senior.get("/cases?kind=complaint").text
    for step, form in {
        "take": {},
        "note": {"text": "已聯絡分行"},
        "reply": {"how": "letter", "text": "函覆結果"},
        "told": {"text": "函覆載明"},
        "close": {"outcome": "rejected", "text": "查無疏失"},
    }.items():
        assert post(auditor, f"{page}/{step}", page, **form).status_code == 403
        assert post(senior, f"{page}/{step}", page, **form).status_code == 303, step
    assert case.id in auditor.get("/cases/complaints.csv").text
    assert case.id[-6:] in auditor.get("/cases?show=closed").text


def test_what_is_seen_is_noted_and_who_may_not_sees_nothing(teller: Teller, app: Flask) -> None:
    _, case = complaint(teller)
    someone = {role: teller.staff(role) for role in (Role.AGENT, Role.ADMIN, Role.AUDITOR)}
    agent, admin, auditor = (signed_in(app, one) for one in someone.values())
    assert agent.get(f"/cases/{case.id}").status_code == 404
    assert case.id[-6:] not in agent.get("/cases?kind=complaint").text
    assert agent.get("/cases/complaints.csv").status_code == 403
    assert admin.get("/cases").status_code == admin.get(f"/cases/{case.id}").status_code == 403
    assert 'href="/cases"' not in admin.get("/start", follow_redirects=True).text
    assert auditor.get(f"/cases/{case.id}").status_code == 200
    audit = teller.service.mongo["audit"]
    noted = audit.find_one({"actor": someone[Role.AUDITOR].id, "action": "cases:case:open"})
    assert noted is not None
    assert noted["customers"] == [case.customer]
    assert audit.count_documents({"actor": someone[Role.AGENT].id, "action": "cases:case:denied"}) == 1


def test_empty_lists_say_what_to_do(app: Flask, teller: Teller) -> None:
    agent = signed_in(app, teller.staff(Role.AGENT))
    for show in ("open", "late", "closed", "nonsense"):
        assert re.search(r'class="empty"', agent.get(f"/cases?show={show}&kind=nonsense").text)
    assert house(teller).listing(teller.staff(Role.AGENT)) == []
