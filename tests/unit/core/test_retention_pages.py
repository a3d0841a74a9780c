"""The page of terms and holds; and that one erased customer breaks no page."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.model import Role, Staff
from bot.vault import ERASED
from tests.unit.core.teller import Teller, signed_in
from tests.unit.core.test_retention import LATER, at, ended, talked
from tests.unit.inbox.forms import post

PAGE = "/records/retention"


@pytest.fixture(scope="module")
def officers(teller: Teller) -> tuple[Staff, Staff]:
    return teller.staff(Role.COMPLIANCE), teller.staff(Role.COMPLIANCE)


def stepped(teller: Teller, app: Flask, person: Staff) -> FlaskClient:
    """Signed in, with a second factor given a moment ago."""
    client = signed_in(app, person)
    now = {"$set": {"stepped_at": datetime.now(UTC), "strong": True}}
    teller.service.mongo["sessions"].update_many({"staff": person.id}, now)
    return client


def test_the_page_is_compliances_and_auditors(
    teller: Teller, app: Flask, officers: tuple[Staff, Staff]
) -> None:
    client = signed_in(app, officers[0])
    shown = client.get(PAGE)
    assert shown.status_code == 200
    assert "five years" in shown.text
    auditor = signed_in(app, teller.staff(Role.AUDITOR))
    assert auditor.get(PAGE).status_code == 200
    assert "Propose a hold" not in auditor.get(PAGE).text
    assert post(auditor, f"{PAGE}/holds", of="x", reason="because").status_code == 403
    assert signed_in(app, teller.staff(Role.SENIOR)).get(PAGE).status_code == 403

    def away(*_given: object, **_named: object) -> None:
        raise RuntimeError("no record, no view")

    app.extensions["teller_console"] = replace(teller.service.console, audit=away)
    try:
        assert client.get(PAGE).status_code == 500
    finally:
        app.extensions["teller_console"] = teller.service.console


def test_a_hold_is_proposed_agreed_and_lifted_on_the_page(
    teller: Teller, app: Flask, officers: tuple[Staff, Staff]
) -> None:
    _, customer = talked(teller)
    first = signed_in(app, officers[0])
    asked = post(first, f"{PAGE}/holds", PAGE, of=customer, reason="court file 3")
    # Without a second factor nothing happens.
    assert "/account" in asked.headers["Location"] or "second" in asked.headers["Location"]
    assert teller.service.mongo["holds"].count_documents({"customer": customer}) == 0
    first, second = stepped(teller, app, officers[0]), stepped(teller, app, officers[1])
    assert post(first, f"{PAGE}/holds", PAGE, of="nobody", reason="court file 3").status_code == 404
    assert post(first, f"{PAGE}/holds", PAGE, of=customer, reason="x").status_code == 400
    assert post(first, f"{PAGE}/holds", PAGE, of=customer, reason="court file 3").status_code == 303
    hold = teller.service.mongo["holds"].find_one({"customer": customer}) or {}
    assert "Another officer has to agree." in first.get(PAGE).text
    assert post(first, f"{PAGE}/holds/{hold['_id']}/agree", PAGE).status_code == 403
    assert post(second, f"{PAGE}/holds/{hold['_id']}/agree", PAGE).status_code == 303
    assert "Legal hold" in first.get(f"{PAGE}?customer={customer}").text
    assert post(second, f"{PAGE}/holds/{hold['_id']}/lift", PAGE, reason="closed").status_code == 303
    assert post(first, f"{PAGE}/holds/{hold['_id']}/refuse", PAGE).status_code == 303
    now = teller.service.mongo["holds"].find_one({"_id": hold["_id"]}) or {}
    assert now["state"] == "standing"


def test_one_erased_customer_breaks_no_page(
    teller: Teller, app: Flask, officers: tuple[Staff, Staff]
) -> None:
    user, customer = talked(teller, "請問定存利率多少")
    _, beside = talked(teller, "請問外幣匯率")
    ended(teller, customer)
    talk = teller.conversation(user)["_id"]
    outcome = at(teller, datetime.now(UTC) + LATER).request_deletion(
        "system:test", customer, "個資法 11", None
    )
    assert outcome.kind == "erased"
    client = signed_in(app, officers[0])
    lists = [f"/inbox?view={view}" for view in ("all", "resolved", "bot", "waiting", "complaints")]
    pages = [
        *lists,
        f"/inbox/{talk}?view=all",
        f"/inbox/customers/{customer}",
        "/monitor",
        "/dashboard",
        "/knowledge/gaps",
        PAGE,
        f"{PAGE}?customer={customer}",
        f"{PAGE}?customer={beside}",
    ]
    shown = {page: client.get(page, follow_redirects=True) for page in pages}
    assert {page: one.status_code for page, one in shown.items() if one.status_code != 200} == {}
    for page in (lists[0], lists[1], f"/inbox/{talk}?view=all", f"/inbox/customers/{customer}"):
        assert ERASED in shown[page].text, page
    certificate = client.get(f"{PAGE}/certificates/{outcome.certificate}")
    told = json.loads(certificate.text)
    assert told["customers"] == [customer]
    assert told["counts"]["keys"] == 1
    assert told["state"] == "done"
    assert client.get(f"{PAGE}/certificates/none").status_code == 404
    # Also where only the key is gone, as with a purge that was killed in the middle.
    teller.service.mongo["keys"].delete_many({"keyAltNames": f"cust:{beside}"})
    teller.service.vault.forget()
    again = client.get("/inbox?view=all")
    assert again.status_code == 200
    assert client.get(f"/inbox/customers/{beside}").status_code == 200


def test_compliance_sees_what_is_restricted_with_its_mark(
    teller: Teller, app: Flask, officers: tuple[Staff, Staff]
) -> None:
    user, customer = talked(teller, "請問信用卡額度")
    teller.service.console.retention.request_deletion("system:test", customer, "個資法 11", None)
    talk = teller.conversation(user)["_id"]
    client = signed_in(app, officers[0])
    for page in ("/inbox?view=resolved", f"/inbox/{talk}?view=all", f"/inbox/customers/{customer}", PAGE):
        assert "Restricted" in client.get(page).text, page
    supervisor = signed_in(app, teller.staff(Role.SUPERVISOR))
    assert talk not in supervisor.get("/inbox?view=all").text
    assert supervisor.get(f"/inbox/{talk}").status_code == 404
    assert supervisor.get(f"/inbox/customers/{customer}").status_code == 404
