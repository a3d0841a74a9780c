"""Rehearsal before publishing: the last days' questions against proposed knowledge, another mode or other thresholds.

The knowledge in force and the proposed one are built beside each other here and let go of afterwards: nothing that
serves customers is touched, and the firm's model is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.compose import Service, encoder
from bot.contracts import Mind
from bot.errors import BadPayload, NotFound
from bot.gaps import window
from bot.model import ContentKind, ProductClass
from bot.replay import Rehearsal, Step, replay
from bot.store.questions import QuestionStore
from handlers import build_mind
from kb.articles import Content, Review, sealed
from kb.live import Knowledge
from kb.proof import Earned
from kb.search.decide import Mode
from kb.store import Store

_WAITING = (Review.DRAFT, Review.IN_REVIEW, Review.SCHEDULED)
_KINDS = (ContentKind.ARTICLE, ContentKind.DISCLOSURE, ContentKind.NOTICE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is proposed. `added` and `retired` are ids of articles, disclosures or notices; with nothing proposed at all
    it is everything that waits. `thresholds` (class to confidence above 0, up to 1) imply the mode `proven`."""

    days: int = 7
    added: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    mode: str | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)

    @property
    def everything(self) -> bool:
        return not (self.added or self.retired or self.mode or self.thresholds)


def rehearse(service: Service, plan: Plan, step: Step | None = None) -> Rehearsal:
    """Raises BadPayload, Unavailable, PyMongoError; NotFound for an id that has nothing to add or to retire."""
    since, until = window(plan.days)
    _, in_force = service.kb.load()
    contents = proposed(plan, service.kb, in_force, until)
    rights = service.automation.rights()
    mode, earned = _mode_of(service.settings.auto_answer, plan), _earned_of(rights, plan)
    cache = service.settings.home / "cache"

    def mind(known: list[Content], answers: str, allowed: Earned) -> Mind:
        knowledge = Knowledge(lambda: (1, known), lambda: 1, cache, answers, earned=lambda: allowed)
        knowledge.build()
        return build_mind(knowledge, encode=encoder(cache), tz=ZoneInfo(service.settings.timezone))

    minds = mind(in_force, service.settings.auto_answer, rights), mind(contents, mode, earned)
    store = QuestionStore(service.mongo, service.vault)
    return replay(store, minds, since, until, service.settings.locale, step)


def proposed(plan: Plan, store: Store, in_force: list[Content], now: datetime) -> list[Content]:
    """What would be in force: the newest waiting versions in the place of those `in_force`, and none of `retired`.

    A start that lies ahead counts as come. Raises NotFound.
    """
    waiting: dict[tuple[ContentKind, str], Content] = {}
    for kind in _KINDS:
        for content in store.listing(kind, _WAITING):
            before = waiting.get((kind, content.id))
            if before is None or before.version < content.version:
                waiting[kind, content.id] = content
    approved = {one.id for one in in_force if one.status is Review.APPROVED}
    absent = [one for one in plan.added if one not in {content_id for _, content_id in waiting}]
    absent += [one for one in plan.retired if one not in approved]
    if absent:
        raise NotFound(f"Nothing to rehearse under this id: {', '.join(absent)}.")
    wanted = {
        key: _begun(content, now)
        for key, content in waiting.items()
        if plan.everything or content.id in plan.added
    }
    kept = [
        replace(one, status=Review.RETIRED)
        if one.status in (Review.APPROVED, Review.SCHEDULED)
        and ((one.kind, one.id) in wanted or one.id in plan.retired)
        else one
        for one in in_force
        if one.key not in {content.key for content in wanted.values()}
    ]
    return [*kept, *wanted.values()]


def _begun(content: Content, now: datetime) -> Content:
    later = content.valid_from is not None and content.valid_from > now
    return sealed(
        replace(
            content,
            status=Review.APPROVED,
            approved_at=now,
            valid_from=None if later else content.valid_from,
        )
    )


def _mode_of(current: str, plan: Plan) -> Mode:
    try:
        return Mode(plan.mode or (Mode.PROVEN if plan.thresholds else current))
    except ValueError as error:
        raise BadPayload(f"A mode is one of {', '.join(Mode)}.") from error


def _earned_of(rights: Earned, plan: Plan) -> Earned:
    for name, value in plan.thresholds.items():
        if name not in set(ProductClass) or not 0 < value <= 1:
            raise BadPayload("A threshold is a product class and a confidence above 0 and up to 1.")
    return Earned(rights.revision, {**rights.thresholds, **plan.thresholds})
