"""A field in full: who may, with what proof, noted before it is shown, never twice too often."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo.errors import AutoReconnect

from bot.desk.reveal import ALERT, DENIED, SHOWN
from bot.masking import pieces
from bot.model import ChannelType, Role, Staff
from bot.store.audit import AuditStore
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

SAID = "我要真人,身分證 A123456789,卡號 4539578763621486"
ID, CARD = "A123456789", "4539578763621486"
WHY = {"reason": "identify", "why": "核對 A123456789 的申請"}


@pytest.fixture(scope="module")
def told(teller: Teller) -> tuple[str, str]:
    """A waiting conversation and its line with an id and a card in it."""
    user = teller.person()
    teller.hears(user, SAID)
    line = teller.rows("messages", user)[0]
    return str(line["conversation"]), str(line["_id"])


def entered(teller: Teller, app: Flask, role: Role) -> tuple[Staff, FlaskClient]:
    """Signed in, with a second factor given just now."""
    person = teller.staff(role)
    client = signed_in(app, person)
    secret = teller.service.console.door.factors.offer(person)
    done = post(client, "/account/second-factor", page="/account", code=pyotp.TOTP(secret).now())
    assert done.status_code == 200
    return person, client


def key(text: str, value: str) -> str:
    return next(
        f"{span.start}-{span.end}" for span, _ in pieces(text) if text[span.start : span.end] == value
    )


def notes(teller: Teller, person: Staff, action: str) -> list[dict[str, Any]]:
    return list(teller.service.mongo["audit"].find({"actor": person.id, "action": action}).sort("seq", 1))


def ask(client: FlaskClient, told: tuple[str, str], value: str = ID, **form: str) -> Any:
    path = f"/inbox/{told[0]}/lines/{told[1]}/reveal"
    return post(client, path, scripted=True, **{"field": key(SAID, value), **WHY, **form})


def test_noted_then_shown(teller: Teller, app: Flask, told: tuple[str, str]) -> None:
    person, client = entered(teller, app, Role.AGENT)
    page = client.get(f"/inbox/{told[0]}").text
    assert f"/lines/{told[1]}/reveal" in page
    assert ID not in page
    form = client.get(f"/inbox/{told[0]}/lines/{told[1]}/reveal").text
    assert "A12****789" in form
    assert ID not in form
    assert CARD not in form
    answer = ask(client, told)
    assert (answer.status_code, answer.json["value"], answer.json["seconds"]) == (200, ID, 60)
    assert answer.headers["Cache-Control"] == "no-store"
    (note,) = notes(teller, person, SHOWN)
    assert note["subject"] == f"message:{told[1]}"
    assert note["detail"]["conversation"] == told[0]
    assert note["detail"]["field"] == "TW_ID"
    assert note["detail"]["reason"] == "identify"
    assert note["detail"]["why"] == "核對 A12****789 的申請"
    assert ID not in repr(note)


def test_without_a_script_it_is_a_page_that_leaves(teller: Teller, app: Flask, told: tuple[str, str]) -> None:
    _, client = entered(teller, app, Role.SENIOR)
    shown = post(client, f"/inbox/{told[0]}/lines/{told[1]}/reveal", field=key(SAID, CARD), **WHY)
    assert shown.status_code == 200
    assert CARD in shown.text
    assert shown.headers["Refresh"] == f"60; url=/inbox/{told[0]}"
    assert shown.headers["Cache-Control"] == "no-store"
    wrong = post(client, f"/inbox/{told[0]}/lines/{told[1]}/reveal", field=key(SAID, CARD), reason="", why="")
    assert wrong.status_code == 400
    assert CARD not in wrong.text


def test_no_record_no_view(
    teller: Teller, app: Flask, told: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    person, client = entered(teller, app, Role.AGENT)

    def away(*_args: Any, **_more: Any) -> None:
        raise AutoReconnect("the log is away")

    real = AuditStore.add
    monkeypatch.setattr(
        AuditStore,
        "add",
        lambda self, actor, action, *rest, **more: (away if action == SHOWN else real.__get__(self))(
            actor, action, *rest, **more
        ),
    )
    answer = ask(client, told)
    assert answer.status_code == 503
    assert ID not in answer.text
    assert notes(teller, person, SHOWN) == []


@pytest.mark.parametrize("role", [Role.ADMIN])
def test_not_for_every_role(teller: Teller, app: Flask, told: tuple[str, str], role: Role) -> None:
    person = teller.staff(role)
    answer = ask(signed_in(app, person), told)
    assert answer.status_code == 403
    assert ID not in answer.text
    assert notes(teller, person, "account:permission:denied")


def test_only_of_conversations_one_may_read(teller: Teller, app: Flask, told: tuple[str, str]) -> None:
    user = teller.person()
    teller.hears(user, f"我要客訴,{SAID}")
    line = teller.rows("messages", user)[0]
    teller.service.mongo["conversations"].update_one(
        {"_id": line["conversation"]}, {"$set": {"skill": "complaint"}}
    )
    person, client = entered(teller, app, Role.AGENT)
    answer = ask(client, (line["conversation"], line["_id"]))
    assert answer.status_code == 404
    # Nor by naming a line of another conversation under one that is open to them.
    answer = ask(client, (told[0], line["_id"]))
    assert answer.status_code == 404
    assert [one["detail"]["result"] for one in notes(teller, person, DENIED)] == [
        "not_readable",
        "no_message",
    ]
    assert notes(teller, person, SHOWN) == []


def test_a_fresh_second_factor(teller: Teller, app: Flask, told: tuple[str, str]) -> None:
    person, client = entered(teller, app, Role.AGENT)
    long_ago = {"$set": {"stepped_at": None}}
    teller.service.mongo["sessions"].update_many({"staff": person.id}, long_ago)
    answer = ask(client, told, code="000000")
    assert answer.status_code == 400
    assert ID not in answer.text
    assert notes(teller, person, DENIED)[-1]["detail"]["result"] == "wrong_code"
    secret = teller.service.door.factors._store.secret(person.id)
    later = pyotp.TOTP(secret).at(time.time() + 30)
    assert ask(client, told, code=later).json["value"] == ID
    nobody = teller.staff(Role.AGENT)
    without = signed_in(app, nobody)
    assert ask(without, told).status_code == 400
    assert notes(teller, nobody, DENIED)[-1]["detail"]["result"] == "no_second_factor"


def test_too_many_within_an_hour(teller: Teller, told: tuple[str, str]) -> None:
    person = teller.staff(Role.SUPERVISOR)
    reveals = replace(teller.service.console.reveals, per_hour=2)
    field = key(SAID, ID)
    for _ in range(2):
        assert reveals.show(person, *told, field, "fraud", "攔阻").value == ID
    with pytest.raises(Exception, match="too many fields"):
        reveals.show(person, *told, field, "fraud", "攔阻")
    assert [one["detail"]["limit"] for one in notes(teller, person, ALERT)] == [2]
    assert len(notes(teller, person, SHOWN)) == 2


def test_what_looks_like_a_password_is_never_shown(teller: Teller) -> None:
    """One that an older version stored, before codes were destroyed at intake."""
    user, person = teller.person(), teller.staff(Role.SUPERVISOR)
    teller.hears(user, "我要真人")
    line = teller.rows("messages", user)[0]
    text = "密碼是 Zebra88x"
    sealed = teller.service.vault.seal(text, f"cust:{line['customer']}")
    teller.service.mongo["messages"].update_one({"_id": line["_id"]}, {"$set": {"content": sealed}})
    reveals = teller.service.console.reveals
    with pytest.raises(Exception, match="never shown"):
        reveals.show(person, line["conversation"], line["_id"], key(text, "Zebra88x"), "fraud", "看")
    with pytest.raises(Exception, match="no such field"):
        reveals.fields(person, line["conversation"], line["_id"])
    assert notes(teller, person, DENIED)[-1]["detail"]["result"] == "secret"


def test_the_firms_own_number_of_a_customer(teller: Teller, app: Flask) -> None:
    user = teller.person()
    teller.hears(user, "我要真人", channel=ChannelType.LINE)
    customer = teller.conversation(user)["customer"]
    sealed = teller.service.vault.seal(ID, f"cust:{customer}")
    teller.service.mongo["customers"].update_one({"_id": customer}, {"$set": {"verified_as": sealed}})
    person, client = entered(teller, app, Role.SUPERVISOR)
    profile = client.get(f"/inbox/customers/{customer}").text
    assert "A12****789" in profile
    assert ID not in profile
    answer = post(client, f"/inbox/customers/{customer}/reveal", scripted=True, field="FIRM_ID", **WHY)
    assert answer.json["value"] == ID
    assert notes(teller, person, SHOWN)[-1]["detail"]["customer"] == customer
