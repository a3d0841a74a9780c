"""One stand-in of the model for all, the run's real MongoDB for the ledger, and a local search with a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from bot.ai.adviser import Adviser
from bot.ai.ledger import Ledger
from bot.ai.model import Model
from bot.ai.prices import Prices
from bot.ai.wire import Wire
from bot.model import ContentKind, Finding, Found, ProductClass, Ref
from bot.mongo import Mongo
from bot.settings import MODEL_PURPOSES, Settings
from tests.sandbox.client import Sandbox

TAIPEI = ZoneInfo("Asia/Taipei")


@pytest.fixture(scope="package")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox.start(tmp_path_factory.mktemp("model")) as sandbox:
        yield sandbox


@pytest.fixture
def endpoint(stand_in: Sandbox) -> Sandbox:
    stand_in.reset(accounts=True)
    return stand_in


@pytest.fixture
def mongo(settings: Settings) -> Iterator[Mongo]:
    mongo = Mongo(settings.mongodb_uri)
    yield mongo
    mongo.close()


@pytest.fixture
def ledger(mongo: Mongo) -> Ledger:
    return Ledger(mongo, Prices({}, 32.0), None, TAIPEI)


@pytest.fixture
def advise(endpoint: Sandbox, ledger: Ledger) -> Callable[..., Adviser]:
    def make(
        base: str = endpoint.openai_base, deadline: float = 3.0, purposes: Sequence[str] = MODEL_PURPOSES
    ) -> Adviser:
        adviser = Adviser(Model(Wire("sk-test", base), ledger, deadline=deadline), purposes)
        adviser.warm()
        return adviser

    return make


def found(number: int, confidence: float, title: str | None = None) -> Found:
    ref = Ref(ContentKind.ARTICLE, f"a{number}", 1, f"{number:064x}")
    return Found(ref, title or f"標題{number}", ProductClass.CARD, confidence, f"問題{number}怎麼辦")


@dataclass
class Search:
    """The local search: what it finds for a text, and what it was asked."""

    usual: Finding
    special: dict[str, Finding] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def find(self, text: str, locale: str, history: Sequence[str] = ()) -> Finding:
        self.asked.append(text)
        return self.special.get(text, self.usual)

    def worded_so(self, text: str) -> bool:
        return text == "同字"

    def article(self, article_id: str) -> Ref | None:
        return found(1, 1.0).ref if article_id == "a1" else None

    def notice(self, notice_id: str) -> Ref:
        return Ref(ContentKind.NOTICE, notice_id, 1, "0" * 64)

    def disclosures(self, ref: Ref) -> tuple[Ref, ...]:
        return (self.notice(f"risk-{ref.id}"),)

    def text(self, ref: Ref, locale: str) -> str:
        return f"{ref.id} {locale}"

    def title(self, ref: Ref, locale: str) -> str:
        return f"{ref.id} {locale} title"

    def product_class(self, ref: Ref) -> str | None:
        return f"{ref.id} class"
