"""Sessions of the fake console, in memory; nobody there has a second factor, and nobody is invited."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from bot.model import Staff
from bot.store.sessions import Present, Seat, named


class FakeSessions:
    def __init__(self, people: Mapping[str, Staff]) -> None:
        self._people = people
        self.seats: dict[str, Seat] = {}

    def begin(
        self, staff_id: str, at: float, address: str | None, agent: str, *, strong: bool = False
    ) -> str:
        token = secrets.token_urlsafe(32)
        now = datetime.fromtimestamp(at, UTC)
        self.seats[named(token)] = Seat(named(token), staff_id, now, now, "", "")
        return token

    def find(self, token: str) -> Present | None:
        seat = self.seats.get(named(token))
        person = self._people.get(seat.staff_id) if seat else None
        return Present(seat, person) if seat and person and person.active else None

    def touch(self, seat: Seat, at: float) -> None:
        self.seats[seat.id] = replace(seat, seen_at=datetime.fromtimestamp(at, UTC))

    def end(self, staff_id: str, seat_id: str) -> bool:
        return self.seats.pop(seat_id, None) is not None


class FakeFactors:
    def enrolled(self, staff_id: str) -> bool:
        return False


class FakeDoor:
    def __init__(self, people: Mapping[str, Staff]) -> None:
        self.sessions = FakeSessions(people)
        self.factors = FakeFactors()
