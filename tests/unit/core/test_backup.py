"""Backup and restore, end to end: into another database of the run's server, with erasures of since then."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backup import keys as backup_keys
from bot.backup.stream import DOCUMENTS, END, Writer, frames
from bot.cli import register
from bot.errors import BadPayload, Conflict
from bot.mongo import Mongo
from bot.store.backup import KEYS, BackupStore
from bot.vault import ERASED, Vault
from tests.conftest import with_path
from tests.unit.core.kept import LATER, at, ended, talked
from tests.unit.core.teller import Teller

Run = Callable[..., Result]
KEY = bytes(range(32))
PARTS = [b"one" * 50, b"", b"three" * 500]


@pytest.fixture(scope="module")
def run(app: Flask) -> Run:
    """`flask` with these words."""
    register(app)
    return lambda *words: app.test_cli_runner().invoke(args=[str(word) for word in words])


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("stream") / "file"
    with path.open("wb") as file:
        out = Writer(file, KEY, {"kind": "data"})
        for part in PARTS:
            out.add(DOCUMENTS, part)
        out.end({"n": 3})
    return path.read_bytes()


def read(path: Path, content: bytes, key: bytes = KEY) -> list[tuple[bytes, bytes]]:
    path.write_bytes(content)
    with path.open("rb") as file:
        return list(frames(file, key))


def test_what_was_written_is_read(sealed: bytes, tmp_path: Path) -> None:
    found = read(tmp_path / "f", sealed)
    assert [payload for kind, payload in found if kind == DOCUMENTS] == PARTS
    assert found[-1][0] == END
    with pytest.raises(BadPayload):
        read(tmp_path / "f", sealed, KEY[::-1])
    assert b"oneone" not in sealed


def test_a_length_beyond_the_end_is_noticed(sealed: bytes, tmp_path: Path) -> None:
    last = sealed.rindex(b"\0\0\0!")
    with pytest.raises(BadPayload):
        read(tmp_path / "f", sealed[:last] + b"\1" + sealed[last + 1 :])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_damage_is_noticed(
    data: st.DataObject, sealed: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = data.draw(st.integers(0, len(sealed) - 1))
    how = data.draw(st.sampled_from(["flip", "cut", "drop", "double"]))
    flipped = bytes([sealed[place] ^ (1 << data.draw(st.integers(0, 7)))])
    damaged = {
        "flip": sealed[:place] + flipped + sealed[place + 1 :],
        "cut": sealed[:place],
        "drop": sealed[:place] + sealed[place + 1 :],
        "double": sealed[: place + 1] + sealed[place:],
    }[how]
    with pytest.raises(BadPayload):
        read(tmp_path_factory.getbasetemp() / "damaged", damaged)


def test_a_backup_key_is_made_once_and_read(tmp_path: Path) -> None:
    path = tmp_path / "backup.key"
    name = backup_keys.make(path)
    assert backup_keys.name(backup_keys.read(path)) == name
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict):
        backup_keys.make(path)
    path.write_text("c2hvcnQ=")
    for wrong in (path, tmp_path / "none", None):
        with pytest.raises(BadPayload):
            backup_keys.read(wrong)


def test_restore_brings_back_what_may_come_back(teller: Teller, run: Run, tmp_path: Path) -> None:
    house = teller.service.console.retention
    _, kept = talked(teller, "我想問房貸利率")
    _, gone = talked(teller, "請問刷卡回饋怎麼算")
    _, hidden = talked(teller, "請問換匯要帶什麼")
    for one in (gone, hidden):
        ended(teller, one)
    key, folder = tmp_path / "backup.key", tmp_path / "backups"
    folder.mkdir()
    assert run("backup", "key", str(key)).exit_code == 0
    made = run("backup", "create", str(folder), "--key-file", str(key), "--json")
    assert made.exit_code == 0, made.output
    data, keys = (Path(one["path"]) for one in json.loads(made.stdout)["files"])
    assert KEYS not in BackupStore(teller.service.mongo).collections()
    assert gone.encode() not in data.read_bytes()

    # After the backup: one is restricted, which the later backup of keys knows; then one is erased, whose key that
    # backup still has: only the list beside the database says so.
    house.request_deletion("system:test", hidden, "個資法 11", None)
    later = run("backup", "keys", folder / "later", "--key-file", key, "--json")
    assert later.exit_code == 0, later.output
    due = at(teller, datetime.now(UTC) + LATER)
    assert due.request_deletion("system:test", gone, "個資法 11-III", None).kind == "erased"
    uri = with_path(str(teller.service.settings.mongodb_uri), "/restored")
    other = Mongo(uri)
    other.client.drop_database("restored")
    again = [
        "backup",
        "restore",
        data,
        "--into",
        uri,
        "--key-file",
        key,
        "--keys",
        folder / "later",
        "--json",
    ]
    done = run(*again, "--erasures", house.purger.erasures.path)
    assert done.exit_code == 0, (done.output, done.exception)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["ok"]
    assert (told["erased"], told["restricted"]) == (1, 1)
    assert told["records"] > 0
    vault = Vault(other, teller.service.settings.kms)
    talk = teller.service.mongo["conversations"].find_one({"customer": kept}) or {}
    texts = {vault.read(doc["content"]) for doc in other["messages"].find({"conversation": talk["_id"]})}
    assert "我想問房貸利率" in texts
    assert ERASED not in texts
    assert {vault.read(doc["content"]) for doc in other["messages"].find({"customer": gone})} == {ERASED}
    assert other["keys"].count_documents({"keyAltNames": f"cust:{gone}"}) == 0
    assert (other["customers"].find_one({"_id": hidden}) or {}).get("restricted") is True
    assert not BackupStore(other).restoring()
    refused = run(*again, "--erasures", house.purger.erasures.path)
    assert refused.exit_code == 1
    assert "not empty" in refused.output + refused.stderr
    vault.close()
    other.client.drop_database("restored")
    live = run(
        "backup",
        "restore",
        str(data),
        "--into",
        str(teller.service.settings.mongodb_uri),
        "--key-file",
        str(key),
        "--keys",
        str(keys),
        "--no-erasures",
    )
    assert live.exit_code == 1
    other.close()


def test_a_restore_that_does_not_verify_stays_closed(teller: Teller, run: Run, tmp_path: Path) -> None:
    user, _ = talked(teller)
    key = tmp_path / "backup.key"
    run("backup", "key", str(key))
    line = teller.rows("messages", user)[0]
    good, bad = {"_id": line["_id"]}, {"$set": {"at": line["at"] + timedelta(seconds=1)}}
    teller.service.mongo["messages"].update_one(good, bad)
    target = tmp_path / "backup"
    run("backup", "create", str(target), "--key-file", str(key))
    teller.service.mongo["messages"].update_one(good, {"$set": {"at": line["at"]}})
    uri = with_path(str(teller.service.settings.mongodb_uri), "/damaged")
    other = Mongo(uri)
    other.client.drop_database("damaged")
    done = run(
        "backup",
        "restore",
        str(target),
        "--into",
        uri,
        "--key-file",
        str(key),
        "--keys",
        f"{target}.keys",
        "--no-erasures",
    )
    assert done.exit_code == 1
    assert "stays closed" in done.output + done.stderr
    assert BackupStore(other).restoring()
    other.client.drop_database("damaged")
    other.close()


def test_a_file_of_the_wrong_kind_is_refused(teller: Teller, run: Run, tmp_path: Path) -> None:
    key = tmp_path / "backup.key"
    run("backup", "key", str(key))
    target = tmp_path / "backup"
    run("backup", "create", str(target), "--key-file", str(key))
    again = run("backup", "create", str(target), "--key-file", str(key))
    assert again.exit_code == 1
    assert "never overwritten" in again.output + again.stderr
    uri = with_path(str(teller.service.settings.mongodb_uri), "/wrong")
    done = run(
        "backup",
        "restore",
        f"{target}.keys",
        "--into",
        uri,
        "--key-file",
        str(key),
        "--keys",
        str(target),
        "--no-erasures",
    )
    assert done.exit_code == 1
    assert "older than that of the data" in done.output + done.stderr
    run("backup", "keys", f"{target}.again", "--key-file", key)
    words = ["backup", "restore", f"{target}.keys", "--into", uri, "--key-file", key]
    done = run(*words, "--keys", f"{target}.again", "--no-erasures")
    assert done.exit_code == 1
    assert "no backup of data" in done.output + done.stderr
    Mongo(uri).client.drop_database("wrong")
