"""Looks that an open page takes by itself: what is kept between them never shows what somebody may not see any more."""

from __future__ import annotations

import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.model import Role
from bot.store import shared
from tests.unit.core.teller import Teller, signed_in

pytestmark = pytest.mark.servers
BACKGROUND = {"X-Background": "1"}


def look(client: FlaskClient, query: str) -> str:
    answer = client.get(f"/inbox/list?{query}", headers=BACKGROUND)
    assert answer.status_code == 200
    return answer.text


def skills(text: str) -> dict[str, bool]:
    """By skill, whether it is marked as one's own."""
    return {
        key: "mine" in marks for marks, key in re.findall(r'class="skill ([a-z ]*)" data-key="(\w+)"', text)
    }


def test_who_looks_sees_their_own_skills_and_numbers(teller: Teller, app: Flask) -> None:
    user = teller.person()
    teller.hears(user, "我要真人")
    conversation = str(teller.conversation(user)["_id"])
    plain, owner = teller.staff(Role.AGENT), teller.staff(Role.AGENT)
    teller.service.mongo["staff"].update_one({"_id": owner.id}, {"$set": {"skills": ["general"]}})
    pages = {one.id: signed_in(app, one) for one in (plain, owner)}
    seen = {one: skills(look(page, "view=waiting")) for one, page in pages.items()}
    assert seen == {plain.id: {"general": False}, owner.id: {"general": True}}
    teller.service.console.desk.take(owner, conversation)
    counts = {
        one: re.search(r"data-counts='([^']+)'", look(page, "view=waiting"))[1]  # type: ignore[index]
        for one, page in pages.items()
    }
    assert "&#34;mine&#34;: 1" in counts[owner.id]
    assert "&#34;mine&#34;: 0" in counts[plain.id]


def test_the_open_one_is_marked_for_whoever_has_it_open(teller: Teller, app: Flask) -> None:
    users = [teller.person(), teller.person()]
    for user in users:
        teller.hears(user, "我要真人")
    first, second = (str(teller.conversation(user)["_id"]) for user in users)
    client = signed_in(app, teller.staff(Role.AGENT))
    for one in (first, second, first, "elsewhere"):
        rows = re.findall(r'<a class="row[^>]*>', look(client, f"view=waiting&open={one}"))
        marked = [re.search(r'data-key="(\w+)"', row)[1] for row in rows if "aria-current" in row]  # type: ignore[index]
        assert marked == ([one] if one != "elsewhere" else [])


def test_the_numbers_alone_are_those_of_the_list(teller: Teller, app: Flask) -> None:
    teller.hears(teller.person(), "我要真人")
    client = signed_in(app, teller.staff(Role.AGENT))
    whole, head = look(client, "view=mine"), look(client, "view=mine&part=head")
    counts = re.compile(r"data-counts='([^']+)'")
    assert counts.findall(head) == counts.findall(whole)
    assert re.findall(r'data-region="([\w-]+)"', head) == ["list-head"]


@pytest.mark.parametrize("path", ["/inbox/list?view=mine", "/inbox/{}/said"])
def test_an_ended_session_looks_no_longer_than_two_seconds(
    teller: Teller, app: Flask, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, agent = teller.person(), teller.staff(Role.AGENT)
    teller.hears(user, "我要真人")
    path = path.format(teller.conversation(user)["_id"])
    client = signed_in(app, agent)
    assert client.get(path, headers=BACKGROUND).status_code == 200
    teller.service.console.door.sessions.end_all(agent.id)
    # What a person does asks the store.
    assert client.get("/inbox", headers={"Accept": "application/json"}).status_code == 401
    now = time.monotonic() + shared.LONGEST_S
    monkeypatch.setattr(shared.time, "monotonic", lambda: now)
    assert client.get(path, headers=BACKGROUND).status_code == 401


def test_only_these_looks_rely_on_a_moment_ago(teller: Teller, app: Flask) -> None:
    agent = teller.staff(Role.AGENT)
    client = signed_in(app, agent)
    assert client.get("/inbox/list?view=mine", headers=BACKGROUND).status_code == 200
    teller.service.console.door.sessions.end_all(agent.id)
    for path in ("/inbox/list?view=mine", "/inbox", "/account"):
        assert client.get(path, headers={"Accept": "application/json"}).status_code == 401
    assert client.get("/inbox", headers=BACKGROUND).status_code == 401
