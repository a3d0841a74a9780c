"""The review against OWASP ASVS: whole, fresh, and pointing at what is really there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tests import asvs

# Levels 1 and 2 of ASVS 5.0.0, by chapter.
WHOLE = {1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13}
WHOLE |= {14: 9, 15: 13, 16: 16, 17: 7}


def test_every_requirement_is_there_once() -> None:
    found = asvs.items()
    assert len({one.id for one in found}) == len(found)
    assert Counter(one.level for one in found) == {1: 70, 2: 183}
    assert dict(Counter(one.chapter for one in found)) == WHOLE
    assert set(WHOLE) == set(asvs.CHAPTERS)


def test_no_row_is_blank_and_all_it_names_exists() -> None:
    assert asvs.faults(asvs.items()) == []


def test_what_is_blank_or_gone_is_told() -> None:
    met = next(one for one in asvs.items() if one.status == "met")
    assert asvs.faults([replace(met, evidence=())])
    assert asvs.faults([replace(met, evidence=("bot/never_was.py",))])
    assert asvs.faults([replace(met, evidence=("tests/project/test_asvs.py::test_never_was",))])
    assert asvs.faults([replace(met, status="maybe")])
    assert asvs.faults([replace(met, status="not met", note="")])


def test_the_page_is_fresh() -> None:
    assert asvs.PAGE.read_text("utf-8") == asvs.page(asvs.items())
