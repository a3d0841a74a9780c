"""Packs that are ordered on the page: who may, the second officer, the worker, the file, and what is left of it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.errors import Conflict, NotAllowed, NotFound
from bot.export.orders import Orders
from bot.model import Role, Staff
from bot.records.days import TAIPEI
from bot.runner import perform
from inbox import auth
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

PAGE = "/records/exports"
MOBILE = "0912345678"
TODAY = datetime.now(UTC).astimezone(TAIPEI).date().isoformat()
WANTED = {"from": TODAY, "to": TODAY}


@pytest.fixture(scope="module")
def customer(teller: Teller) -> str:
    teller.hears("packed", f"我的手機是 {MOBILE}")
    return str(teller.conversation("packed")["customer"])


@pytest.fixture
def officer(teller: Teller, app: Flask, monkeypatch: pytest.MonkeyPatch) -> tuple[Staff, FlaskClient]:
    """A compliance officer who gave a second factor just now."""
    monkeypatch.setattr(auth, "step_up", lambda: None)
    person = teller.staff(Role.COMPLIANCE)
    return person, signed_in(app, person)


def orders(teller: Teller) -> Orders:
    return teller.service.console.orders


def done(teller: Teller, order_id: str) -> None:
    run = orders(teller).order(order_id).run
    assert run is not None
    perform(teller.service, run.id)


def noted(teller: Teller, order_id: str) -> list[str]:
    found = teller.service.mongo["audit"].find({"subject": f"export:{order_id}"}).sort("seq", 1)
    return [doc["action"].rpartition(":")[2] for doc in found]


@pytest.mark.parametrize("role", [Role.AGENT, Role.SENIOR, Role.SUPERVISOR, Role.ADMIN])
def test_the_page_is_for_compliance_and_the_auditor(teller: Teller, app: Flask, role: Role) -> None:
    client = signed_in(app, teller.staff(role))
    assert client.get(PAGE).status_code == 403
    assert post(client, PAGE, **WANTED).status_code == 403


def test_the_auditor_reads_the_list_and_orders_and_fetches_nothing(
    teller: Teller, app: Flask, customer: str
) -> None:
    person = teller.staff(Role.AUDITOR)
    client = signed_in(app, person)
    assert "No pack was ordered yet" in client.get(PAGE).text
    assert post(client, PAGE, page=PAGE, **WANTED).status_code == 403
    assert client.get(f"{PAGE}/any.zip").status_code == 403
    with pytest.raises(NotAllowed):
        orders(teller).start(person, WANTED, unmasked=False, reason="")
    assert orders(teller).listing() == []


def test_without_a_fresh_second_factor_nothing_is_ordered(teller: Teller, app: Flask) -> None:
    client = signed_in(app, teller.staff(Role.COMPLIANCE))
    answer = post(client, PAGE, page=PAGE, **WANTED)
    assert answer.status_code == 303
    assert "/account" in answer.location or "security" in answer.location
    assert orders(teller).listing() == []


def test_a_masked_pack_is_ordered_made_fetched_and_removed(
    teller: Teller, officer: tuple[Staff, FlaskClient], customer: str, tmp_path: Path
) -> None:
    person, client = officer
    assert post(client, PAGE, page=PAGE, **WANTED, customer=customer).status_code == 303
    (order,) = orders(teller).listing()
    assert order.at_work
    assert "data-ask" in client.get(f"{PAGE}/{order.id}/progress").text
    with pytest.raises(Conflict, match="at work"):
        orders(teller).start(person, WANTED, unmasked=False, reason="")
    assert client.get(f"{PAGE}/{order.id}.zip").status_code == 404
    done(teller, order.id)
    made = orders(teller).order(order.id)
    assert made.state == "ready"
    assert made.made["manifest"] in client.get(PAGE).text
    got = client.get(f"{PAGE}/{order.id}.zip")
    with zipfile.ZipFile(io.BytesIO(got.data)) as packed:
        packed.extractall(tmp_path)
    folder = tmp_path / order.id
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), "--json"]
    said = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    assert said["ok"]
    assert MOBILE not in (folder / "messages.jsonl").read_text()
    assert noted(teller, order.id) == ["order", "download"]
    about = teller.service.mongo["audit"].find_one({"subject": f"export:{order.id}"})
    assert about is not None
    assert about["customers"] == [customer]
    left = sorted(path.name for path in orders(teller).folder.iterdir())
    assert left == [f"{order.id}.zip"]
    assert orders(teller).folder.stat().st_mode & 0o777 == 0o700
    assert (orders(teller).folder / left[0]).stat().st_mode & 0o777 == 0o600
    teller.service.mongo["packs"].update_one(
        {"_id": order.id}, {"$set": {"until": datetime.now(UTC) - timedelta(seconds=1)}}
    )
    (orders(teller).folder / "left-behind").mkdir()
    orders(teller).tick()
    assert list(orders(teller).folder.iterdir()) == []
    assert orders(teller).order(order.id).state == "gone"
    assert noted(teller, order.id)[-1] == "remove"
    with pytest.raises(NotFound):
        orders(teller).fetch(person, order.id)


def test_personal_data_in_full_takes_a_reason_and_another_officer(
    teller: Teller, app: Flask, officer: tuple[Staff, FlaskClient], customer: str
) -> None:
    person, client = officer
    without = post(client, PAGE, page=PAGE, **WANTED, customer=customer, unmasked="yes")
    assert without.status_code == 400
    post(client, PAGE, page=PAGE, **WANTED, customer=customer, unmasked="yes", reason="第 12 號函")
    order = orders(teller).listing(1)[0]
    assert order.state == "proposed"
    assert order.run is None
    stored = teller.service.mongo["packs"].find_one({"_id": order.id})
    assert stored is not None
    # Sealed: two digits alone would turn up in random bytes now and then.
    assert "第 12 號函".encode() not in bytes(stored["reason"])
    assert teller.service.vault.read(stored["reason"]) == "第 12 號函"
    assert post(client, f"{PAGE}/{order.id}/agree", page=PAGE).status_code == 403
    assert orders(teller).order(order.id).state == "proposed"
    other = teller.staff(Role.COMPLIANCE)
    colleague = signed_in(app, other)
    assert "第 12 號函" in colleague.get(PAGE).text
    assert post(colleague, f"{PAGE}/{order.id}/agree", page=PAGE).status_code == 303
    assert post(colleague, f"{PAGE}/{order.id}/agree", page=PAGE).status_code == 409
    done(teller, order.id)
    made = orders(teller).order(order.id)
    assert (made.state, made.by, made.decided_by) == ("ready", person.id, other.id)
    with zipfile.ZipFile(orders(teller).fetch(other, order.id)) as packed:
        assert MOBILE in packed.read(f"{order.id}/messages.jsonl").decode()
    assert noted(teller, order.id) == ["propose", "denied", "agree", "download"]


def test_a_refused_one_is_never_made_and_a_cancelled_one_leaves_nothing(
    teller: Teller, officer: tuple[Staff, FlaskClient]
) -> None:
    person, client = officer
    proposed = orders(teller).start(person, WANTED, unmasked=True, reason="第 13 號函")
    assert post(client, f"{PAGE}/{proposed.id}/refuse", page=PAGE).status_code == 303
    with pytest.raises(Conflict):
        orders(teller).agree(teller.staff(Role.COMPLIANCE), proposed.id)
    begun = orders(teller).start(person, WANTED, unmasked=False, reason="")
    assert post(client, f"{PAGE}/{begun.id}/cancel", page=PAGE).status_code == 303
    done(teller, begun.id)
    assert orders(teller).order(begun.id).state == "cancelled"
    with pytest.raises(Conflict):
        orders(teller).cancel(person, begun.id)
    assert not (orders(teller).folder / f"{begun.id}.zip").exists()
    assert post(client, f"{PAGE}/none/agree", page=PAGE).status_code == 404


def test_the_days_must_be_days(officer: tuple[Staff, FlaskClient]) -> None:
    _, client = officer
    assert post(client, PAGE, page=PAGE, **{"from": TODAY, "to": "tomorrow"}).status_code == 400
    assert post(client, PAGE, page=PAGE, **{"from": TODAY, "to": "2001-01-01"}).status_code == 400
