"""Shared by every test: real servers a run, and one whole Teller a run; each test brings customers of its own."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from xdist.scheduler import LoadScopeScheduling

from bot.embedded import Servers
from bot.settings import Settings
from tests.house import House, running, texts
from tests.sandbox.client import Sandbox
from tests.sandbox.events import line_text_event

ROOT = Path(__file__).resolve().parents[1]
OWN_HOUSE = re.compile(r"^def house\(|\brunning\(", re.M)
SHARES_HOUSE = re.compile(r"^def (?:test_)?\w+\([^)]*\b(?:house: House|ids: dict|person: Callable)", re.M)
FIRST = ("tests/fault/", "tests/browser/", "tests/e2e/", "tests/laws/")
"""Where tests take long: what begins last should be short."""
_numbers = itertools.count(1)
_people = itertools.count(1)


@cache
def scope_of(file: str) -> str:
    """What runs in one process: all that shares the one whole Teller of a run, else the file by itself."""
    text = (ROOT / file).read_text()
    whole = SHARES_HOUSE.search(text) and not OWN_HOUSE.search(text)
    return "whole" if whole and file.startswith(("tests/e2e/", "tests/browser/")) else file


class Groups(LoadScopeScheduling):
    """With several processes: a scope stays in one of them, and the longest begins first.

    Not xdist's own `loadgroup`: it writes the group to a name that pytest 9.2 no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid.partition("::")[0])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        file = item.nodeid.partition("::")[0]
        begins = [n for n, folder in enumerate(FIRST) if file.startswith(folder)]
        return -1 if scope_of(file) == "whole" else begins[0] if begins else len(FIRST)

    items.sort(key=rank)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    config.option.loadscopereorder = False
    return Groups(config, log)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    running = Servers.start(tmp_path_factory.mktemp("servers"), mongodb_uri=None, redis_url=None)
    yield running
    running.stop()


@pytest.fixture
def settings(servers: Servers, tmp_path: Path) -> Settings:
    """Settings on a database and a Redis of this test's own."""
    number = next(_numbers)
    return Settings.from_env(
        {
            "TELLER_HOME": str(tmp_path / "home"),
            "MONGODB_URI": with_path(servers.mongodb_uri, f"/test_{number}"),
            "REDIS_URL": with_path(servers.redis_url, f"/{number % 16}"),
        }
    )


def with_path(uri: str, path: str) -> str:
    return urlunsplit(urlsplit(uri)._replace(path=path))


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house") / "home") as one:
        yield one


@pytest.fixture(scope="session")
def ids(house: House) -> dict[str, str]:
    """Channel account ids by channel."""
    return house.accounts()


@dataclass(slots=True)
class Person:
    """A customer on a platform's stand-in: says things through signed webhooks, reads what came back."""

    sandbox: Sandbox
    channel: str
    user: str
    since: int

    def says(self, text: str, **event: Any) -> int:
        """The webhook's status."""
        return int(self.sandbox.send_event(self.channel, user=self.user, text=text, **event)["status"])

    def does(self, **event: Any) -> dict[str, Any]:
        return self.sandbox.send_event(self.channel, user=self.user, **event)

    def line_event(self, text: str) -> dict[str, Any]:
        """An event made here; the stand-in is told whose its reply token is, as LINE itself would know."""
        event = line_text_event(self.user, text)
        self.sandbox.reply_tokens({event["replyToken"]: self.user})
        return event

    def reads(self, count: int, timeout: float = 15.0) -> list[str]:
        """What was shown to the customer so far, as soon as there are `count` messages."""
        end = time.monotonic() + timeout
        while len(found := self.shown()) < count and time.monotonic() < end:
            time.sleep(0.05)
        assert len(found) >= count, f"{len(found)} of {count} messages within {timeout} s"
        return found

    def calls(self) -> list[dict[str, Any]]:
        rows = self.sandbox.received(self.channel, since=self.since, method="POST", kind="call")
        return [row for row in rows if self.user in str(row.get("to"))]

    def shown(self) -> list[str]:
        return texts(self.calls())


@pytest.fixture
def person(house: House) -> Callable[[str], Person]:
    def make(channel: str) -> Person:
        number = next(_people)
        user = {
            "line": f"U{number:032x}",
            "messenger": f"65432198700{number:05d}",
            "telegram": str(500000 + number),
        }
        return Person(house.sandbox, channel, user[channel], house.sandbox.last())

    return make
