"""A crowd with open pages, in a process of its own: consoles that behave as inbox.js does, and widgets.

Reads a job as JSON on stdin. Prints `ready` once every stream is open, then waits for a line on stdin and prints
what it saw as JSON: for each mark (a word in a message) when a page that shows its conversation, or its list, had it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

# Of inbox/static/inbox.js.
LIST_EVERY_S, COUNTS_EVERY_S, THREAD_EVERY_S = 0.4, 3.0, 0.06
PACES = {"list": LIST_EVERY_S, "counts": COUNTS_EVERY_S, "thread": THREAD_EVERY_S}
MARK = re.compile(rb"zq[a-z]{8}qz")
LINE = re.compile(rb'<li class="line[^>]*data-key="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Console:
    """One open inbox: the session's cookies, the view shown, the conversation open (or none)."""

    cookies: dict[str, str]
    view: str
    conversation: str | None


@dataclass(frozen=True, slots=True)
class Crowd:
    """`widgets` are (account, token)."""

    url: str
    consoles: list[Console] = field(default_factory=list)
    widgets: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Seen:
    """When (time.time()) a mark was first on a page: in an open conversation, a list, a widget. `refused` by status."""

    threads: dict[str, float] = field(default_factory=dict)
    lists: dict[str, float] = field(default_factory=dict)
    widgets: dict[str, float] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)
    pokes: int = 0
    ended: int = 0
    refused: dict[str, int] = field(default_factory=dict)


class Page:
    """One console: a stream, and the two paced fetches that its changes cause."""

    def __init__(self, crowd: Crowd, console: Console, http: aiohttp.ClientSession, seen: Seen) -> None:
        self._crowd, self._console, self._http, self._seen = crowd, console, http, seen
        self._busy: set[str] = set()
        self._wanted: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._besides = self._settled = False
        self._newest = ""
        self._headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in console.cookies.items())}

    async def live(self, opened: asyncio.Queue[None]) -> None:
        topics = "inbox" + (
            f",conversation:{self._console.conversation}" if self._console.conversation else ""
        )
        url = f"{self._crowd.url}/inbox/events?topics={topics}"
        async with self._http.get(url, headers=self._headers) as answer:
            if answer.status != 200:
                _count(self._seen, answer.status)
            opened.put_nowait(None)
            kind = b""
            async for line in answer.content:
                if line.startswith(b"event:"):
                    kind = line[6:].strip()
                elif line.startswith(b"data:") and kind == b"change":
                    self._seen.pokes += 1
                    change = json.loads(line[5:])
                    self._want("list" if self._concerns(change.get("topics")) else "counts")
                    named = change.get("conversation")
                    if self._console.conversation and named in (None, self._console.conversation):
                        self._besides = self._besides or not change.get("said")
                        self._settled = self._settled or bool(change.get("settled"))
                        self._want("thread")
        self._seen.ended += 1

    def _concerns(self, topics: list[str] | None) -> bool:
        if not topics or "inbox" in topics:
            return True
        if self._console.view == "waiting":
            return "inbox:queue" in topics
        return any(one.startswith("inbox:staff:") for one in topics)

    def _want(self, what: str) -> None:
        if what in self._busy:
            self._wanted.add(what)
            return
        self._busy.add(what)
        task = asyncio.create_task(self._fetch(what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fetch(self, what: str) -> None:
        console, url, kind = self._console, self._crowd.url, f"{what} {self._console.view}"
        address = f"{url}/inbox/list?view={console.view}" + ("&part=head" if what == "counts" else "")
        if what == "thread":
            kind = "thread" if self._besides else "said"
            part = f"thread?view={console.view}"
            if not self._besides:
                part = f"said?view={console.view}&after={'' if self._settled else self._newest}"
            address = f"{url}/inbox/{console.conversation}/{part}"
            self._besides = self._settled = False
        self._seen.looks[kind] = self._seen.looks.get(kind, 0) + 1
        try:
            async with self._http.get(address, headers={**self._headers, "X-Background": "1"}) as answer:
                body = await answer.read()
                if answer.status != 200:
                    _count(self._seen, answer.status)
            _note(self._seen.threads if what == "thread" else self._seen.lists, body)
            if what == "thread" and (lines := LINE.findall(body)):
                self._newest = lines[-1].decode()
        except aiohttp.ClientError:
            _count(self._seen, 0)
        await asyncio.sleep(PACES[what])
        self._busy.discard(what)
        if what in self._wanted:
            self._wanted.discard(what)
            self._want(what)


async def widget(
    crowd: Crowd,
    account: str,
    token: str,
    http: aiohttp.ClientSession,
    seen: Seen,
    opened: asyncio.Queue[None],
) -> None:
    url = f"{crowd.url}/webchat/{account}/stream?token={token}"
    async with http.get(url) as answer:
        if answer.status != 200:
            _count(seen, answer.status)
        opened.put_nowait(None)
        async for line in answer.content:
            if line.startswith(b"data:"):
                _note(seen.widgets, line)
    seen.ended += 1


def _note(where: dict[str, float], body: bytes) -> None:
    now = time.time()
    for mark in MARK.findall(body):
        where.setdefault(mark.decode(), now)


def _count(seen: Seen, status: int) -> None:
    seen.refused[str(status)] = Counter(seen.refused)[str(status)] + 1


async def watch(crowd: Crowd) -> Seen:
    seen, opened = Seen(), asyncio.Queue[None]()
    connector = aiohttp.TCPConnector(limit=0)
    endless = aiohttp.ClientTimeout(total=None, sock_connect=30)
    async with aiohttp.ClientSession(connector=connector, timeout=endless) as http:
        pages = [asyncio.create_task(Page(crowd, one, http, seen).live(opened)) for one in crowd.consoles]
        for account, token in crowd.widgets:
            pages.append(asyncio.create_task(widget(crowd, account, token, http, seen, opened)))
        for _ in pages:
            await asyncio.wait_for(opened.get(), 120)
        print("ready", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        for page in pages:
            page.cancel()
        await asyncio.gather(*pages, return_exceptions=True)
    return seen


def main() -> None:
    given: dict[str, Any] = json.loads(sys.stdin.readline())
    crowd = Crowd(
        given["url"],
        [Console(**one) for one in given["consoles"]],
        [(account, token) for account, token in given["widgets"]],
    )
    print(json.dumps(asdict(asyncio.run(watch(crowd)))), flush=True)


if __name__ == "__main__":
    main()
