"""The parts of the weekly audit, and the register of AI systems, as the console and commands hold them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.governance.register import Register
from bot.quality.audits import Audits
from bot.quality.proving import Proving
from bot.quality.reviewing import Reviewing
from kb.articles import Content


@dataclass(frozen=True, slots=True)
class Quality:
    """`version`(kind, id, number): a version of the knowledge, None where there is none or it is damaged."""

    audits: Audits
    reviewing: Reviewing
    proving: Proving
    version: Callable[[str, str, int], Content | None]
    register: Register
