"""/admin/keys: what wraps what since when, and when it is due; never what a key is."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from bot.key_register import KeyRegister
from bot.model import Role
from bot.settings_keys import named
from bot.vault_keys import MasterKeys
from tests.unit.core.teller import Teller, signed_in


@pytest.mark.parametrize("role", list(Role))
def test_for_the_administrator_and_the_auditor(teller: Teller, app: Flask, role: Role) -> None:
    answer = signed_in(app, teller.staff(role)).get("/admin/keys")
    assert answer.status_code == (200 if role in (Role.ADMIN, Role.AUDITOR) else 403)


def test_it_says_what_there_is_and_never_what_it_is(teller: Teller, app: Flask) -> None:
    client = signed_in(app, teller.staff(Role.ADMIN))
    page = client.get("/admin/keys").text
    settings = teller.service.settings
    assert next(iter(settings.kms)) in page
    assert "flask keys rotate" in page
    assert re.search(r"Last rotated</dt><dd>Never", page)
    assert 'href="/admin/keys"' in client.get("/admin/channels").text
    held = [options["key"] for options in settings.kms.values()]
    held += [doc["keyMaterial"] for doc in teller.service.mongo["keys"].find()]
    for key in held:
        assert isinstance(key, bytes)
        assert base64.b64encode(key).decode()[:16] not in page
        assert key.hex()[:16] not in page


def test_a_rotation_half_done_and_done(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    service, new = teller.service, b"N" * 96
    kms = {**service.settings.kms, named(new): {"key": new}}
    monkeypatch.setenv("TELLER_MASTER_KEY_NEXT", base64.b64encode(new).decode())
    register = KeyRegister(service.mongo, service.audit, kms, None)
    before = register.overview()
    assert before.moving == sum(one.wrapped.keys for one in before.masters) > 0
    assert before.due is not None
    assert before.due.state == "fine"
    late = register.overview(datetime.now(UTC) + timedelta(days=360)).due
    assert late is not None
    assert late.state == "soon"
    old = register.overview(datetime.now(UTC) + timedelta(days=366)).due
    assert old is not None
    assert old.state == "over"
    MasterKeys(service.mongo, kms, None).rotate(named(new))
    service.audit.add("command:test", "keys:rotate:done", f"master:{named(new)}", {"keys": 3})
    after = register.overview()
    assert (after.moving, [one.current for one in after.masters]) == (0, [True])
    assert after.rotated is not None
    assert after.due is not None
    assert after.due.since == after.rotated
    # Back to the master that the other tests' Teller holds.
    MasterKeys(service.mongo, kms, None).rotate(next(iter(service.settings.kms)))


def test_the_seal_key_since_its_first_day(teller: Teller) -> None:
    service = teller.service
    register = KeyRegister(service.mongo, service.audit, service.settings.kms, None)
    assert register.overview().seal is None
    for day, key in (("2024-01-01", "old"), ("2024-06-01", "new"), ("2024-06-02", "new")):
        service.mongo["seals"].insert_one({"_id": day, "key_id": key})
    try:
        seal = register.overview(datetime(2026, 6, 15, tzinfo=UTC)).seal
    finally:
        service.mongo["seals"].delete_many({"key_id": {"$in": ["old", "new"]}})
    assert seal is not None
    assert (seal.key_id, seal.since.isoformat(), seal.last.isoformat()) == ("new", "2024-06-01", "2024-06-02")
    assert seal.due.state == "over"
