"""The menu and the tab row: one table, each line a page that exists and that the reader may open."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from bot.model import Role
from inbox.navigation import ENTRIES, KNOWLEDGE_TABS, entries
from inbox.permissions import may
from tests.unit.inbox.forms import Enter

PAGE = "/knowledge/automation"


def test_every_line_is_a_page_under_the_permission_that_the_page_asks_for(app: Flask) -> None:
    lines = [(e.endpoint, e.permission) for e in ENTRIES] + [
        (t.endpoint, t.permission) for t in KNOWLEDGE_TABS
    ]
    for endpoint, permission in lines:
        assert getattr(app.view_functions[endpoint], "permission", None) is permission, endpoint
    with app.test_request_context():
        addresses = [app.url_for(tab.endpoint, **tab.values) for tab in KNOWLEDGE_TABS]
    assert len(set(addresses)) == len(addresses)
    assert all(address.startswith("/knowledge") for address in addresses)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_offered_what_it_may_open(role: Role) -> None:
    for entry in entries(role):
        assert may(role, entry.permission)
        assert all(may(role, tab.permission) for tab in entry.tabs)
    # Whoever may open a tab finds the entry that leads to it.
    if any(may(role, tab.permission) for tab in KNOWLEDGE_TABS):
        assert any(entry.tabs for entry in entries(role))


def test_the_row_marks_where_one_is_and_so_does_the_menu(enter: Enter) -> None:
    page = enter("auditor").get(PAGE).text
    here = re.findall(r'<a [^>]*href="([^"]+)"[^>]*aria-current="page"', page)
    assert here == ["/knowledge", PAGE, PAGE]
    assert re.search(r"<summary><span>Direct answers</span>", page)


def test_a_phone_has_the_same_pages_in_a_sheet_that_needs_no_script(enter: Enter) -> None:
    page = enter("supervisor").get(PAGE).text
    row = re.search(r'<nav class="sections wide-only".*?</nav>', page, re.S)
    sheet = re.search(r"<details class=\"sections-sheet.*?</details>", page, re.S)
    assert row
    assert sheet
    links = r'<a href="([^"]+)"'
    assert re.findall(links, row.group()) == re.findall(links, sheet.group())
    assert "/knowledge/recalls" in sheet.group()
