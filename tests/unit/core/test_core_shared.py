"""Lists that many look at: read once, and never older than the last change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.store import shared
from bot.store.shared import KEPT, Remembered, Shared


class Store:
    """Counts how often it was read; `revision` is what was told of, `desk` what one person was told of beside it."""

    def __init__(self) -> None:
        self.revision: str | None = "1"
        self.desk = "1"
        self.value, self.reads = "a", 0

    def read(self) -> str:
        self.reads += 1
        time.sleep(0.02)
        return self.value


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def lists(store: Store) -> Shared:
    return Shared(lambda _desk: (store.revision, store.desk) if store.revision else None)


def looked(lists: Shared, key: Hashable, read: Callable[[], str]) -> str:
    return lists.get(lists.moment("somebody"), key, read)


def test_it_is_read_once_and_again_after_a_change(store: Store, lists: Shared) -> None:
    assert [looked(lists, "k", store.read) for _ in range(3)] == ["a"] * 3
    store.value, store.revision = "b", "2"
    assert looked(lists, "k", store.read) == "b"
    assert store.reads == 2


def test_of_many_at_once_one_reads(store: Store, lists: Shared) -> None:
    start = threading.Barrier(20)

    def ask(_n: int) -> str:
        start.wait()
        return looked(lists, "k", store.read)

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(20))) == {"a"}
    assert store.reads == 1


def test_a_change_while_it_is_read_is_not_hidden_by_what_was_read_before_it(
    store: Store, lists: Shared
) -> None:
    def read() -> str:
        before = store.value
        store.value, store.revision = "b", "2"
        return before

    assert looked(lists, "k", read) == "a"
    assert looked(lists, "k", store.read) == "b"


def test_nothing_is_shared_while_nobody_knows(store: Store, lists: Shared) -> None:
    store.revision = None
    for _ in range(3):
        looked(lists, "k", store.read)
    assert store.reads == 3


def test_it_is_never_older_than_two_seconds(
    store: Store, lists: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(lists, "k", store.read)
    monkeypatch.setattr(shared, "LONGEST_S", 0.0)
    looked(lists, "k", store.read)
    assert store.reads == 2


def test_what_is_ones_own_changes_with_ones_desk_and_nothing_elses(store: Store, lists: Shared) -> None:
    def mine() -> str:
        return lists.own(lists.moment("somebody"), ("own", "somebody"), store.read)

    assert [mine(), mine(), looked(lists, "k", store.read)] == ["a"] * 3
    store.value, store.desk = "b", "2"
    assert [mine(), looked(lists, "k", store.read)] == ["b", "a"]


def test_ones_own_is_kept_for_ten_seconds(
    store: Store, lists: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(shared.time, "monotonic", lambda: now[0])
    for passed, reads in ((0.0, 1), (9.9, 1), (0.2, 2)):
        now[0] += passed
        lists.own(lists.moment("somebody"), ("own", "somebody"), store.read)
        assert store.reads == reads


def test_it_keeps_so_many_and_no_more(store: Store, lists: Shared) -> None:
    for key in range(KEPT + 50):
        looked(lists, key, lambda: "x")
    assert len(lists._kept) == KEPT
    assert len(lists._reading) == KEPT


def test_who_waited_takes_what_was_read_meanwhile_whatever_was_told_of_since() -> None:
    revisions = iter(["one", "two", "three"])
    house = Shared(lambda _desk: (next(revisions), ""))
    reading, waits, asked = threading.Event(), threading.Event(), []

    def slow() -> str:
        asked.append("slow")
        reading.set()
        waits.wait(5)
        return "old"

    def quick() -> str:
        asked.append("quick")
        return "new"

    found: list[str] = []
    first = threading.Thread(target=lambda: found.append(looked(house, "list", slow)))
    first.start()
    assert reading.wait(5)
    # Two come while the first reads: what it reads began before they asked, so one of them reads anew, for both.
    others = [threading.Thread(target=lambda: found.append(looked(house, "list", quick))) for _ in range(2)]
    for one in others:
        one.start()
    threading.Event().wait(0.2)  # both stand before the lock
    waits.set()
    for one in (first, *others):
        one.join(5)
    assert asked == ["slow", "quick"]
    assert sorted(found) == ["new", "new", "old"]


def test_names_are_asked_for_once_within_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked = [100.0], []
    monkeypatch.setattr(shared.time, "monotonic", lambda: now[0])

    def read(keys: Collection[str]) -> dict[str, str]:
        asked.append(sorted(keys))
        return {key: key.upper() for key in keys if key != "nobody"}

    names = Remembered(read)
    assert names.of(["a", "nobody"]) == {"a": "A"}
    assert names.of(["a", "b", "nobody"]) == {"a": "A", "b": "B"}
    now[0] += shared.LONGEST_S
    assert names.of(["a"]) == {"a": "A"}
    assert names.of([]) == {}
    assert asked == [["a", "nobody"], ["b"], ["a"]]
