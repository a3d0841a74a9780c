"""Order is policy: a change of the chain shows in this file's diff."""

from __future__ import annotations

from pathlib import Path

from bot.contracts import LookUp
from bot.model import Turn
from handlers import build_chain
from handlers.triage import _Nothing

POLICY = [
    "agent_owned",
    "choice",
    "unsupported",
    "human_request",
    "crisis",
    "fraud",
    "complaint",
    "advice",
    "application_status",
    "smalltalk",
    "approved_answer",
    "miss",
]


class _NoFirm:
    def look_up(self, turn: Turn) -> LookUp:
        return LookUp("none")


ROOT = Path(__file__).parents[2]


def _names() -> list[str]:
    return [name for name, _ in build_chain(_Nothing(), status=_NoFirm())]


def test_the_order_of_the_chain() -> None:
    print(" > ".join(_names()))
    assert _names() == POLICY


def test_without_the_firms_system_the_chain_is_the_same_but_for_that_handler() -> None:
    assert [name for name, _ in build_chain(_Nothing())] == [n for n in POLICY if n != "application_status"]


def test_every_handler_has_a_file_and_a_line_in_the_rules_that_people_read() -> None:
    page = (ROOT / "docs" / "handoff-rules.md").read_text(encoding="utf-8")
    for name in _names():
        assert (ROOT / "handlers" / f"{name}.py").is_file()
        assert f"`{name}`" in page
