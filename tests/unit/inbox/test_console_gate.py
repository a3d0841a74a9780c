"""Every page has a rule, and the rule is the role matrix: each cell, allowed and denied."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.model import Role
from inbox.permissions import ROLES, Permission
from tests.unit.inbox import story
from tests.unit.inbox.fake import PASSWORD, FakeAccounts, FakeConsole, a_console, an_app
from tests.unit.inbox.fake_desk import FakeDesk
from tests.unit.inbox.fake_recalls import FakeRecalls
from tests.unit.inbox.forms import Enter, post, token

WHO = {
    "agent": Role.AGENT,
    "senior": Role.SENIOR,
    "supervisor": Role.SUPERVISOR,
    "compliance": Role.COMPLIANCE,
    "admin": Role.ADMIN,
    "auditor": Role.AUDITOR,
}
DESK = {"agent", "senior", "supervisor"}
WATCH = {"supervisor", "compliance", "auditor"}

# What the compliance matrix says, written down a second time on purpose.
PAGES = {
    "/inbox": DESK | WATCH,
    "/inbox?view=waiting": DESK | WATCH,
    "/inbox?view=mine": DESK,
    "/inbox?view=assigned": WATCH,
    "/inbox?view=bot": WATCH,
    "/inbox/list?view=all": DESK | WATCH,
    "/inbox/list?view=bot": WATCH,
    "/inbox/c2": DESK | WATCH,
    "/inbox/c3": {"senior"} | WATCH,
    "/inbox/c3/thread": {"senior"} | WATCH,
    "/inbox/c3/said": {"senior"} | WATCH,
    "/inbox/c6": WATCH,
    "/inbox/c7": {"senior"} | WATCH,
    "/inbox/c2/around": DESK | WATCH,
    "/inbox/c2/replies": DESK,
    "/inbox/c2/typed": DESK,
    "/knowledge/replies": DESK,
    "/knowledge/automation": WATCH,
    "/knowledge/recalls": DESK | WATCH,
    "/knowledge/recalls/card-annual-fee": DESK | WATCH,
    "/knowledge/recalls/card-annual-fee?state=done": DESK | WATCH,
    "/admin/channels": {"admin", "auditor"},
    "/admin/channels/line-1": {"admin", "auditor"},
    "/admin/channels/add": {"admin"},
    "/admin/channels/add/telegram": {"admin"},
}
ACTS = {
    "/inbox/c2/take": DESK,
    "/inbox/c2/typing": DESK,
    "/inbox/c2/typed": DESK,
    "/inbox/c2/reply": DESK,
    "/inbox/c2/resolve": DESK,
    "/inbox/c2/bot": DESK,
    "/inbox/c6/lines/c6-1/review": {"compliance"},
    "/knowledge/automation": {"compliance"},
    "/knowledge/recalls": {"supervisor", "compliance"},
    "/knowledge/corrections/card-annual-fee:c1/take": DESK,
    "/knowledge/corrections/card-annual-fee:c1/close/done": DESK,
    "/admin/channels/line-1/disable": {"admin"},
    "/admin/channels/line-1/enable": {"admin"},
    "/admin/channels/line-1/check": {"admin"},
    "/admin/channels/line-1/register": {"admin"},
    "/admin/channels/line-1/test": {"admin"},
    "/admin/channels/add/telegram": {"admin"},
}


@pytest.fixture(scope="module")
def shared() -> tuple[FakeConsole, Flask, dict[str, FlaskClient]]:
    """One console for all cells, and each role's browser: making and entering one costs more than a look."""
    service = a_console()
    app = an_app(service)
    clients = {}
    for who in WHO:
        client = clients[who] = app.test_client()
        client.set_cookie("teller_lang", "en")
        form = {"email": f"{who}@example.com", "password": PASSWORD}
        client.post("/", data={**form, "csrf_token": token(client.get("/").text)})
    return service, app, clients


