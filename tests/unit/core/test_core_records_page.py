"""The page of seals: who may open it, what it shows, and a verification that somebody starts and a worker does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from bot import cli
from bot.cli.doctor_records import looks
from bot.model import Role
from bot.records import keys
from bot.records.seal import fault
from bot.records.sealing import Sealer
from bot.runner import perform
from bot.store.seals import SealStore
from bot.supervise import plan
from tests.records_tampering import converse
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

NOW = datetime.now(UTC)


@pytest.fixture
def sealed(teller: Teller, tmp_path: Path) -> Iterator[str]:
    """The day of a seal that a clock of tomorrow made."""
    store = SealStore(teller.service.mongo)
    later = NOW + timedelta(days=1)
    Sealer(store, tmp_path / "seal.key", make_key=True, now=lambda: later).seal_missing()
    (seal,) = store.since("")
    yield seal["_id"]
    for name in ("seals", "seal_leaves"):
        teller.service.mongo[name].delete_many({})


@pytest.mark.parametrize("role", [Role.AGENT, Role.SENIOR, Role.SUPERVISOR, Role.ADMIN])
def test_the_page_is_for_compliance_and_the_auditor(teller: Teller, app: Flask, role: Role) -> None:
    client = signed_in(app, teller.staff(role))
    assert client.get("/records").status_code == 403
    assert client.get("/records/seals/2026-11-22").status_code == 403
    assert post(client, "/records/verify").status_code == 403
    assert 'href="/records"' not in client.get("/").text


def test_the_calendar_shows_what_is_sealed_what_is_not_and_gives_the_seal(
    teller: Teller, app: Flask, sealed: str
) -> None:
    client = signed_in(app, teller.staff(Role.AUDITOR))
    page = client.get("/records").text
    assert page.count('<li class="day day-') == 90
    assert f'href="/records/seals/{sealed}"' in page
    assert "No copy leaves this database" in page
    got = client.get(f"/records/seals/{sealed}")
    assert got.mimetype == "application/json"
    seal = json.loads(got.data)
    assert fault(seal) is None
    assert seal["key_id"] in page
    assert client.get("/records/seals/1999-01-01").status_code == 404
    calendar = teller.service.console.verifications.calendar(NOW + timedelta(days=3))
    assert [one.state for one in calendar[-4:]] == ["sealed", "missing", "missing", "running"]
    assert {one.state for one in calendar[:-4]} == {"before"}


def test_a_verification_is_started_done_by_a_worker_and_its_result_stays(teller: Teller, app: Flask) -> None:
    person = teller.staff(Role.COMPLIANCE)
    client, house = signed_in(app, person), teller.service.console.verifications
    assert "Nobody has verified the records here yet" in client.get("/records").text
    assert post(client, "/records/verify", page="/records").status_code == 303
    run = house.newest()
    assert run is not None
    assert run.open
    assert post(client, "/records/verify").status_code == 303
    assert "One is at work already" in client.get("/records").text
    entry = teller.service.mongo["audit"].find_one({"action": "records:verify:start"})
    assert entry is not None
    assert (entry["actor"], entry["subject"]) == (person.id, f"run:{run.id}")
    assert "data-ask" in client.get(f"/records/verify/{run.id}").text
    perform(teller.service, run.id)
    page = client.get("/records").text
    assert "Everything is as it was written" in page
    teller.service.mongo["audit"].update_one({"_id": entry["_id"]}, {"$set": {"actor": "nobody"}})
    post(client, "/records/verify", page="/records")
    again = house.newest()
    assert again is not None
    perform(teller.service, again.id)
    page = client.get("/records").text
    assert "Something is not as it was written" in page
    assert entry["_id"] in page
    teller.service.mongo["audit"].replace_one({"_id": entry["_id"]}, entry)
    assert client.get("/records/verify/none").status_code == 404
    post(client, "/records/verify", page="/records")
    third = house.newest()
    assert third is not None
    post(client, f"/records/verify/{third.id}/cancel", page="/records")
    perform(teller.service, third.id)
    assert house.run(third.id).state == "cancelled"
    assert post(client, f"/records/verify/{again.id}/cancel", page="/records").status_code == 303
    assert house.run(again.id).state == "done"


def test_doctor_says_who_can_read_the_key_and_what_is_not_sealed(teller: Teller, tmp_path: Path) -> None:
    def said(**changed: object) -> dict[str, tuple[str, str]]:
        records = replace(teller.service.settings.records, **changed)  # type: ignore[arg-type]
        house = replace(teller.service, settings=replace(teller.service.settings, records=records))
        return {name: (level, sentence) for name, level, sentence in looks(house)}

    path = tmp_path / "seal.key"
    assert said(key_file=path)["seal key"][0] == "ok"
    keys.write(path, keys.fresh())
    assert "readable by web" in said(key_file=path)["seal key"][1]
    path.chmod(0o644)
    assert said(key_file=path)["seal key"][0] == "fault"
    assert "TELLER_SEAL_KEY_FILE" in said(key_file=None)["seal key"][1]
    assert said()["seals"] == ("ok", "no day is sealed yet")
    assert said(folder=tmp_path)["copies"][0] == "ok"


def test_the_supervisor_tells_the_clock_alone_of_the_key(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, bool] = {}

    def program(argv: list[str], env: dict[str, str], _folder: Path) -> object:
        told[" ".join(argv[1:])] = "TELLER_SEAL_KEY_FILE" in env
        return None

    monkeypatch.setattr(plan, "program", program)
    env = {"TELLER_SEAL_KEY_FILE": "/k", "PROMETHEUS_MULTIPROC_DIR": "/m"}
    plan.service(teller.service.settings, env)
    assert [name for name, has in told.items() if has] == ["-m bot.clock"]
    assert len(told) >= 4


def test_the_command_names_the_first_bad_record_and_exits_1(teller: Teller, app: Flask) -> None:
    mongo, conversation = teller.service.mongo, converse(teller.service, "你好", "您好", "我要真人").id
    runner = app.test_cli_runner()
    whole = runner.invoke(cli.records.group, args=["verify", "--json"])
    assert whole.exit_code == 0, whole.output
    assert json.loads(whole.stdout)["ok"] is True
    second = mongo["messages"].find_one({"conversation": conversation, "seq": 2})
    assert second is not None
    mongo["messages"].delete_one({"_id": second["_id"]})
    found = runner.invoke(cli.records.group, args=["verify", "--json"])
    assert found.exit_code == 1
    said = json.loads(found.stdout)
    assert said["ok"] is False
    assert {name: said["bad"][name] for name in ("id", "conversation", "seq", "reason")} == {
        "id": None,
        "conversation": second["conversation"],
        "seq": 2,
        "reason": "missing",
    }
    mongo["messages"].insert_one({**second, "author": "staff:nobody"})
    found = runner.invoke(cli.records.group, args=["verify", "--json", "--all"])
    assert [one["id"] for one in json.loads(found.stdout)["all"]] == [second["_id"]]
    assert runner.invoke(cli.records.group, args=["verify", "/nonexistent"]).exit_code == 2
    mongo["messages"].replace_one({"_id": second["_id"]}, second)
    assert runner.invoke(cli.records.group, args=["seal"]).stdout.startswith("Nothing to seal")
    key = json.loads(runner.invoke(cli.records.group, args=["key", "--json"]).stdout)
    assert (len(key["key_id"]), len(key["public_key"])) == (32, 64)
