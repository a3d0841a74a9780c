"""What came of asking: a value that is usable, or none; and what is kept of the call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.ai.guard import Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Advice(Generic[T]):
    """`value` is None where the model had nothing usable to say; `call` is None where it was not asked."""

    value: T | None = field(default=None, repr=False)
    call: Call | None = None
