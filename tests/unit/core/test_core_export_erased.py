"""What was erased is in no finished pack on our disk, unless a legal hold or an examiner's order is stronger."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.errors import NotFound, Unavailable
from bot.export import orders as making
from bot.export import writer
from bot.export.order import Order
from bot.export.orders import Orders
from bot.model import Role
from bot.mongo import Doc
from bot.records.days import TAIPEI
from bot.retention.service import ERASED, RESTRICTED
from bot.runner import perform
from bot.vault import ERASED as READS_ERASED
from inbox import auth
from tests.unit.core.kept import LATER, at, ended, one_of, talked
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

PAGE = "/records/exports"
SAID = "信用卡帳單寄到舊家了怎麼辦"
TODAY = datetime.now(UTC).astimezone(TAIPEI).date().isoformat()
WANTED = {"from": TODAY, "to": TODAY}


@pytest.fixture(autouse=True)
def _nothing_lies_here(teller: Teller) -> Iterator[None]:
    yield
    closed(teller)
    teller.service.mongo["packs"].update_many({"state": "ready"}, {"$set": {"state": "gone"}})
    teller.service.mongo["holds"].update_many({}, {"$set": {"state": "lifted"}})


@pytest.fixture
def client(teller: Teller, app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A compliance officer who gave a second factor just now."""
    monkeypatch.setattr(auth, "step_up", lambda: None)
    return signed_in(app, teller.staff(Role.COMPLIANCE))


def orders(teller: Teller) -> Orders:
    return teller.service.console.orders


def made(teller: Teller, *, unmasked: bool = False, examiner: bool = False, **wanted: str) -> Order:
    """A pack that was ordered and made."""
    reason = "金管銀字第 12 號" if unmasked or examiner else ""
    begun = orders(teller).start(
        one_of(Role.COMPLIANCE), {**WANTED, **wanted}, unmasked=unmasked, reason=reason, examiner=examiner
    )
    if unmasked:
        begun = orders(teller).agree(one_of(Role.COMPLIANCE), begun.id)
    assert begun.run is not None
    perform(teller.service, begun.run.id)
    done = orders(teller).order(begun.id)
    assert file(teller, done).is_file() is (done.state == "ready")
    return done


def file(teller: Teller, order: Order) -> Path:
    return orders(teller).folder / f"{order.id}.zip"


def state(teller: Teller, order: Order) -> str:
    now = orders(teller).order(order.id).state
    assert file(teller, order).exists() is (now == "ready")
    return now


def noted(teller: Teller, order: Order, what: str) -> list[Doc]:
    query = {"subject": f"export:{order.id}", "action": f"records:export:{what}"}
    return list(teller.service.mongo["audit"].find(query).sort("seq", 1))


def erased(teller: Teller, customer: str) -> str:
    """Their term is over, and an approved request for deletion comes; the certificate."""
    ended(teller, customer)
    outcome = at(teller, datetime.now(UTC) + LATER).request_deletion(
        "system:test", customer, "個資法 11", None
    )
    assert outcome.kind == ERASED
    assert outcome.certificate is not None
    closed(teller)
    return outcome.certificate


def closed(teller: Teller) -> None:
    """The day of an erasure was injected: what is ordered from here on is ordered after it."""
    done = {"state": "done", "done_at": {"$gt": datetime.now(UTC)}}
    teller.service.mongo["certificates"].update_many(done, {"$set": {"done_at": datetime.now(UTC)}})


