"""A destroyed key leaves the other processes: real ones, with Redis and without."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigError
from bot.live import AWAY_S
from bot.retention.warm import KEYS_GONE, forgetter
from bot.settings import Settings
from bot.settings_retention import CLASSES, FLOOR_YEARS
from bot.vault import ERASED, KEY_CACHED_MS, customer_key
from tests.unit.core.teller import Teller

CHILD = Path(__file__).with_name("warm.py")
NOWHERE = "redis://127.0.0.1:1/0"


def other(teller: Teller, redis: str, sealed: bytes) -> subprocess.Popen[str]:
    settings = teller.service.settings
    keys = {name: bytes(options["key"]).hex() for name, options in settings.kms.items()}  # type: ignore[call-overload]
    words = [str(settings.mongodb_uri), redis, json.dumps(keys), sealed.hex()]
    command = [sys.executable, "-m", "tests.unit.core.warm", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_destroyed_key_leaves_other_processes_at_once(teller: Teller) -> None:
    service = teller.service
    service.vault.create_key(customer_key("warm"))
    sealed = service.vault.seal("a secret", customer_key("warm"))
    with_redis = other(teller, str(service.settings.redis_url), sealed)
    without = other(teller, NOWHERE, sealed)
    for child in (with_redis, without):
        assert child.stdout is not None
        assert child.stdout.readline() == "warm\n"
    assert service.vault.read(sealed) == "a secret"
    service.mongo["keys"].delete_many({"keyAltNames": customer_key("warm")})
    began = time.time()
    forgetter(service.vault, service.live)()
    assert service.vault.read(sealed) == ERASED
    took = [float(str(child.communicate(timeout=20)[0])) - began for child in (with_redis, without)]
    assert took[0] < 1.0
    # Redis away: every AWAY_S seconds; a loaded machine may add one more.
    assert took[1] < 2 * AWAY_S + 1.0 < KEY_CACHED_MS / 1000


def test_keys_are_forgotten_while_others_read(teller: Teller) -> None:
    """Threads in the middle of a call are not disturbed."""
    vault = teller.service.vault
    vault.create_key(customer_key("busy"))
    sealed = vault.seal("still here", customer_key("busy"))

    def read(_n: int) -> set[str]:
        return {vault.read(sealed) for _ in range(40)}

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(read, n) for n in range(4)]
        for _ in range(20):
            vault.forget()
        assert [one.result() for one in running] == [{"still here"}] * 4


def test_a_poke_names_nobody(teller: Teller, monkeypatch: Any) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    publish: Callable[..., None] = lambda topic, data: told.append((topic, data))  # noqa: E731
    monkeypatch.setattr(type(teller.service.live), "publish", lambda _self, *given: publish(*given))
    forgetter(teller.service.vault, teller.service.live)()
    assert told == [(KEYS_GONE, {"keys": "gone"})]


def test_no_setting_goes_under_the_floor(tmp_path: Path) -> None:
    def read(years: str) -> Settings:
        return Settings.from_env({"TELLER_HOME": str(tmp_path), "TELLER_RETENTION_YEARS": years})

    assert dict(read("").retention.years) == dict.fromkeys(CLASSES, FLOOR_YEARS)
    assert read('{"messages": 7}').retention.years["messages"] == 7
    for wrong in (
        '{"messages": 4}',
        '{"messages": 0}',
        '{"messages": 5.5}',
        '{"messages": true}',
        '{"nothing": 9}',
    ):
        with pytest.raises(ConfigError, match="TELLER_RETENTION_YEARS"):
            read(wrong)
