"""What was typed and not sent: sealed, one's own, gone when it was sent, and found on another device."""

from __future__ import annotations

from bot.app import create_app
from bot.model import Role
from bot.store.drafts import Typing
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

TYPED = "王先生，您的年費"


def test_a_draft_is_sealed_and_ones_own(teller: Teller) -> None:
    agent, other, user = teller.staff(Role.AGENT), teller.staff(Role.AGENT), teller.person()
    teller.hears(user, "我要找真人客服")
    conversation = teller.conversation(user)["_id"]
    drafts = teller.service.console.drafts
    assert not drafts.keep(agent.id, conversation, Typing(TYPED, "c-1")), "nobody has it yet"
    teller.service.console.desk.take(agent, conversation)
    assert drafts.keep(agent.id, conversation, Typing(TYPED, "c-1"))
    assert not drafts.keep(other.id, conversation, Typing(TYPED, "c-1"))
    found = drafts.of(agent.id, conversation)
    assert found is not None
    assert (found.text, found.client_id) == (TYPED, "c-1")
    assert drafts.of(other.id, conversation) is None
    assert TYPED.encode() not in b"".join(bytes(d["content"]) for d in teller.service.mongo["drafts"].find())
    teller.service.console.desk.reply(agent, conversation, TYPED, "c-1")
    assert drafts.of(agent.id, conversation) is None
    assert teller.service.mongo["drafts"].count_documents({}) == 0


def test_the_page_brings_it_back(teller: Teller) -> None:
    agent, user = teller.staff(Role.AGENT), teller.person()
    teller.hears(user, "我要找真人客服")
    conversation = teller.conversation(user)["_id"]
    teller.service.console.desk.take(agent, conversation)
    app = create_app(teller.service)
    page, address = f"/inbox/{conversation}", f"/inbox/{conversation}/typed"
    client = signed_in(app, agent)
    assert post(client, address, page, scripted=True, text=TYPED, client_id="c-7").status_code == 200
    assert post(client, address, page, scripted=True, text="字" * 4001).status_code == 400
    elsewhere = signed_in(app, agent).get(page).text
    assert f">{TYPED}</textarea>" in elsewhere
    assert 'name="client_id" value="c-7"' in elsewhere
    assert client.get(address).json == {"text": TYPED, "client_id": "c-7", "reason": "", "warning": ""}
    other = signed_in(app, teller.staff(Role.AGENT))
    # It is not theirs to read.
    assert other.get(address).status_code == 404
    assert post(other, address, scripted=True, text=TYPED).status_code == 409
    assert post(client, address, page, scripted=True, text="", client_id="c-7").status_code == 200
    assert TYPED not in client.get(page).text
