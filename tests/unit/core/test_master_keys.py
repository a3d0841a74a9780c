"""Rotation of master keys on a real store: nobody notices, nothing is lost, the old master is needed no more."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterator

import pytest
from pymongo.errors import EncryptionError

from bot.mongo import Mongo
from bot.settings import Settings
from bot.settings_keys import named, target
from bot.vault import KEYS, SERVICE, Vault
from bot.vault_keys import BATCH, MasterKeys

pytestmark = pytest.mark.servers
OLD, NEW = os.urandom(96), os.urandom(96)
CUSTOMERS = BATCH + 50


def masters(*keys: bytes) -> dict[str, dict[str, object]]:
    return {named(key): {"key": key} for key in keys}


@pytest.fixture
def mongo(settings: Settings) -> Iterator[Mongo]:
    mongo = Mongo(settings.mongodb_uri)
    vault = Vault(mongo, masters(OLD))
    vault.prepare()
    for n in range(CUSTOMERS):
        vault.create_key(f"cust:{n}")
    yield mongo
    mongo.client.drop_database(mongo.db.name)
    mongo.close()


def test_work_goes_on_while_all_keys_move_and_the_old_master_is_gone_then(mongo: Mongo) -> None:
    sealed = {n: Vault(mongo, masters(OLD)).seal(f"text {n}", f"cust:{n}") for n in range(0, CUSTOMERS, 50)}
    over, faults, written = threading.Event(), list[BaseException](), list[tuple[str, bytes]]()
    # A process as it runs meanwhile: knows both, makes new keys under the old one.
    both = Vault(mongo, masters(OLD, NEW))

    def works(number: int) -> None:
        count = 0
        while not over.is_set():
            try:
                if count % 5 == 0:
                    both.create_key(f"cust:new-{number}-{count}")
                    written.append(
                        (
                            f"new {number} {count}",
                            both.seal(f"new {number} {count}", f"cust:new-{number}-{count}"),
                        )
                    )
                assert both.open(both.seal("hello", f"cust:{count % CUSTOMERS}")) == "hello"
                both.forget() if count % 7 == 0 else None
            except BaseException as error:
                faults.append(error)
                return
            count += 1

    threads = [threading.Thread(target=works, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    steps: list[tuple[str, int, int]] = []
    keys = MasterKeys(mongo, masters(OLD, NEW), None)
    first = keys.rotate(named(NEW), lambda *step: steps.append(step))
    over.set()
    for thread in threads:
        thread.join(10)
    # The processes are started anew with the new master in the first place: what came meanwhile is moved as well.
    second = keys.rotate(named(NEW))
    assert faults == []
    assert first.moved >= CUSTOMERS + 3
    assert (first.unopened, second.unopened) == ((), ())
    assert steps[0][:2] == ("rewrap", BATCH)
    assert [one.master for one in keys.wrapped()] == [named(NEW)]
    alone = Vault(mongo, masters(NEW))
    assert [alone.open(one) for one in sealed.values()] == [f"text {n}" for n in sealed]
    assert [alone.open(one) for _, one in written] == [text for text, _ in written]
    with pytest.raises(EncryptionError):
        Vault(mongo, masters(OLD)).open(sealed[0])


def test_what_broke_off_goes_on_where_it_stood(mongo: Mongo) -> None:
    keys = MasterKeys(mongo, masters(OLD, NEW), None)

    def breaks(what: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keys.rotate(named(NEW), breaks)
    assert {one.master: one.keys for one in keys.wrapped()}[named(NEW)] == BATCH
    rest = keys.rotate(named(NEW))
    assert (rest.moved, rest.unopened) == (CUSTOMERS + 3 - BATCH, ())
    assert keys.rotate(named(NEW)).moved == 0


def test_a_key_that_does_not_open_is_named(mongo: Mongo) -> None:
    keys = MasterKeys(mongo, masters(NEW, OLD), None)
    keys.rotate(named(NEW))
    broken = mongo[KEYS].find_one({"keyAltNames": SERVICE})
    assert broken is not None
    material = bytearray(broken["keyMaterial"])
    material[-1] ^= 1
    mongo[KEYS].update_one({"_id": broken["_id"]}, {"$set": {"keyMaterial": bytes(material)}})
    assert keys.rotate(named(NEW)).unopened == (broken["_id"].hex(),)


def test_the_next_master_is_where_all_go_and_the_old_one_only_opens(settings: Settings) -> None:
    old, new = (base64.b64encode(key).decode() for key in (OLD, NEW))
    home = {"TELLER_HOME": str(settings.home)}
    before = {**home, "TELLER_MASTER_KEY": old, "TELLER_MASTER_KEY_NEXT": new}
    after = {**home, "TELLER_MASTER_KEY": new, "TELLER_MASTER_KEY_OLD": old}
    for values in (before, after):
        kms = Settings.from_env(values).kms
        assert set(kms) == {named(OLD), named(NEW), "local"}
        assert target(kms, values) == named(NEW)
    assert next(iter(Settings.from_env(before).kms)) == named(OLD)
    assert next(iter(Settings.from_env(after).kms)) == named(NEW)