def test_packs_with_the_erased_go_and_the_others_stay(
    teller: Teller, app: Flask, client: FlaskClient
) -> None:
    user, customer = talked(teller, SAID)
    _, other = talked(teller)
    talk = str(teller.conversation(user)["_id"])
    theirs = made(teller, unmasked=True, customer=customer)
    with zipfile.ZipFile(file(teller, theirs)) as packed:
        assert SAID in packed.read(f"{theirs.id}/messages.jsonl").decode()
    gone = [theirs, made(teller, conversation=talk), made(teller)]
    stays = made(teller, customer=other)
    certificate = erased(teller, customer)
    assert [state(teller, one) for one in gone] == ["erased"] * 3
    assert state(teller, stays) == "ready"
    assert noted(teller, stays, "withdraw") == []
    for one in gone:
        (event,) = noted(teller, one, "withdraw")
        assert event["customers"] == [customer]
        assert event["detail"]["certificates"] == [certificate]
        assert event["detail"]["manifest"] == one.made["manifest"]
        assert client.get(f"{PAGE}/{one.id}.zip").status_code == 404

    page = client.get(PAGE).text
    assert page.count("Removed, records in it were destroyed") == 3
    assert page.count("Records of a customer in this pack were destroyed by law") == 3
    assert certificate in page
    assert page.count(">Order anew<") == 3
    client.set_cookie("teller_lang", "zh-TW")
    assert "此資料包內有客戶資料已依法刪除" in client.get(PAGE).text
    auditor = signed_in(app, teller.staff(Role.AUDITOR)).get(PAGE).text
    assert "Records of a customer in this pack were destroyed by law" in auditor
    assert "Order anew" not in auditor


def test_ordered_anew_it_holds_what_is_left_and_stays(teller: Teller, client: FlaskClient) -> None:
    _, customer = talked(teller, SAID)
    first = made(teller, unmasked=True, customer=customer)
    erased(teller, customer)
    page = client.get(PAGE).text
    link = (
        page.split(f'data-order="{first.id}"')[1].split("Order anew")[0].rsplit('href="', 1)[1].split('"')[0]
    )
    form = client.get(link.replace("&amp;", "&").removesuffix("#new")).text.split('id="packs"')[0]
    for name, value in (("from", TODAY), ("to", TODAY), ("customer", customer)):
        assert f'name="{name}"' in form
        assert f'value="{value}"' in form.split(f'name="{name}"')[1].split(">")[0]
    assert "checked" in form.split('name="unmasked"')[1].split(">")[0]
    again = made(teller, unmasked=True, customer=customer)
    orders(teller).tick()
    assert state(teller, again) == "ready"
    with zipfile.ZipFile(orders(teller).fetch(one_of(Role.COMPLIANCE), again.id)) as packed:
        lines = packed.read(f"{again.id}/messages.jsonl").decode()
    assert SAID not in lines
    assert READS_ERASED in lines


def test_the_weekly_purge_does_it_too_and_a_restriction_does_not(teller: Teller) -> None:
    _, customer = talked(teller, SAID)
    ended(teller, customer)
    one = made(teller, customer=customer)
    house = teller.service.console.retention
    assert house.request_deletion("system:test", customer, "個資法 11", None).kind == RESTRICTED
    orders(teller).tick()
    assert state(teller, one) == "ready", "who is restricted is kept for the examiner"
    # A pack of before this was known says neither who is in it nor when it was begun.
    teller.service.mongo["packs"].update_one({"_id": one.id}, {"$unset": {"customers": "", "begun": ""}})
    at(teller, datetime.now(UTC) + LATER).purge("system:test")
    assert state(teller, one) == "erased"


def test_a_legal_hold_on_somebody_else_in_it_is_stronger_while_it_stands(
    teller: Teller, client: FlaskClient
) -> None:
    (_, customer), (_, held) = talked(teller, SAID), talked(teller)
    everybody, theirs = made(teller), made(teller, customer=customer)
    holds, first, second = (
        teller.service.console.retention.holds,
        one_of(Role.COMPLIANCE),
        one_of(Role.COMPLIANCE),
    )
    hold = holds.propose(first, held, "court file 7")
    certificate = erased(teller, customer)
    assert state(teller, theirs) == "erased", "nobody who is held is in it"
    assert state(teller, everybody) == "ready"
    for _ in range(2):
        orders(teller).tick()
    (event,) = noted(teller, everybody, "keep")
    assert (event["detail"]["why"], event["detail"]["certificates"]) == ("hold", [certificate])
    assert "stays while a legal hold stands on somebody else in it" in client.get(PAGE).text
    assert client.get(f"{PAGE}/{everybody.id}.zip").status_code == 200
    holds.decide(second, hold.id, agree=True)
    orders(teller).tick()
    assert state(teller, everybody) == "ready"
    holds.propose_lifting(first, held, "court file 7 is closed")
    holds.decide(second, hold.id, agree=True)
    orders(teller).tick()
    assert state(teller, everybody) == "erased"
    assert len(noted(teller, everybody, "withdraw")) == 1


