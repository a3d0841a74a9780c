"""A reply that reads as advice: warned before it is sent, sent with a reason, and the reason in the audit log."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import AdviceWarning
from tests.unit.core.teller import Teller
from tests.unit.core.test_core_desk import taken

pytestmark = pytest.mark.servers

ADVICE = "這檔很適合您，建議您買進"


def overrides(teller: Teller, conversation: str) -> list[dict[str, Any]]:
    query = {"subject": conversation, "action": "conversation:advice_override"}
    return list(teller.service.mongo["audit"].find(query))


def test_advice_is_not_sent_without_a_reason(teller: Teller) -> None:
    user, conversation, agent = taken(teller)
    desk, before = teller.service.console.desk, len(teller.said(user))
    for reason in (None, "", "  ", "ok", "x" * 501):
        with pytest.raises(AdviceWarning) as warned:
            desk.reply(agent, conversation, ADVICE, "c1", reason=reason)
        assert "it suits you" in warned.value.evidence
        assert not any(part in str(warned.value) for part in ("這檔", "買進"))
    assert len(teller.said(user)) == before
    assert overrides(teller, conversation) == []


def test_with_a_reason_it_is_sent_once_and_the_reason_is_kept_masked(teller: Teller) -> None:
    user, conversation, agent = taken(teller)
    desk = teller.service.console.desk
    reason = "  客戶 0912-345-678 已簽適合度評估  "
    ids = {desk.reply(agent, conversation, ADVICE, "c1", reason=reason) for _ in range(3)}
    assert len(ids) == 1
    assert sum(ADVICE in line for line in teller.said(user)) == 1
    (event,) = overrides(teller, conversation)
    assert event["actor"] == agent.id
    assert event["detail"]["message"] in ids
    assert "it suits you" in event["detail"]["evidence"]
    assert "已簽適合度評估" in event["detail"]["reason"]
    assert "345" not in event["detail"]["reason"]
    assert ADVICE not in str(event)


def test_an_ordinary_reply_needs_none_and_leaves_no_trace_of_one(teller: Teller) -> None:
    _, conversation, agent = taken(teller)
    teller.service.console.desk.reply(
        agent, conversation, "建議您更新 App 再試一次", "c1", reason="just in case"
    )
    assert overrides(teller, conversation) == []
