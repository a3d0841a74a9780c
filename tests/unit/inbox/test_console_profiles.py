"""The two profiles, setting by setting, and what a browser is told where the console is served over https."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import inbox
from bot.settings_security import PROFILES, Security
from inbox import auth
from tests.unit.inbox.fake import PASSWORD, FakeConsole, a_console, an_app
from tests.unit.inbox.forms import token

STATIC = Path(inbox.__file__).parent / "static"


def entered(service: FakeConsole, base_url: str = "http://localhost") -> tuple[Flask, FlaskClient]:
    app = an_app(service)
    client = app.test_client()
    page = client.get("/", base_url=base_url).text
    form = {"email": "agent@example.com", "password": PASSWORD, "csrf_token": token(page)}
    assert client.post("/", data=form, base_url=base_url).status_code == 303
    return app, client


def strictly(service: FakeConsole) -> FakeConsole:
    service.settings = replace(service.settings, security=Security("strict"))
    return service


def test_over_https_the_cookie_belongs_to_this_host_alone() -> None:
    service = a_console(public_url="https://desk.bank.example")
    app = an_app(service)
    client = app.test_client()
    url = "https://desk.bank.example"
    page = client.get("/", base_url=url)
    form = {"email": "agent@example.com", "password": PASSWORD, "csrf_token": token(page.text)}
    answer = client.post("/", data=form, base_url=url)
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("__Host-teller="))
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    age = re.search(r"max-age=(\d+)", page.headers["Strict-Transport-Security"])
    assert age
    assert int(age.group(1)) >= 365 * 86400


def test_what_each_page_tells_the_browser() -> None:
    _, client = entered(a_console())
    headers = client.get("/inbox").headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'self'",
    }
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_signing_out_clears_what_the_browser_kept() -> None:
    _, client = entered(a_console())
    proof = token(client.get("/start", follow_redirects=True).text)
    answer = client.post("/sign-out", data={"csrf_token": proof})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/inbox").status_code == 303


@pytest.mark.parametrize("profile", PROFILES)
def test_idle_minutes(profile: str) -> None:
    service = a_console()
    service.settings = replace(service.settings, security=Security(profile))
    app, client = entered(service)
    minutes = {"owasp": 30, "strict": 10}[profile]
    assert app.config["CONSOLE_IDLE_MINUTES"] == minutes
    assert client.get("/inbox").status_code == 200


def test_a_strict_page_covers_itself_without_a_script() -> None:
    """The browser's own animation: the delay is the profile's, and less motion does not switch it off."""
    _, client = entered(strictly(a_console()))
    page = client.get("/inbox").text
    assert re.search(r'<body class="[^"]* hides">', page)
    assert 'class="idle-veil"' in page
    assert "idle.css" in page
    style = (STATIC / "idle.css").read_text()
    seconds = Security("strict").idle_minutes * 60
    assert f"body.hides > * {{ animation: gone 1s step-end {seconds}s forwards !important; }}" in style
    _, relaxed = entered(a_console())
    assert "idle" not in relaxed.get("/inbox").text.replace("data-idle", "")
    assert "idle-veil" not in an_app(strictly(a_console())).test_client().get("/").text, "nobody is in yet"


def test_old_passwords_are_changed_first_in_the_strict_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    for profile, asked in (("owasp", False), ("strict", True)):
        service = a_console()
        service.settings = replace(service.settings, security=Security(profile))
        _, client = entered(service)
        plain = auth.present

        def old(plain: object = plain) -> object:
            return replace(plain(), password_at=datetime.now(UTC) - timedelta(days=91))  # type: ignore[operator]

        with monkeypatch.context() as patch:
            patch.setattr(auth, "present", old)
            answer = client.get("/inbox")
        assert (answer.status_code == 303 and "/account/password" in answer.location) is asked
