"""Every ciphertext of the whole database is opened: no code, no CVV and no password was stored, on any channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bson.binary import Binary

from bot.masking.destroy import destroy, destroy_lines
from bot.model import ChannelType, Role
from bot.store.drafts import DraftStore, Typing
from bot.vault import KEYS
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

SPOKEN = "驗證碼是 739154 卡號4539578763621486 安全碼 846,網銀密碼是 Zebra88x"
SECRETS = ("739154", "846,", "Zebra88x")


def kept(teller: Teller) -> Iterator[str]:
    """Every text the database holds, ciphertexts opened."""
    for name in teller.service.mongo.db.list_collection_names():
        if name != KEYS:
            for doc in teller.service.mongo[name].find():
                yield from _texts(teller, doc)


def _texts(teller: Teller, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(teller, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(teller, inner)
    elif isinstance(value, Binary) and value.subtype == 6:
        yield teller.service.vault.open(value)
    elif isinstance(value, str):
        yield value


def _found(teller: Teller, *secrets: str) -> list[str]:
    return [text for text in kept(teller) if any(one in text for one in secrets)]


@pytest.mark.parametrize("channel", [ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM])
def test_before_the_first_write(teller: Teller, channel: ChannelType) -> None:
    user = teller.person()
    teller.posts({"user_id": user, "text": SPOKEN}, channel=channel)
    # The event waits, sealed, and holds none of it already.
    (pending,) = teller.service.mailbox.events.pending(teller.thread(user, channel))
    assert pending.inbound.text == "驗證碼是 [機密] 卡號4539578763621486 安全碼 [機密],網銀密碼是 [機密]"
    assert _found(teller, *SECRETS) == []
    teller.drain(user, channel)
    assert teller.said(user, channel)[0] == f"customer: {pending.inbound.text}"
    assert _found(teller, *SECRETS) == []
    # The scan does see what is there.
    assert _found(teller, "4539578763621486")


def test_in_the_web_chat(teller: Teller, app: Any) -> None:
    client, account = app.test_client(), teller.accounts[ChannelType.WEB]
    token = client.post(f"/webchat/{account.id}/session", json={}).json["token"]
    sent = client.post(
        f"/webchat/{account.id}/messages",
        json={"text": SPOKEN, "client_id": "c-1"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert sent.status_code == 202
    assert _found(teller, *SECRETS) == []
    teller.work()
    assert _found(teller, *SECRETS) == []


def test_a_code_in_a_message_of_its_own(teller: Teller) -> None:
    user = teller.person()
    teller.hears(user, "我收到的驗證碼是")
    teller.hears(user, "６１８２０７")
    teller.hears(user, "618208")
    said = [line for line in teller.said(user) if line.startswith("customer")]
    assert said == ["customer: 我收到的驗證碼是", "customer: [機密]", "customer: 618208"]
    assert _found(teller, "６１８２０７", "618207") == []


def test_what_people_write(teller: Teller, app: Any) -> None:
    agent, user = teller.staff(Role.SUPERVISOR), teller.person()
    teller.hears(user, "我要找真人")
    talk, customer = teller.conversation(user)["_id"], teller.conversation(user)["customer"]
    client = signed_in(app, agent)
    post(client, f"/inbox/{talk}/take")
    post(client, f"/inbox/{talk}/reply", text=f"客戶說 {SPOKEN}", client_id="r-1")
    post(client, f"/inbox/{talk}/note", text=f"備註 {SPOKEN}")
    post(client, f"/inbox/customers/{customer}/notes", text=f"記下 {SPOKEN}")
    DraftStore(teller.service.mongo, teller.service.vault).keep(agent.id, talk, Typing(SPOKEN, "r-2"))
    texts = list(kept(teller))
    for mark in ("客戶說 驗證碼是 [機密]", "備註 驗證碼是 [機密]", "記下 驗證碼是 [機密]"):
        assert any(mark in text for text in texts), mark
    assert _found(teller, *SECRETS) == []


def test_destroying_twice_changes_nothing() -> None:
    once = destroy(SPOKEN)
    assert destroy(once) == once
    plain = "請問營業時間"
    assert destroy(plain) is plain


def test_the_line_before_decides() -> None:
    assert destroy_lines("卡片背面三碼", ["123"]) == ["[機密]"]
    assert destroy_lines("驗證碼收不到", ["123456"]) == ["123456"]
    assert destroy_lines("", ["密碼是", "Hunter22", "謝謝"]) == ["密碼是", "[機密]", "謝謝"]


def test_what_is_no_code_stays() -> None:
    assert destroy_lines("我要改密碼", ["hello"]) == ["hello"]
    assert destroy("忘記密碼\nthanks a lot") == "忘記密碼\nthanks a lot"
