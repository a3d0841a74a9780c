"""A seeded store is one that the product could have written: chains, statuses, positions; and stories hold together."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.app import create_app
from bot.embedded import Servers
from bot.model import GENESIS, Role
from bot.store.chain import link
from tests.bench.seed import seed
from tests.bench.seed_stories import stories
from tests.unit.core.teller import Teller, apart

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "seeded") as one:
        seed(one.service, 1200, 900, now=NOW)
        yield one


def test_every_chain_can_be_verified(teller: Teller) -> None:
    mongo = teller.service.mongo
    conversations = list(mongo["conversations"].find({}))
    assert len(conversations) > 250
    for one in conversations:
        head = GENESIS
        lines = list(mongo["messages"].find({"conversation": one["_id"]}).sort("seq", 1))
        for n, line in enumerate(lines, 1):
            assert (line["seq"], line["prev_hash"]) == (n, head)
            head = link(head, line)
            assert head == line["hash"]
        assert (one["head_hash"], one["seq"], one["last_at"]) == (head, len(lines), lines[-1]["at"])


def test_the_audit_log_goes_on_without_a_gap(teller: Teller) -> None:
    found = list(teller.service.mongo["audit"].find({}).sort("seq", 1))
    assert [doc["seq"] for doc in found] == list(range(1, len(found) + 1))
    assert all(after["prev_hash"] == before["hash"] for before, after in itertools.pairwise(found))
    teller.service.audit.add("command:test", "test:after", "seed", {})
    assert teller.service.mongo["audit"].count_documents({}) == len(found) + 1


def test_statuses_agree_with_the_rest_of_a_conversation(teller: Teller) -> None:
    for one in teller.service.mongo["conversations"].find({}):
        assert one["open"] is (one["status"] != "resolved")
        assert (one["waiting_since"] is not None) is (one["status"] == "waiting")
        assert one["status"] != "assigned" or one["assignee"]
        assert ("resolved_at" in one) is (one["status"] == "resolved")


def test_names_and_lines_can_be_read(teller: Teller) -> None:
    senior = teller.staff(Role.SUPERVISOR)
    rows = teller.service.views.rows(senior, "all")
    assert len(rows) >= 50
    assert all(row.customer_name and row.preview for row in rows)
    assert create_app(teller.service).test_client().get("/").status_code == 200


def test_stories_are_ordered_within_their_days_and_mixed() -> None:
    made = list(stories(8000, 90, NOW, 3))
    assert made == sorted(made, key=lambda one: one.began)
    assert all(NOW - timedelta(days=91) < act.at <= NOW for one in made for act in one.acts)
    lines = sum(len(one.acts) for one in made)
    assert 0.9 < lines / 8000 < 1.1
    mix = Counter(one.status for one in made)
    assert mix["resolved"] > 0.9 * len(made)
    assert mix["bot"] > 5
