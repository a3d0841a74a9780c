"""Filling in the console's forms as a browser does."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Enter = Callable[[str], FlaskClient]


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the page has no form token"
    return found.group(1)


def post(
    client: FlaskClient, path: str, page: str = "/start", scripted: bool = False, **form: str
) -> TestResponse:
    """A form sent as the browser would, with the token of `page`; `scripted` as the page's own scripts would."""
    shown = client.get(page, follow_redirects=True).text
    headers = {"Accept": "application/json"} if scripted else {}
    return client.post(path, data={**form, "csrf_token": token(shown)}, headers=headers)
