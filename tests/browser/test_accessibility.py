"""axe-core on every page of the console that a person can reach, found by walking: a new page is in it by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

import inbox
from bot.app import create_app
from bot.compose import build
from bot.model import Role
from bot.settings import Settings
from inbox.permissions import may
from tests.browser.rooms import a_colleague
from tests.conftest import Person
from tests.house import House
from tests.unit.inbox.visitors import DESKTOP, PHONE, a_browser

pytestmark = pytest.mark.browser
GRAVE = ("serious", "critical")
# A stream is no page and never ends.
STREAMS = {"live.events"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def app(house: House) -> Iterator[Flask]:
    service = build(Settings.from_env(house.env))
    yield create_app(service)
    service.close()


class Walk:
    """All pages that a role reaches: those without arguments, and one of each kind that a page links to."""

    def __init__(self, app: Flask, page: Page, url: str, role: Role) -> None:
        self._page, self._url = page, url
        self._map = app.url_map.bind(urlsplit(url).netloc)
        self.seen: set[str] = set()
        self._next: list[str] = []
        for rule in app.url_map.iter_rules():
            view = app.view_functions[rule.endpoint]
            ours = rule.endpoint.split(".")[0] in inbox.BLUEPRINTS and "GET" in (rule.methods or ())
            if ours and not rule.arguments and may(role, view.permission):  # type: ignore[attr-defined]
                self._add(rule.rule)

    def _add(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.netloc != urlsplit(self._url).netloc and parts.netloc:
            return
        try:
            endpoint = str(self._map.match(parts.path, method="GET")[0])
        except (HTTPException, RequestRedirect):
            return
        if endpoint in self.seen | STREAMS or endpoint.split(".")[0] not in inbox.BLUEPRINTS:
            return
        self.seen.add(endpoint)
        self._next.append(parts.path + (f"?{parts.query}" if parts.query else ""))

    def pages(self) -> Iterator[str]:
        """Each in turn, open in the browser; files and fragments are passed over."""
        while self._next:
            address = self._next.pop(0)
            answer = self._page.request.get(self._url + address)
            whole = "text/html" in answer.headers.get("content-type", "") and "<main" in answer.text()
            if not answer.ok or not whole:
                continue
            self._page.goto(self._url + address)
            yield address
            for link in self._page.locator("a[href]").evaluate_all("links => links.map(one => one.href)"):
                self._add(urljoin(self._url, link))


def faults(page: Page) -> list[str]:
    """Serious and critical ones: rule, and where."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize(
    ("role", "lang", "size"),
    [
        (Role.SUPERVISOR, "zh-TW", DESKTOP),
        (Role.COMPLIANCE, "en", PHONE),
        (Role.ADMIN, "zh-TW", PHONE),
    ],
)
def test_no_page_has_a_serious_fault(
    chromium: Browser,
    house: House,
    app: Flask,
    person: Callable[[str], Person],
    role: Role,
    lang: str,
    size: dict[str, int],
) -> None:
    customer = person("line")
    customer.says("我要真人，我的卡被盜刷了，手機0912345678")
    customer.reads(2)
    page = a_colleague(chromium, house, role.value, lang, viewport=size)
    walk = Walk(app, page, house.url, role)
    bad: dict[str, list[str]] = {}
    for address in walk.pages():
        for fault in faults(page):
            bad.setdefault(fault, []).append(address)
    page.context.close()
    assert len(walk.seen) > 8, "the walk found hardly a page"
    assert not bad, "\n".join(f"{fault} on {', '.join(where[:4])}" for fault, where in bad.items())
