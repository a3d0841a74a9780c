"""Who somebody was within the last two seconds: for names, and for the looks that an open page takes by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from bot.model import Staff
from bot.store.sessions import Present
from bot.store.shared import Remembered
from inbox.service import Console

T = TypeVar("T")

KEPT = 2000


class Lately:
    """`session` by its token, `colleague` by the id of an active member of staff."""

    def __init__(self, service: Console) -> None:
        self._sessions: Remembered[Present] = Remembered(
            _each(lambda token: service.door.sessions.find(token)), KEPT
        )
        self._colleagues: Remembered[Staff] = Remembered(_each(lambda one: service.staff.by_id(one)), KEPT)

    def session(self, token: str) -> Present | None:
        return self._sessions.of((token,)).get(token)

    def colleague(self, staff_id: str) -> Staff | None:
        return self._colleagues.of((staff_id,)).get(staff_id)


def _each(read: Callable[[str], T | None]) -> Callable[[Collection[str]], Mapping[str, T]]:
    def found(keys: Collection[str]) -> Mapping[str, T]:
        return {key: one for key in keys if (one := read(key)) is not None}

    return found
