"""The knowledge pages over a real store: two people write, compare, ask, mend and approve."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.imports import Imports, imports_of
from bot.model import ContentKind, ProductClass
from bot.mongo import Mongo
from bot.queue import JobQueue
from bot.settings import Settings
from bot.store import schema
from bot.store.audit import AuditStore
from bot.vault import Vault
from kb import desk, review
from kb.articles import Content, Review
from kb.review import Draft, no_audit
from kb.store import Store, ensure_indexes
from tests.unit.inbox.fake import FakeConsole, an_app
from tests.unit.inbox.forms import Enter, post, token

ARTICLE = ContentKind.ARTICLE
FILLED = {
    "id": "card-lost",
    "zh": "請立即撥打客服專線掛失。",
    "en": "Call us at once to block the card.",
    "questions": "信用卡掉了怎麼辦\nI lost my card",
    "product_class": "general",
    "tags": "卡, 掛失",
    "base": "0",
}


@pytest.fixture
def mongo(settings: Settings) -> Iterator[Mongo]:
    mongo = Mongo(settings.mongodb_uri, timeout_ms=5000)
    # One open import at a time is a rule of its index; the others' would cost each test a second.
    mongo["runs"].create_indexes(schema.INDEXES["runs"])
    ensure_indexes(mongo.db)
    yield mongo
    mongo.db.client.drop_database(mongo.db.name)
    mongo.close()


@pytest.fixture
def store(mongo: Mongo) -> Store:
    return Store(mongo.db)


@pytest.fixture
def imports(mongo: Mongo, settings: Settings) -> Imports:
    """Without a queue: the test is the worker."""
    vault = Vault(mongo, settings.kms)
    vault.prepare()
    return imports_of(mongo, vault, AuditStore(mongo), JobQueue(None))


@pytest.fixture
def app(service: FakeConsole, store: Store, imports: Imports) -> Flask:
    service.kb = lambda: store
    service.imports = imports
    return an_app(service)


def form_of(answer: TestResponse) -> str:
    return token(answer.text)


def save(client: FlaskClient, kind: str = "article", **more: str) -> TestResponse:
    page = client.get(f"/knowledge/{kind}/new")
    assert page.status_code == 200
    return client.post(
        f"/knowledge/{kind}/save", data={**FILLED, "do": "draft", **more, "csrf_token": form_of(page)}
    )


def waiting(store: Store, content_id: str = "card-lost") -> Content:
    return store.versions(ARTICLE, content_id)[0]


def decide(client: FlaskClient, verb: str, content: Content, **more: str) -> TestResponse:
    seen = {"version": str(content.version), "sha256": content.sha256}
    return post(client, f"/knowledge/article/{verb}/{content.id}", "/knowledge", **{**seen, **more})


def test_written_sent_back_mended_and_approved_by_two_people(
    enter: Enter, store: Store, service: FakeConsole
) -> None:
    author, officer = enter("senior"), enter("compliance")
    assert save(author, do="submit").location == "/knowledge/article/view/card-lost"
    queue = officer.get("/knowledge/review").text
    assert "信用卡掉了怎麼辦" in queue or "I lost my card" in queue
    assert "Read and decide" in queue
    first = waiting(store)
    assert (first.status, first.author) == (Review.IN_REVIEW, "s-senior")

    silent = decide(officer, "changes", first)
    assert "A rejection needs a reason" in officer.get(silent.location).text
    decide(officer, "changes", first, comment="Name the hours, please.")
    assert "Name the hours, please." in author.get("/knowledge/article/view/card-lost").text
    editor = author.get("/knowledge/article/edit/card-lost")
    assert "Name the hours, please." in editor.text
    assert 'name="base" value="1"' in editor.text

    mended = {"zh": "請立即撥打 24 小時客服專線掛失。", "base": "1", "do": "submit"}
    assert save(author, **mended).status_code == 303
    second = waiting(store)
    page = officer.get("/knowledge/article/view/card-lost").text
    assert "<ins> 24 小時</ins>" in page.replace("\u3000", " ")
    decide(officer, "approve", second)
    assert waiting(store).approver == "s-comp"
    assert waiting(store).status is Review.APPROVED
    noted = [a for a in service.actions() if a.startswith("kb.")]
    assert noted == ["kb.draft", "kb.submit", "kb.reject", "kb.draft", "kb.submit", "kb.approve"]

    decide(officer, "retire", second, comment="No longer offered")
    assert waiting(store).status is Review.RETIRED
    versions = officer.get("/knowledge/article/view/card-lost?version=1").text
    assert "請立即撥打客服專線掛失。" in versions


def test_nobody_approves_his_own_text(enter: Enter, store: Store) -> None:
    officer = enter("compliance")
    save(officer, do="submit")
    answer = decide(officer, "approve", waiting(store))
    assert "written by the same person" in officer.get(answer.location).text
    assert waiting(store).status is Review.IN_REVIEW


def test_an_approval_holds_only_for_what_was_read(enter: Enter, store: Store) -> None:
    author, officer = enter("senior"), enter("compliance")
    save(author, do="submit")
    read = waiting(store)
    save(author, zh="另一個答案。", base="1", do="submit")
    answer = decide(officer, "approve", read)
    assert "was changed since you read it" in officer.get(answer.location).text
    assert waiting(store).status is Review.IN_REVIEW


def test_a_rejected_version_is_closed_and_kept(enter: Enter, store: Store) -> None:
    author, officer = enter("senior"), enter("compliance")
    save(author, do="submit")
    decide(officer, "reject", waiting(store), comment="We do not offer this.")
    closed = waiting(store)
    assert (closed.status, closed.note, closed.approved_at) == (Review.RETIRED, "We do not offer this.", None)
    answer = decide(officer, "approve", closed)
    assert "is not in review" in officer.get(answer.location).text
    assert "We do not offer this." in author.get("/knowledge/article/view/card-lost").text


def test_two_who_edit_the_same_article_lose_nothing(enter: Enter, store: Store) -> None:
    one, other = enter("senior"), enter("supervisor")
    save(one)
    save(one, zh="第一位的修改。", base="1")
    late = save(other, zh="第二位的修改。", base="1")
    assert late.status_code == 409
    assert "Somebody else saved version 2 meanwhile" in late.text
    assert "第二位的修改。" in late.text
    assert "第<del>一</del><ins>二</ins>位" in late.text
    assert len(store.versions(ARTICLE, "card-lost")) == 2
    assert 'name="base" value="2"' in late.text
    assert save(other, zh="第二位的修改。", base="2").status_code == 303
    assert waiting(store).author == "s-super"


def test_a_new_article_does_not_write_over_a_known_one(enter: Enter, store: Store) -> None:
    save(enter("senior"))
    assert save(enter("supervisor"), zh="別的內容。").status_code == 409
    assert len(store.versions(ARTICLE, "card-lost")) == 1


def test_a_form_with_a_fault_comes_back_whole(enter: Enter, store: Store) -> None:
    answer = save(enter("senior"), valid_from="2030-01-02T09:30", valid_until="2030-01-01T09:30")
    assert answer.status_code == 400
    assert "valid_until is not after valid_from" in answer.text
    assert "信用卡掉了怎麼辦" in answer.text
    assert store.count(ARTICLE) == 0


def test_validity_is_in_the_houses_time_zone_to_the_minute(enter: Enter, store: Store) -> None:
    author = enter("senior")
    save(author, valid_from="2030-01-02T09:30")
    assert waiting(store).valid_from == datetime(2030, 1, 2, 1, 30, tzinfo=UTC)
    assert 'value="2030-01-02T09:30"' in author.get("/knowledge/article/edit/card-lost").text
    assert "2030-01-02 09:30" in author.get("/knowledge/article/view/card-lost").text


def test_previews_carry_the_disclosure_of_the_class(enter: Enter, store: Store) -> None:
    author = enter("senior")
    bare = save(author, product_class="loan", do="preview")
    assert "No disclosure of this product class is in force" in bare.text
    assert store.count(ARTICLE) == 0
    terms = Draft(
        "loan-terms",
        {"zh-TW": "總費用年百分率 3 %。"},
        product_class=ProductClass.LOAN,
        kind=ContentKind.DISCLOSURE,
    )
    review.ship(store, [terms], "a", "b", no_audit)
    with_terms = post(
        author, "/knowledge/article/preview", "/knowledge/article/new", **{**FILLED, "product_class": "loan"}
    )
    assert with_terms.text.count("總費用年百分率 3 %。") >= 4
    assert "of 5000 characters" in with_terms.text
    long = post(
        author, "/knowledge/article/preview", "/knowledge/article/new", **{**FILLED, "zh": "長" * 6000}
    )
    assert "sent in 2 parts" in long.text


def test_the_linter_speaks_beside_the_review(enter: Enter, store: Store) -> None:
    author = enter("senior")
    save(author)
    save(author, id="card-gone", do="submit")
    page = enter("compliance").get("/knowledge/article/view/card-gone").text
    assert "stands in more than one article" in page
    assert 'href="/knowledge/article/view/card-lost"' in page
    save(author, id="card-gone", questions="補發卡片多久\n卡片補發要幾天", zh="約五個工作天。", base="1")
    assert "stands in more than one article" not in author.get("/knowledge/article/view/card-gone").text


def test_the_list_filters_counts_and_says_what_to_do(enter: Enter, store: Store) -> None:
    author = enter("senior")
    assert "import a file" in author.get("/knowledge").text
    save(author)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    later = Draft("fee-2030", {"zh-TW": "新費率"}, ("年費多少",), ProductClass.CARD, valid_from=tomorrow)
    ended = Draft("old", {"zh-TW": "舊答案"}, ("舊問題",))
    terms = Draft(
        "card-terms", {"zh-TW": "循環利率。"}, product_class=ProductClass.CARD, kind=ContentKind.DISCLOSURE
    )
    review.ship(store, [terms, later, ended], "a", "b", no_audit)

    def ids(query: str) -> set[str]:
        page = author.get(f"/knowledge/article?{query}").text
        return {i for i in ("card-lost", "fee-2030", "old") if f"/view/{i}" in page}

    assert ids("") == {"card-lost", "fee-2030", "old"}
    assert ids("state=draft") == {"card-lost"}
    assert ids("state=scheduled") == {"fee-2030"}
    assert ids("class=card") == {"fee-2030"}
    assert ids("q=掛失 LOST") == {"card-lost"}
    assert ids("q=nothing-of-the-kind") == set()
    assert "Nothing fits" in author.get("/knowledge/article?q=nothing-of-the-kind").text
    assert "card-terms" in author.get("/knowledge/disclosure").text


def upload(client: FlaskClient, *files: tuple[str, bytes]) -> TestResponse:
    page = client.get("/knowledge/import")
    brought = [(io.BytesIO(data), name) for name, data in files]
    form: dict[str, Any] = {"csrf_token": form_of(page), "file": brought}
    return client.post("/knowledge/import", data=form, content_type="multipart/form-data")


def work(imports: Imports, store: Store, path: str) -> None:
    """What the worker does with the import of that page."""
    run = imports.runs.take(path.rpartition("/")[2], "token", datetime.now(UTC))
    assert run is not None
    figures, items = imports.perform(run["plan"], store, ZoneInfo("Asia/Taipei"), lambda done, total: None)
    assert imports.runs.finish(run["_id"], "token", figures, items, datetime.now(UTC), None)


def test_a_file_comes_in_row_by_row_and_goes_out_again(
    enter: Enter, store: Store, imports: Imports, service: FakeConsole
) -> None:
    author = enter("senior")
    rows = (
        "id,questions,answer,product_class\ngood,問題,答案,general\n,問題,答案,general\nbad,問題,答案,pets\n"
        "good,問題,答案,general\n=cmd,問題,,general\n"
    )
    report = upload(author, ("../../etc/articles.csv", rows.encode())).location
    waits = author.get(report).text
    assert "Waiting for a worker" in waits
    assert f'data-ask="{report}/progress"' in waits
    assert '<meta http-equiv="refresh"' in waits, "without a script the page looks again by itself"
    assert "under way" in upload(author, ("more.csv", rows.encode())).text
    work(imports, store, report)
    done = author.get(report).text
    assert "Drafts written: 1 · left out: 4" in done
    assert "id is missing" in done
    assert "product_class must be one of" in done
    assert "refresh" not in done
    table = author.get(f"{report}/report.csv").data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in table[1:]] == ["3", "4", "5", "6"]
    assert waiting(store, "good").author == "s-senior"
    assert "Drafts written: 1" in author.get("/knowledge/import").text
    assert "Drafts written: 1" in enter("auditor").get(report).text
    desk.approve(store, ["good"], "s-comp")
    for suffix in ("csv", "xlsx", "jsonl", "zip"):
        given = author.get(f"/knowledge/export/articles.{suffix}")
        assert "attachment" in given.headers["Content-Disposition"]
        assert len(given.data) > 50
    assert "答案" in author.get("/knowledge/export/articles.jsonl").text
    assert author.get("/knowledge/export/articles.exe").status_code == 404
    assert "knowledge:articles:export" in service.actions()


def test_what_cannot_be_taken_is_said_at_once(enter: Enter, imports: Imports) -> None:
    author = enter("senior")
    assert upload(author, ("virus.exe", b"MZ")).status_code == 400
    assert upload(author, ("a.csv", b"id"), ("b.csv", b"id")).status_code == 400
    assert upload(author, ("empty.csv", b"")).status_code == 400
    assert upload(author, ("", b"")).status_code == 400
    assert upload(author, ("huge.csv", b"x" * (21 * 1024 * 1024))).status_code == 413
    assert imports.latest() == []
    assert author.get("/knowledge/import/nothing").status_code == 404


def test_markdown_files_chosen_at_once_are_one_import(enter: Enter, store: Store, imports: Imports) -> None:
    author = enter("senior")
    good = "---\nproduct_class: card\n---\n# 年費\n\n**免費**"
    files = [
        ("fee.md", good.encode()),
        ("fee.en.md", b"Free"),
        ("fee.md", good.encode()),
        ("x.md", b"no class"),
    ]
    report = upload(author, *files).location
    work(imports, store, report)
    assert dict(waiting(store, "fee").answer) == {"zh-TW": "免費", "en": "Free"}
    page = author.get(report).text
    assert "<code>x.md</code> line 1" in page
    assert "already in fee.md" in page


def test_an_import_that_broke_off_is_gone_on_with_from_its_page(
    enter: Enter, store: Store, imports: Imports
) -> None:
    author = enter("senior")
    rows = "".join(
        f'{{"id":"a{n}","questions":["q"],"answer":"a","product_class":"card"}}\n' for n in range(3)
    )
    report = upload(author, ("a.jsonl", rows.encode())).location
    imports.runs.take(report.rpartition("/")[2], "token", datetime(2020, 1, 1, tzinfo=UTC))
    assert "At work" in author.get(report).text
    imports.runs.bury(datetime(2021, 1, 1, tzinfo=UTC), datetime.now(UTC))
    assert "Broke off" in author.get(report).text
    assert "Broke off" in author.get(f"{report}/progress").text
    assert post(enter("auditor"), f"{report}/again").status_code == 403
    second = post(author, f"{report}/again").location
    assert second != report
    assert post(author, f"{second}/cancel").location == second
    assert "Cancelled" in author.get(second).text
    third = post(author, f"{second}/again").location
    work(imports, store, third)
    assert "Drafts written: 3" in author.get(third).text
    assert post(author, f"{third}/again").location == third
    assert "needs no second start" in author.get(third).text


READ = {"agent", "senior", "supervisor", "compliance", "auditor"}
WRITE = {"senior", "supervisor", "compliance"}
PAGES = {
    "/knowledge": READ,
    "/knowledge/disclosure": READ,
    "/knowledge/review": READ,
    "/knowledge/article/view/card-lost": READ,
    "/knowledge/export/articles.csv": READ,
    "/knowledge/article/new": WRITE,
    "/knowledge/article/edit/card-lost": WRITE,
    "/knowledge/import": WRITE,
    "/knowledge/disclosure/new": {"supervisor", "compliance"},
}
ACTS = {
    "/knowledge/article/save": WRITE,
    "/knowledge/article/preview": WRITE,
    "/knowledge/disclosure/save": {"supervisor", "compliance"},
    "/knowledge/disclosure/submit/card-lost": {"supervisor", "compliance"},
    "/knowledge/article/submit/card-lost": WRITE,
    "/knowledge/import": WRITE,
    "/knowledge/article/approve/card-lost": {"compliance"},
    "/knowledge/article/changes/card-lost": {"compliance"},
    "/knowledge/article/reject/card-lost": {"compliance"},
    "/knowledge/article/retire/card-lost": {"compliance"},
}


@pytest.mark.parametrize("who", ["agent", "senior", "supervisor", "compliance", "admin", "auditor"])
def test_each_page_and_act_is_for_exactly_its_roles(enter: Enter, store: Store, who: str) -> None:
    review.create(store, [Draft("card-lost", {"zh-TW": "掛失"}, ("掉卡",))], "s-other", no_audit)
    client = enter(who)
    opened = {path for path in PAGES if client.get(path).status_code == 200}
    assert opened == {path for path, roles in PAGES.items() if who in roles}
    refused = {path for path in ACTS if post(client, path).status_code == 403}
    assert refused == {path for path, roles in ACTS.items() if who not in roles}


def test_a_form_without_its_token_changes_nothing(enter: Enter, store: Store) -> None:
    assert enter("senior").post("/knowledge/article/save", data=FILLED).status_code == 400
    assert store.count(ARTICLE) == 0
