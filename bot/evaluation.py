"""`flask kb evaluate`: the live decision code on labelled questions, on the store's knowledge or a file's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.compose import Service, encoder
from bot.contracts import Mind
from bot.errors import BadPayload
from bot.model import ChannelType, ContentKind, Conversation, HandOff, Kind, Reply, Status, Turn
from bot.rendering import locale_of
from handlers import build_mind
from kb import desk
from kb.evaluate import evaluate, read_questions
from kb.live import Knowledge


def evaluate_questions(service: Service, questions: Path, kb_file: Path | None) -> dict[str, Any]:
    """The result of `interface.md`; with `kb_file` no store is touched. Raises BadPayload, Unavailable."""
    settings = service.settings
    finder = service.knowledge
    if kb_file is not None:
        try:
            drafts = [*desk.shipped(), *desk.drafts_of(kb_file)]
        except ValueError as error:
            raise BadPayload(str(error)) from error
        finder = Knowledge.from_articles(drafts, settings.home / "cache", settings.auto_answer)
    mind = build_mind(finder, encode=encoder(settings.home / "cache"), tz=ZoneInfo(settings.timezone))

    # The models are loaded now: the first question should take no longer than the others.
    mind.warm()
    finder.find("暖機", settings.locale)

    def outcome(text: str) -> tuple[str, str | None]:
        return outcome_of(mind, text, settings.locale)

    return evaluate(read_questions(questions), outcome, finder, settings.locale)


def outcome_of(mind: Mind, text: str, default_locale: str) -> tuple[str, str | None]:
    """What the live chain does with `text` as the first message of a new conversation, and the article it shows."""
    fresh = Conversation("new", "new", "new", "new", ChannelType.WEB, Status.BOT)
    locale = locale_of(text, None, default_locale)
    _, decision = mind.decide(Turn(Kind.TEXT, text, locale, fresh, datetime.now(UTC)))
    if isinstance(decision, HandOff):
        return "handed_off", None
    if not isinstance(decision, Reply):
        return "missed", None
    article = next((ref.id for ref in decision.parts if ref.kind is ContentKind.ARTICLE), None)
    if article is not None:
        return "answered", article
    return (
        "clarified" if any(button.value.startswith("offer:") for button in decision.buttons) else "missed"
    ), None
