"""The vault on a real MongoDB: random, or deterministic where equality is asked, or erased where a key is gone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pymongo.errors import EncryptionError

from bot.mongo import Mongo
from bot.settings import Settings
from bot.store.events import thread_of
from bot.vault import ERASED, INTAKE, KEYS, LOOKUP, SERVICE, Vault, customer_key

pytestmark = pytest.mark.servers
WORDS = "王小明 A123456789 😀"


@pytest.fixture
def mongo(settings: Settings) -> Iterator[Mongo]:
    one = Mongo(settings.mongodb_uri)
    yield one
    one.close()


@pytest.fixture
def vault(mongo: Mongo, settings: Settings) -> Iterator[Vault]:
    one = Vault(mongo, settings.kms)
    one.prepare()
    yield one
    one.close()


@pytest.mark.parametrize("key", [SERVICE, INTAKE])
@pytest.mark.parametrize("text", [WORDS, "", "a" * 100_000])
def test_sealed_at_random(vault: Vault, key: str, text: str) -> None:
    one, two = vault.seal(text, key), vault.seal(text, key)
    assert vault.open(one) == vault.open(bytes(two)) == text
    assert bytes(one) != bytes(two)
    assert one.subtype == 6
    assert not text or text.encode() not in bytes(one)


def test_blinded_the_same_way_each_time_in_every_process(
    vault: Vault, mongo: Mongo, settings: Settings
) -> None:
    other = Vault(mongo, settings.kms)
    assert bytes(vault.blind(WORDS)) == bytes(other.blind(WORDS))
    assert bytes(vault.blind(WORDS)) != bytes(vault.blind(WORDS + " "))
    assert vault.open(vault.blind(WORDS)) == WORDS
    assert thread_of(vault, "a1", "U1") == thread_of(other, "a1", "U1")
    assert (
        len({thread_of(vault, "a1", "U1"), thread_of(vault, "a2", "U1"), thread_of(vault, "a1", "U2")}) == 3
    )
    other.close()


def test_preparing_again_and_at_the_same_time_makes_no_second_key(mongo: Mongo, settings: Settings) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Vault(mongo, settings.kms).prepare(), range(4)))
    names = [name for doc in mongo[KEYS].find() for name in doc["keyAltNames"]]
    assert sorted(names) == sorted([LOOKUP, SERVICE, INTAKE])


def test_keys_are_stored_wrapped(vault: Vault, mongo: Mongo) -> None:
    for doc in mongo[KEYS].find():
        assert doc["masterKey"]["provider"].startswith("local:")
        assert len(bytes(doc["keyMaterial"])) > 96


def test_erasing_one_customer_erases_no_other(vault: Vault, mongo: Mongo, settings: Settings) -> None:
    sealed = {}
    for customer in ("gone", "stays"):
        vault.create_key(customer_key(customer))
        sealed[customer] = vault.seal(WORDS, customer_key(customer))
    mongo[KEYS].delete_one({"keyAltNames": customer_key("gone")})
    fresh = Vault(mongo, settings.kms)
    assert fresh.read(sealed["gone"]) == ERASED == "已依法刪除"
    assert fresh.read(sealed["stays"]) == WORDS
    assert fresh.read(None) == ""
    with pytest.raises(EncryptionError):
        fresh.open(sealed["gone"])
    fresh.close()


def test_damage_is_not_taken_for_erasure(vault: Vault) -> None:
    """Otherwise a changed record would look like a lawful one."""
    sealed = bytearray(vault.seal(WORDS, SERVICE))
    sealed[-1] ^= 1
    with pytest.raises(EncryptionError):
        vault.read(bytes(sealed))


def test_another_master_key_opens_nothing(vault: Vault, mongo: Mongo) -> None:
    sealed = vault.seal(WORDS, SERVICE)
    stranger = Vault(mongo, {"local": {"key": b"\1" * 96}})
    with pytest.raises(EncryptionError):
        stranger.open(sealed)
    stranger.close()
