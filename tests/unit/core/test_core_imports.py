"""An import is a run: stored, read by a worker, reported row by row, and gone on with where it stood."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bot import cli
from bot.cli import kb as kb_command
from bot.errors import BadPayload, Conflict, NotFound
from bot.imports import Imports
from bot.model import ContentKind, Role, Staff
from bot.prepare import audit_of
from bot.runner import perform
from bot.runs import DEAD_AFTER
from kb import desk, review
from kb.articles import Review
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers

ARTICLE = ContentKind.ARTICLE
GOOD = "---\nproduct_class: general\n---\n# 客服時間\n\n- 週一至週五\n- **九點到六點**\n"


class Killed(BaseException):
    """What takes a process away asks no handler."""


@pytest.fixture(autouse=True)
def _alone(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("runs", "run_items", "uploads", "upload_parts", "content"):
        teller.service.mongo[name].delete_many({})
    monkeypatch.setattr(desk, "_BATCH", 10)


@pytest.fixture
def imports(teller: Teller) -> Imports:
    return teller.service.console.imports


@pytest.fixture
def author(teller: Teller) -> Staff:
    return teller.staff(Role.SENIOR)


def table(count: int, *bad: int) -> bytes:
    rows = (
        {
            "id": f"a{n}",
            "questions": [f"問題 {n}"],
            "answer": "答案",
            "product_class": "pets" if n in bad else "card",
        }
        for n in range(1, count + 1)
    )
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def versions(teller: Teller) -> list[tuple[str, int]]:
    kb = teller.service.kb
    return [(one.id, one.version) for one in kb.listing(ARTICLE, Review) if one.status is Review.DRAFT]


def test_a_table_becomes_drafts_and_a_report(teller: Teller, imports: Imports, author: Staff) -> None:
    run = imports.start(author, ".jsonl", table(25, 3, 20))
    assert (run.state, run.by) == ("waiting", author.id)
    perform(teller.service, run.id)
    done = imports.run(run.id)
    assert (done.state, dict(done.figures)) == ("done", {"rows": 25, "added": 23, "bad": 2})
    assert [(line.number, "product_class" in line.reason) for line in imports.bad(done)] == [
        (3, True),
        (20, True),
    ]
    assert [line.number for line in imports.bad(done, skip=1, limit=1)] == [20]
    assert len(versions(teller)) == 23
    assert teller.service.kb.versions(ARTICLE, "a1")[0].author == author.id
    assert [one.id for one in imports.latest()] == [run.id]
    trail = list(teller.service.mongo["audit"].find({"actor": author.id}).sort("seq", 1))
    assert [one["action"] for one in trail] == [
        "knowledge:import:start",
        *["kb.draft"] * 23,
        "knowledge:articles:import",
    ]
    assert {one["subject"] for one in trail[1:24]} >= {"article:a1", "article:a25"}


def test_the_audit_log_is_one_chain_over_batches(teller: Teller, imports: Imports, author: Staff) -> None:
    perform(teller.service, imports.start(author, ".jsonl", table(12)).id)
    lines = list(teller.service.mongo["audit"].find().sort("seq", 1))
    assert [one["seq"] for one in lines] == list(range(1, len(lines) + 1))
    assert all(after["prev_hash"] == before["hash"] for before, after in itertools.pairwise(lines))


def test_the_file_is_gone_soon_after(teller: Teller, imports: Imports, author: Staff) -> None:
    run = imports.start(author, ".jsonl", table(3) + b" " * (2 * 1024 * 1024))
    stored = teller.service.mongo["upload_parts"]
    assert stored.count_documents({}) == 3
    perform(teller.service, run.id)
    soon = datetime.now(UTC) + timedelta(minutes=11)
    for name in ("uploads", "upload_parts"):
        assert [one["expires_at"] < soon for one in teller.service.mongo[name].find()].count(False) == 0
        assert any(
            index.get("expireAfterSeconds") == 0 for index in teller.service.mongo[name].list_indexes()
        )


def test_one_that_died_is_seen_and_gone_on_with_without_doubling(
    teller: Teller, imports: Imports, author: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = imports.start(author, ".jsonl", table(35))
    write = desk.write_drafts

    def killed(*given: object) -> object:
        for n, done in enumerate(write(*given)):  # type: ignore[arg-type]
            yield done
            if n == 1:
                raise Killed

    monkeypatch.setattr(desk, "write_drafts", killed)
    with pytest.raises(Killed):
        perform(teller.service, run.id)
    monkeypatch.setattr(desk, "write_drafts", write)
    with pytest.raises(Conflict):
        imports.again(author, run.id)
    silent = datetime.now(UTC) - DEAD_AFTER - timedelta(seconds=1)
    teller.service.mongo["runs"].update_one({"_id": run.id}, {"$set": {"beat": silent}})
    teller.service.runs.tick()
    dead = imports.run(run.id)
    assert (dead.state, imports.written(dead), imports.can_go_on(dead)) == ("died", 20, True)

    colleague = teller.staff(Role.SUPERVISOR)
    second = imports.again(colleague, run.id)
    perform(teller.service, second.id)
    done = imports.run(second.id)
    assert (done.state, done.by, done.figures["added"]) == ("done", colleague.id, 35)
    assert sorted(versions(teller)) == sorted((f"a{n}", 1) for n in range(1, 36))
    assert {one.author for one in teller.service.kb.listing(ARTICLE, Review)} == {author.id}
    with pytest.raises(Conflict):
        imports.again(author, second.id)


def test_a_worker_that_stops_gives_it_back(
    teller: Teller, imports: Imports, author: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = imports.start(author, ".jsonl", table(25))
    runs = teller.service.runs
    write = desk.write_drafts

    def halted(*given: object) -> object:
        for done in write(*given):  # type: ignore[arg-type]
            runs.halting.set()
            yield done

    monkeypatch.setattr(desk, "write_drafts", halted)
    perform(teller.service, run.id)
    runs.halting.clear()
    monkeypatch.setattr(desk, "write_drafts", write)
    assert (imports.run(run.id).state, len(versions(teller))) == ("waiting", 10)
    perform(teller.service, run.id)
    assert imports.run(run.id).figures["added"] == 25
    assert sorted(versions(teller)) == sorted((f"a{n}", 1) for n in range(1, 26))


def test_two_workers_on_one_file_write_it_once(
    teller: Teller, imports: Imports, author: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first was thought dead, and was only slow."""
    run = imports.start(author, ".jsonl", table(25))
    write = desk.write_drafts

    def overtaken(*given: object) -> object:
        steps = write(*given)  # type: ignore[arg-type]
        yield next(steps)
        monkeypatch.setattr(desk, "write_drafts", write)
        imports.perform(run.plan, teller.service.kb, desk.TAIPEI, lambda done, total: None)
        yield from steps

    monkeypatch.setattr(desk, "write_drafts", overtaken)
    perform(teller.service, run.id)
    assert imports.run(run.id).state == "failed"
    assert "Somebody else" in str(imports.run(run.id).fault)
    assert sorted(versions(teller)) == sorted((f"a{n}", 1) for n in range(1, 26))


