"""What costs the database nothing: a widget that hears nothing, and an account that many webhooks ask for at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.model import ChannelAccount
from bot.store.accounts import AccountStore
from bot.webchat import WebChat, _following
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers


def test_a_silent_stream_says_it_is_here_and_looks_only_where_it_may_have_missed_something() -> None:
    looks: list[int] = []

    def since(_thread: str, pos: int) -> list[Any]:
        looks.append(pos)
        return []

    redis = SimpleNamespace(set=lambda *_args, **_more: True)
    chat = cast(
        WebChat, SimpleNamespace(views=SimpleNamespace(since=since), queue=SimpleNamespace(redis=redis))
    )
    pokes = iter([{}, {}, None, {"topics": ["thread:t"]}])
    said = list(_following(chat, "t", 7, [], cast(Any, pokes)))
    assert said[1:] == [": still here\n\n"] * 3
    assert looks == [7, 7]


def test_of_many_who_ask_for_an_account_at_once_one_reads(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = AccountStore(teller.service.mongo, teller.service.vault)
    account = teller.service.accounts.list()[0]
    read, start, reads = store.get, threading.Barrier(8), []

    def counted(account_id: str) -> ChannelAccount | None:
        reads.append(account_id)
        # As long as it takes the others to stand before the lock.
        threading.Event().wait(0.2)
        return read(account_id)

    def ask(_number: int) -> ChannelAccount | None:
        start.wait()
        return store.recent(account.id, 60.0)

    monkeypatch.setattr(store, "get", counted)
    with ThreadPoolExecutor(8) as pool:
        assert {one.id for one in pool.map(ask, range(8)) if one} == {account.id}
    assert reads == [account.id]
    assert store.recent(account.id, -1.0) is not None
    assert len(reads) == 2
