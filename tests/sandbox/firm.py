"""The firm's own system: how a customer's applications stand, as docs/openapi/application-status.yaml has it.

| customer | has |
|---|---|
| `1001` | a loan in review, a claim that lacks documents, a card approved |
| `1002` | a loan with an outcome that a person explains |
| `1003` | none: 404 |
| `1004` | five applications, more than one answer lists |
| `slow` | an answer that takes longer than anybody waits |
| `down` | 503 |
| `broken` | an answer with a name in it, which the contract forbids |
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import gevent

from tests.sandbox.state import State
from tests.sandbox.wire import Answer, Request

TOKEN = "sandbox-status-token"
SLOW_S = 8.0
_PATH = re.compile(r"/customers/([^/]+)/applications")
Row = dict[str, Any]


def handle(_state: State, request: Request) -> Answer:
    if request.bearer != TOKEN:
        return Answer(401, {"error": "unauthorised"})
    found = _PATH.fullmatch(request.path)
    if found is None or request.method != "GET":
        return Answer(404, {"error": "not found"})
    customer = found[1]
    if customer == "slow":
        gevent.sleep(SLOW_S)
    if customer == "down":
        return Answer(503, {"error": "maintenance"})
    if customer == "broken":
        return Answer(
            200, {"applications": [{**_row("loan", "in_review", "信用貸款", "3141"), "name": "王小明"}]}
        )
    rows = _ROWS.get(customer)
    if rows is None:
        return Answer(404, {"error": "not found"})
    return Answer(200, {"applications": [_row(*row) for row in rows]})


_ROWS: dict[str, list[tuple[Any, ...]]] = {
    "slow": [],
    "1001": [
        ("loan", "in_review", "信用貸款", "3141", 2, "Personal loan"),
        ("claim", "documents_missing", "住院醫療險理賠", "2718", 1, "Hospital claim", "upload_documents"),
        ("card", "approved", "晴光卡", "1618", 6, "Qingguang card"),
    ],
    "1002": [("loan", "rejected", "房屋貸款", "5772", 1, "Mortgage")],
    "1004": [
        ("loan", status, f"信用貸款 {n}", f"100{n}", n, f"Personal loan {n}")
        for n, status in enumerate(("received", "in_review", "approved", "completed", "withdrawn"), start=1)
    ],
}


def _row(
    kind: str,
    status: str,
    product: str,
    reference: str,
    days: int = 1,
    english: str | None = None,
    step: str | None = None,
) -> Row:
    at = datetime.now(UTC) - timedelta(days=days)
    row: Row = {
        "id": f"{kind}-{reference}",
        "kind": kind,
        "product": product,
        "status": status,
        "updated_at": at.isoformat(timespec="seconds"),
        "reference": reference,
    }
    return row | ({"product_en": english} if english else {}) | ({"next_step": step} if step else {})
