"""Notes: numbered and chained in order whoever writes at once, sealed, masked, and gone with the customer's key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.model import Conversation, Role
from bot.store.documents import conversation_of
from bot.store.notes import GENESIS, NOTE, WHISPER, Note, NoteStore, intact
from bot.vault import ERASED, customer_key
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers


def asked(teller: Teller) -> Conversation:
    user = teller.person()
    teller.hears(user, "我要真人")
    return conversation_of(teller.conversation(user))


def write(
    teller: Teller, conversation: Conversation, author: str, text: str, *called: str, kind: str = NOTE
) -> Note:
    notes = NoteStore(teller.service.mongo, teller.service.vault)
    return teller.service.mongo.transaction(
        lambda session: notes.add(session, conversation, author, text, called, kind)
    )


def test_a_note_is_sealed_masked_and_chained(teller: Teller) -> None:
    conversation, agent, colleague = asked(teller), teller.staff(Role.AGENT), teller.staff(Role.SENIOR)
    notes = NoteStore(teller.service.mongo, teller.service.vault)
    write(teller, conversation, agent.id, "客戶電話 0912345678，請幫忙", colleague.id, colleague.id, agent.id)
    write(teller, conversation, colleague.id, "先別談費用", agent.id, kind=WHISPER)
    first, second = notes.of(conversation.id)
    assert "0912345678" not in first.text
    assert first.text.endswith("請幫忙")
    assert (first.seq, first.kind, first.author, first.mentions) == (
        1,
        NOTE,
        agent.id,
        (colleague.id, agent.id),
    )
    assert (second.seq, second.kind, second.text) == (2, WHISPER, "先別談費用")
    docs, head = notes.chain(conversation.id)
    assert "0912345678" not in str(docs)
    assert teller.service.vault.open(docs[0]["content"]) == "客戶電話 0912345678，請幫忙"
    assert intact(docs, head)
    assert intact([], GENESIS)
    assert not intact(docs[:1], head), "a cut tail shows"
    assert not intact([{**docs[0], "author": colleague.id}, docs[1]], head)
    assert not intact([docs[0], {**docs[1], "content": docs[0]["content"]}], head)


def test_a_call_is_unread_until_its_conversation_is_read_and_nobody_calls_themselves(teller: Teller) -> None:
    here, there = asked(teller), asked(teller)
    agent, colleague = teller.staff(Role.AGENT), teller.staff(Role.SENIOR)
    notes = NoteStore(teller.service.mongo, teller.service.vault)
    write(teller, here, agent.id, "@ 請看", colleague.id, agent.id)
    write(teller, there, agent.id, "@ 也請看", colleague.id)
    assert notes.unread_mentions(colleague.id) == 2
    assert notes.unread_mentions(agent.id) == 0
    assert notes.mentioning(colleague.id, 10) == [there.id, here.id]
    assert notes.unread_in(colleague.id, [here.id, there.id]) == {here.id, there.id}
    assert notes.read(colleague.id, here.id)
    assert not notes.read(colleague.id, here.id)
    assert notes.unread_mentions(colleague.id) == 1
    assert notes.unread_in(colleague.id, [here.id, there.id]) == {there.id}
    assert notes.mentioning(colleague.id, 10) == [there.id, here.id]
    docs, head = notes.chain(here.id)
    assert intact(docs, head), "having been read is no change of the record"


def test_many_who_write_at_once_get_a_number_each(teller: Teller) -> None:
    conversation = asked(teller)
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda n: write(teller, conversation, f"s{n}", f"第 {n} 則"), range(16)))
    notes = NoteStore(teller.service.mongo, teller.service.vault)
    docs, head = notes.chain(conversation.id)
    assert sorted(one.seq for one in written) == list(range(1, 17))
    assert intact(docs, head)
    assert [one.seq for one in notes.of(conversation.id, 3)] == [14, 15, 16]


def test_without_the_customers_key_a_note_cannot_be_read(teller: Teller) -> None:
    conversation = asked(teller)
    write(teller, conversation, "s1", "他說要投訴")
    teller.service.mongo["keys"].delete_one({"keyAltNames": customer_key(conversation.customer_id)})
    teller.service.vault.close()
    notes = NoteStore(teller.service.mongo, teller.service.vault)
    assert [one.text for one in notes.of(conversation.id)] == [ERASED]
    docs, head = notes.chain(conversation.id)
    assert intact(docs, head)
