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

# Words around a question that the search does not strip, and that (measured) hardly ever hand a customer to a person.
_BEFORE = ("", "目前的規定，", "如果是平日，", "補問，", "簡單問，", "我在上班，", "同事跟我說，")
_AFTER = ("，要先準備什麼嗎", "，現在的規定", "，最近有變嗎", "，平日的話", "，簡單講")


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
