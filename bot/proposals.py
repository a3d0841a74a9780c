"""What a rehearsal proposes, and the contents that would be in force with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.errors import BadPayload, NotFound
from bot.model import ContentKind, ProductClass
from bot.store.questions import window
from kb.articles import Content, Review, sealed
from kb.search.decide import Mode
from kb.store import Store

WAITING = (Review.DRAFT, Review.IN_REVIEW, Review.SCHEDULED)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is proposed. `added` and `retired` are ids of articles, disclosures or notices; with nothing proposed at all
    it is everything that waits. `thresholds` (class to confidence above 0, up to 1) imply the mode `proven`; `rules` is
    a version of the hand-off rules, 0 those that ship."""

    days: int = 7
    added: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    mode: str | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    rules: int | None = None

    @property
    def everything(self) -> bool:
        named = self.added or self.retired or self.mode or self.thresholds
        return not named and self.rules is None

    def check(self) -> None:
        """Raises BadPayload for what can be no plan, whatever the store holds."""
        window(self.days)
        if self.mode and self.mode not in set(Mode):
            raise BadPayload(f"A mode is one of {', '.join(Mode)}.")
        if any(
            name not in set(ProductClass) or not 0 < value <= 1 for name, value in self.thresholds.items()
        ):
            raise BadPayload("A threshold is a product class and a confidence above 0 and up to 1.")


def waiting(store: Store) -> list[Content]:
    """The newest waiting version of every id."""
    found: dict[tuple[ContentKind, str], Content] = {}
    for kind in ContentKind:
        for content in store.listing(kind, WAITING):
            before = found.get((kind, content.id))
            if before is None or before.version < content.version:
                found[kind, content.id] = content
    return list(found.values())


def chosen(plan: Plan, open_ones: Sequence[Content], in_force: Sequence[Content]) -> list[Content]:
    """Those of the waiting versions that the plan is about. Raises NotFound where it is about nothing."""
    if plan.everything and not open_ones:
        raise NotFound("Nothing waits to be rehearsed: write a draft, or propose something else.")
    approved = {one.id for one in in_force if one.status is Review.APPROVED}
    absent = [one for one in plan.added if one not in {content.id for content in open_ones}]
    absent += [one for one in plan.retired if one not in approved]
    if absent:
        raise NotFound(f"Nothing to rehearse under this id: {', '.join(absent)}.")
    return [one for one in open_ones if plan.everything or one.id in plan.added]


def proposed(
    plan: Plan, wanted: Sequence[Content], in_force: Sequence[Content], now: datetime
) -> list[Content]:
    """What would be in force: the `wanted` in the place of those `in_force`, and none of `retired`.

    A start that lies ahead counts as come.
    """
    keys, ids = {content.key for content in wanted}, {(content.kind, content.id) for content in wanted}
    kept = [
        replace(one, status=Review.RETIRED)
        if one.status in (Review.APPROVED, Review.SCHEDULED)
        and ((one.kind, one.id) in ids or one.id in plan.retired)
        else one
        for one in in_force
        if one.key not in keys
    ]
    return [*kept, *(_begun(content, now) for content in wanted)]


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
