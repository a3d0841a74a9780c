"""Gaps and rehearsals in the console, on a real store: who sees what, what gets into an article and what does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask

from bot.embedded import Servers
from bot.model import ContentKind, Role, Staff
from bot.prepare import audit_of
from bot.runner import perform
from bot.runs import GAPS, REHEARSAL
from bot.vault import customer_key
from handlers.policy import shipped_document
from inbox import register
from inbox.gaps import bars
from kb import review
from kb.review import UNWRITTEN
from tests.unit.core.teller import Teller, apart, signed_in
from tests.unit.inbox.forms import post

pytestmark = pytest.mark.servers
SAFE, OTHER, MOBILE = "保管箱怎麼租", "保管箱要怎麼租用", "0912345678"
PRIVATE = f"保管箱怎麼租用 我的手機 {MOBILE}"
ARTICLE = ContentKind.ARTICLE


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "console_slow") as one:
        near = [review.Draft("lost-card", {"zh-TW": "請來電掛失。"}, ("信用卡遺失了",))]
        review.create(one.service.kb, near, "ann", audit_of(one.service))
        review.approve(one.service.kb, "lost-card", "bob", audit_of(one.service))
        yield one


@pytest.fixture(scope="module")
def app(teller: Teller) -> Flask:
    app = Flask("slow_under_test", static_folder=None)
    register(app, teller.service.console)
    return app


@pytest.fixture(scope="module")
def people(teller: Teller) -> dict[Role, Staff]:
    return {role: teller.staff(role) for role in Role}


@pytest.fixture(autouse=True)
def _fresh(teller: Teller) -> None:
    for collection in ("runs", "run_items", "messages"):
        teller.service.mongo[collection].delete_many({})
    teller.service.mongo["content"].delete_many({"id": {"$ne": "lost-card"}, "kind": "article"})


def asks(teller: Teller, text: str) -> str:
    user = teller.person()
    teller.hears(user, text)
    return str(next(row["_id"] for row in teller.rows("messages", user) if row["decision"]))


def erased(teller: Teller, line: str) -> None:
    message = teller.service.mongo["messages"].find_one({"_id": line})
    assert message is not None
    teller.service.mongo["keys"].delete_one({"keyAltNames": customer_key(message["customer"])})
    teller.service.vault.close()


def done(teller: Teller, kind: str, officer: Staff, **plan: Any) -> str:
    """A run of that kind, done as a worker does it; its id."""
    run = teller.service.runs.start(officer, kind, {"days": 7, **plan})
    perform(teller.service, run.id)
    return run.id


def writes(teller: Teller, name: str, question: str) -> str:
    """A version in review; its hash."""
    draft = review.Draft(name, {"zh-TW": "請至分行辦理。"}, (question,))
    review.create(teller.service.kb, [draft], "ann", audit_of(teller.service))
    review.submit(teller.service.kb, name, "ann", audit_of(teller.service))
    return teller.service.kb.versions(ARTICLE, name)[0].sha256


def last_audit(teller: Teller, action: str) -> dict[str, Any]:
    found = teller.service.mongo["audit"].find_one({"action": action}, sort=[("seq", -1)])
    assert found is not None
    return found


# -- gaps ------------------------------------------------------------------------------------------------------------


def test_from_nothing_to_a_result_and_what_stands_on_it(
    app: Flask, teller: Teller, people: dict[Role, Staff]
) -> None:
    officer = signed_in(app, people[Role.COMPLIANCE])
    assert "Nobody has looked yet" in officer.get("/knowledge/gaps").text
    first = asks(teller, SAFE)
    asks(teller, SAFE)
    asks(teller, PRIVATE)
    assert post(officer, "/knowledge/gaps", days="900").location == "/knowledge/gaps"
    started = post(officer, "/knowledge/gaps", days="30")
    run_id = started.location.rpartition("/")[2]
    page = officer.get(started.location).text
    assert "Waiting for a worker" in page
    assert 'http-equiv="refresh"' in page
    # A second one is not begun, and the page says so.
    assert "at work already" in officer.get(post(officer, "/knowledge/gaps", days="7").location).text
    assert "Waiting for a worker" in officer.get(f"/knowledge/runs/gaps/{run_id}").text
    perform(teller.service, run_id)
    page = officer.get("/knowledge/gaps").text
    assert 'http-equiv="refresh"' not in page
    assert f'data-group="{first}"' in page
    assert f"<h2>{SAFE}</h2>" in page
    assert "3 questions, 100.0 % of all gaps" in page
    assert "3 asked back" in page
    assert MOBILE not in page
    assert 'href="/knowledge/article/view/lost-card"' in page
    seen = last_audit(teller, "knowledge:gaps:read")
    assert (seen["actor"], first in seen["detail"]["questions"]) == (people[Role.COMPLIANCE].id, True)
    erased(teller, first)
    page = officer.get("/knowledge/gaps").text
    assert "This customer was erased." in page
    assert SAFE not in page.replace(f"{SAFE}用", "")


def test_a_cancelled_and_a_failed_run_say_so_and_the_result_before_stays(
    app: Flask, teller: Teller, people: dict[Role, Staff]
) -> None:
    officer = signed_in(app, people[Role.SUPERVISOR])
    asks(teller, SAFE)
    done(teller, GAPS, people[Role.SUPERVISOR])
    run_id = post(officer, "/knowledge/gaps", days="7").location.rpartition("/")[2]
    assert f"<h2>{SAFE}</h2>" not in officer.get("/knowledge/gaps").text
    assert post(officer, f"/knowledge/runs/gaps/{run_id}/cancel").status_code == 303
    page = officer.get("/knowledge/gaps").text
    assert "<h2>Cancelled</h2>" in page
    assert f"<h2>{SAFE}</h2>" in page
    assert (
        "come to its end" in officer.get(post(officer, f"/knowledge/runs/gaps/{run_id}/cancel").location).text
    )
    assert officer.get("/knowledge/runs/gaps/nobody").status_code == 404
    assert officer.get("/knowledge/runs/moon/nobody").status_code == 404


def test_no_customers_word_is_stored_without_a_deliberate_act(
    app: Flask, teller: Teller, people: dict[Role, Staff]
) -> None:
    officer = signed_in(app, people[Role.COMPLIANCE])
    leader, locked = asks(teller, SAFE), asks(teller, PRIVATE)
    asks(teller, SAFE)
    run_id = done(teller, GAPS, people[Role.COMPLIANCE])
    path = f"/knowledge/gaps/{run_id}/{leader}"
    page = officer.get(path).text
    assert SAFE in page
    assert MOBILE not in page
    # Nothing is filled in, and what holds personal data cannot be ticked.
    assert 'rows="6"></textarea>' in page
    assert " checked" not in page
    assert re.search(f'value="{locked}" disabled', page)

    silent = post(officer, path, path, id="safe", take=leader)
    assert silent.status_code == 400
    assert "Confirm that these questions hold nothing of a person." in silent.text
    assert f'value="{leader}" checked' in silent.text
    for wrong in ({"take": locked}, {"own": f"打 {MOBILE}"}, {"take": "nobody"}):
        refused = post(officer, path, path, id="safe", clean="1", **wrong)
        assert refused.status_code == 400
    assert teller.service.kb.versions(ARTICLE, "safe") == []

    made = post(officer, path, path, id="safe", own="保管箱 租金", clean="1")
    assert made.location == "/knowledge/article/edit/safe"
    (draft,) = teller.service.kb.versions(ARTICLE, "safe")
    assert (draft.questions, draft.answer) == (("保管箱 租金",), {"zh-TW": UNWRITTEN})
    assert 'href="/knowledge/article/view/safe"' in officer.get("/knowledge/gaps").text
    editor = officer.get(made.location).text
    assert "保管箱 租金" in editor

    into = f"{path}?into=lost-card"
    assert "信用卡遺失了" in officer.get(into).text
    taken = post(officer, path, path, into="lost-card", base="1", take=leader, clean="1")
    assert taken.location == "/knowledge/article/edit/lost-card"
    assert teller.service.kb.versions(ARTICLE, "lost-card")[0].questions == ("信用卡遺失了", SAFE)
    assert last_audit(teller, "kb.draft")["detail"]["taken"] == [leader]
    late = post(officer, path, path, into="lost-card", base="1", own="別的問法", clean="1")
    assert late.status_code == 409
    assert officer.get(f"{path}?into=nobody").status_code == 404
    teller.service.mongo["content"].delete_many({"id": "lost-card", "version": 2})


def test_a_trend_has_a_bar_for_each_day() -> None:
    found = bars([["2026-11-02", 4], ["2026-11-04", 1]], date(2026, 11, 1), date(2026, 11, 4))
    assert [(one.day, one.n) for one in found] == [
        ("2026-11-01", 0),
        ("2026-11-02", 4),
        ("2026-11-03", 0),
        ("2026-11-04", 1),
    ]
    assert [one.height for one in found] == [0, 28, 0, 7]
    assert found[-1].x + found[-1].width < 168
    assert len(bars([], date(2026, 8, 1), date(2026, 10, 31))) == 92


# -- rehearsal -------------------------------------------------------------------------------------------------------


def test_what_would_change_is_read_before_it_is_approved(
    app: Flask, teller: Teller, people: dict[Role, Staff]
) -> None:
    officer = signed_in(app, people[Role.COMPLIANCE])
    assert "Nothing was rehearsed yet" in officer.get("/knowledge/rehearsal").text
    line, gone = asks(teller, SAFE), asks(teller, f"{SAFE}呢")
    sha256 = writes(teller, "safe", SAFE)
    view = "/knowledge/article/view/safe"
    assert "This very version was not rehearsed yet." in officer.get(view).text
    assert "This very version was not rehearsed yet." in officer.get("/knowledge/review").text
    started = post(officer, "/knowledge/rehearsal", view, days="7", add="safe")
    perform(teller.service, started.location.rpartition("/")[2])
    erased(teller, gone)
    page = officer.get(started.location).text
    assert "2 of 2 questions would be decided otherwise" in page
    assert "Asked back → Answered <b>2</b>" in page
    assert "This customer was erased." in page
    assert SAFE in page
    assert "<code>safe</code> v1</a>" in page
    assert last_audit(teller, "knowledge:rehearsal:read")["detail"]["questions"].count(line) == 1
    for beside in (view, "/knowledge/review"):
        assert "Rehearsed with the questions of 7 days" in officer.get(beside).text
    run_id = started.location.rpartition("/")[2]
    seen = {"version": "1", "sha256": sha256}
    assert post(officer, "/knowledge/article/approve/safe", view, **seen).status_code == 303
    assert last_audit(teller, "kb.approve")["detail"]["rehearsal"] == run_id
    assert "What is in force has changed since" in officer.get(started.location).text


def test_an_approval_without_a_rehearsal_says_nothing_of_one(
    app: Flask, teller: Teller, people: dict[Role, Staff]
) -> None:
    officer = signed_in(app, people[Role.COMPLIANCE])
    sha256 = writes(teller, "alone", OTHER)
    form = {"version": "1", "sha256": sha256}
    assert post(officer, "/knowledge/article/approve/alone", **form).status_code == 303
    assert "rehearsal" not in last_audit(teller, "kb.approve")["detail"]


def test_a_form_that_proposes_nonsense_comes_back_and_one_of_all_kinds_goes(
    app: Flask, teller: Teller, people: dict[Role, Staff]
) -> None:
    officer, path = signed_in(app, people[Role.SUPERVISOR]), "/knowledge/rehearsal"
    asks(teller, SAFE)
    for wrong in ({"days": "x"}, {"mode": "brave"}, {"threshold-card": "much"}, {"threshold-card": "7"}):
        answer = post(officer, path, path, **{"days": "7", "retire": "lost-card", **wrong})
        assert answer.status_code == 400
        assert 'value="lost-card"' in answer.text
    # What only the store knows is told by the run.
    run = post(officer, path, path, days="7", add="nobody").location
    perform(teller.service, run.rpartition("/")[2])
    assert "Nothing to rehearse under this id: nobody." in officer.get(run).text
    form = {"days": "7", "retire": "lost-card", "mode": "proven", "threshold-card": "0.85"}
    run = post(officer, path, path, **form).location
    perform(teller.service, run.rpartition("/")[2])
    page = officer.get(run).text
    for said in ("lost-card", "proven", "0.85"):
        assert said in page
    listed = officer.get(path).text
    assert f'href="{run}"' in listed


def test_pages_of_changes_and_their_kinds(app: Flask, teller: Teller, people: dict[Role, Staff]) -> None:
    officer = signed_in(app, people[Role.AUDITOR])
    lines = [asks(teller, SAFE) for _ in range(3)]
    writes(teller, "safe", SAFE)
    run_id = done(teller, REHEARSAL, people[Role.COMPLIANCE], added=["safe"])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("inbox.rehearsal.PAGE", 2)
        path = f"/knowledge/rehearsal/{run_id}?change=asked>answered"
        pages = [officer.get(f"{path}&page={n}").text for n in (1, 2)]
    assert [page.count(f"<span>{SAFE}</span>") for page in pages] == [2, 1]
    assert "Page 2 of 2" in pages[1]
    assert len(lines) == 3
    assert officer.get("/knowledge/rehearsal/nobody").status_code == 404


def test_rules_are_rehearsed_beside_their_approval(
    app: Flask, teller: Teller, people: dict[Role, Staff]
) -> None:
    officer = signed_in(app, people[Role.COMPLIANCE])
    asks(teller, SAFE)
    document = shipped_document()
    document["rules"]["fraud"].append({"id": "boxes", "sure": True, "when": ["保管箱怎麼租"]})
    rules = teller.service.policies.draft(people[Role.SENIOR], document, "保管箱冒租")
    view = f"/knowledge/rules/version/{rules.number}"
    page = officer.get(view).text
    assert "This very version was not rehearsed yet." in page
    assert f'name="rules" value="{rules.number}"' in page
    assert f'name="rules" value="{rules.number}"' in officer.get("/knowledge/rehearsal").text
    run = post(officer, "/knowledge/rehearsal", view, days="7", rules=str(rules.number)).location
    perform(teller.service, run.rpartition("/")[2])
    page = officer.get(run).text
    assert "1 of 1 questions would be decided otherwise" in page
    assert f'href="{view}"' in page
    assert "Rehearsed with the questions of 7 days: 1 of 1" in officer.get(view).text
    changed = "What is in force has changed since"
    assert changed not in page
    teller.service.mongo["counters"].update_one({"_id": "policies"}, {"$set": {"approved": rules.number}})
    assert changed in officer.get(run).text
    teller.service.mongo["counters"].update_one({"_id": "policies"}, {"$set": {"approved": 0}})


# -- who may ---------------------------------------------------------------------------------------------------------

READ = {Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR}
RUN = {Role.SUPERVISOR, Role.COMPLIANCE}


def test_each_page_and_act_is_for_exactly_its_roles(
    app: Flask, teller: Teller, people: dict[Role, Staff]
) -> None:
    leader = asks(teller, SAFE)
    run_id = done(teller, GAPS, people[Role.COMPLIANCE])
    writes(teller, "safe", SAFE)
    rehearsal = done(teller, REHEARSAL, people[Role.COMPLIANCE])
    pages = {
        "/knowledge/gaps": READ,
        f"/knowledge/gaps/{run_id}": READ,
        "/knowledge/rehearsal": READ,
        f"/knowledge/rehearsal/{rehearsal}": READ,
        f"/knowledge/runs/gaps/{run_id}": READ,
        f"/knowledge/gaps/{run_id}/{leader}": RUN,
        # The figures beside a version hold nothing of a customer: whoever reads the version reads them.
        "/knowledge/article/view/safe": set(Role) - {Role.ADMIN},
    }
    acts = {
        "/knowledge/gaps": RUN,
        "/knowledge/rehearsal": RUN,
        f"/knowledge/gaps/{run_id}/{leader}": RUN,
        f"/knowledge/runs/gaps/{run_id}/cancel": RUN,
    }
    for role, person in people.items():
        client = signed_in(app, person)
        opened = {path for path in pages if client.get(path).status_code == 200}
        assert opened == {path for path, roles in pages.items() if role in roles}, role
        refused = {path for path in acts if post(client, path, "/start", days="0").status_code == 403}
        assert refused == {path for path, roles in acts.items() if role not in roles}, role
        if role not in READ:
            assert SAFE not in client.get("/knowledge/article/view/lost-card").text
