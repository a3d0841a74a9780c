"""The examiner's pack of a real store: it verifies where nothing but Python is, and whatever is changed is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from bot.errors import BadPayload, Conflict, NotFound
from bot.export import primitives, verifier
from bot.export.scope import Scope, scope_of
from bot.model import Role
from bot.records.days import TAIPEI
from bot.records.sealing import Sealer
from bot.store import audit
from bot.store.seals import SealStore
from bot.vault import ERASED, customer_key
from tests.unit.core.teller import Teller

MOBILE = "0912345678"
TODAY = datetime.now(UTC).astimezone(TAIPEI).date()


def everything(**wanted: Any) -> Scope:
    return Scope(TODAY - timedelta(days=1), TODAY, "command:test", **wanted)


@pytest.fixture(scope="module")
def pack(teller: Teller, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A day with a hand-off, a note, an answer, somebody who was erased; sealed, and exported."""
    service, tmp = teller.service, tmp_path_factory.mktemp("pack")
    person = teller.staff(Role.AGENT)
    for text in ("信用卡年費", "=2+3 我要真人", f"我的手機是 {MOBILE}"):
        teller.hears("examined", text)
    found = teller.conversation("examined")
    service.console.desk.take(person, found["_id"])
    service.console.work.noting.add(person, found["_id"], "回電後結案")
    service.console.desk.reply(person, found["_id"], "我們會回電給您", "export-1")
    teller.hears("erased", "你好")
    gone = teller.conversation("erased")["customer"]
    service.vault.forget()
    service.mongo["keys"].delete_one({"keyAltNames": customer_key(gone)})
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    Sealer(SealStore(service.mongo), tmp / "seal.key", make_key=True, now=lambda: tomorrow).seal_missing()
    with pytest.MonkeyPatch.context() as clock:
        # The day was sealed while it was not over: what is noted from here on is of tomorrow.
        clock.setattr(audit, "new_id", lambda: f"{int(tomorrow.timestamp()):08x}{os.urandom(8).hex()}")
        service.console.orders.packs.make(everything(), tmp / "pack")
        yield tmp / "pack"
    for name in ("seals", "seal_leaves", "seal_copies"):
        service.mongo[name].delete_many({})
    service.mongo["state"].delete_many({"_id": {"$in": ["seal_key", "sealing"]}})


def verified(folder: Path) -> tuple[int, dict[str, Any]]:
    """By the pack's own verifier, in a Python that has nothing else."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert not done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, said


def signed_again(folder: Path, key_of: Path) -> None:
    """Somebody who holds the pack's key writes the manifest anew: what is sealed still tells."""
    from bot.records import keys

    key, manifest = keys.load(key_of, make=False), json.loads((folder / "manifest.json").read_text())
    manifest.pop("signature")
    for name in manifest["files"]:
        manifest["files"][name]["sha256"] = verifier.hashlib.sha256((folder / name).read_bytes()).hexdigest()
    signature = key.sign(b"teller pack 1\n" + primitives.canonical(manifest)).hex()
    (folder / "manifest.json").write_bytes(primitives.canonical({**manifest, "signature": signature}))


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def test_it_verifies_without_teller(pack: Path) -> None:
    code, said = verified(pack)
    assert (code, said["ok"], said["not_sealed_yet"]) == (0, True, 1)  # the log's line of this very export
    assert said["lines"]["messages.jsonl"] == len(rows(pack, "messages.jsonl")) >= 8
    assert said["lines"]["notes.jsonl"] == 1


