"""Lists, the conversation beside its customer, and what one can do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.model import Status
from inbox import words
from tests.unit.inbox.fake import FakeConsole
from tests.unit.inbox.forms import Enter, post, token


def keys(page: str) -> list[str]:
    return re.findall(r'class="row [^>]*data-key="([^"]+)"', page)


def test_waiting_is_sorted_by_priority_then_oldest(enter: Enter) -> None:
    assert keys(enter("senior").get("/inbox/list?view=waiting").text) == ["c2", "c3", "c5", "c4"]


def test_agent_never_sees_a_complaint(enter: Enter) -> None:
    assert "c3" not in keys(enter("agent").get("/inbox/list?view=waiting").text)


def test_rows_say_why_and_mark_fraud_and_complaints(enter: Enter) -> None:
    page = enter("senior").get("/inbox?view=waiting").text
    assert "flag-fraud" in page
    assert "Fraud or stolen account" in page
    assert "flag-complaint" in page
    assert "Wants personal advice" in page


def test_bot_messages_name_what_they_copy(enter: Enter) -> None:
    page = enter("agent").get("/inbox/c1").text
    assert re.search(r"Approved article <code>loan-rate</code> v7", page)
    assert re.search(r"Approved disclosure <code>loan</code> v3", page)
    assert 'title="sha256 ' in page


def test_delivery_state_and_reason_are_shown(enter: Enter) -> None:
    page = enter("agent").get("/inbox/c1").text
    assert "delivery-failed" in page
    assert "The platform takes no more messages" in page
    unsure = enter("supervisor").get("/inbox/c6").text
    assert "delivery-unknown" in unsure
    assert "did not confirm this message" in unsure


def test_customer_text_is_text(service: FakeConsole, enter: Enter) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    service.desk.customer_writes("c1", evil)
    page = service.desk.pages["c1"]
    service.desk.pages["c1"] = replace(
        page,
        customer=replace(page.customer, name='"><b>x', tags=("<i>t",)),
        row=replace(page.row, customer_name="'\"><b>x", account_name="<u>a"),
    )
    client = enter("agent")
    for path in ("/inbox/c1", "/inbox/c1/thread", "/inbox/list?view=mine"):
        text = client.get(path).text
        for raw in ("<script>alert", "<img src=x", "<b>x", "<i>t", "<u>a"):
            assert raw not in text
    assert "&lt;script&gt;alert(1)" in client.get("/inbox/c1").text


def test_times_are_local(service: FakeConsole, enter: Enter) -> None:
    from datetime import UTC, datetime

    message = service.desk.say("c1", "customer", "at a fixed time")
    service.desk.change("c1", replace(message, at=datetime(2026, 1, 1, 16, 30, tzinfo=UTC)))
    page = enter("agent").get("/inbox/c1").text
    assert 'datetime="2026-01-01T16:30:00Z" title="2026-01-02 00:30:00">00:30<' in page
    assert "Friday, 2 Jan" in page


def test_take_reply_resolve(service: FakeConsole, enter: Enter) -> None:
    client = enter("agent")
    assert post(client, "/inbox/c2/take").location.startswith("/inbox/c2")
    assert service.desk.pages["c2"].conversation.assignee == "s-agent"
    post(client, "/inbox/c2/reply", text="請先不要操作 App", client_id="k1")
    assert service.desk.pages["c2"].messages[-1].text == "請先不要操作 App"
    assert service.desk.pages["c2"].messages[-1].author == "staff:s-agent"
    post(client, "/inbox/c2/resolve")
    assert service.desk.pages["c2"].conversation.status is Status.RESOLVED


def test_back_to_the_bot(service: FakeConsole, enter: Enter) -> None:
    post(enter("agent"), "/inbox/c1/bot")
    assert service.desk.pages["c1"].conversation.status is Status.BOT


def test_the_same_reply_twice_is_one_message(service: FakeConsole, enter: Enter) -> None:
    client = enter("agent")
    before = len(service.desk.pages["c1"].messages)
    for _ in range(2):
        post(client, "/inbox/c1/reply", text="一次就好", client_id="same")
    assert len(service.desk.pages["c1"].messages) == before + 1


@pytest.mark.parametrize("text", ["", "   \n ", "x" * 2001])
def test_a_reply_that_will_not_do_says_so(service: FakeConsole, enter: Enter, text: str) -> None:
    before = len(service.desk.pages["c1"].messages)
    answer = post(enter("agent"), "/inbox/c1/reply", scripted=True, text=text)
    assert answer.status_code == 400
    assert answer.json["error"]
    assert len(service.desk.pages["c1"].messages) == before


def test_who_comes_second_is_told(service: FakeConsole, enter: Enter) -> None:
    late = enter("senior")
    service.desk.hand_off("c7")
    page = service.desk.pages["c7"]
    service.desk.pages["c7"] = replace(page, conversation=replace(page.conversation, assignee=None))
    shown = token(late.get("/inbox/c7").text)
    service.desk.take(service.staff.people["s-super"], "c7")
    service.desk._visible = lambda *_: True  # type: ignore[method-assign]
    answer = late.post("/inbox/c7/take", data={"csrf_token": shown}, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json == {"error": "A colleague has taken this conversation."}
    plain = late.post("/inbox/c7/take", data={"csrf_token": shown})
    page_after = late.get(plain.location).text
    assert "A colleague has taken this conversation." in page_after
    assert "黃雅婷 is handling this." in page_after
    assert 'data-shortcut="t"' not in page_after


def test_a_supervisor_may_take_over(service: FakeConsole, enter: Enter) -> None:
    client = enter("supervisor")
    assert 'data-shortcut="t"' in client.get("/inbox/c1").text
    post(client, "/inbox/c1/take")
    assert service.desk.pages["c1"].conversation.assignee == "s-super"


def test_posts_need_the_form_token(enter: Enter, service: FakeConsole) -> None:
    assert enter("agent").post("/inbox/c2/take").status_code == 400
    assert service.desk.pages["c2"].conversation.assignee is None


def test_opening_is_noted_first_and_fails_when_it_cannot_be(service: FakeConsole, enter: Enter) -> None:
    client = enter("agent")
    client.get("/inbox/c1")
    opened, listed = (one[:3] for one in service.audited[-2:])
    assert opened == ("s-agent", "inbox:conversation:open", "conversation:c1")
    assert listed == ("s-agent", "inbox:conversations:list", "inbox:waiting")
    service.audit_broken = True
    answer = client.get("/inbox/c1")
    assert answer.status_code == 503
    assert "王○明" not in answer.text


def test_watchers_get_no_reply_field(enter: Enter) -> None:
    page = enter("compliance").get("/inbox/c2").text
    assert "data-reply" not in page
    assert "/take" not in page
    assert "not reply to it" in page


@pytest.mark.parametrize("view", ["mine", "waiting", "all"])
def test_empty_lists_say_what_comes_next(service: FakeConsole, enter: Enter, view: str) -> None:
    service.desk.pages.clear()
    said = {"mine": "Take one from", "waiting": "appear here by themselves", "all": "Connect a channel"}
    assert said[view] in enter("agent").get(f"/inbox/list?view={view}").text


def test_store_away_is_a_page_with_a_next_step(service: FakeConsole, enter: Enter) -> None:
    client = enter("agent")
    service.desk.down = True
    answer = client.get("/inbox")
    assert answer.status_code == 503
    assert "Try again in a few seconds" in answer.text
    assert answer.headers["Retry-After"] == "5"


def test_a_bug_shows_no_secret(service: FakeConsole, enter: Enter, client: FlaskClient) -> None:
    signed_in = enter("agent")
    signed_in.application.config["PROPAGATE_EXCEPTIONS"] = False

    def broken(*_: object) -> None:
        raise RuntimeError("customer said 0912345678")

    service.desk.rows = broken  # type: ignore[method-assign, assignment]
    answer = signed_in.get("/inbox")
    assert answer.status_code == 500
    assert "0912345678" not in answer.text
    assert "Something went wrong on our side" in answer.text


def test_a_lost_store_is_no_bug(enter: Enter, service: FakeConsole) -> None:
    from redis.exceptions import ConnectionError as Away

    client = enter("agent")
    client.application.config["PROPAGATE_EXCEPTIONS"] = False

    def away(*_: object) -> None:
        raise Away("10.0.0.7 refused")

    service.desk.rows = away  # type: ignore[method-assign, assignment]
    answer = client.get("/inbox")
    assert answer.status_code == 503
    assert "10.0.0.7" not in answer.text


def test_a_form_too_large_is_refused(enter: Enter) -> None:
    assert post(enter("agent"), "/inbox/c1/reply", text="x" * 300_000).status_code == 413


def test_every_view_offered_has_words() -> None:
    from inbox.navigation import VIEWS

    assert set(VIEWS) == set(words.VIEWS) == set(words.EMPTY)


def test_codes_nobody_named_are_shown_readably(app: Flask) -> None:
    with app.test_request_context():
        assert words.said(words.REASONS, "handler:odd_case") == "handler · odd case"
        assert words.said(words.REASONS, None) == ""
