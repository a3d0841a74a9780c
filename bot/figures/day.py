"""All cells of one day out of the facts of its conversations: each account and skill, and what they make together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from bot.figures.cell import HOURS, Cell
from bot.figures.facts import Closed, Facts

ALL = "*"
BACK_WITHIN = timedelta(hours=24)
Key = tuple[str, str]
"""(channel account or ALL, skill or ALL); the skill of a conversation that was never handed over is empty."""


@dataclass(slots=True)
class _Leaf:
    """A cell in the making: agents are counted once however many lines they wrote in an hour."""

    cell: Cell = field(default_factory=Cell)
    active: list[set[str]] = field(default_factory=lambda: [set() for _ in range(HOURS)])


@dataclass(slots=True)
class Day:
    """`now` decides whose 24 hours are over."""

    day: date
    zone: tzinfo
    now: datetime
    leaves: defaultdict[Key, _Leaf] = field(default_factory=lambda: defaultdict(_Leaf))

    @property
    def pending(self) -> int:
        return sum(leaf.cell.pending for leaf in self.leaves.values())

    def add(self, one: Facts, came_back: Callable[[str, str, datetime], bool]) -> None:
        """What of `one` falls on this day; `came_back(customer, conversation, closed at)` within `BACK_WITHIN`."""
        leaf = self.leaves[one.account, one.skill]
        cell = leaf.cell
        for author, at in one.lines:
            for hour in self._hour(at):
                kind, _, staff = author.partition(":")
                if kind == "customer":
                    cell.customer[hour] += 1
                elif kind == "bot":
                    cell.bot[hour] += 1
                elif kind == "staff":
                    cell.people[hour] += 1
                    cell.agents[staff] += 1
                    leaf.active[hour].add(staff)
        if one.begun is not None:
            for hour in self._hour(one.begun.at):
                cell.begun[hour] += 1
                cell.prompt[hour] += one.begun.prompt
                if one.begun.bot_s is not None:
                    cell.bot_first.add(one.begun.bot_s)
                    cell.bot_first_n[hour] += 1
                    cell.bot_first_s[hour] += one.begun.bot_s
        for reason, at in one.reasons:
            for _ in self._hour(at):
                cell.reasons[reason] += 1
        for wait in one.waits:
            for hour in self._hour(wait.at):
                cell.waits[hour] += 1
                if wait.people_s is not None:
                    cell.people_first.add(wait.people_s)
                    cell.people_first_n[hour] += 1
                    cell.people_first_s[hour] += wait.people_s
        if one.closed is not None:
            for hour in self._hour(one.closed.at):
                self._close(cell, hour, one, one.closed, came_back)

    def rated(self, account: str, skill: str, score: int | None) -> None:
        """Somebody was asked; `score` None where they have not answered."""
        cell = self.leaves[account, skill].cell
        cell.asked += 1
        if score is not None:
            cell.scores[str(score)] += 1

    def reviewed(self, account: str, skill: str, *, right: bool) -> None:
        cell = self.leaves[account, skill].cell
        cell.audited += 1
        cell.right += right

    def cells(self, calls: int = 0, cost: int = 0) -> dict[Key, Cell]:
        """Every account and skill, with the sums over either and over both; the model's cost stands in the last."""
        found: dict[Key, Cell] = {}
        for key, members in self._groups().items():
            cell = Cell()
            active: list[set[str]] = [set() for _ in range(HOURS)]
            for leaf in members:
                cell.merge(leaf.cell)
                for hour, people in enumerate(leaf.active):
                    active[hour] |= people
            cell.active = [len(people) for people in active]
            found[key] = cell
        whole = found.setdefault((ALL, ALL), Cell())
        whole.calls, whole.cost = calls, cost
        return found

    def _groups(self) -> Mapping[Key, list[_Leaf]]:
        groups: defaultdict[Key, list[_Leaf]] = defaultdict(list)
        for (account, skill), leaf in self.leaves.items():
            if leaf.cell.document():
                for key in ((account, skill), (account, ALL), (ALL, skill), (ALL, ALL)):
                    groups[key].append(leaf)
        return groups

    def _close(
        self,
        cell: Cell,
        hour: int,
        one: Facts,
        closed: Closed,
        came_back: Callable[[str, str, datetime], bool],
    ) -> None:
        cell.closed[hour] += 1
        if not closed.alone:
            cell.closed_people.add(closed.seconds)
            return
        cell.alone[hour] += 1
        cell.closed_alone.add(closed.seconds)
        if came_back(one.customer, one.conversation, closed.at):
            cell.back += 1
        elif self.now < closed.at + BACK_WITHIN:
            cell.pending += 1

    def _hour(self, at: datetime) -> Iterator[int]:
        """The hour of that moment, where it is of this day."""
        there = at.astimezone(self.zone)
        if there.date() == self.day:
            yield there.hour


def days_of(moments: Iterable[datetime], zone: tzinfo) -> Set[date]:
    return {at.astimezone(zone).date() for at in moments}
