"""The pages of the weekly audit: who may open which, reading one by one, the report, findings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.cli import audit
from bot.model import Role, Staff
from bot.quality import weeks
from bot.settings_quality import QualitySettings
from tests.unit.core.quality import article, say, whole
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

WEEK = weeks.week_of(datetime.now(UTC))


@pytest.fixture(scope="module")
def people(teller: Teller) -> dict[Role, Staff]:
    return {role: teller.staff(role) for role in Role}


@pytest.fixture(scope="module")
def browsers(app: Flask, people: dict[Role, Staff]) -> dict[Role, FlaskClient]:
    return {role: signed_in(app, person) for role, person in people.items()}


@pytest.fixture
def draw(teller: Teller) -> Iterator[str]:
    """A sample of two replies that say one article."""
    ref = article(teller)
    for _ in range(2):
        say(teller, whole(teller, ref))
    teller.service.mongo["messages"].delete_many({"approved.kind": "notice"})
    house = replace(teller.service.console.quality.audits, settings=QualitySettings(double=0.0))
    yield house.draw_ad_hoc(WEEK, 5, "command:test").id
    for name in ("audit_weeks", "audit_items", "audit_populations", "messages"):
        teller.service.mongo[name].delete_many({})


def next_of(client: FlaskClient) -> str:
    found = re.search(r'href="(/audit/review/[^"]+)"', client.get("/audit/review").text)
    assert found, "the queue offers nothing"
    return found[1]


READS = {
    "/audit": {Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR},
    "/audit/review": {Role.SENIOR, Role.SUPERVISOR},
    "/audit/findings": {Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE},
}


@pytest.mark.parametrize("path", READS)
def test_who_opens_what(browsers: dict[Role, FlaskClient], path: str) -> None:
    for role, client in browsers.items():
        assert (client.get(path).status_code == 200) == (role in READS[path]), role


def test_the_menu_leads_each_role_where_it_may_go(browsers: dict[Role, FlaskClient]) -> None:
    assert 'href="/audit"' in browsers[Role.AUDITOR].get("/audit").text
    assert 'href="/audit/review"' in browsers[Role.SENIOR].get("/audit/review").text
    assert "/audit" not in browsers[Role.AGENT].get("/inbox").text


def test_before_anything_was_drawn_the_pages_say_what_will_happen(browsers: dict[Role, FlaskClient]) -> None:
    page = browsers[Role.COMPLIANCE].get("/audit").text
    assert "No seed is committed for this week yet" in page
    assert "Nothing was drawn yet" in page
    assert "Nothing to review" in browsers[Role.SENIOR].get("/audit/review").text


def test_one_reply_after_the_other_to_a_signed_report(
    teller: Teller, browsers: dict[Role, FlaskClient], draw: str
) -> None:
    reader, officer = browsers[Role.SENIOR], browsers[Role.COMPLIANCE]
    first = next_of(reader)
    page = reader.get(first).text
    assert "的答覆" in page
    assert "Equals the approved version, with its disclosures" in page
    assert officer.get(first.replace("/review/", "/items/")).status_code == 404, "nobody has reviewed it"
    refused = post(reader, first, page=first, verdict="wrong", reason="")
    assert refused.status_code == 400
    assert "Say why" in refused.text
    assert post(reader, first, page=first, verdict="misleading", reason="of last year").status_code == 303
    second = next_of(reader)
    assert second != first
    assert post(reader, f"/audit/samples/{draw}/sign", page=second).status_code == 403
    post(officer, f"/audit/samples/{draw}/sign", page="/audit")
    assert "Not every reply of the sample has its verdict yet" in officer.get("/audit").text
    done = post(reader, second, page=second, verdict="right")
    assert done.headers["Location"] == "/audit/review"
    page = officer.get(f"/audit/samples/{draw}").text
    assert "50.0 %" in page
    assert "of last year" in page
    assert post(officer, f"/audit/samples/{draw}/sign", page="/audit").status_code == 303
    page = officer.get(f"/audit/samples/{draw}").text
    assert "Signed" in page
    told = json.loads(browsers[Role.AUDITOR].get(f"/audit/samples/{draw}/report.json").data)
    assert (told["passed"], told["reviewed"], told["seed"]) == (1, 2, "5")
    assert told["findings"][0]["verdict"] == "misleading"
    assert "的答覆" not in json.dumps(told, ensure_ascii=False)
    paper = browsers[Role.AUDITOR].get(f"/audit/samples/{draw}/report.pdf")
    assert paper.mimetype == "application/pdf"
    assert paper.data.startswith(b"%PDF")
    assert teller.service.mongo["audit"].count_documents({"action": "audit:report:export"}) == 2


def test_a_supervisor_suspends_the_article_from_the_page_and_the_auditor_cannot(
    teller: Teller, browsers: dict[Role, FlaskClient], draw: str
) -> None:
    chief, auditor = browsers[Role.SUPERVISOR], browsers[Role.AUDITOR]
    path = next_of(chief)
    suspend = path.replace("/review/", "/items/") + "/suspend"
    assert post(auditor, suspend, page="/audit", reason="whatever").status_code == 403
    stays = post(chief, path, page=path, verdict="wrong", reason="the fee is wrong")
    assert stays.headers["Location"] == path, "what is at fault can be suspended at once"
    gone = post(chief, suspend, page=path, reason="the fee is wrong")
    assert gone.headers["Location"].startswith("/knowledge/recalls/audited-")
    page = browsers[Role.SENIOR].get("/audit/findings").text
    assert "the fee is wrong" in page
    assert "suspended" in page
    item = path.rpartition("/")[2]
    assert post(auditor, f"/audit/findings/{item}/close", page="/audit", note="done").status_code == 403
    senior = browsers[Role.SENIOR]
    post(senior, f"/audit/findings/{item}/take", page="/audit/findings")
    post(senior, f"/audit/findings/{item}/close", page="/audit/findings", note="version 2 is right")
    assert "version 2 is right" in senior.get("/audit/findings?state=done").text


def test_the_commands_draw_report_check_and_prove(app: Flask, draw: str, tmp_path: Path) -> None:
    app.cli.add_command(audit.group)

    def run(*args: str, code: int = 0) -> dict[str, Any]:
        done = app.test_cli_runner().invoke(args=["audit", *args, "--json"])
        assert done.exit_code == code, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    first, again = (run("sample", "--seed", "7", "--size", "2") for _ in range(2))
    assert first == again
    assert (first["kind"], first["population"], len(first["sample"]), first["all"]) == ("ad_hoc", 2, 2, True)
    told = run("report", "--week", first["draw"], "--pdf", str(tmp_path / "report.pdf"))
    assert (told["pass_rate"], told["reviews_open"], told["findings"]) == (None, 2, [])
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert run("check", "--week", first["draw"])["ok"]
    proven = run("proof")
    assert (proven["ok"], proven["checked"]) == (True, 2)
    assert app.test_cli_runner().invoke(args=["audit", "report", "--week", "2020-W01"]).exit_code == 1
    assert app.test_cli_runner().invoke(args=["audit", "sample", "--size", "0"]).exit_code == 2


def test_figures_of_the_dashboard_count_what_was_settled(
    teller: Teller, browsers: dict[Role, FlaskClient], people: dict[Role, Staff], draw: str
) -> None:
    room = teller.service.console.quality.reviewing
    for n, item in enumerate(room.queue(people[Role.SENIOR], draw)):
        room.review(people[Role.SENIOR], item["_id"], "right" if n else "wrong", "" if n else "not so")
    begin, end = weeks.bounds(WEEK)
    found = teller.service.figures.store.reviews(begin, end)
    assert sorted(right for _, _, right in found) == [False, True]
    assert len(teller.service.figures.store.rated_and_reviewed(begin)) >= 2
