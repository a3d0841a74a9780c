"""Secrets of the installation: in no dump, no error, no doctor, no log, and in no process that has no use for them."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from bot.app import create_app
from bot.cli.doctor import LOOKS
from bot.errors import ConfigError
from bot.model import Role
from bot.settings import Settings
from bot.supervise import plan
from tests.unit.core.teller import PASSWORD, Teller
from tests.unit.inbox.forms import token

ROOT = Path(__file__).resolve().parents[3]
SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASSWORD")
PLANTED = "planted-secret-0123456789abcdefghijkl"
# Files and addresses: what they name is secret, they are not. The API's prices and ids are no secrets either.
NAMES_A_PLACE = {"TELLER_TLS_KEY", "TELLER_SEAL_KEY_FILE", "TELLER_BACKUP_KEY_FILE", "TELLER_KMS_KEY"}


def key_of(letter: str) -> str:
    return base64.b64encode(letter.encode() * 96).decode()


def planted(folder: Path) -> dict[str, str]:
    """Every secret variable of .env.example, with a value that can be found again."""
    listed = re.findall(r"^#([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    names = [name for name in listed if SECRET_NAME.search(name) and name not in NAMES_A_PLACE]
    values = {name: f"{PLANTED}-{name}" for name in names}
    values |= {name: key_of(letter) for name, letter in zip(sorted(MASTERS), "ABC", strict=True)}
    seal = folder / "seal.key"
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    seal.write_bytes(pem)
    seal.chmod(0o600)
    return {
        **values,
        "TELLER_HOME": str(folder / "home"),
        "MONGODB_URI": f"mongodb://u:{PLANTED}-mongo@127.0.0.1:1/?replicaSet=x",
        "REDIS_URL": f"redis://:{PLANTED}-redis@127.0.0.1:1/0",
        "TELLER_KMS_OPTIONS": "{}",
        "TELLER_SEAL_KEY_FILE": str(seal),
        "TELLER_SEAL_WEBHOOK": "https://seals.example/in",
        "TELLER_OIDC_ISSUER": "https://login.example",
        "TELLER_OIDC_CLIENT_ID": "teller",
        "TELLER_STATUS_URL": "https://firm.example/status",
    }


MASTERS = ("TELLER_MASTER_KEY", "TELLER_MASTER_KEY_NEXT", "TELLER_MASTER_KEY_OLD")


def in_clear(text: str) -> list[str]:
    """What of the planted secrets stands in `text`."""
    raw = [key_of(letter)[:24] for letter in "ABC"] + ["A" * 20, "B" * 20, "C" * 20]
    return [one for one in (PLANTED, *raw) if one in text]


def test_all_secret_settings_are_planted_here(tmp_path: Path) -> None:
    names = set(planted(tmp_path))
    for known in (
        "OPENAI_API_KEY",
        "TELLER_SECRET_KEY",
        "TELLER_OIDC_CLIENT_SECRET",
        "TELLER_SEAL_WEBHOOK_SECRET",
    ):
        assert known in names
    assert {"TELLER_STATUS_TOKEN", "TELLER_STATUS_SECRET", *MASTERS} <= names


def test_no_dump_of_the_settings_holds_one(tmp_path: Path) -> None:
    settings = Settings.from_env(planted(tmp_path))
    assert settings.openai_api_key == f"{PLANTED}-OPENAI_API_KEY"
    for shown in (repr(settings), str(settings), f"{settings!r:.9999}", repr(replace(settings, port=1))):
        assert in_clear(shown) == []


def test_a_start_that_is_refused_names_faults_and_quotes_no_secret(tmp_path: Path) -> None:
    values = planted(tmp_path) | {"PORT": "many", "TELLER_ENV": "production", "TELLER_SAMPLE": "on"}
    values |= {"TELLER_MASTER_KEY": f"{PLANTED}-too-short", "MONGODB_URI": f"mongo//u:{PLANTED}@x"}
    values |= {"REDIS_URL": f"redis://:{PLANTED}@cache.example:6379/0", "TELLER_OIDC_ROLES": f'{{"{PLANTED}'}
    with pytest.raises(ConfigError) as refused:
        Settings.from_env(values)
    assert len(refused.value.faults) >= 4
    assert in_clear("\n".join(refused.value.faults) + repr(refused.value)) == []
    done = subprocess.run(
        [sys.executable, "-m", "bot.supervisor"],
        env={"PATH": "/usr/bin:/bin", **values},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    assert "PORT" in done.stderr + done.stdout
    assert in_clear(done.stderr + done.stdout) == []


def test_doctor_says_how_things_stand_and_no_secret(teller: Teller, tmp_path: Path) -> None:
    """`flask doctor` prints MONGODB_URI and REDIS_URL with their passwords, as its interface wants of it: who runs it
    has them in the environment. Its looks, and everything else that it prints, hold none."""
    secret = Settings.from_env(planted(tmp_path))
    # The servers stay the running ones; every other setting holds a planted value.
    now = teller.service.settings
    service = replace(
        teller.service,
        settings=replace(secret, home=now.home, mongodb_uri=now.mongodb_uri, redis_url=now.redis_url),
    )
    said = [json.dumps(check, default=str) for look in LOOKS for check in look(service)]
    assert len(said) >= 10
    assert in_clear("\n".join(said)) == []


def test_an_error_page_and_the_log_quote_nothing(
    teller: Teller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(teller.service)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setenv("OPENAI_API_KEY", PLANTED)

    @app.get("/fails")
    def fails() -> str:
        secret = PLANTED
        raise RuntimeError(f"could not use {secret}")

    answer = app.test_client().get("/fails")
    assert answer.status_code == 500
    assert in_clear(answer.text) == []
    told = capsys.readouterr()
    assert "RuntimeError" in told.out + told.err
    assert in_clear(told.out + told.err) == []


def test_the_clock_alone_is_told_of_the_seal_key(tmp_path: Path) -> None:
    """What each child of `make run` finds in its environment."""
    settings = Settings.from_env(planted(tmp_path))
    given = planted(tmp_path) | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    seen = {}
    for spec in plan.service(settings, given):
        told = next(
            cell.cell_contents
            for cell in spec.spawn.__closure__ or ()
            if isinstance(cell.cell_contents, dict)
        )
        seen[spec.name] = "TELLER_SEAL_KEY_FILE" in told
        assert told["TELLER_MASTER_KEY"] == key_of("A"), "the search above found another dictionary"
    assert seen.pop("clock")
    assert {"web", "worker-1", "slow"} <= set(seen)
    assert not any(seen.values())


def test_every_answer_has_the_headers_that_hold_everywhere(teller: Teller) -> None:
    settings = replace(teller.service.settings, public_url="https://teller.example")
    console = replace(teller.service.console, settings=settings)
    app: Flask = create_app(replace(teller.service, settings=settings, console=console))
    client = app.test_client()
    for path in (
        "/",
        "/healthz",
        "/webhooks/line/none",
        "/webchat/none/widget.js",
        "/media/none",
        "/nothing",
    ):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert "charset=utf-8" in headers["Content-Type"] or headers["Content-Type"] == "application/json", (
            path
        )
    assert "default-src 'self'" in client.get("/").headers["Content-Security-Policy"]
    assert client.open("/healthz", method="TRACE").status_code == 405


def test_over_https_every_cookie_is_bound_to_this_host_and_still_does_its_work(teller: Teller) -> None:
    settings = replace(teller.service.settings, public_url="https://teller.example")
    console = replace(teller.service.console, settings=settings)
    client = create_app(replace(teller.service, settings=settings, console=console)).test_client()
    url = settings.public_url

    def send(path: str, page: str, **form: str) -> list[str]:
        form["csrf_token"] = token(client.get(page, base_url=url).text)
        answer = client.post(path, data=form, base_url=url)
        assert answer.status_code == 303, path
        return answer.headers.getlist("Set-Cookie")

    given: list[str] = client.get("/", base_url=url).headers.getlist("Set-Cookie")
    given += send("/", "/", email=teller.staff(Role.AGENT).email, password=PASSWORD)
    given += send("/language", "/notifications", language="en")
    given += send("/notifications", "/notifications", sound="1", reply="1")
    assert {one.partition("=")[0] for one in given} == {
        "__Host-teller",
        "__Host-teller_lang",
        "__Host-teller_notify",
    }
    for one in given:
        parts = {part.strip() for part in one.split(";")[1:]}
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts, one
        assert "domain" not in one.lower()
    page = client.get("/notifications", base_url=url).text
    assert '<html lang="en">' in page
    assert re.search(r'name="sound"[^>]*checked', page)
    assert not re.search(r'name="desktop"[^>]*checked', page)
    # What a neighbour under the same domain could set, by the plain name, counts for nothing.
    client.delete_cookie("__Host-teller_lang", domain="teller.example")
    client.set_cookie("teller_lang", "en", domain="teller.example", secure=True)
    assert '<html lang="zh-Hant-TW">' in client.get("/notifications", base_url=url).text


def test_doctor_shows_credentials_of_embedded_servers_alone(tmp_path: Path) -> None:
    from bot.cli.doctor import _address

    theirs, ours = "mongodb://teller:hunter2@db.firm.tw/x?tls=true", "mongodb://teller:made@127.0.0.1:1/"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "servers.json").write_text(f'{{"mongodb_uri": "{ours}"}}')
    assert _address(tmp_path, theirs) == "mongodb://***@db.firm.tw/x?tls=true"
    assert _address(tmp_path, ours) == ours
