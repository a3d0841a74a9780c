"""`flask kb import` and `export` on folders of Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bot import cli
from bot.cli import kb as command
from bot.embedded import Servers
from bot.model import ContentKind
from bot.prepare import audit_of
from kb import review
from tests.unit.core.teller import Teller, apart

pytestmark = pytest.mark.servers
GOOD = "---\nproduct_class: general\n---\n# 客服時間\n\n- 週一至週五\n- **九點到六點**\n"


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "kb_import") as one:
        yield one


def run(teller: Teller, *arguments: str) -> Any:
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
    done = run(teller, "import", str(source), "--json")
    said = json.loads(done.stdout)
    assert (said["added"], said["ids"]) == (1, ["hours"])
    (bad,) = said["bad"]
    assert (bad["file"], bad["line"], "product_class" in bad["reason"]) == ("sub/bad.md", 2, True)
    assert "sub/bad.md, line 2: product_class" in done.stderr
    made = review.approve(teller.service.kb, "hours", "bob", audit_of(teller.service))
    assert dict(made.answer) == {"zh-TW": "• 週一至週五\n• 九點到六點", "en": "Nine to six"}

    out = tmp_path / "out"
    assert run(teller, "export", str(out)).exit_code == 0
    assert run(teller, "export", str(out)).exit_code == 1, "what is there is not mixed with what was"
    again = json.loads(run(teller, "import", str(out), "--json").stdout)
    assert again["ids"] == ["hours"]
    newest = teller.service.kb.versions(ContentKind.ARTICLE, "hours")[0]
    assert (newest.version, newest.answer, newest.questions) == (2, made.answer, made.questions)


def test_nothing_good_is_a_failure(teller: Teller, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("no class", "utf-8")
    assert run(teller, "import", str(tmp_path)).exit_code == 1
    (tmp_path / "empty").mkdir()
    empty = run(teller, "import", str(tmp_path / "empty"))
    assert (empty.exit_code, "no Markdown file" in empty.stderr) == (1, True)


def test_progress_is_one_line_that_ends(capsys: pytest.CaptureFixture[str]) -> None:
    for done in (200, 400):
        command._progress(done, 400)
    assert capsys.readouterr().err == "\r200 of 400\r400 of 400\n"
