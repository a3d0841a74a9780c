"""The firm's own system: the contract to the letter, two seconds and no more, and not a word about a customer."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from adapters.application_status import _FIELDS, LONGEST_BODY, MOST, ApplicationStatus
from bot.contracts import KINDS, STATUSES
from bot.errors import Unavailable
from tests.contract.platform_stub import Platform, Say, closed_port
from tests.house import ROOT

GOOD: dict[str, Any] = {
    "id": "loan-8f2c",
    "kind": "loan",
    "product": "信用貸款",
    "status": "in_review",
    "updated_at": "2026-11-20T09:30:00+08:00",
    "reference": "3141",
}
SECRET = "s" * 32


@pytest.fixture
def firm() -> Iterator[Platform]:
    platform = Platform()
    yield platform
    platform.close()


def asks(
    firm: Platform, *said: Say, customer: str = "M-1/2?x", secret: str | None = None, **more: Any
) -> Any:
    firm.plan(*said)
    return ApplicationStatus(f"{firm.url}/teller", "the-token", secret, **more).applications(customer)


def rows(*applications: dict[str, Any]) -> Say:
    return Say(200, {"applications": list(applications)})


def test_it_asks_as_agreed_and_reads_the_latest_first(firm: Platform) -> None:
    older = GOOD | {
        "updated_at": "2026-11-19T23:00:00Z",
        "kind": "claim",
        "product_en": "Claim",
        "next_step": "wait",
    }
    first, second = asks(firm, rows(older, GOOD))
    assert (first.kind, first.status, first.product, first.reference) == (
        "loan",
        "in_review",
        "信用貸款",
        "3141",
    )
    assert first.updated_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert (second.kind, second.product_en, second.next_step) == ("claim", "Claim", "wait")
    (asked,) = firm.asked
    assert (asked.method, asked.path) == ("GET", "/teller/customers/M-1%2F2%3Fx/applications")
    assert asked.headers["authorization"] == "Bearer the-token"
    assert "x-teller-signature" not in asked.headers
    assert "3141" not in repr(first)
    assert "信用貸款" not in repr(first)


def test_with_a_secret_every_call_is_signed(firm: Platform) -> None:
    asks(firm, rows(), secret=SECRET)
    (asked,) = firm.asked
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", asked.headers["x-teller-signature"])
    assert found is not None
    assert abs(int(found[1]) - time.time()) < 60
    signed = f"{found[1]}.GET.{asked.path}".encode()
    assert hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest() == found[2]


@pytest.mark.parametrize("said", [rows(), Say(404, {"error": "no"})], ids=["empty", "404"])
def test_none_is_an_answer(firm: Platform, said: Say) -> None:
    assert asks(firm, said) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "王小明"}, {"reference": "LN20261120004567"}, {"reference": ""}, {"reference": None}, {"kind": "fund"},
        {"status": "lost"}, {"status": ["approved"]}, {"product": "x" * 41}, {"product": "a\nb"}, {"product": 3},
        {"product": " "}, {"product_en": ""}, {"updated_at": "2026-11-20T09:30:00"}, {"updated_at": "soon"},
        {"updated_at": 1}, {"next_step": "Do This"}, {"id": ""}, {"id": 7},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_else_than_agreed_is_no_answer_and_is_not_repeated(
    firm: Platform, change: dict[str, Any]
) -> None:
    with pytest.raises(Unavailable) as refused:
        asks(firm, rows(GOOD | change))
    assert "王小明" not in str(refused.value)
    assert "LN2026" not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [
        [], {}, {"applications": None}, {"applications": ["x"]}, {"applications": [], "customer": "王小明"},
        {"applications": [GOOD] * (MOST + 1)}, {"applications": [], "pad": "x" * LONGEST_BODY},
    ],
    ids=lambda body: str(body)[:30],
)  # fmt: skip
def test_a_body_of_another_shape_or_without_end_is_no_answer(firm: Platform, body: Any) -> None:
    with pytest.raises(Unavailable):
        asks(firm, Say(200, body))


@pytest.mark.parametrize("status", [201, 301, 400, 401, 403, 429, 500, 503])
def test_every_other_status_is_no_answer(firm: Platform, status: int) -> None:
    with pytest.raises(Unavailable, match="TELLER_STATUS_TOKEN" if status in (401, 403) else str(status)):
        asks(firm, Say(status, {"applications": []}, {"Location": firm.url}))
    assert len(firm.asked) == 1, "nothing is followed, nothing is repeated"


def test_a_slow_system_is_left_after_the_deadline(firm: Platform) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        asks(firm, Say(200, {"applications": []}, hang=1.5), deadline=0.3)
    assert time.monotonic() - began < 1.0


def test_a_system_that_is_away_is_unavailable_and_its_error_names_nobody() -> None:
    with pytest.raises(Unavailable) as away:
        ApplicationStatus(closed_port(), "t").applications("member-4711")
    assert "4711" not in str(away.value)
    assert away.value.__cause__ is None
    for odd in ("", "x" * 129):
        with pytest.raises(Unavailable):
            ApplicationStatus(closed_port(), "t").applications(odd)


def test_the_contract_says_what_the_client_checks() -> None:
    page = yaml.safe_load((ROOT / "docs/openapi/application-status.yaml").read_text("utf-8"))
    schema = page["components"]["schemas"]["Application"]
    assert page["openapi"].startswith("3.1")
    assert set(schema["properties"]) == _FIELDS
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == _FIELDS - {"product_en", "next_step"}
    assert tuple(schema["properties"]["kind"]["enum"]) == KINDS
    assert tuple(schema["properties"]["status"]["enum"]) == STATUSES
    assert all(f"{status}:" in schema["properties"]["status"]["description"] for status in STATUSES)
    assert page["components"]["schemas"]["Applications"]["properties"]["applications"]["maxItems"] == MOST
    example = page["paths"]["/customers/{firm_id}/applications"]["get"]["responses"]["200"]["content"]
    assert json.dumps(example["application/json"]["example"]["applications"][0]["status"]) in json.dumps(
        STATUSES
    )