@pytest.fixture
def inside(shared: tuple[FakeConsole, Flask, dict[str, FlaskClient]]) -> Enter:
    """A role's browser, on a morning in which nobody has done anything yet."""
    service, _, clients = shared
    service.desk = FakeDesk(story.pages(), service.live)
    service.recalls, service.accounts = FakeRecalls(), FakeAccounts(story.accounts())
    return clients.__getitem__


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("path", PAGES)
def test_pages_open_for_exactly_their_roles(inside: Enter, who: str, path: str) -> None:
    answer = inside(who).get(path)
    assert answer.status_code == (200 if who in PAGES[path] else 403)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("path", ACTS)
def test_acts_are_for_exactly_their_roles(inside: Enter, who: str, path: str) -> None:
    answer = post(inside(who), path, text="hello")
    assert (answer.status_code == 403) is (who not in ACTS[path])
    assert answer.status_code < 500


def test_every_route_has_a_rule(app: Flask) -> None:
    bare = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not isinstance(getattr(app.view_functions[rule.endpoint], "permission", None), Permission)
    ]
    assert bare == []
    assert len(list(app.url_map.iter_rules())) > 15


def test_open_pages_are_a_short_known_list(app: Flask) -> None:
    open_to_all = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if app.view_functions[rule.endpoint].permission is Permission.ANYONE  # type: ignore[attr-defined]
    }
    # The last is what colleagues without an account are sent: bot/shared_phrasings.py says why.
    assert open_to_all == {
        "/",
        "/sign-in/code",
        "/sign-in/firm",
        "/sign-in/firm/back",
        "/sign-out",
        "/language",
        "/welcome/<token>",
        "/console/static/<digest>/<path:name>",
        "/phrasings/<token>",
    }


def test_a_console_page_without_a_rule_is_closed(app: Flask, enter: Enter) -> None:
    app.view_functions["inbox.index"] = lambda: "forgotten"
    assert enter("supervisor").get("/inbox").status_code == 403


def test_strangers_are_sent_to_sign_in_and_back(app: Flask) -> None:
    answer = app.test_client().get("/inbox/c1?view=mine")
    assert (answer.status_code, answer.location) == (303, "/?next=/inbox/c1?view%3Dmine")
    asked = app.test_client().get("/inbox/list", headers={"X-Background": "1"})
    assert (asked.status_code, asked.json) == (401, {"error": "sign_in"})


def test_denied_tries_are_noted(service: FakeConsole, enter: Enter) -> None:
    enter("admin").get("/inbox")
    assert ("s-admin", "account:permission:denied", "page:inbox.index") in [a[:3] for a in service.audited]


def test_every_role_has_permissions_and_admin_none_on_content() -> None:
    assert set(ROLES) == set(Role)
    assert not {p for p in ROLES[Role.ADMIN] if p.startswith("inbox:")}
    assert Permission.CHANNEL_WRITE not in ROLES[Role.AUDITOR]
    assert Permission.INBOX_REPLY not in ROLES[Role.AUDITOR] | ROLES[Role.COMPLIANCE]


@pytest.mark.parametrize(
    ("who", "page"), [("agent", "/inbox"), ("auditor", "/inbox"), ("admin", "/admin/channels")]
)
def test_each_role_lands_on_a_page_it_may_see(enter: Enter, who: str, page: str) -> None:
    client = enter(who)
    assert client.get("/").location == page
    assert client.get("/start").location == page
    assert client.get(page).status_code == 200


def test_menu_offers_only_what_the_role_may_open(enter: Enter) -> None:
    assert "/admin/channels" not in enter("agent").get("/inbox").text
    assert 'href="/inbox' not in enter("admin").get("/admin/channels").text


def test_a_changed_role_and_a_closed_account_bite_at_once(service: FakeConsole) -> None:
    from dataclasses import replace

    client = an_app(service).test_client()
    form = {"email": "agent@example.com", "password": PASSWORD, "csrf_token": token(client.get("/").text)}
    client.post("/", data=form)
    service.staff.people["s-agent"] = replace(service.staff.people["s-agent"], role=Role.ADMIN)
    assert client.get("/inbox").status_code == 403
    service.staff.people["s-agent"] = replace(service.staff.people["s-agent"], active=False)
    assert client.get("/admin/channels").status_code == 303