def test_a_cancelled_one_stops_and_can_be_gone_on_with(
    teller: Teller, imports: Imports, author: Staff
) -> None:
    run = imports.start(author, ".jsonl", table(5))
    imports.cancel(author, run.id)
    perform(teller.service, run.id)
    assert versions(teller) == []
    perform(teller.service, imports.again(author, run.id).id)
    assert len(versions(teller)) == 5


def test_one_import_at_a_time_and_bad_files_say_why(teller: Teller, imports: Imports, author: Staff) -> None:
    run = imports.start(author, ".xlsx", b"no workbook")
    with pytest.raises(Conflict):
        imports.start(author, ".jsonl", table(1))
    perform(teller.service, run.id)
    assert (imports.run(run.id).state, imports.run(run.id).fault) == (
        "failed",
        "upload.xlsx is not an Excel workbook (.xlsx).",
    )
    for suffix, data in ((".exe", b"MZ"), (".csv", b"")):
        with pytest.raises(BadPayload):
            imports.start(author, suffix, data)
    teller.service.mongo["uploads"].delete_many({})
    assert not imports.can_go_on(imports.run(run.id))
    with pytest.raises(NotFound):
        imports.again(author, run.id)
    with pytest.raises(NotFound):
        imports.run("nothing")


# -- the commands ----------------------------------------------------------------------------------------------------


def command(teller: Teller, *arguments: str) -> Any:
    app = Flask("import")
    app.extensions["teller"] = teller.service
    cli.register(app)
    return app.test_cli_runner().invoke(args=["kb", *arguments])


def test_a_folder_comes_in_and_goes_out(teller: Teller, tmp_path: Path) -> None:
    source = tmp_path / "kb"
    (source / "sub").mkdir(parents=True)
    (source / "hours.md").write_text(GOOD, "utf-8")
    (source / "hours.en.md").write_text("Nine to six", "utf-8")
    (source / "sub" / "bad.md").write_text("---\nproduct_class: pets\n---\n# q\n\na", "utf-8")
    done = command(teller, "import", str(source), "--json")
    said = json.loads(done.stdout)
    assert (said["added"], said["ids"]) == (1, ["hours"])
    (bad,) = said["bad"]
    assert (bad["file"], bad["line"], "product_class" in bad["reason"]) == ("sub/bad.md", 2, True)
    assert "sub/bad.md, line 2: product_class" in done.stderr
    made = review.approve(teller.service.kb, "hours", "bob", audit_of(teller.service))
    assert dict(made.answer) == {"zh-TW": "• 週一至週五\n• 九點到六點", "en": "Nine to six"}

    out = tmp_path / "out"
    assert command(teller, "export", str(out)).exit_code == 0
    assert command(teller, "export", str(out)).exit_code == 1, "what is there is not mixed with what was"
    again = json.loads(command(teller, "import", str(out), "--json").stdout)
    assert again["ids"] == ["hours"]
    newest = teller.service.kb.versions(ARTICLE, "hours")[0]
    assert (newest.version, newest.answer, newest.questions) == (2, made.answer, made.questions)


def test_nothing_good_is_a_failure(teller: Teller, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("no class", "utf-8")
    assert command(teller, "import", str(tmp_path)).exit_code == 1
    (tmp_path / "empty").mkdir()
    empty = command(teller, "import", str(tmp_path / "empty"))
    assert (empty.exit_code, "no Markdown file" in empty.stderr) == (1, True)


def test_progress_is_one_line_that_ends(capsys: pytest.CaptureFixture[str]) -> None:
    for done in (200, 400):
        kb_command._progress(done, 400)
    assert capsys.readouterr().err == "\r200 of 400\r400 of 400\n"
