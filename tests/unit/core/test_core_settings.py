"""Settings: every fault at once, unsafe production refused with a sentence each, one master key however many start."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings import Settings
from bot.settings_keys import MASTER_KEY_BYTES, named
from tests.house import ROOT

KEY = base64.b64encode(bytes(range(96))).decode()
SAFE = {
    "TELLER_ENV": "production",
    "PUBLIC_URL": "https://teller.example.com",
    "MONGODB_URI": "mongodb://db.example.com/?tls=true",
    "REDIS_URL": "rediss://cache.example.com/0",
    "TELLER_MASTER_KEY": KEY,
}


def read(tmp_path: Path, **values: str) -> Settings:
    return Settings.from_env({"TELLER_HOME": str(tmp_path / "home"), **values})


def faults(tmp_path: Path, **values: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, **values)
    return caught.value.faults


def test_nothing_set_is_a_development_machine(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert (settings.env, settings.auto_answer, settings.sample) == ("development", "confident", True)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.mongodb_uri is None
    assert len(settings.secret_key) >= 32


def test_production_is_proven_and_without_samples(tmp_path: Path) -> None:
    settings = read(tmp_path, **SAFE)
    assert (settings.production, settings.auto_answer, settings.sample) == (True, "proven", False)
    key = bytes(range(96))
    assert settings.kms == {named(key): {"key": key}, "local": {"key": key}}
    assert not (tmp_path / "home" / "keys").exists()


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    wrong = {
        "TELLER_ENV": "prod",
        "PORT": "99999",
        "PUBLIC_URL": "teller.example.com",
        "TELLER_TIMEZONE": "Taipei",
        "TELLER_LOCALE": "zh",
        "TELLER_SAMPLE": "yes",
        "TELLER_AUTO_ANSWER": "always",
        "WEB_WORKERS": "two",
        "QUEUE_WORKERS": "0",
        "TELLER_WORKER_THREADS": "-1",
        "TELLER_MASTER_KEY": "short",
    }
    found = faults(tmp_path, **wrong)
    assert len(found) == len(wrong)
    for name in wrong:
        assert sum(name in fault for fault in found) == 1, name
    assert all(fault.endswith((".", "'\\n'")) for fault in found)


def test_a_damaged_key_file_is_one_fault_among_the_others(tmp_path: Path) -> None:
    key = tmp_path / "home" / "keys" / "master.key"
    key.parent.mkdir(parents=True)
    for content in (b"", b"not base64 at all!", b"YQ", base64.b64encode(b"too short")):
        key.write_bytes(content)
        found = faults(tmp_path, PORT="nowhere")
        assert len(found) == 2
        assert any(str(key) in fault and "backup" in fault for fault in found)
        assert key.read_bytes() == content, "what may be all that is left of a key is not written over"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"PUBLIC_URL": "http://teller.example.com"}, "PUBLIC_URL"),
        ({"MONGODB_URI": ""}, "MONGODB_URI"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
        ({"TELLER_MASTER_KEY": ""}, "TELLER_MASTER_KEY"),
        ({"TELLER_SAMPLE": "on"}, "TELLER_SAMPLE"),
        ({"TELLER_MASTER_KEY": "", "TELLER_KMS": "aws"}, "TELLER_SECRET_KEY"),
        ({"TELLER_MASTER_KEY": "", "TELLER_KMS": "vault"}, "TELLER_KMS"),
    ],
)
def test_production_refuses_with_a_sentence(tmp_path: Path, change: dict[str, str], named: str) -> None:
    (fault,) = faults(tmp_path, **{**SAFE, **change})
    assert fault.startswith(named)
    assert len(fault.split()) > 4


def test_production_alone_lists_all_it_misses(tmp_path: Path) -> None:
    found = faults(tmp_path, TELLER_ENV="production")
    for name in ("PUBLIC_URL", "MONGODB_URI", "REDIS_URL", "TELLER_MASTER_KEY"):
        assert any(fault.startswith(name) for fault in found), name


def test_a_key_service_needs_its_own_signing_key_and_options_as_json(tmp_path: Path) -> None:
    aws = {"TELLER_KMS": "aws", "TELLER_SECRET_KEY": "s" * 32, "TELLER_MASTER_KEY": ""}
    settings = read(
        tmp_path,
        **{**SAFE, **aws},
        TELLER_KMS_OPTIONS='{"accessKeyId": "a"}',
        TELLER_KMS_KEY='{"region": "r"}',
    )
    assert settings.kms == {"aws": {"accessKeyId": "a"}}
    assert settings.kms_master_key == {"region": "r"}
    assert settings.secret_key == "s" * 32
    found = faults(tmp_path, **{**SAFE, **aws}, TELLER_KMS_OPTIONS="[]", TELLER_KMS_KEY="{")
    assert [fault.split()[0] for fault in found] == ["TELLER_KMS_OPTIONS", "TELLER_KMS_KEY"]


def test_no_secret_shows_when_settings_are_printed(tmp_path: Path) -> None:
    shown = repr(
        read(
            tmp_path,
            **{**SAFE, "MONGODB_URI": "mongodb://u:hunter2hunter2@db/x?tls=true"},
            OPENAI_API_KEY="sk-123456",
        )
    )
    for secret in (KEY, "hunter2hunter2", "sk-123456", str(bytes(range(96)))):
        assert secret not in shown


def test_the_master_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first, second = read(tmp_path), read(tmp_path)
    path = tmp_path / "home" / "keys" / "master.key"
    assert first.kms == second.kms
    assert first.secret_key == second.secret_key
    assert len(base64.b64decode(path.read_bytes())) == MASTER_KEY_BYTES
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["master.key"]


RACER = """
import sys, hashlib
from bot.settings import Settings
sys.stdin.read(1)
key = Settings.from_env({"TELLER_HOME": sys.argv[1]}).kms["local"]["key"]
print(hashlib.sha256(key).hexdigest())
"""


def test_two_processes_racing_agree_on_one_key(tmp_path: Path) -> None:
    for n in range(3):
        home = tmp_path / str(n)
        racers = [
            subprocess.Popen(
                [sys.executable, "-c", RACER, str(home)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("x")
            racer.stdin.flush()
        answers = {racer.communicate(timeout=60)[0].strip() for racer in racers}
        assert len(answers) == 1
        assert len(answers.pop()) == 64


def test_threads_of_one_process_racing_agree_as_well(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: read(tmp_path).kms["local"]["key"], range(8)))
    assert len(set(map(bytes, keys))) == 1  # type: ignore[arg-type]


def test_what_a_killed_process_left_does_not_stop_the_next(tmp_path: Path) -> None:
    """In a container the process id is the same every time."""
    keys = tmp_path / "home" / "keys"
    keys.mkdir(parents=True)
    (keys / f"master.key.{os.getpid()}").write_bytes(b"half a k")
    assert len(bytes(read(tmp_path).kms["local"]["key"])) == MASTER_KEY_BYTES  # type: ignore[arg-type]


def test_commands_find_the_embedded_servers(tmp_path: Path) -> None:
    note = tmp_path / "home" / "run" / "servers.json"
    note.parent.mkdir(parents=True)
    note.write_text(
        '{"mongodb_uri": "mongodb://127.0.0.1:1/x", "redis_url": "redis://127.0.0.1:2/0", "pid": 3}'
    )
    assert read(tmp_path).mongodb_uri == "mongodb://127.0.0.1:1/x"
    assert read(tmp_path, MONGODB_URI="mongodb://other/x").mongodb_uri == "mongodb://other/x"
    note.write_text("cut in ha")
    assert read(tmp_path).redis_url is None
