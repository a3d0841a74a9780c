"""What the customers write: LINE webhooks that differ in nothing but what must differ, signed one by one."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.bench.wire import encode
from tests.knowledge import articles
from tests.sandbox.events import line_body, line_text_event, sign_line, ulid

_EVENT, _TOKEN, _AT = "~event~", "~token~", 1_000_000_000_001

# Words around a question that the search does not strip; none that a hand-off rule reads.
_BEFORE = (
    *(
        "我人在高雄，",
        "我人在國外，",
        "我是學生，",
        "我剛搬家，",
        "我下個月結婚，",
        "家裡長輩在問，",
        "同事跟我說，",
    ),
    *("我在貴行開戶三年了，", "我用手機看的，", "我第一次用，", "我週末才有空，", "我住台中，", "我在上班，"),
    *("我先生想了解，", "我太太想了解，", "朋友推薦我的，", "我在官網看到，", "我兩年前辦的，"),
)
_AFTER = (
    "",
    "，想先弄清楚",
    "，今天想辦",
    "，麻煩簡單講",
    "，我在整理資料",
    "，要先準備什麼嗎",
    "，電話裡沒聽懂",
)


@dataclass(frozen=True, slots=True)
class Message:
    """One text of one customer."""

    user: str
    text: str


def approved_questions() -> list[str]:
    """Every question of the sample knowledge, as approved."""
    return [str(question) for article in articles().values() for question in article["questions"]]


def new_phrasings(count: int, seed: int) -> list[str]:
    """`count` texts, no two alike, each an approved question among other words. Raises ValueError for too many."""
    every = [f"{a}{q}{b}" for a, q, b in itertools.product(_BEFORE, approved_questions(), _AFTER)]
    return random.Random(seed).sample(every, count)


def customers(texts: Sequence[str], each: int, name: str) -> list[Message]:
    """`texts` spread over customers who write `each` of them: about 1/`each` are first contacts, rounds apart."""
    crowd = -(-len(texts) // each)
    return [Message(f"{name}-{n % crowd}", text) for n, text in enumerate(texts)]


class Press:
    """Makes requests from a template a message: a new event id, reply token, time and signature each."""

    def __init__(self, url: str, secret: str, messages: Sequence[Message]) -> None:
        self._url = url
        self._secret = secret
        self._templates = [
            line_body([line_text_event(one.user, one.text, event_id=_EVENT, reply_token=_TOKEN, ts=_AT)])
            for one in messages
        ]

    def requests(self) -> Iterator[tuple[str, bytes]]:
        """(reply token, bytes to send) without end: the messages in order, over and over."""
        for template in itertools.cycle(self._templates):
            event_id = ulid()
            token = f"token{event_id}"
            now = str(time.time_ns() // 1_000_000).encode()
            body = (
                template.replace(_EVENT.encode(), event_id.encode())
                .replace(_TOKEN.encode(), token.encode())
                .replace(str(_AT).encode(), now)
            )
            yield token, encode(self._url, sign_line(self._secret, body), body)