def test_masked_text_whole_records_and_what_they_refer_to(pack: Path) -> None:
    messages = rows(pack, "messages.jsonl")
    texts = [one["text"] for one in messages]
    assert "我的手機是 0912***678" in texts
    assert ERASED in texts
    for path in pack.rglob("*"):
        assert not path.is_file() or MOBILE.encode() not in path.read_bytes(), path
    said = {(ref["kind"], ref["id"], ref["version"]) for one in messages for ref in one["record"]["approved"]}
    articles = {(one["kind"], one["id"], one["version"]): one for one in rows(pack, "articles.jsonl")}
    assert set(articles) == said
    assert all(one["approver"] for one in articles.values())
    actions = {one["record"]["action"] for one in rows(pack, "access.jsonl")}
    assert {"conversation:take", "records:export:begin"} <= actions
    assert (pack / "summary.pdf").read_bytes().startswith(b"%PDF")
    assert "我們會回電給您" in "".join(page.read_text() for page in (pack / "html").iterdir())


def test_a_row_a_conversation_and_no_formula(pack: Path) -> None:
    sheet = load_workbook(pack / "conversations.xlsx").worksheets[0]
    table = list(sheet.iter_rows(values_only=True))
    assert len(table) == 1 + len(rows(pack, "conversations.jsonl"))
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize(
    "name", ["messages.jsonl", "access.jsonl", "seals.jsonl", "summary.pdf", "manifest.json"]
)
def test_a_flipped_byte_is_named(pack: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(pack, tmp_path / "pack")
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(bytes(data))
    with pytest.raises((verifier.Bad, verifier.NoPack)) as fault:
        verifier.verify(folder)
    assert name in str(fault.value.args)


def tampered(lines: list[str], how: str) -> list[str]:
    if how == "drop":
        return lines[:1] + lines[2:]
    if how == "cut":
        return lines[:-1]
    if how == "swap":
        return [lines[1], lines[0], *lines[2:]]
    if how == "twice":
        return [lines[0], *lines]
    return [lines[0].replace('"author":"', '"author":"x'), *lines[1:]]


@pytest.mark.parametrize("how", ["drop", "cut", "swap", "twice", "edit"])
def test_even_with_the_packs_key_a_record_cannot_be_touched(
    teller: Teller, pack: Path, tmp_path: Path, how: str
) -> None:
    folder = shutil.copytree(pack, tmp_path / "pack")
    path = folder / "messages.jsonl"
    path.write_text("\n".join(tampered(path.read_text().splitlines(), how)) + "\n")
    signed_again(folder, teller.service.console.orders.packs.key_file)
    with pytest.raises(verifier.Bad) as fault:
        verifier.verify(folder)
    told = fault.value.told()
    assert told["conversation"]
    assert told["seq"]


@pytest.mark.parametrize(("how", "seq"), [("drop", 2), ("swap", 1), ("edit", 1)])
def test_without_the_key_the_very_record_is_named_too(pack: Path, tmp_path: Path, how: str, seq: int) -> None:
    folder = shutil.copytree(pack, tmp_path / "pack")
    path = folder / "messages.jsonl"
    first = rows(folder, "messages.jsonl")[0]["record"]["conversation"]
    path.write_text("\n".join(tampered(path.read_text().splitlines(), how)) + "\n")
    code, said = verified(folder)
    assert code == 1
    assert (said["bad"]["conversation"], said["bad"]["seq"]) == (first, seq)


def test_what_was_sealed_a_day_late_is_found_in_that_seal(
    teller: Teller, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teller.hears("late", "晚到的訊息")
    later = datetime.now(UTC) + timedelta(days=2)
    monkeypatch.setattr(audit, "new_id", lambda: f"{int(later.timestamp()):08x}{os.urandom(8).hex()}")
    key = pack.parent / "seal.key"
    Sealer(SealStore(teller.service.mongo), key, make_key=False, now=lambda: later).seal_missing()
    scope = everything(conversation=teller.conversation("late")["_id"])
    teller.service.console.orders.packs.make(scope, tmp_path / "late")
    found = verifier.verify(tmp_path / "late")
    assert found["not_sealed_yet"] == 1  # the log's line of this very export
    teller.service.mongo["seals"].delete_one({"_id": (TODAY + timedelta(days=1)).isoformat()})


def test_a_list_cannot_be_left_out(teller: Teller, pack: Path, tmp_path: Path) -> None:
    folder, name = shutil.copytree(pack, tmp_path / "pack"), f"leaves/{TODAY.isoformat()}.gz"
    (folder / name).unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"].pop(name)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    signed_again(folder, teller.service.console.orders.packs.key_file)
    with pytest.raises(verifier.Bad, match="the list of its day is missing"):
        verifier.verify(folder)


def test_records_written_anew_with_their_hashes_do_not_fit_their_seal(
    teller: Teller, pack: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(pack, tmp_path / "pack")
    messages, heads = rows(folder, "messages.jsonl"), rows(folder, "conversations.jsonl")
    victim, previous = messages[0]["record"]["conversation"], "0" * 64
    for one in messages:
        if (record := one["record"])["conversation"] == victim:
            record["at"] = "2020-01-01T00:00:00.000+00:00"
            record["prev_hash"] = previous
            record["hash"] = previous = primitives.link(previous, record)
    for head in heads:
        if head["id"] == victim:
            head["head_hash"] = previous
    for name, lines in (("messages.jsonl", messages), ("conversations.jsonl", heads)):
        (folder / name).write_bytes(b"".join(primitives.canonical(one) + b"\n" for one in lines))
    signed_again(folder, teller.service.console.orders.packs.key_file)
    with pytest.raises(verifier.Bad, match="it was sealed with another hash"):
        verifier.verify(folder)


def test_of_one_customer_and_in_full_for_a_reason(teller: Teller, pack: Path, tmp_path: Path) -> None:
    customer = teller.conversation("examined")["customer"]
    scope = everything(customer=customer, unmasked=True, reason="金管會來函")
    made = teller.service.console.orders.packs.make(scope, tmp_path / "one")
    assert made["counts"]["customers"] == 1
    assert f"我的手機是 {MOBILE}" in [one["text"] for one in rows(tmp_path / "one", "messages.jsonl")]
    assert verifier.verify(tmp_path / "one")["ok"]
    events = teller.service.mongo["audit"].find({"customers": customer, "action": "records:export:begin"})
    assert [event["detail"]["reason"] for event in events] == ["金管會來函"]
    with pytest.raises(Conflict, match="not empty"):
        teller.service.console.orders.packs.make(scope, tmp_path / "one")


def test_of_a_case_with_its_history(teller: Teller, pack: Path, tmp_path: Path) -> None:
    customer, person = teller.conversation("examined")["customer"], teller.staff(Role.SUPERVISOR)
    text = f"申訴，電話 {MOBILE}"
    case = teller.service.console.cases.complaints.open(person, text, customer_id=customer, received_on=TODAY)
    made = teller.service.console.orders.packs.make(everything(case=case.id), tmp_path / "case")
    assert made["counts"]["conversations"] == 1
    first, *history = rows(tmp_path / "case", "case.jsonl")
    assert first["record"]["_id"] == case.id
    assert [one["text"] for one in history if one["text"]] == ["申訴，電話 0912***678"]
    assert MOBILE not in (tmp_path / "case" / "case.jsonl").read_text()
    assert verifier.verify(tmp_path / "case")["ok"]
    with pytest.raises(NotFound):
        teller.service.console.orders.packs.make(everything(case="none"), tmp_path / "no")


def test_nothing_is_a_pack_too(teller: Teller, tmp_path: Path) -> None:
    long_ago = Scope(date(2001, 1, 1), date(2001, 1, 2), "command:test")
    assert teller.service.console.orders.packs.make(long_ago, tmp_path / "none")["counts"]["messages"] == 0
    assert verifier.verify(tmp_path / "none")["records"] == 0


@pytest.mark.parametrize(
    ("first", "last", "more", "sentence"),
    [
        ("yesterday", "2026-11-02", {}, "YYYY-MM-DD"),
        ("2026-11-02", "2026-11-01", {}, "before the first"),
        ("2026-11-01", "2026-11-02", {"unmasked": True}, "need a reason"),
    ],
)
def test_what_cannot_be_meant_is_refused(first: str, last: str, more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadPayload, match=sentence):
        scope_of(first, last, "command:test", **more)
