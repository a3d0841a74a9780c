"""Law 1 with slots: what a look-up puts into an approved template is all that is not the template, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.embedded import Servers
from bot.model import ChannelType
from bot.settings_status import SANDBOX_TOKEN, StatusSettings
from bot.slots import values_in
from tests.knowledge import notice
from tests.laws.test_law_1_chooses_never_writes import approved_text, digest, spoken, version
from tests.sandbox.client import Sandbox
from tests.unit.core.teller import Teller, apart

pytestmark = pytest.mark.servers

VERIFY = "https://bank.example/verify"
ASKED = "我的貸款申請到哪了"
PLACES = {
    "product": r"[^\n{}]{1,40}",
    "reference": r"[0-9A-Za-z]{1,6}",
    "date": r"\d{4}年\d{1,2}月\d{1,2}日|\d{1,2} [A-Z][a-z]+ \d{4}",
    "url": re.escape(VERIFY),
    "opens": r"[^\n{}]{1,40}",
}
SEEDED = "member-that-nobody-may-read-4711"


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    sandbox = Sandbox.start(tmp_path_factory.mktemp("firm"))
    status = StatusSettings(f"{sandbox.url}/firm", SANDBOX_TOKEN, None, VERIFY)
    try:
        with apart(servers, tmp_path_factory, "law_1_slots", status=status) as one:
            yield one
    finally:
        sandbox.stop()


def asks(teller: Teller, verified_as: str | None, text: str = ASKED, **more: object) -> tuple[str, list[str]]:
    """A new customer's question and what they were shown after the greeting; the signed site says who they are."""
    user, channel = teller.person("member"), ChannelType.LINE
    teller.hears(user, text, channel, verified_as=verified_as, **more)
    return user, teller.line.texts(user)[1:]


def test_law_1_every_filled_message_is_its_template_around_values_of_the_look_up(teller: Teller) -> None:
    for member in ("1001", "1002", "1003", "1004", "down", "broken", None):
        asks(teller, member)
        asks(teller, member, "where is my claim")
    templates = 0
    for message in spoken(teller):
        assert message["author"] == "bot"
        pattern = []
        for ref in message["approved"]:
            assert set(ref) == {"kind", "id", "version", "sha256"}, "no value stands outside the sealed text"
            content = version(teller, ref)
            assert content["approved_at"] is not None
            assert ref["sha256"] == content["sha256"] == digest(content)
            text = approved_text(content, message["locale"])
            parts = re.split(r"\{([a-z]+)\}", text)
            templates += len(parts) > 1
            literal = [
                re.escape(part) if n % 2 == 0 else f"(?:{PLACES[part]})" for n, part in enumerate(parts)
            ]
            pattern.append("".join(literal))
            said = teller.service.vault.open(message["content"])
            assert len(message["approved"]) > 1 or values_in(text, said) is not None
        assert re.fullmatch("\n\n".join(pattern), teller.service.vault.open(message["content"]))
    assert templates >= 10
    everything = "".join(one.text for shown in teller.line.shown.values() for one in shown)
    assert "{" not in everything
    assert "王小明" not in everything


def test_law_1_a_verified_customer_reads_the_state_of_each(teller: Teller) -> None:
    _, shown = asks(teller, "1001", "我的申請到哪了")
    assert [re.sub(r"\d{4}年\d+月\d+日", "D", text) for text in shown] == [
        notice("status_documents_missing").format(product="住院醫療險理賠", reference="2718", date="D"),
        notice("status_in_review").format(product="信用貸款", reference="3141", date="D"),
        notice("status_approved").format(product="晴光卡", reference="1618", date="D"),
    ]
    _, shown = asks(teller, "1001", "where is my loan application")
    assert len(shown) == 1
    assert "Personal loan" in shown[0]


def test_law_1_without_proof_nobody_reads_a_state(teller: Teller) -> None:
    _, shown = asks(teller, None)
    assert shown == [notice("status_verify").format(url=VERIFY)]


def test_law_1_an_outcome_a_slow_and_a_broken_system_mean_a_person(teller: Teller) -> None:
    for member, reason in (
        ("1002", "status_explained"),
        ("down", "status_unavailable"),
        ("broken", "status_unavailable"),
    ):
        user, shown = asks(teller, member)
        conversation = teller.conversation(user)
        assert (conversation["status"], conversation["reason"]) == ("waiting", reason)
        assert shown
    began = datetime.now(UTC)
    user, _ = asks(teller, "slow")
    assert (datetime.now(UTC) - began).total_seconds() < 4
    assert teller.conversation(user)["reason"] == "status_unavailable"


def test_law_1_and_3_a_member_seen_before_is_known_and_their_id_stands_nowhere_in_the_clear(
    teller: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    user = teller.person("member")
    teller.hears(user, "你好", verified_as=SEEDED)
    teller.hears(user, ASKED)
    assert teller.line.texts(user)[-1] == notice("status_none"), (
        "proven in the first message, asked in the second"
    )
    trace = teller.decisions(user)[-1]["trace"]
    assert (trace["look_up"], trace["count"]) == ("none", 0)
    assert SEEDED not in caplog.text
    for name in ("messages", "conversations", "customers", "audit", "threads", "outbox"):
        assert SEEDED not in str(list(teller.service.mongo[name].find())), name
