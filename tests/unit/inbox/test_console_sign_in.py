"""Sign-in: no hints, few tries, a fresh session, and an end to it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.settings_security import Security
from inbox import auth
from inbox.account import local_path
from tests.unit.inbox.fake import PASSWORD, FakeConsole, a_console, an_app
from tests.unit.inbox.forms import Enter, post, token


def attempt(client: FlaskClient, email: str, password: str, **more: str) -> TestResponse:
    form = {"email": email, "password": password, "csrf_token": token(client.get("/").text), **more}
    return client.post("/", data=form)


def test_unknown_wrong_and_inactive_look_the_same(client: FlaskClient) -> None:
    answers = [
        attempt(client, "nobody@example.com", PASSWORD),
        attempt(client, "agent@example.com", "wrong password"),
        attempt(client, "gone@example.com", PASSWORD),
    ]
    assert {a.status_code for a in answers} == {401}
    pages = {a.text.split('name="email"')[0].split("csrf_token")[0] for a in answers}
    assert len(pages) == 1
    assert "電子郵件或密碼不正確" in answers[0].text


def test_sixth_failure_in_a_minute_is_refused_even_with_the_right_password(client: FlaskClient) -> None:
    for _ in range(5):
        assert attempt(client, "agent@example.com", "wrong").status_code == 401
    refused = attempt(client, "Agent@Example.com ", PASSWORD)
    assert refused.status_code == 429
    assert "請等一分鐘後再試" in refused.text
    assert refused.headers["Retry-After"] == "60"
    assert attempt(client, "senior@example.com", PASSWORD).status_code == 303


def test_another_address_is_not_locked_out(client: FlaskClient) -> None:
    for _ in range(6):
        attempt(client, "agent@example.com", "wrong")
    client.environ_base["REMOTE_ADDR"] = "10.9.8.7"
    assert attempt(client, "agent@example.com", PASSWORD).status_code == 303


def test_right_passwords_do_not_add_up(app: Flask, service: FakeConsole) -> None:
    for _ in range(8):
        assert attempt(app.test_client(), "agent@example.com", PASSWORD).status_code == 303


def test_limit_holds_while_redis_is_away(service: FakeConsole) -> None:
    service.limiter_storage = "redis://127.0.0.1:1/0"
    client = an_app(service).test_client()
    codes = [attempt(client, "agent@example.com", "wrong").status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]


def test_whoever_goes_on_guessing_waits_longer(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    now = auth.time.time()
    clock = {"at": now - now % 3600}
    monkeypatch.setattr(auth.time, "time", lambda: clock["at"])
    waits = []
    for _ in range(4):
        for _ in range(5):
            last = attempt(client, "agent@example.com", "wrong")
        waits.append((last.status_code, last.headers.get("Retry-After")))
        clock["at"] += 61
    assert waits[:3] == [(401, None)] * 3
    assert waits[3][0] == 429
    assert int(waits[3][1] or 0) > 30 * 60
    client.environ_base["REMOTE_ADDR"] = "10.9.8.7"
    assert attempt(client, "agent@example.com", PASSWORD).status_code == 303, "nobody is shut out by others"


def test_the_strict_profile_locks_after_five_wherever_they_come_from(service: FakeConsole) -> None:
    service.settings = replace(service.settings, security=Security("strict"))
    app = an_app(service)
    assert app.config["CONSOLE_IDLE_MINUTES"] == 10
    answers = {}
    for email in ("agent@example.com", "nobody@example.com"):
        client = app.test_client()
        codes = []
        for n in range(6):
            client.environ_base["REMOTE_ADDR"] = f"10.9.8.{n}"
            codes.append(attempt(client, email, "wrong").status_code)
        last = attempt(client, email, PASSWORD)
        answers[email] = (codes, last.status_code, last.headers["Retry-After"])
    assert answers["agent@example.com"] == ([401] * 5 + [429], 429, "1800")
    assert answers["nobody@example.com"] == answers["agent@example.com"], "a lock tells nothing"
    for _ in range(3):
        other = app.test_client()
        for _ in range(4):
            assert attempt(other, "senior@example.com", "wrong").status_code == 401
        assert attempt(other, "senior@example.com", PASSWORD).status_code == 303, "the fifth may be right"


def test_session_is_new_after_sign_in_and_gone_after_sign_out(client: FlaskClient) -> None:
    client.get("/")
    before = client.get_cookie("teller")
    answer = attempt(client, "agent@example.com", PASSWORD)
    after = client.get_cookie("teller")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    with client.session_transaction() as session:
        assert "csrf_token" not in session, "nothing of the session before the sign-in lives on"
        assert len(session["sid"]) >= 20
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    out = post(client, "/sign-out")
    assert out.status_code == 303
    assert "storage" in out.headers["Clear-Site-Data"]
    assert client.get("/inbox").status_code == 303


def test_https_makes_the_cookie_secure_and_bound_to_the_host() -> None:
    client = an_app(a_console(public_url="https://service.example.com")).test_client()
    answer = client.get("/", base_url="https://service.example.com")
    assert "__Host-teller=" in answer.headers["Set-Cookie"]
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_sign_in_needs_the_form_token(client: FlaskClient) -> None:
    answer = client.post("/", data={"email": "agent@example.com", "password": PASSWORD})
    assert answer.status_code == 400


def test_idle_session_ends_and_a_page_that_refreshes_itself_keeps_nobody_in(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = enter("agent")
    now = auth.time.time()
    clock = {"at": now}
    monkeypatch.setattr(auth.time, "time", lambda: clock["at"])
    clock["at"] = now + 20 * 60
    assert client.get("/inbox/list", headers={"X-Background": "1"}).status_code == 200
    clock["at"] = now + 31 * 60
    answer = client.get("/inbox")
    assert answer.status_code == 303
    assert "ended=1" in answer.location


def test_use_keeps_a_session_but_not_past_twelve_hours(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    client = enter("agent")
    now = auth.time.time()
    clock = {"at": now}
    monkeypatch.setattr(auth.time, "time", lambda: clock["at"])
    for _ in range(35):
        clock["at"] += 20 * 60
        assert client.get("/inbox").status_code == 200
    clock["at"] = now + 12 * 3600 + 1
    assert client.get("/inbox").status_code == 303


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "", None, "/a\nb"]
)
def test_no_way_to_another_site(target: str | None) -> None:
    assert local_path(target) is None


def test_returns_to_the_page_asked_for(client: FlaskClient) -> None:
    assert (
        attempt(client, "agent@example.com", PASSWORD, next="/inbox/c1?view=mine").location
        == "/inbox/c1?view=mine"
    )
    other = client.application.test_client()
    assert attempt(other, "agent@example.com", PASSWORD, next="//evil.example").location == "/inbox"


def test_audit_names_no_address_of_a_person(client: FlaskClient, service: FakeConsole) -> None:
    attempt(client, "agent@example.com", "wrong")
    attempt(client, "agent@example.com", PASSWORD)
    assert service.actions() == ["account:session:refused", "account:session:begin"]
    assert "agent@example.com" not in repr(service.audited)
