"""Saved replies: who may write which, what may stand in one, and what the composer's list says."""

from __future__ import annotations

import pytest

from bot.app import create_app
from bot.desk.canned import MOST_OWN, filled
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import Role
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

GREETING = "{customer_name}您好，我是{agent_name}，很高興為您服務。"


def test_own_ones_are_seen_by_nobody_else(teller: Teller) -> None:
    canned = teller.service.console.canned
    agent, other, boss = teller.staff(Role.AGENT), teller.staff(Role.SENIOR), teller.staff(Role.SUPERVISOR)
    own = canned.save(agent, "/Hello", GREETING, firm=False)
    firm = canned.save(boss, "bye", "謝謝您的來訊。", firm=True)
    assert [one.shortcut for one in canned.of(agent)] == ["bye", "hello"]
    assert [one.id for one in canned.of(other)] == [firm]
    with pytest.raises(NotFound):
        canned.get(other, own)
    with pytest.raises(NotFound):
        canned.delete(boss, own)
    with pytest.raises(NotAllowed):
        canned.save(agent, "bye2", "謝謝。", firm=True)
    with pytest.raises(NotAllowed):
        canned.save(agent, "bye", "謝謝。", firm=False, canned_id=firm)
    with pytest.raises(NotAllowed):
        canned.delete(agent, firm)
    for role in (Role.COMPLIANCE, Role.ADMIN, Role.AUDITOR):
        watcher = teller.staff(role)
        assert canned.of(watcher) == []
        with pytest.raises(NotAllowed):
            canned.save(watcher, "mine", "謝謝。", firm=False)
    canned.save(boss, "bye", "謝謝您。", firm=False, canned_id=firm)
    assert [one.text for one in canned.of(other)] == ["謝謝您。"]
    canned.delete(boss, firm)
    assert canned.of(other) == []


def test_what_may_not_stand_in_one(teller: Teller) -> None:
    canned, agent = teller.service.console.canned, teller.staff(Role.AGENT)
    refused = [
        ("", "謝謝。"),
        ("two words", "謝謝。"),
        ("x" * 25, "謝謝。"),
        ("x", " "),
        ("x", "字" * 2001),
        ("x", "{account} 您好"),
        ("x", "{customer_name 您好"),
        ("x", "請來電 0912-345-678"),
        ("x", "身分證 A123456789"),
        ("x", "這檔基金很適合您，建議您現在買進。"),
    ]
    for shortcut, text in refused:
        with pytest.raises(BadPayload):
            canned.save(agent, shortcut, text, firm=False)
    assert canned.of(agent) == []
    canned.save(agent, "x", "謝謝。", firm=False)
    with pytest.raises(Conflict):
        canned.save(agent, "x", "再次謝謝。", firm=False)
    for number in range(MOST_OWN - 1):
        canned.store._mongo["canned"].insert_one(
            {"_id": f"{agent.id}{number}", "scope": agent.id, "shortcut": f"n{number}"}
        )
    with pytest.raises(BadPayload, match="delete one"):
        canned.save(agent, "more", "謝謝。", firm=False)


def test_every_change_is_in_the_audit_log_without_its_words(teller: Teller) -> None:
    canned, agent = teller.service.console.canned, teller.staff(Role.AGENT)
    one = canned.save(agent, "secret-word", "謝謝。", firm=False)
    canned.delete(agent, one)
    noted = list(teller.service.mongo["audit"].find({"subject": one}).sort("seq", 1))
    assert [entry["action"] for entry in noted] == ["canned:save", "canned:delete"]
    assert "secret-word" not in str(noted)


def test_no_brace_reaches_a_customer() -> None:
    assert (
        filled(GREETING, {"customer_name": "王小明", "agent_name": "Amy"})
        == "王小明您好，我是Amy，很高興為您服務。"
    )
    assert filled(GREETING, {}) == "您好，我是，很高興為您服務。"


def test_the_page_and_the_list_of_a_conversation(teller: Teller) -> None:
    agent, user = teller.staff(Role.AGENT), teller.person()
    app = create_app(teller.service)
    client = signed_in(app, agent)
    page = "/knowledge/replies"
    assert "None yet." in client.get(page).text
    assert post(client, page, page, shortcut="hi", text="call 0912345678").status_code == 400
    assert post(client, page, page, shortcut="hi", text=GREETING).status_code == 303
    shown = client.get(page).text
    assert "/hi" in shown
    assert "firm" not in shown.partition('id="write"')[2]
    teller.hears(user, "我要找真人客服")
    conversation = teller.conversation(user)["_id"]
    replies = client.get(f"/inbox/{conversation}/replies", headers={"X-Background": "1"}).json["replies"]
    assert replies[0]["shortcut"] == "hi"
    assert f"我是{agent.name}" in replies[0]["text"]
    assert "{" not in replies[0]["text"]
    auditor = signed_in(app, teller.staff(Role.AUDITOR))
    assert auditor.get(page).status_code == 403
    assert auditor.get(f"/inbox/{conversation}/replies").status_code == 403
