"""The life of slow work: started by a person, done by a worker, cancelled, found dead, given back, read by some."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from bot import runner
from bot.compose import Service
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import Role, Staff
from bot.mongo import PyMongoError
from bot.prepare import audit_of
from bot.queue import LONG
from bot.runner import Step, perform
from bot.runs import DEAD_AFTER, GAPS, REHEARSAL, Run
from bot.vault import customer_key
from bot.wordings import Wish
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers
SAFE, MOBILE = "保管箱怎麼租", "0912345678"
OFFICER = Staff("officer", "", "", Role.COMPLIANCE)
WEEK = {"days": 7}


@pytest.fixture(autouse=True)
def _nothing_open(teller: Teller) -> None:
    for collection in ("runs", "run_items", "messages"):
        teller.service.mongo[collection].delete_many({})


def asks(teller: Teller, text: str) -> str:
    user = teller.person()
    teller.hears(user, text)
    return str(next(row["_id"] for row in teller.rows("messages", user) if row["decision"]))


def jobs(teller: Teller) -> list[Job]:
    return Queue(LONG, connection=teller.service.queue.redis, serializer=JSONSerializer).jobs


def started(teller: Teller, kind: str = GAPS, plan: Mapping[str, Any] = WEEK) -> Run:
    return teller.service.runs.start(OFFICER, kind, plan)


def now_is(teller: Teller, run: Run) -> Run:
    return teller.service.runs.run(run.kind, run.id)


def works(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    monkeypatch.setattr(runner, "WORK", {GAPS: work})
    monkeypatch.setattr(runner, "BEAT_S", 0.02)


def test_a_run_is_one_job_with_its_id_alone_and_ends_in_a_result(teller: Teller) -> None:
    line = asks(teller, f"{SAFE} 我的手機 {MOBILE}")
    run = started(teller)
    (job,) = jobs(teller)
    assert (job.func_name, job.args, now_is(teller, run).state) == ("bot.jobs.run", [run.id], "waiting")
    with pytest.raises(Conflict):
        started(teller)
    perform(teller.service, run.id)
    done = now_is(teller, run)
    assert (done.state, done.open, done.figures["open"], done.figures["groups"], done.items) == (
        "done",
        False,
        1,
        1,
        1,
    )
    (item,) = teller.service.runs.items(done)
    assert (item["key"], item["questions"], item["size"]) == (line, [line], 1)
    stored = str(list(teller.service.mongo["runs"].find())) + str(item)
    assert SAFE not in stored
    # Doing it again, as a job that came twice would, changes nothing.
    perform(teller.service, run.id)
    assert teller.service.mongo["run_items"].count_documents({}) == 1
    assert started(teller).id != run.id


def test_texts_are_masked_noted_before_and_for_few_and_erasure_breaks_nothing(teller: Teller) -> None:
    line, erased = asks(teller, f"{SAFE} 我的手機 {MOBILE}"), asks(teller, "蘋果手錶可以付款嗎")
    run = started(teller)
    perform(teller.service, run.id)
    runs = teller.service.runs
    texts = runs.texts(OFFICER, run, [line, erased])
    assert SAFE in texts[line].text
    assert MOBILE not in str(texts)
    assert (texts[line].whole, texts[erased].whole) == (False, True)
    seen = teller.service.mongo["audit"].find_one({"action": "knowledge:gaps:read"})
    assert seen is not None
    assert (seen["actor"], seen["subject"], seen["detail"]) == (
        "officer",
        f"run:{run.id}",
        {"questions": [line, erased]},
    )
    message = teller.service.mongo["messages"].find_one({"_id": erased})
    assert message is not None
    teller.service.mongo["keys"].delete_one({"keyAltNames": customer_key(message["customer"])})
    teller.service.vault.close()
    assert list(runs.texts(OFFICER, run, [line, erased])) == [line]
    for role in (Role.AGENT, Role.SENIOR, Role.ADMIN):
        with pytest.raises(NotAllowed):
            runs.texts(Staff(role.value, "", "", role), run, [line])
        with pytest.raises(NotAllowed):
            runs.start(Staff(role.value, "", "", role), GAPS, WEEK)


def test_progress_is_seen_while_it_works(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    def work(service: Service, plan: Mapping[str, Any], step: Step) -> runner.Result:
        step(3, 10)
        until = time.monotonic() + 5
        while not seen or seen[-1] != (3, 10):
            assert time.monotonic() < until
            now = now_is(teller, run)
            seen.append((now.done, now.total))
        return {"since": 1}, []

    works(monkeypatch, work)
    run = started(teller)
    perform(teller.service, run.id)
    assert seen[-1] == (3, 10)
    assert now_is(teller, run).state == "done"


def test_a_cancelled_run_stops_and_leaves_nothing(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(service: Service, plan: Mapping[str, Any], step: Step) -> runner.Result:
        service.runs.cancel(OFFICER, GAPS, run.id)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            step(1, 2)
        return {}, [{"key": "x", "questions": []}]

    works(monkeypatch, work)
    run = started(teller)
    perform(teller.service, run.id)
    assert now_is(teller, run).state == "cancelled"
    assert teller.service.mongo["run_items"].count_documents({}) == 0
    with pytest.raises(Conflict):
        teller.service.runs.cancel(OFFICER, GAPS, run.id)
    with pytest.raises(NotFound):
        teller.service.runs.cancel(OFFICER, REHEARSAL, run.id)
    acts = teller.service.mongo["audit"].count_documents({"subject": f"run:{run.id}"})
    assert acts == 2


def test_a_result_that_comes_after_the_cancelling_is_dropped(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(service: Service, plan: Mapping[str, Any], step: Step) -> runner.Result:
        service.runs.cancel(OFFICER, GAPS, run.id)
        return {}, [{"key": "x", "questions": []}]

    works(monkeypatch, work)
    run = started(teller)
    perform(teller.service, run.id)
    assert (now_is(teller, run).state, teller.service.mongo["run_items"].count_documents({})) == (
        "cancelled",
        0,
    )


def test_a_run_whose_worker_was_killed_is_found_dead_and_can_be_started_again(teller: Teller) -> None:
    run = started(teller)
    assert teller.service.runs.take(run.id, "token") is not None
    teller.service.runs.tick()
    assert now_is(teller, run).state == "running"
    silent = datetime.now(UTC) - DEAD_AFTER - timedelta(seconds=1)
    teller.service.mongo["runs"].update_one({"_id": run.id}, {"$set": {"beat": silent}})
    teller.service.runs.tick()
    assert now_is(teller, run).state == "died"
    # Should it only have slept, it finds that nobody waits for it any more.
    assert not teller.service.runs.beat(run, "token", 1, 2)
    assert not teller.service.runs.finish(run, "token", {}, [])
    again = started(teller)
    perform(teller.service, again.id)
    assert now_is(teller, again).state == "done"


def test_a_process_that_stops_gives_its_run_back_and_the_clock_finds_a_lost_job(teller: Teller) -> None:
    asks(teller, SAFE)
    run = started(teller, REHEARSAL, {"days": 7, "mode": "ask"})
    halting = teller.service.runs.halting
    halting.set()
    try:
        perform(teller.service, run.id)
    finally:
        halting.clear()
    assert now_is(teller, run).state == "waiting"
    teller.service.queue.redis.flushdb()
    teller.service.runs.tick()
    teller.service.runs.tick()
    assert [job.args for job in jobs(teller)] == [[run.id]]
    perform(teller.service, run.id)
    assert now_is(teller, run).state == "done"


def test_redis_away_is_no_refusal(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise RedisError

    with monkeypatch.context() as patched:
        patched.setattr(teller.service.queue, "_enqueue", away)
        run = started(teller)
    assert (now_is(teller, run).state, jobs(teller)) == ("waiting", [])
    teller.service.runs.tick()
    assert len(jobs(teller)) == 1


@pytest.mark.parametrize("error", [BadPayload("Say it otherwise."), PyMongoError("away"), ValueError(MOBILE)])
def test_a_failure_is_told_without_what_nobody_may_read(
    teller: Teller, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def work(service: Service, plan: Mapping[str, Any], step: Step) -> runner.Result:
        raise error

    works(monkeypatch, work)
    run = started(teller)
    if isinstance(error, BadPayload):
        perform(teller.service, run.id)
    else:
        with pytest.raises(type(error)):
            perform(teller.service, run.id)
    failed = now_is(teller, run)
    assert failed.state == "failed"
    assert failed.fault in ("Say it otherwise.", runner.AWAY, runner.UNEXPECTED)


def test_a_rehearsal_is_kept_with_what_was_proposed_and_found_by_it(teller: Teller) -> None:
    from kb import review
    from tests.unit.core.test_core_rehearsal import writes

    line = asks(teller, SAFE)
    writes(teller, "safe.rent", SAFE)
    (draft,) = teller.service.kb.versions(review.ARTICLE, "safe.rent")
    assert teller.service.runs.rehearsed(draft.sha256) is None
    run = started(teller, REHEARSAL, {"days": 7, "added": ["safe.rent"]})
    perform(teller.service, run.id)
    found = teller.service.runs.rehearsed(draft.sha256)
    assert found is not None
    assert (found.id, found.figures["changed"], found.figures["articles"]) == (
        run.id,
        1,
        [["safe.rent", 0, 1]],
    )
    (item,) = teller.service.runs.items(found, "missed>answered")
    assert (item["key"], item["after"]["what"]) == (line, ["safe.rent"])
    assert teller.service.runs.items(found, "new_text") == []
    # The next version is another text: nobody rehearsed that one.
    writes(teller, "safe.rent", SAFE, "每年 1,200 元起。")
    newer = teller.service.kb.versions(review.ARTICLE, "safe.rent")[0]
    assert teller.service.runs.rehearsed(newer.sha256) is None


def test_what_was_written_for_a_question_is_known_in_the_next_run(teller: Teller) -> None:
    line = asks(teller, SAFE)
    run = started(teller)
    perform(teller.service, run.id)
    runs = teller.service.runs
    assert runs.made_of([line]) == {}
    wish, house = Wish("safe"), teller.service
    runs.draft(OFFICER, run, line, wish, house.kb, audit_of(house))
    assert runs.made_of([line, "other"]) == {line: "safe"}
    assert runs.newest(GAPS) == now_is(teller, run) == runs.results(GAPS)[0]
    with pytest.raises(NotFound):
        runs.item(run, "nobody")
    with pytest.raises(NotFound):
        runs.run(GAPS, "nobody")
