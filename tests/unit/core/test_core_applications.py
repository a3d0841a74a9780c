"""Look-ups of applications: proof first, each by a person on record before it happens, a dead system left alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.applications import Applications
from bot.contracts import Application
from bot.errors import ConfigError, NotAllowed, Unavailable
from bot.model import Role, Staff
from bot.settings import Settings
from tests.unit.handlers.factories import a_turn

ONE = Application("loan", "in_review", "信用貸款", "3141", datetime(2026, 11, 20, tzinfo=UTC))


@dataclass
class Source:
    says: tuple[Application, ...] | Exception = (ONE,)
    asked: list[str] = field(default_factory=list)

    def applications(self, firm_id: str) -> tuple[Application, ...]:
        self.asked.append(firm_id)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def check(self) -> str:
        return "answers"


@dataclass
class Audit:
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    broken: bool = False

    def add(self, actor: str, action: str, subject: str, _detail: object) -> None:
        if self.broken:
            raise RuntimeError("the log is full")
        self.lines.append((actor, action, subject))


def made(source: Source, verified: str | None = "M1", audit: Audit | None = None) -> Applications:
    return Applications(source, lambda _id: verified, audit or Audit(), "https://bank.example")  # type: ignore[arg-type]


def staff(role: Role) -> Staff:
    return Staff("s1", "a@example.com", "A", role)


def test_the_proof_of_this_message_counts_before_what_is_known() -> None:
    source = Source()
    assert made(source).look_up(a_turn("x", verified_as="M2")).outcome == "found"
    assert made(source).look_up(a_turn("x")).outcome == "found"
    assert source.asked == ["M2", "M1"]
    unknown = made(source, verified=None).look_up(a_turn("x"))
    assert (unknown.outcome, unknown.verify_url, len(source.asked)) == (
        "unverified",
        "https://bank.example",
        2,
    )


def test_a_look_up_by_a_person_is_on_record_before_anybody_is_asked() -> None:
    source, audit = Source(), Audit()
    found = made(source, audit=audit).of_customer(staff(Role.AGENT), "c1")
    assert found.applications == (ONE,)
    assert audit.lines == [("s1", "customer:applications", "c1")]
    with pytest.raises(RuntimeError):
        made(source, audit=Audit(broken=True)).of_customer(staff(Role.AGENT), "c1")
    assert len(source.asked) == 1
    with pytest.raises(NotAllowed):
        made(source, audit=audit).of_customer(staff(Role.ADMIN), "c1")
    assert len(source.asked) == len(audit.lines) == 1
    assert made(source, None, audit).of_customer(staff(Role.AGENT), "c1").outcome == "unverified"
    assert len(audit.lines) == 1


def test_a_system_that_keeps_failing_is_left_alone_and_a_mistake_of_ours_is_not_its_fault() -> None:
    source = Source(Unavailable("away"))
    desk = made(source)
    assert {desk.look_up(a_turn("x")).outcome for _ in range(8)} == {"unavailable"}
    assert len(source.asked) == 5
    source.says = KeyError("ours")
    with pytest.raises(KeyError):
        made(source).look_up(a_turn("x"))
    source.says = ()
    assert made(source).look_up(a_turn("x")).outcome == "none"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"TELLER_STATUS_URL": "https://core.example.com"}, "TELLER_STATUS_TOKEN must be set"),
        (
            {"TELLER_STATUS_URL": "ftp://x", "TELLER_STATUS_TOKEN": "t"},
            "TELLER_STATUS_URL must be an address",
        ),
        ({"TELLER_VERIFY_URL": "https://u:hidden@x.example"}, "TELLER_VERIFY_URL must be an address"),
        ({"TELLER_VERIFY_URL": "https://x.example/ a"}, "TELLER_VERIFY_URL must be an address"),
        ({"TELLER_VERIFY_URL": "https://x.example/" + "a" * 300}, "300 characters"),
        ({"TELLER_STATUS_SECRET": "short"}, "TELLER_STATUS_SECRET must have 32"),
        (
            {"TELLER_ENV": "production", "TELLER_VERIFY_URL": "http://x.example"},
            "must be https in production",
        ),
    ],
)
def test_a_setting_that_cannot_work_is_named_at_the_start(
    tmp_path_factory: pytest.TempPathFactory, changed: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        Settings.from_env({"TELLER_HOME": str(tmp_path_factory.mktemp("h")), **changed})
    assert sentence in "\n".join(refused.value.faults)
    assert "hidden" not in "\n".join(refused.value.faults)


def test_the_stand_in_answers_where_nothing_is_set(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = str(tmp_path_factory.mktemp("h"))
    alone = Settings.from_env({"TELLER_HOME": home}).status
    assert (alone.url, alone.token, alone.verify_url) == (None, None, None)
    demo = Settings.from_env({"TELLER_HOME": home, "TELLER_SANDBOX_URL": "http://127.0.0.1:9"}).status
    assert (demo.url, demo.token) == ("http://127.0.0.1:9/firm", "sandbox-status-token")
    assert demo.verify_url == "http://127.0.0.1:8000/demo?member=1001"
    assert "sandbox-status-token" not in repr(demo)
