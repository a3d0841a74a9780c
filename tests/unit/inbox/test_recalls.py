"""Recalls in the console, and why an answer was given, on a real store."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from bot.embedded import Servers
from bot.model import Role
from inbox import register
from tests.unit.core.teller import Teller, apart, signed_in
from tests.unit.core.test_core_recalls import article, told
from tests.unit.inbox.forms import post

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "console_recalls") as one:
        yield one


@pytest.fixture(scope="module")
def app(teller: Teller) -> Flask:
    app = Flask("recalls_under_test", static_folder=None)
    register(app, teller.service.console)
    return app


def test_an_officer_recalls_and_an_agent_corrects(app: Flask, teller: Teller) -> None:
    (wrong,) = article(teller)
    user = told(teller, wrong)
    officer, agent = signed_in(app, teller.staff(Role.COMPLIANCE)), signed_in(app, teller.staff(Role.AGENT))
    auditor = signed_in(app, teller.staff(Role.AUDITOR))
    form = {"article": wrong.id, "version": "", "reason": "the fee is wrong"}
    assert post(agent, "/knowledge/recalls", **form).status_code == 403
    assert post(officer, "/knowledge/recalls", **{**form, "version": "x"}).status_code == 400
    assert post(officer, "/knowledge/recalls", **form).status_code == 303
    page = f"/knowledge/recalls/{wrong.id}"
    assert "the fee is wrong" in agent.get(page).text
    (correction,) = teller.service.recalls.corrections(wrong.id)
    act = f"/knowledge/corrections/{correction.id}"
    assert act not in auditor.get(page).text
    for other in (officer, auditor):
        assert post(other, f"{act}/take").status_code == 403
        assert post(other, f"{act}/close/done").status_code == 403
    taken = post(agent, f"{act}/take")
    assert f"/inbox/{teller.conversation(user)['_id']}" in taken.headers["Location"]
    assert post(agent, f"{act}/close/done").status_code == 303
    assert "0 open, 1 corrected" in agent.get(page).text
    assert "All corrected" in auditor.get("/knowledge/recalls").text


def test_a_line_says_why_it_was_answered_and_who_approved_it(app: Flask, teller: Teller) -> None:
    (content,) = article(teller)
    user = told(teller, content)
    supervisor = signed_in(app, teller.staff(Role.SUPERVISOR))
    shown = supervisor.get(f"/inbox/{teller.conversation(user)['_id']}?view=all").text
    assert '<details class="why" id="why-' in shown
    assert "Small talk" in shown
    assert f"<code>{content.id}</code> v1 · approved by bob" in shown


def test_what_the_recall_pages_refuse_is_said_in_chinese(app: Flask, teller: Teller) -> None:
    (content,) = article(teller)
    officer = signed_in(app, teller.staff(Role.COMPLIANCE))
    officer.set_cookie("teller_lang", "zh-TW")
    page = "/knowledge/recalls"
    said = [
        post(officer, page, page, article=content.id, reason="").text,
        post(officer, page, page, article=content.id, reason="x" * 501).text,
        post(officer, page, page, article="nothing", reason="x").text,
        officer.get(f"{page}/{content.id}").text,
    ]
    for text in said:
        assert not re.search("needs a reason|is longer than|ever was in force|There is no such", text)
    words = ("召回須填寫理由", "理由超過 500 個字", "nothing 沒有任何版本曾經生效", "沒有這筆召回")
    assert all(expected in text for expected, text in zip(words, said, strict=True))


def test_an_officer_says_whether_the_article_was_right_and_everybody_sees_who(
    app: Flask, teller: Teller
) -> None:
    (content,) = article(teller)
    user = told(teller, content)
    conversation = str(teller.conversation(user)["_id"])
    line = next(row for row in teller.rows("messages", user) if row["decision"])
    seen = {"article": content.id, "version": content.version, "confidence": 0.9}
    found = {"verdict": "answer", "search": "ranked", "candidates": [seen], "confidence": 0.9}
    decision = {**line["decision"], "handler": "approved_answer", "reason": "answer", "trace": found}
    teller.service.mongo["messages"].update_one({"_id": line["_id"]}, {"$set": {"decision": decision}})
    page, act = f"/inbox/{conversation}?view=all", f"/inbox/{conversation}/lines/{line['_id']}/review"
    officer, supervisor = teller.staff(Role.COMPLIANCE), signed_in(app, teller.staff(Role.SUPERVISOR))
    compliance = signed_in(app, officer)
    assert act in compliance.get(page).text
    assert act not in supervisor.get(page).text
    form = {f"reason:{line['_id']}": "the other fee; mail a@example.com"}
    assert post(supervisor, act, page, verdict="right").status_code == 403
    assert post(compliance, act, page, verdict="perhaps", **form).status_code == 404
    assert post(compliance, act.replace(line["_id"], "another"), page, verdict="right").status_code == 404
    answer = post(compliance, act, page, verdict="wrong", **form)
    assert answer.status_code == 303
    assert answer.location.endswith(f"#why-{line['_id']}")
    assert post(compliance, act, page, verdict="right").status_code == 303
    shown = re.sub(r"<[^>]+>|\s+", " ", supervisor.get(page).text)
    assert re.search(rf"Wrong · {officer.name} .* the other fee; .*Right · {officer.name}", shown)
    assert "a@example.com" not in shown
    assert "An approved article fits" in shown
    label = teller.service.mongo["labels"].find_one({"_id": f"review:{line['_id']}"})
    assert (label["right"], label["by"]) == (True, officer.id)
