"""The last words of an open conversation: the same lines as on the whole page, and nothing of what stands around."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.model import Role
from inbox.said import LAST
from tests.unit.core.teller import Teller, signed_in

pytestmark = pytest.mark.servers
LINE = re.compile(r'<li class="line.*?</li>', re.S)
BACKGROUND = {"X-Background": "1"}


def lines(client: FlaskClient, path: str) -> list[str]:
    answer = client.get(path, headers=BACKGROUND)
    assert answer.status_code == 200
    return [re.sub(r"\s+", " ", one) for one in LINE.findall(answer.text)]


def talk(teller: Teller, app: Flask, says: int) -> tuple[FlaskClient, str, str]:
    user, agent = teller.person(), teller.staff(Role.AGENT)
    teller.hears(user, "我要真人")
    conversation = str(teller.conversation(user)["_id"])
    teller.service.console.desk.take(agent, conversation)
    for number in range(says):
        teller.hears(user, f"第 {number} 句話")
    client = signed_in(app, agent)
    client.get(f"/inbox/{conversation}")
    return client, user, conversation


def test_they_are_the_end_of_the_whole_page(teller: Teller, app: Flask) -> None:
    client, user, conversation = talk(teller, app, LAST + 5)
    for newest in ("", "最新的一句"):
        if newest:
            teller.hears(user, newest)
        whole = lines(client, f"/inbox/{conversation}/thread")
        last = lines(client, f"/inbox/{conversation}/said")
        # What was done is noted to the second, and stands after all that was said within it.
        words = [one for one in last if 'class="line deed' not in one]
        assert len(words) == LAST - 1
        assert last == whole[-len(last) :]
        assert newest in words[-1]


def test_a_short_conversation_comes_whole_with_what_was_done(teller: Teller, app: Flask) -> None:
    client, _, conversation = talk(teller, app, 2)
    whole = lines(client, f"/inbox/{conversation}/thread")
    assert lines(client, f"/inbox/{conversation}/said") == whole
    assert any("deed" in one for one in whole)


def test_nothing_stands_around_them_but_what_words_change(teller: Teller, app: Flask) -> None:
    client, _, conversation = talk(teller, app, 1)
    text = client.get(f"/inbox/{conversation}/said", headers=BACKGROUND).text
    assert re.findall(r'data-region="(\w+)"', text) == ["thread", "hand", "allowed"]


def test_a_first_look_is_noted_as_any_other(teller: Teller, app: Flask) -> None:
    _, _, conversation = talk(teller, app, 1)
    supervisor = teller.staff(Role.SUPERVISOR)
    client = signed_in(app, supervisor)
    for _ in range(2):
        lines(client, f"/inbox/{conversation}/said")
    found = teller.service.mongo["audit"].find({"actor": supervisor.id, "action": "inbox:conversation:open"})
    assert [(one["subject"], one["why"]) for one in found] == [
        (f"conversation:{conversation}", "page:said.lines#others")
    ]


def test_another_agents_conversation_is_not_there(teller: Teller, app: Flask) -> None:
    _, _, conversation = talk(teller, app, 1)
    stranger = signed_in(app, teller.staff(Role.AGENT))
    assert stranger.get(f"/inbox/{conversation}/said", headers=BACKGROUND).status_code == 404


def keys(client: FlaskClient, path: str) -> list[str]:
    return [re.search(r'data-key="([^"]+)"', one)[1] for one in lines(client, path)]  # type: ignore[index]


def test_after_a_message_only_what_followed_comes_as_on_the_whole_page(teller: Teller, app: Flask) -> None:
    client, user, conversation = talk(teller, app, 3)
    shown = keys(client, f"/inbox/{conversation}/thread")
    said = [str(one["_id"]) for one in teller.rows("messages", user)]
    for number in range(2):
        teller.hears(user, f"新的 {number}")
    whole = lines(client, f"/inbox/{conversation}/thread")
    last = next(one for one in reversed(shown) if one in said)
    path = f"/inbox/{conversation}/said?after={last}"
    assert lines(client, path) == [one for one in whole if "新的" in one]
    assert f'data-after="{last}"' in client.get(path, headers=BACKGROUND).text


@pytest.mark.parametrize("after", ["", "deed-0-1", "unknown"])
def test_after_what_is_no_message_of_the_last_ones_the_end_comes(
    teller: Teller, app: Flask, after: str
) -> None:
    client, _, conversation = talk(teller, app, 2)
    path = f"/inbox/{conversation}/said"
    assert lines(client, f"{path}?after={after}") == lines(client, path)
    assert "data-after" not in client.get(f"{path}?after={after}", headers=BACKGROUND).text


def test_nothing_comes_after_the_last(teller: Teller, app: Flask) -> None:
    client, user, conversation = talk(teller, app, 2)
    last = teller.rows("messages", user)[-1]["_id"]
    assert lines(client, f"/inbox/{conversation}/said?after={last}") == []
