"""/dashboard: who sees what of it, that each number has its base, and a file with exactly these numbers."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.app import create_app
from bot.embedded import Servers
from bot.model import Role
from tests.unit.core.teller import Teller, apart, signed_in
from tests.unit.figures import history

WATCH = (Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR)
PAGE = "/dashboard?period=30"


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "figures_pages", openai_monthly_budget=10_000.0) as one:
        yield one


@pytest.fixture(scope="module")
def people(teller: Teller) -> dict[Role, FlaskClient]:
    app: Flask = create_app(teller.service)
    return {role: signed_in(app, teller.staff(role)) for role in Role}


@pytest.fixture(scope="module", autouse=True)
def past(teller: Teller) -> None:
    """A history, two ratings of three asked, one reply in two found right, one call of the model."""
    now = datetime.now(UTC).replace(microsecond=0)
    mongo = teller.service.mongo
    made = [history.documents(one) for one in history.history(7, 60, now)]
    mongo["conversations"].insert_many([conversation for conversation, _ in made])
    mongo["messages"].insert_many([line for _, lines in made for line in lines])
    about = {"account": "line-1", "skill": "loan", "at": now - timedelta(hours=1)}
    mongo["ratings"].insert_many([{**about, "score": score} for score in (5, 2, None)])
    mongo["labels"].insert_many(
        [
            {
                "_id": f"review:{n}",
                "source": "review",
                "direct": True,
                "right": n == 0,
                "conversation": made[0][0]["_id"],
                "asked_at": now,
                "at": now,
            }
            for n in range(2)
        ]
    )
    mongo["model_calls"].insert_one(
        {"at": now, "month": f"{now:%Y-%m}", "cost": 2_500_000, "outcome": "done"}
    )
    teller.service.figures.rebuild(None, None, lambda _day: None)


def table(page: Any) -> list[list[str]]:
    text = page.get_data().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("role", list(Role))
def test_the_page_opens_for_its_roles(people: dict[Role, FlaskClient], role: Role) -> None:
    expected = 200 if role in (*WATCH, Role.ADMIN) else 403
    assert people[role].get(PAGE).status_code == expected
    assert people[role].get("/dashboard/figures.csv").status_code == expected


@pytest.mark.parametrize("role", [*WATCH, Role.ADMIN])
def test_the_administrator_sees_no_names_of_staff(people: dict[Role, FlaskClient], role: Role) -> None:
    assert ("Messages by agent" in people[role].get(PAGE).text) is (role in WATCH)
    parts = {
        row[0] for row in table(people[role].get(f"{PAGE.replace('/dashboard', '/dashboard/figures.csv')}"))
    }
    assert ("agent" in parts) is (role in WATCH)


def test_every_rate_has_its_base_and_interval(people: dict[Role, FlaskClient]) -> None:
    found = people[Role.SUPERVISOR].get("/dashboard/figures.csv?period=30")
    rows = table(found)
    rates = [row for row in rows if row[0] == "figure" and row[4] == "share" and row[3]]
    assert {row[1] for row in rates} >= {
        "Resolved by the bot, net",
        "Satisfied customers",
        "Replies found right",
    }
    for row in rates:
        assert int(row[5]) > 0
        assert float(row[6]) <= float(row[3])
    csat = next(row for row in rates if row[1] == "Satisfied customers")
    # Wilson's interval of 1 in 2, by hand.
    assert (float(csat[3]), csat[5]) == (0.5, "2")
    assert float(csat[6]) == pytest.approx(0.0945, abs=1e-4)
    answered = next(row for row in rows if row[1] == "Satisfied customers" and row[2] == "answered")
    assert float(answered[3]) == pytest.approx(2 / 3, abs=1e-4)
    audit = next(row for row in rates if row[1] == "Replies found right")
    # Clopper-Pearson: with 1 right of 2, p solves p^2 = 0.05 from the other side.
    assert float(audit[6]) == pytest.approx(1 - 0.95**0.5, abs=1e-4)


def test_the_file_holds_what_the_page_shows(people: dict[Role, FlaskClient]) -> None:
    page = people[Role.SUPERVISOR].get(PAGE).text
    found = people[Role.SUPERVISOR].get("/dashboard/figures.csv?period=30")
    assert found.mimetype == "text/csv"
    assert found.get_data().startswith(b"\xef\xbb\xbf")
    rows = table(found)
    tiles = {row[1] for row in rows if row[0] == "figure"}
    assert tiles == set(re.findall(r"<h2>([^<]+)</h2>", page)) - {""}
    reasons = {(row[1], row[3]) for row in rows if row[0] == "reason"}
    shown = re.findall(r'<tr><th scope="row">([^<]+)</th><td class="track">.*?</td><td>([\d,]+)</td>', page)
    assert reasons == {(name, n.replace(",", "")) for name, n in shown}
    plots = {row[0] for row in rows} - {"part", "about", "figure", "week", "reason", "agent"}
    assert plots <= {html.unescape(title) for title in re.findall(r"<h3>([^<]+)</h3>", page)}
    assert len(plots) == 9


def test_what_a_spreadsheet_would_compute_is_text(teller: Teller, people: dict[Role, FlaskClient]) -> None:
    mongo = teller.service.mongo
    account = teller.service.accounts.list()[0].id
    name = mongo["accounts"].find_one({"_id": account})["name"]  # type: ignore[index]
    mongo["accounts"].update_one({"_id": account}, {"$set": {"name": "=HYPERLINK(1)"}})
    rows = table(people[Role.SUPERVISOR].get(f"/dashboard/figures.csv?account={account}"))
    mongo["accounts"].update_one({"_id": account}, {"$set": {"name": name}})
    assert ["about", "channel account", "", "'=HYPERLINK(1)", "name", "", "", ""] in rows


def test_an_export_is_audited(teller: Teller, people: dict[Role, FlaskClient]) -> None:
    audit = teller.service.mongo["audit"]
    before = audit.count_documents({"action": "figures:service:export"})
    people[Role.AUDITOR].get("/dashboard/figures.csv?period=today")
    assert audit.count_documents({"action": "figures:service:export"}) == before + 1
    # Whose numbers they are is staff's data: looking at them is noted too.
    before_seen = audit.count_documents({"action": "figures:staff:open"})
    people[Role.AUDITOR].get("/dashboard?period=30")
    assert audit.count_documents({"action": "figures:staff:open"}) == before_seen + 1
    assert people[Role.AGENT].get("/dashboard/figures.csv").status_code == 403
    assert audit.count_documents({"action": "figures:service:export"}) == before + 1


def test_a_filter_narrows_and_hides_what_is_everybodys(people: dict[Role, FlaskClient]) -> None:
    whole = table(people[Role.SUPERVISOR].get("/dashboard/figures.csv?period=30"))
    part = table(people[Role.SUPERVISOR].get("/dashboard/figures.csv?period=30&account=line-1&skill=loan"))

    def handed(rows: list[list[str]]) -> float:
        return float(next(row[3] for row in rows if row[1] == "Hand-offs to people"))

    assert 0 < handed(part) < handed(whole)
    assert "Model cost" in {row[1] for row in whole}
    assert "Model cost" not in {row[1] for row in part}


@pytest.mark.parametrize(
    "query", ["period=own", "period=own&from=2026-03-05&to=2026-03-01", "period=own&from=x&to=y"]
)
def test_wrong_dates_are_told_and_the_usual_is_shown(people: dict[Role, FlaskClient], query: str) -> None:
    page = people[Role.SUPERVISOR].get(f"/dashboard?{query}")
    assert page.status_code == 200
    assert "flash-error" in page.text


def test_nothing_of_a_page_is_styled_or_scripted_inline(people: dict[Role, FlaskClient]) -> None:
    """The policy of the pages forbids it: what is inline would not be drawn."""
    page = people[Role.SUPERVISOR].get(PAGE).text
    assert " style=" not in page
    assert page.count('<svg class="chart') >= 9


def test_a_firm_without_a_message_is_told_what_to_do(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with apart(servers, tmp_path_factory, "figures_empty") as one:
        client = signed_in(create_app(one.service), one.staff(Role.SUPERVISOR))
        assert "No figures yet" in client.get("/dashboard").text
        one.service.figures.tick()
        page = client.get("/dashboard").text
        assert "No conversation was closed in these days." in page
        assert "No reviews yet" in page
