"""What a browser is told to refuse, and that our own pages live by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import inbox
from inbox import assets
from tests.unit.inbox.forms import Enter

FOLDER = Path(inbox.__file__).parent
PAGES = ["/", "/inbox/nope", "/nope", "/inbox"]


@pytest.mark.parametrize("path", PAGES)
def test_headers_of_pages(enter: Enter, path: str) -> None:
    headers = enter("agent").get(path).headers
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_programs_routes_are_left_alone(app: Flask) -> None:
    app.add_url_rule("/webhooks/x", "x", lambda: "ok", methods=["POST"])
    client = app.test_client()
    assert "Content-Security-Policy" not in client.post("/webhooks/x").headers
    missing = client.get("/webhooks/line/none")
    assert missing.status_code == 404
    assert "Content-Security-Policy" not in missing.headers
    assert "Teller" not in missing.text


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.html")), ids=lambda path: path.name)
def test_templates_live_by_the_policy(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"""(src|href|action)=["'](https?:)?//""", text)
    assert "|safe" not in text


def test_assets_are_our_own_and_kept_for_good(client: FlaskClient) -> None:
    for path in assets.FOLDER.iterdir():
        text = path.read_text()
        assert not re.search(r"https?://(?!www\.w3\.org)", text), path.name
        assert "innerHTML" not in text
        assert "eval(" not in text
    url = f"/console/static/{assets.version()}/base.css"
    assert "immutable" in client.get(url).headers["Cache-Control"]
    assert client.get("/console/static/old/base.css").headers["Cache-Control"] == "no-cache"
    assert client.get(f"/console/static/{assets.version()}/../auth.py").status_code == 404
