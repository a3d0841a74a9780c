"""The page of terms and holds; and that one erased customer breaks no page."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from bot.cli import register
from bot.errors import Conflict, NotAllowed
from bot.model import Role, Staff
from bot.retention.clock import DISPUTE, HOLD, MESSAGE, PRODUCT, RELATIONSHIP
from bot.retention.service import ERASED as KIND_ERASED
from bot.retention.service import RESTRICTED
from bot.retention.terms import terms
from bot.settings_retention import CLASSES, FLOOR_YEARS
from bot.store.holds import LIFTED, LIFTING, PROPOSED, REFUSED, STANDING
from bot.vault import ERASED
from inbox import retention as words
from tests.unit.core.kept import LATER, at, ended, one_of, talked
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

PAGE = "/records/retention"


@pytest.fixture(scope="module")
def officers(teller: Teller) -> tuple[Staff, Staff]:
    return teller.staff(Role.COMPLIANCE), teller.staff(Role.COMPLIANCE)


@pytest.fixture(scope="module")
def run(app: Flask) -> Callable[..., Result]:
    """`flask` with these words."""
    register(app)
    return lambda *words: app.test_cli_runner().invoke(args=list(words))


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


def test_an_examiners_pack_of_the_erased_verifies(
    teller: Teller, run: Callable[..., Result], tmp_path: Path
) -> None:
    user, customer = talked(teller, "請問定存解約")
    ended(teller, customer)
    talk = teller.conversation(user)["_id"]
    due = at(teller, datetime.now(UTC) + LATER)
    assert due.request_deletion("system:test", customer, "個資法 11", None).kind == KIND_ERASED
    today, folder = datetime.now(ZoneInfo("Asia/Taipei")).date().isoformat(), tmp_path / "pack"
    asked = ("--from", today, "--to", today, "--conversation", talk, "--out", str(folder))
    made = run("records", "export", *asked)
    assert made.exit_code == 0, (made.output, made.exception)
    assert any(
        ERASED in path.read_text("utf-8") for path in folder.rglob("*") if path.suffix in (".jsonl", ".html")
    )
    checked = run("records", "verify", str(folder))
    assert checked.exit_code == 0, checked.output


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


def test_while_held_nothing_goes_and_two_people_decide(teller: Teller) -> None:
    house = teller.service.console.retention
    first, second = one_of(Role.COMPLIANCE), one_of(Role.COMPLIANCE)
    _, customer = talked(teller)
    ended(teller, customer)
    due = at(teller, datetime.now(UTC) + LATER)
    hold = house.holds.propose(first, customer, "法院調閱 114 年度訴字第 1 號")

    def refused() -> bool:
        return due.request_deletion("system:test", customer, "11", None).kind == RESTRICTED

    # A proposal blocks from its first moment; agreeing with oneself is no agreement.
    assert refused()
    with pytest.raises(NotAllowed):
        house.holds.decide(first, hold.id, agree=True)
    for role in (Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR, Role.AGENT):
        with pytest.raises(NotAllowed):
            house.holds.decide(one_of(role), hold.id, agree=True)
    assert house.holds.decide(second, hold.id, agree=True).state == "standing"
    assert refused()
    with pytest.raises(Conflict):
        house.holds.propose(second, customer, "twice")
    lifting = house.holds.propose_lifting(second, customer, "案件終結")
    assert lifting.state == "lifting"
    assert refused()
    with pytest.raises(NotAllowed):
        house.holds.decide(second, hold.id, agree=True)
    assert house.holds.decide(first, hold.id, agree=False).state == "standing"
    house.holds.propose_lifting(second, customer, "案件終結")
    assert house.holds.decide(first, hold.id, agree=True).state == "lifted"
    with pytest.raises(Conflict):
        house.holds.decide(first, hold.id, agree=True)
    assert due.request_deletion("system:test", customer, "11", None).kind == KIND_ERASED
    with pytest.raises(Conflict):
        house.holds.propose(first, customer, "too late")
    actions = [doc["action"] for doc in teller.service.mongo["audit"].find({"subject": f"hold:{hold.id}"})]
    assert len(actions) == 6


def test_of_two_who_agree_at_once_one_does(teller: Teller) -> None:
    house = teller.service.console.retention
    _, customer = talked(teller)
    hold = house.holds.propose(one_of(Role.COMPLIANCE), customer, "court file 2")
    both = [one_of(Role.COMPLIANCE), one_of(Role.COMPLIANCE)]

    def agree(officer: Staff) -> str:
        try:
            return house.holds.decide(officer, hold.id, agree=True).state
        except Conflict:
            return "late"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(agree, both)) == ["late", "standing"]


def test_the_commands_say_state_hold_and_purge(
    teller: Teller, run: Callable[..., Result], officers: tuple[Staff, Staff]
) -> None:
    def told(*words: str) -> Any:
        done = run("records", *words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout.splitlines()[-1])

    user, customer = talked(teller, "請問轉帳限額")
    first, second = (officer.email for officer in officers)
    table = told("retention")
    assert {one["years"] for one in table["terms"] if one["class"] == "messages"} == {5}
    assert table["purge"] is False
    assert "messages" in run("records", "retention").output
    assert told("retention", customer)["until"] is None
    ended_on = ("--relationship", "ended", "--ended", "2026-01-31", "--as", first)
    assert told("state", customer, *ended_on)["until"].startswith(str(datetime.now(UTC).year + 5))
    assert run("records", "state", customer, *ended_on[:-1], "nobody@example.com").exit_code == 1
    hold = told("hold", "add", customer, "--reason", "court file 4", "--as", first)
    assert run("records", "hold", "agree", hold["id"], "--as", first).exit_code == 1
    assert told("hold", "agree", hold["id"], "--as", second)["state"] == "standing"
    assert told("retention", customer)["until"] is None
    assert told("hold", "remove", customer, "--reason", "closed", "--as", first)["state"] == "lifting"
    assert told("hold", "agree", hold["id"], "--as", second)["state"] == "lifted"
    # Whoever runs the command may propose; an officer agrees.
    again = told("hold", "add", customer)
    assert again["state"] == "proposed"
    assert told("hold", "agree", again["id"], "--as", first)["state"] == "standing"
    assert told("hold", "remove", customer)["state"] == "lifting"
    assert told("hold", "agree", again["id"], "--as", second)["state"] == "lifted"
    # Nobody can purge what is young, and there is no way to say another day.
    assert customer not in str(told("purge", "--dry-run")["due"])
    assert customer not in str(told("purge"))
    assert run("records", "purge", "--now", "2099-01-01").exit_code == 2
    assert ERASED not in str(teller.said(user))


def test_every_class_reason_and_state_has_a_word() -> None:
    assert {one.name for one in terms(dict.fromkeys(CLASSES, FLOOR_YEARS))} <= set(words.CLASSES)
    assert set(words.GOES) == {one.goes for one in terms(dict.fromkeys(CLASSES, FLOOR_YEARS))}
    assert set(words.REASONS) == {MESSAGE, RELATIONSHIP, PRODUCT, DISPUTE, HOLD}
    assert set(words.HOLD_STATES) == {PROPOSED, STANDING, LIFTING, LIFTED, REFUSED}
