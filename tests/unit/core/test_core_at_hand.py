"""Approved articles beside a conversation: found when the customer writes, sent byte for byte, and by nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from bot.app import create_app
from bot.desk.suggest import AT_HAND, Suggesting, near
from bot.embedded import Servers
from bot.errors import Conflict, NotAllowed, NotFound
from bot.model import ChannelType, ContentKind, Found, Kind, ProductClass, Ref, Role, Staff, StaySilent, Turn
from bot.rendering import SEPARATOR
from inbox import summary
from tests.unit.core.teller import Teller, apart, signed_in
from tests.unit.inbox.forms import post

LOST = "信用卡掉了要怎麼掛失"


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "at_hand", articles=True) as one:
        yield one


def assigned(teller: Teller, who: Staff, user: str, channel: ChannelType = ChannelType.LINE) -> str:
    teller.hears(user, "我要找真人客服", channel)
    conversation: str = teller.conversation(user, channel)["_id"]
    teller.service.console.desk.take(who, conversation)
    return conversation


def test_what_comes_close_is_found_by_the_worker_and_kept_with_the_line(teller: Teller) -> None:
    agent, user = teller.staff(Role.AGENT), teller.person()
    conversation = assigned(teller, agent, user)
    teller.hears(user, LOST)
    decision = teller.decisions(user)[-1]
    assert decision["decision"] == "StaySilent"
    kept = decision["trace"][AT_HAND]
    assert 1 <= len(kept) <= 4
    assert set(kept[0]) == {"article", "version", "confidence"}
    at_hand = teller.service.console.at_hand
    page = teller.service.console.desk.page(agent, conversation)
    ready = at_hand.suggested(page)
    assert "掛失" in ready[0].title
    assert ready[0].ref.id == kept[0]["article"]


def test_one_click_sends_the_approved_words_and_what_the_class_has_to_say(teller: Teller) -> None:
    agent, user = teller.staff(Role.AGENT), teller.person()
    conversation = assigned(teller, agent, user)
    teller.hears(user, LOST)
    at_hand, knowledge = teller.service.console.at_hand, teller.service.knowledge
    ready = at_hand.suggested(teller.service.console.desk.page(agent, conversation))[0]
    sent = at_hand.send(agent, conversation, ready.ref.id, ready.ref.version, "click-1")
    again = at_hand.send(agent, conversation, ready.ref.id, ready.ref.version, "click-1")
    assert sent == again
    teller.drain(user)
    message = teller.rows("messages", user)[-1]
    disclosures = knowledge.disclosures(ready.ref)
    assert disclosures, "a card's article has its disclosure"
    wanted = SEPARATOR.join(knowledge.text(ref, "zh-TW") for ref in (ready.ref, *disclosures))
    assert teller.service.vault.open(message["content"]) == wanted
    assert message["author"] == f"staff:{agent.id}"
    named = [(ref["kind"], ref["id"], ref["sha256"]) for ref in message["approved"]]
    assert named == [(ref.kind.value, ref.id, ref.sha256) for ref in (ready.ref, *disclosures)]
    assert teller.line.texts(user).count(wanted) == 1
    noted = teller.service.mongo["audit"].find_one({"subject": conversation, "action": "conversation:reply"})
    assert noted is not None
    assert noted["detail"]["article"] == ready.ref.id


def test_only_who_has_the_conversation_sends_and_only_what_was_read(teller: Teller) -> None:
    agent, other, user = teller.staff(Role.AGENT), teller.staff(Role.AGENT), teller.person()
    conversation = assigned(teller, agent, user)
    at_hand = teller.service.console.at_hand
    page = teller.service.console.desk.page(agent, conversation)
    ready = at_hand.found(page, "掛失")[0]
    with pytest.raises(NotFound):
        at_hand.send(other, conversation, ready.ref.id, ready.ref.version, "x")
    with pytest.raises(NotAllowed):
        at_hand.send(teller.staff(Role.COMPLIANCE), conversation, ready.ref.id, ready.ref.version, "x")
    with pytest.raises(Conflict):
        at_hand.send(agent, conversation, ready.ref.id, ready.ref.version + 1, "x")
    with pytest.raises(NotFound):
        at_hand.send(agent, conversation, "no-such-article", 1, "x")
    assert all("掛失" not in text for text in teller.line.texts(user))


def test_any_article_is_found_by_its_words(teller: Teller) -> None:
    agent, user = teller.staff(Role.AGENT), teller.person()
    page = teller.service.console.desk.page(agent, assigned(teller, agent, user))
    found = teller.service.console.at_hand.found(page, "信用卡 年費")
    assert any("年費" in one.title for one in found[:3])
    assert teller.service.console.at_hand.found(page, "  ") == ()
    assert teller.service.console.at_hand.found(page, "xyzzy") == ()


def test_the_page_offers_and_sends(teller: Teller) -> None:
    agent, user = teller.staff(Role.AGENT), teller.person()
    conversation = assigned(teller, agent, user)
    teller.hears(user, LOST)
    app = create(teller)
    client = signed_in(app, agent)
    page = f"/inbox/{conversation}"
    text = client.get(page).text
    assert "data-hand-send" in text
    article, version = wanted(text)
    assert post(client, f"{page}/articles", page, article=article, version="x").status_code == 404
    answer = post(
        client, f"{page}/articles", page, scripted=True, article=article, version=version, client_id="p1"
    )
    assert answer.status_code == 200
    assert teller.rows("messages", user)[-1]["approved"][0]["id"] == article
    fragment = client.get(f"{page}/articles?q=掛失", headers={"X-Background": "1"}).text
    assert "data-hand-send" in fragment
    assert "<html" not in fragment
    compliance = signed_in(app, teller.staff(Role.COMPLIANCE))
    assert compliance.get(f"{page}/articles?q=掛失").status_code == 403


def create(teller: Teller) -> Flask:
    return create_app(teller.service)


def wanted(page: str) -> tuple[str, str]:
    after = page.partition('name="article" value="')[2]
    return after.partition('"')[0], after.partition('name="version" value="')[2].partition('"')[0]


def test_the_hand_off_in_short(teller: Teller) -> None:
    agent, user = teller.staff(Role.AGENT), teller.person()
    teller.hears(user, "信用卡年費怎麼減免？我的卡號 4111111111111111")
    conversation = assigned(teller, agent, user)
    teller.hears(user, "還在嗎")
    said = None
    with create(teller).test_request_context():
        said = summary.of(teller.service.console.desk.page(agent, conversation))
    assert said is not None
    assert said.asked[-1] == "我要找真人客服"
    assert "4111111111111111" not in "".join(said.asked)
    assert said.tried[-1].reason == said.reason
    assert said.tried[-1].decision
    teller.service.console.desk.resolve(agent, conversation)
    with create(teller).test_request_context():
        assert summary.of(teller.service.console.desk.page(agent, conversation)) is None


class Silent:
    def decide(self, turn: Turn) -> tuple[str, StaySilent]:
        return "agent_owned", StaySilent("conversation is assigned")

    def unfinished(self, text: str) -> bool:
        return False


def test_a_search_that_fails_costs_no_turn(teller: Teller) -> None:
    agent, user = teller.staff(Role.AGENT), teller.person()
    page = teller.service.console.desk.page(agent, assigned(teller, agent, user))
    turn = Turn(Kind.TEXT, "年費", "zh-TW", page.conversation, page.messages[-1].at, history=("信用卡",))

    def broken(text: str, locale: str) -> list[Found]:
        raise RuntimeError(text)

    assert Suggesting(Silent(), broken).decide(turn) == Silent().decide(turn)
    asked: list[str] = []

    def looks(text: str, locale: str) -> list[Found]:
        asked.append(text)
        ref = Ref(ContentKind.ARTICLE, "fee", 1, "0" * 64)
        return [
            Found(ref, "年費", ProductClass.CARD, 0.6),
            Found(replace(ref, id="far"), "x", ProductClass.CARD, 0.01),
        ]

    _, decision = Suggesting(Silent(), looks).decide(turn)
    assert asked == ["信用卡 年費"]
    assert [one["article"] for one in decision.trace[AT_HAND]] == ["fee"]
    assert near(page.messages[:0], 3) == []
    # Where messages wait for a worker, they come first.
    assert Suggesting(Silent(), looks, lambda: True).decide(turn) == Silent().decide(turn)
    assert len(asked) == 1
