"""Nothing of a record can be deleted before its term: every path that deletes is known, and none of them is a record's.

A new delete, drop or TTL index fails here until somebody has argued in `bot.retention.terms` or below why it is none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.retention.terms import AGED, KEPT, WORKING, terms
from bot.settings_retention import CLASSES, FLOOR_YEARS
from bot.store.schema import INDEXES

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "kb", "inbox", "adapters", "handlers")
DELETES = {
    *("delete_one", "delete_many", "find_one_and_delete", "drop", "drop_collection", "drop_database"),
    *("DeleteOne", "DeleteMany", "rename", "delete_key"),
}
ALLOWED = {
    "bot/store/purging.py": "the purge: only after `clock_of` was asked in the transaction that begins it",
    "bot/store/sessions.py": "sign-ins of staff",
    "bot/store/canned.py": "saved replies of staff; what was sent of them is a message",
    "bot/store/drafts.py": "what was typed and not sent",
    "bot/store/figures.py": "a day's sums, to put in those computed anew",
    "bot/store/staff_requests.py": "what is asked about a member of staff; asking and deciding are in the audit log",
    "bot/store/retention.py": "link codes of a restricted customer, which are good for a quarter of an hour",
    "bot/store/seals.py": "lists of leaves of a sealing that came to nothing, and its lease",
    "bot/store/backup.py": "the mark of a restore that has ended",
}
"""Files that delete, and what."""
OF_MONGO = ("_mongo", "mongo", "db", "collection", "self")


def deletes() -> Iterator[tuple[str, str, int]]:
    """(file, call, line) of what looks like a deletion in MongoDB."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = (
                    node.func.attr
                    if isinstance(node.func, ast.Attribute)
                    else node.func.id
                    if isinstance(node.func, ast.Name)
                    else ""
                )
                if name not in DELETES:
                    continue
                # Files and leases are renamed and dropped too.
                if name in ("drop", "rename") and not any(
                    one in ast.unparse(node.func) for one in ("mongo", "db[")
                ):
                    continue
                yield path.relative_to(ROOT).as_posix(), name, node.lineno


def test_every_deletion_is_argued() -> None:
    found = list(deletes())
    assert [one for one in found if one[0] not in ALLOWED] == []
    assert set(ALLOWED) == {file for file, _, _ in found}


def test_what_goes_by_itself_is_no_record() -> None:
    expiring = {
        name
        for name, indexes in INDEXES.items()
        for index in indexes
        if "expireAfterSeconds" in index.document
    }
    assert expiring == set(WORKING)
    records = {one.name for one in terms(dict.fromkeys(CLASSES, FLOOR_YEARS))}
    # Of these two only what belongs to no message, and what is of no use after its quarter of an hour.
    assert expiring & records == {"drafts", "file_parts", "link_tokens"}


@pytest.mark.parametrize("name", sorted(set(INDEXES)))
def test_every_collection_has_a_term_or_is_no_record(name: str) -> None:
    firm = {
        *("accounts", "staff", "canned", "staff_requests", "availability", "tags", "phrasings"),
        *("phrasing_links", "figures_days"),
    }
    known = {one.name for one in terms(dict.fromkeys(CLASSES, FLOOR_YEARS))} | set(WORKING) | firm
    assert name in known or name.startswith("seal"), (
        f"{name}: say in bot/retention/terms.py how long it is kept"
    )


def test_the_table_keeps_the_floor() -> None:
    for one in terms(dict.fromkeys(CLASSES, FLOOR_YEARS)):
        assert one.years is None or one.years >= FLOOR_YEARS
        assert (one.goes == KEPT) <= (one.years is None)
    assert set(AGED) <= set(CLASSES)
