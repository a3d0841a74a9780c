"""The drill of docs/operations.md through real processes: off, and no handler answers; on, and the bot is back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.test_webchat import Visitor
from tests.house import House
from tests.knowledge import answer, notice, question

WITHIN_S = 1.0
VISITORS = 12
"""More than the workers have threads at hand, so that each process has turns to decide."""
HANDED = notice("handoff_ai_off")


@pytest.fixture
def web(house: House, ids: dict[str, str]) -> Iterator[str]:
    yield ids["web"]
    # A drill that failed half-way must not leave the house of the other tests silent.
    for one in house.json("ai", "status", "--json")["off"]:
        scope = () if one["scope"] == "all" else ("--channel", one["scope"])
        house.run("ai", "on", *scope, "--reason", "the drill is over")


def replies(visitor: Visitor, said: int) -> list[str]:
    """What the bot said after the visitor's `said` lines, once something came and nothing more follows."""
    visitor.heard(said + 1)
    time.sleep(0.3)
    return [one["text"] for one in visitor.history() if one["author"] == "bot"]


def asks(house: House, account: str, article: str) -> list[str]:
    visitor = Visitor(house, account)
    assert visitor.says(question(article)) == 202
    return replies(visitor, 1)


def test_the_drill_off_for_one_channel_off_for_all_and_on_again(
    house: House, ids: dict[str, str], web: str
) -> None:
    article = "card-annual-fee"
    before = Visitor(house, web)
    assert before.says(question(article)) == 202
    assert any(answer(article) in text for text in replies(before, 1))

    off = house.json("ai", "off", "--channel", web, "--reason", "drill: the answers are wrong", "--json")
    assert (off["ai"], off["scope"]) == ("off", web)
    time.sleep(WITHIN_S)
    with ThreadPoolExecutor(VISITORS) as pool:
        heard = list(pool.map(lambda _: asks(house, web, article), range(VISITORS)))
    assert all(texts[0] == HANDED for texts in heard)
    assert not any(answer(article) in text for texts in heard for text in texts)
    answered = len(before.history())
    assert before.says(question(article)) == 202
    assert HANDED in replies(before, answered + 1)[-2:], "a conversation with the bot goes to people as well"
    line = house.json("simulate", ids["line"], question(article), "--wait", "15", "--json")
    assert any(answer(article) in text for text in line["replies"]), "only the one account was stopped"

    house.run("ai", "off", "--reason", "drill: stop everything")
    time.sleep(WITHIN_S)
    line = house.json("simulate", ids["line"], question(article), "--user", "drill", "--wait", "15", "--json")
    assert line["replies"][0] == HANDED
    assert not any(answer(article) in text for text in line["replies"])

    on = house.json("ai", "on", "--channel", web, "--reason", "drill: the account is fine", "--json")
    assert (on["ai"], [one["scope"] for one in on["off"]]) == ("off", ["all"]), "the whole is still off"
    on = house.json("ai", "on", "--reason", "drill: all is fine", "--json")
    assert (on["ai"], on["off"]) == ("on", [])
    time.sleep(WITHIN_S)
    assert any(answer(article) in text for text in asks(house, web, article))
