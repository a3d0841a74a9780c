"""A console over the fake service, and people who sign in to it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.inbox.fake import PASSWORD, FakeConsole, a_console, an_app
from tests.unit.inbox.forms import Enter, token


@pytest.fixture
def service() -> FakeConsole:
    return a_console()


@pytest.fixture
def app(service: FakeConsole) -> Flask:
    return an_app(service)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def enter(app: Flask) -> Enter:
    """Signs somebody in by the part of the address before the @, in English."""

    def enter(who: str) -> FlaskClient:
        client = app.test_client()
        client.set_cookie("teller_lang", "en")
        page = client.get("/").text
        form = {"email": f"{who}@example.com", "password": PASSWORD, "csrf_token": token(page)}
        assert client.post("/", data=form).status_code == 303
        return client

    return enter
