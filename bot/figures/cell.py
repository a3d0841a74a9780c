"""The figures of one day, channel account and skill. Cells add up: those of several are their sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.figures.sketch import Sketch

HOURS = 24
_BY_HOUR = (
    "customer", "bot", "people", "begun", "prompt", "waits", "closed", "alone", "active",
    "bot_first_n", "bot_first_s", "people_first_n", "people_first_s",
)  # fmt: skip
_NUMBERS = ("back", "pending", "asked", "audited", "right", "calls", "cost")
_COUNTS = ("reasons", "agents", "scores")
_SKETCHES = ("bot_first", "people_first", "closed_alone", "closed_people")


def _hours() -> list[float]:
    return [0] * HOURS


@dataclass(slots=True)
class Cell:
    """Lists hold a number for each hour of the day, in the firm's time.

    `customer`, `bot`, `people` are lines; `begun` conversations and `prompt` those answered within a minute; `waits`
    hand-offs; `closed` conversations and `alone` those the bot dealt with by itself; `active` how many agents wrote.
    `back`: of `alone`, customers who came again within 24 h, `pending` those whose 24 h are not over. `asked`,
    `scores`: ratings. `audited`, `right`: replies that compliance read. `calls`, `cost`: of the model, in millionths
    of NT$.
    """

    customer: list[float] = field(default_factory=_hours)
    bot: list[float] = field(default_factory=_hours)
    people: list[float] = field(default_factory=_hours)
    begun: list[float] = field(default_factory=_hours)
    prompt: list[float] = field(default_factory=_hours)
    waits: list[float] = field(default_factory=_hours)
    closed: list[float] = field(default_factory=_hours)
    alone: list[float] = field(default_factory=_hours)
    active: list[float] = field(default_factory=_hours)
    bot_first_n: list[float] = field(default_factory=_hours)
    bot_first_s: list[float] = field(default_factory=_hours)
    people_first_n: list[float] = field(default_factory=_hours)
    people_first_s: list[float] = field(default_factory=_hours)
    bot_first: Sketch = field(default_factory=Sketch)
    people_first: Sketch = field(default_factory=Sketch)
    closed_alone: Sketch = field(default_factory=Sketch)
    closed_people: Sketch = field(default_factory=Sketch)
    reasons: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    scores: Counter[str] = field(default_factory=Counter)
    back: int = 0
    pending: int = 0
    asked: int = 0
    audited: int = 0
    right: int = 0
    calls: int = 0
    cost: int = 0

    def merge(self, other: Cell) -> None:
        """Adds the other one. Of a sum over days `active` is agents x days."""
        # A page adds up hundreds of these: neither Counter.update nor a loop over the hours is quick enough.
        for name in _BY_HOUR:
            pairs = zip(getattr(self, name), getattr(other, name), strict=True)
            setattr(self, name, [mine + its for mine, its in pairs])
        for name in _SKETCHES:
            getattr(self, name).merge(getattr(other, name))
        for name in _COUNTS:
            mine = getattr(self, name)
            for key, n in getattr(other, name).items():
                mine[key] += n
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def document(self) -> dict[str, Any]:
        """Only what is not nought."""
        doc: dict[str, Any] = {}
        for name in _BY_HOUR:
            if any(hours := getattr(self, name)):
                doc[name] = [round(value, 3) for value in hours]
        doc |= {name: getattr(self, name).document() for name in _SKETCHES if getattr(self, name).n}
        # Keys of a document may hold no dot; ids and reasons are pairs instead.
        doc |= {name: sorted(getattr(self, name).items()) for name in _COUNTS if getattr(self, name)}
        return doc | {name: value for name in _NUMBERS if (value := getattr(self, name))}

    @classmethod
    def of(cls, doc: Mapping[str, Any]) -> Cell:
        cell = cls()
        for name in (*_BY_HOUR, *_NUMBERS):
            if name in doc:
                setattr(cell, name, doc[name])
        for name in _SKETCHES:
            setattr(cell, name, Sketch.of(doc.get(name)))
        for name in _COUNTS:
            setattr(cell, name, Counter(dict(doc.get(name, ()))))
        return cell