def test_an_examiners_order_is_stronger_until_the_packs_time_is_over(
    teller: Teller, client: FlaskClient
) -> None:
    _, customer = talked(teller, SAID)
    refused = post(client, PAGE, page=PAGE, **WANTED, customer=customer, examiner="yes")
    assert refused.status_code == 400
    assert "give it as the reason" in refused.text
    assert "checked" in refused.text.split('name="examiner"')[1].split(">")[0]
    form = {**WANTED, "customer": customer, "examiner": "yes", "reason": "金管銀字第 9 號"}
    assert post(client, PAGE, page=PAGE, **form).status_code == 303
    order = orders(teller).listing(1)[0]
    assert order.run is not None
    perform(teller.service, order.run.id)
    assert noted(teller, order, "order")[0]["detail"]["examiner"] is True
    erased(teller, customer)
    orders(teller).tick()
    assert state(teller, order) == "ready"
    assert [event["detail"]["why"] for event in noted(teller, order, "keep")] == ["examiner"]
    page = client.get(PAGE).text
    assert "ordered by an examiner or a court" in page
    assert "stays until its time is over: an examiner or a court has ordered it" in page
    assert client.get(f"{PAGE}/{order.id}.zip").status_code == 200
    over = {"$set": {"until": datetime.now(UTC) - timedelta(seconds=1)}}
    teller.service.mongo["packs"].update_one({"_id": order.id}, over)
    orders(teller).tick()
    assert state(teller, order) == "gone"


def test_who_is_erased_while_it_is_made_is_not_left_in_it(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, customer = talked(teller, SAID)
    certificates: list[str] = []
    zipped = writer.zipped

    def late(raw: Path, *rest: Any) -> None:
        assert SAID in (raw / "messages.jsonl").read_text("utf-8"), "all is read, and is being put together"
        certificates.append(erased(teller, customer))
        zipped(raw, *rest)

    monkeypatch.setattr(making, "zipped", late)
    order = made(teller)
    assert state(teller, order) == "erased"
    assert [one["detail"]["certificates"] for one in noted(teller, order, "withdraw")] == [certificates]


def test_a_purge_that_is_killed_or_cannot_remove_the_file_certifies_nothing_yet(teller: Teller) -> None:
    _, customer = talked(teller, SAID)
    ended(teller, customer)
    order = made(teller, customer=customer)
    house, path = at(teller, datetime.now(UTC) + LATER), file(teller, order)
    path.rename(path.with_suffix(".aside"))
    path.mkdir()
    with pytest.raises(Unavailable, match="has to be removed"):
        house.request_deletion("system:test", customer, "個資法 11", None)
    query = {"customers": customer}
    assert [doc["state"] for doc in teller.service.mongo["certificates"].find(query)] == ["open"]
    assert orders(teller).order(order.id).state == "ready"
    path.rmdir()
    path.with_suffix(".aside").rename(path)

    def killed(step: str) -> None:
        if step == "list":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(house.purger, step=killed).resume()
    assert state(teller, order) == "erased"
    assert [doc["state"] for doc in teller.service.mongo["certificates"].find(query)] == ["open"]
    house.purger.resume()
    assert [doc["state"] for doc in teller.service.mongo["certificates"].find(query)] == ["done"]
    assert len(noted(teller, order, "withdraw")) == 1


def test_a_store_that_was_restored_gives_no_such_pack_out(teller: Teller) -> None:
    """The order is back from before, its file never went: another disk."""
    _, customer = talked(teller, SAID)
    fetched, ticked = made(teller, customer=customer), made(teller, customer=customer)
    copies = {one.id: file(teller, one).read_bytes() for one in (fetched, ticked)}
    erased(teller, customer)
    for one in (fetched, ticked):
        file(teller, one).write_bytes(copies[one.id])
        teller.service.mongo["packs"].update_one({"_id": one.id}, {"$set": {"state": "ready"}})
    with pytest.raises(NotFound):
        orders(teller).fetch(one_of(Role.COMPLIANCE), fetched.id)
    assert state(teller, fetched) == "erased"
    orders(teller).tick()
    assert state(teller, ticked) == "erased"
