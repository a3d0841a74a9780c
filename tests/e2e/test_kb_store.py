"""Versions, transitions and approvals on a real MongoDB; the finder that follows them."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pymongo
import pytest

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import ContentKind, ProductClass
from kb import desk, review, schedule
from kb.articles import Review
from kb.live import Knowledge
from kb.review import Draft, no_audit
from kb.search import encoders
from kb.store import Store, ensure_indexes

pytestmark = pytest.mark.servers
AUTHOR, APPROVER = "ann@example.com", "ben@example.com"


@pytest.fixture
def db(servers):
    client = pymongo.MongoClient(servers.mongodb_uri)
    name = f"kb_{uuid4().hex[:10]}"
    database = client[name]
    ensure_indexes(database)
    ensure_indexes(database)
    yield database
    client.drop_database(name)
    client.close()


@pytest.fixture
def store(db):
    return Store(db)


def draft(content_id="fee", answer="一千元", **more):
    fields = {"questions": ("年費多少",), "product_class": ProductClass.GENERAL} | more
    return Draft(id=content_id, answer={"zh-TW": answer}, **fields)


def approved(store, *drafts):
    review.create(store, list(drafts), AUTHOR, no_audit)
    return [review.approve(store, d.id, APPROVER, no_audit, kind=d.kind) for d in drafts]


def test_a_version_goes_its_way_and_each_step_is_logged_with_it(store, db):
    lines = []

    def audit(actor, action, target, detail, session):
        db["lines"].insert_one({"action": action}, session=session)
        lines.append((actor, action, target, detail["version"]))

    review.create(store, [draft()], AUTHOR, audit)
    review.submit(store, "fee", AUTHOR, audit)
    review.reject(store, "fee", APPROVER, "tell the currency", audit)
    assert store.version(ContentKind.ARTICLE, "fee", 1).note == "tell the currency"
    review.submit(store, "fee", AUTHOR, audit)
    done = review.approve(store, "fee", APPROVER, audit)
    assert (done.status, done.approver) == (Review.APPROVED, APPROVER)
    review.retire(store, "fee", APPROVER, audit)
    assert [action for _, action, _, _ in lines] == [
        "kb.draft", "kb.submit", "kb.reject", "kb.submit", "kb.approve", "kb.retire",
    ]  # fmt: skip
    assert lines[0] == (AUTHOR, "kb.draft", "article:fee", 1)
    assert db["lines"].count_documents({}) == 6


def test_if_the_log_fails_nothing_has_changed(store):
    review.create(store, [draft()], AUTHOR, no_audit)
    before = store.revision()

    def broken(*_args):
        raise RuntimeError("log is full")

    with pytest.raises(RuntimeError):
        review.approve(store, "fee", APPROVER, broken)
    assert store.version(ContentKind.ARTICLE, "fee", 1).status is Review.DRAFT
    assert store.revision() == before


@pytest.mark.parametrize("approver", [AUTHOR, "ANN@Example.com"])
def test_nobody_approves_what_he_wrote(store, approver):
    review.create(store, [draft()], AUTHOR, no_audit)
    with pytest.raises(NotAllowed, match="somebody else"):
        review.approve(store, "fee", approver, no_audit)


def test_an_approval_is_for_the_text_that_was_read(store):
    (first,) = review.create(store, [draft()], AUTHOR, no_audit)
    (second,) = review.create(store, [draft(answer="兩千元")], AUTHOR, no_audit)
    assert (first.version, second.version) == (1, 2)
    with pytest.raises(Conflict, match="changed since"):
        review.approve(store, "fee", APPROVER, no_audit, seen=(1, first.sha256))
    done = review.approve(store, "fee", APPROVER, no_audit, seen=(2, second.sha256))
    assert done.answer == {"zh-TW": "兩千元"}
    assert store.version(ContentKind.ARTICLE, "fee", 1).status is Review.RETIRED


def test_a_newer_approval_retires_the_one_before(store):
    approved(store, draft())
    review.create(store, [draft(answer="兩千元")], AUTHOR, no_audit)
    assert store.version(ContentKind.ARTICLE, "fee", 1).status is Review.APPROVED
    review.approve(store, "fee", APPROVER, no_audit)
    newest, oldest = store.versions(ContentKind.ARTICLE, "fee")
    assert (newest.version, newest.status) == (2, Review.APPROVED)
    assert (oldest.status, oldest.note) == (Review.RETIRED, "superseded by version 2")


def test_of_two_approvals_at_once_one_wins(store):
    review.create(store, [draft()], AUTHOR, no_audit)

    def attempt(name):
        try:
            return review.approve(store, "fee", name, no_audit).approver
        except (Conflict, NotFound):
            return None

    with ThreadPoolExecutor(4) as pool:
        winners = [w for w in pool.map(attempt, ["b@x", "c@x", "d@x", "e@x"]) if w]
    assert len(winners) == 1
    assert store.version(ContentKind.ARTICLE, "fee", 1).approver == winners[0]
    assert store.revision() == 1


def test_a_regulated_class_needs_its_disclosure(store):
    review.create(store, [draft(product_class=ProductClass.LOAN)], AUTHOR, no_audit)
    with pytest.raises(BadPayload, match="disclosure"):
        review.approve(store, "fee", APPROVER, no_audit)
    risk = draft("risk", "警語", product_class=ProductClass.LOAN, kind=ContentKind.DISCLOSURE, questions=())
    approved(store, risk)
    review.approve(store, "fee", APPROVER, no_audit)
    with pytest.raises(Conflict, match="travels with"):
        review.retire(store, "risk", APPROVER, no_audit, kind=ContentKind.DISCLOSURE)


def test_advice_and_expired_articles_are_refused(store):
    past = datetime.now(UTC) - timedelta(days=1)
    review.create(store, [draft("a", "這檔最適合您"), draft("b", valid_until=past)], AUTHOR, no_audit)
    report = desk.approve(store, None, APPROVER)
    assert report.done == ()
    assert "advice" in report.refused["a"]
    assert "ran out" in report.refused["b"]


def test_a_place_that_nothing_fills_is_refused_and_a_declared_one_is_not(store):
    notice = {"kind": ContentKind.NOTICE, "answer": {"zh-TW": "您的{product}：{owner}"}}
    wrong = [Draft("status_received", **notice), draft("a", "請洽{branch}。")]
    review.create(store, wrong, AUTHOR, no_audit)
    for one, place in zip(wrong, ("{owner}", "{branch}"), strict=True):
        with pytest.raises(BadPayload, match=place):
            review.approve(store, one.id, APPROVER, no_audit, kind=one.kind)
    right = {**notice, "answer": {"zh-TW": "您的{product}"}}
    assert approved(store, Draft("status_received", **right))[0].status is Review.APPROVED


def test_a_text_changed_behind_our_back_is_not_used(store, db, tmp_path):
    approved(store, draft(), draft("other", "別的", questions=("別的問題",)))
    db["content"].update_one({"_id": "article:fee@1"}, {"$set": {"answer": [["zh-TW", "零元"]]}})
    with pytest.raises(Conflict):
        store.version(ContentKind.ARTICLE, "fee", 1)
    knowledge = Knowledge(store.load, store.revision, tmp_path)
    assert knowledge.article("fee") is None
    assert knowledge.article("other") is not None


def test_import_approve_export_retire(store, tmp_path):
    rows = [
        {"id": f"q{n}", "questions": [f"第{n}個問題"], "answer": f"答案 {n} ", "product_class": "general"}
        for n in range(5)
    ]
    source = tmp_path / "kb.jsonl"
    source.write_text("".join(json.dumps(r) + "\n" for r in rows) + "broken\n", encoding="utf-8")
    report = desk.import_file(store, source, AUTHOR)
    assert report.added == ("q0", "q1", "q2", "q3", "q4")
    assert [bad.number for bad in report.bad] == [6]
    assert desk.export_file(store, tmp_path / "none.jsonl") == 0
    review.create(store, [draft("own")], APPROVER, no_audit)
    report = desk.approve(store, None, APPROVER)
    assert len(report.done) == 5
    assert list(report.refused) == ["own"]
    assert desk.export_file(store, tmp_path / "out.jsonl") == 5
    out = [json.loads(line) for line in (tmp_path / "out.jsonl").open(encoding="utf-8")]
    assert [(r["id"], r["answer"]) for r in out] == [(r["id"], r["answer"]) for r in rows]
    report = desk.retire(store, ["q0", "nothing"], APPROVER)
    assert [c.id for c in report.done] == ["q0"]
    assert "nothing" in report.refused
    assert desk.export_file(store, tmp_path / "out.csv") == 4


def test_shipped_and_sample_contents_load_once(store):
    assert desk.load_shipped(store) == len(desk.shipped())
    assert desk.load_shipped(store) == 0
    assert desk.load_sample(store, AUTHOR, APPROVER) == len(desk.sample())
    revision = store.revision()
    assert desk.load_sample(store, AUTHOR, APPROVER) == 0
    assert store.revision() == revision


def test_the_finder_follows_approvals_and_retirements_quickly(store, tmp_path):
    approved(store, draft(), draft("hours", "九點到六點", questions=("營業時間",)))
    knowledge = Knowledge(store.load, store.revision, tmp_path / "vectors")
    knowledge.find("年費多少", "zh-TW")
    old = knowledge.article("fee")
    knowledge.watch(0.2)
    try:
        review.create(store, [draft(answer="兩千元", questions=("年費多少", "一年收多少"))], AUTHOR, no_audit)
        started = time.monotonic()
        review.approve(store, "fee", APPROVER, no_audit)
        wait(lambda: knowledge.find("一年收多少", "zh-TW").verdict == "answer")
        assert time.monotonic() - started < 5
        new = knowledge.find("年費多少", "zh-TW").candidates[0].ref
        assert (old.version, new.version) == (1, 2)
        # what was said under version 1 can still be shown, byte for byte
        assert knowledge.text(old, "zh-TW") == "一千元"
        assert knowledge.text(new, "zh-TW") == "兩千元"
        review.retire(store, "fee", APPROVER, no_audit)
        wait(lambda: knowledge.article("fee") is None)
        assert "fee" not in {c.ref.id for c in knowledge.ranking("年費多少", "zh-TW")}
    finally:
        knowledge.stop()


def test_a_reference_another_process_just_made_is_found_without_waiting(store, tmp_path):
    approved(store, draft())
    knowledge = Knowledge(store.load, store.revision, tmp_path)
    knowledge.article("fee")
    review.create(store, [draft(answer="兩千元")], AUTHOR, no_audit)
    ref = review.approve(store, "fee", APPROVER, no_audit).ref
    assert knowledge.text(ref, "zh-TW") == "兩千元"
    with pytest.raises(KeyError):
        knowledge.text(review.create(store, [draft("new")], AUTHOR, no_audit)[0].ref, "zh-TW")


def test_many_new_questions_are_served_before_the_better_encoder_is_through(store, tmp_path):
    if len(encoders.available()) < 2:
        pytest.skip("this machine has one encoder only")
    many = [
        draft(
            f"n{n}",
            f"答案{n}",
            questions=tuple(f"{uuid4().hex[:6]} 第{n}項的{word}" for word in ("費用", "期限", "文件")),
        )
        for n in range(40)
    ]
    review.ship(store, many, AUTHOR, APPROVER, no_audit)
    knowledge = Knowledge(store.load, store.revision, tmp_path / "vectors")
    first = knowledge.find(many[7].questions[0], "zh-TW")
    assert (first.verdict, first.candidates[0].ref.id) == ("answer", "n7")
    wait(lambda: knowledge._state is not None and len(knowledge._state.index.encoders) == 2, 30)
    assert knowledge.find(many[9].questions[1], "zh-TW").candidates[0].ref.id == "n9"


def test_threads_ask_while_knowledge_changes(store, tmp_path):
    approved(store, *(draft(f"a{n}", f"答{n}", questions=(f"第{n}個主題怎麼辦",)) for n in range(8)))
    knowledge = Knowledge(store.load, store.revision, tmp_path / "vectors")
    errors: list[BaseException] = []
    end = threading.Event()

    def ask(n):
        try:
            while not end.is_set():
                finding = knowledge.find(f"第{n}個主題怎麼辦", "zh-TW")
                assert finding.candidates[0].ref.id == f"a{n}"
                knowledge.text(finding.candidates[0].ref, "zh-TW")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for n in range(4, 8):
        review.create(
            store, [draft(f"a{n}", f"新答{n}", questions=(f"第{n}個主題怎麼辦",))], AUTHOR, no_audit
        )
        review.approve(store, f"a{n}", APPROVER, no_audit)
        knowledge.refresh()
    end.set()
    for thread in threads:
        thread.join(10)
    assert errors == []


def wait(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "too slow"
        time.sleep(0.05)


def test_a_scheduled_version_leaves_the_one_before_in_force_until_its_time(store, db):
    approved(store, draft(answer="一千元"))
    now = datetime.now(UTC)
    soon = now + timedelta(hours=1)
    [later] = approved(store, draft(answer="兩千元", valid_from=soon))
    assert later.status is Review.SCHEDULED
    knowledge = Knowledge(store.load, store.revision, None)
    assert knowledge.text(knowledge.article("fee"), "zh-TW") == "一千元"
    assert schedule.begin_due(store, no_audit, now) == 0
    assert schedule.begin_due(store, no_audit, soon) == 1
    assert schedule.begin_due(store, no_audit, soon) == 0
    by_version = {one.version: one.status for one in store.versions(ContentKind.ARTICLE, "fee")}
    assert by_version == {1: Review.RETIRED, 2: Review.APPROVED}


def test_an_approval_at_once_and_a_retirement_take_what_was_scheduled_with_them(store):
    approved(store, draft(answer="一千元"))
    soon = datetime.now(UTC) + timedelta(hours=1)
    approved(store, draft(answer="兩千元", valid_from=soon))
    approved(store, draft(answer="三千元"))
    assert schedule.begin_due(store, no_audit, soon) == 0
    approved(store, draft(answer="四千元", valid_from=soon))
    review.retire(store, "fee", APPROVER, no_audit)
    assert schedule.begin_due(store, no_audit, soon) == 0
    assert {one.status for one in store.versions(ContentKind.ARTICLE, "fee")} == {Review.RETIRED}
