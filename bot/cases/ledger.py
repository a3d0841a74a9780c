"""The complaints of a period against their 30 days, for the examiner: no name and no text, a line a case, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date

from bot.deadlines import local
from bot.store.case_values import Case

HEAD = (
    "case",
    "received",
    "due",
    "closed",
    "days",
    "within_term",
    "state",
    "outcome",
    "ombudsman_told",
    "owner",
    "conversations",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def ledger(cases: Iterable[Case], today: date, name: Callable[[str | None], str]) -> str:
    """CSV with a byte-order mark, as spreadsheets want it. `name` is a colleague's, by id."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for case in cases:
        received, closed = local(case.received_at), local(case.closed_at) if case.closed_at else None
        row = (
            case.id,
            received,
            case.due,
            closed or "",
            ((closed or today) - received).days,
            "yes" if (closed or today) <= case.due else "no",
            case.state.value,
            case.outcome or "",
            case.told or "",
            name(case.owner),
            " ".join(case.conversations),
        )
        writer.writerow([guarded(str(cell)) for cell in row])
    return "﻿" + out.getvalue()


def guarded(cell: str) -> str:
    """A cell that begins like a formula must stay a text to whatever opens the table."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
