"""`flask kb lint` on a store and on a file, and the approval that refuses what the linter warns of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bot import cli
from bot.embedded import Servers
from bot.errors import BadPayload
from bot.prepare import audit_of
from kb import review
from tests.unit.core.teller import Teller, apart

pytestmark = pytest.mark.servers
LINK = "https://example.com/fund"


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "kb_lint") as one:
        yield one


def run(teller: Teller, *arguments: str) -> Any:
    app = Flask("lint")
    app.extensions["teller"] = teller.service
    cli.register(app)
    return app.test_cli_runner().invoke(args=["kb", "lint", *arguments])


def draft(teller: Teller, name: str, text: str, *tags: str) -> None:
    made = review.Draft(name, {"zh-TW": text, "en": f"On {name}."}, (f"{name}？", f"問{name}"), tags=tags)
    review.create(teller.service.kb, [made], "ann", audit_of(teller.service))


def test_education_with_a_product_link_is_never_approved(teller: Teller) -> None:
    audit, kb = audit_of(teller.service), teller.service.kb
    draft(teller, "懂風險", f"認識風險，詳見 {LINK}", "education")
    with pytest.raises(BadPayload, match="education"):
        review.approve(kb, "懂風險", "bob", audit)
    done = run(teller, "--json")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    faults = [fault for fault in said["faults"] if fault["article"] == "懂風險"]
    assert [(fault["kind"], fault["severity"]) for fault in faults] == [("education_link", "error")]
    assert LINK in faults[0]["sentence"]["en"]
    assert "金保法" in faults[0]["sentence"]["zh-TW"]
    assert said["counts"]["error"] == sum(fault["severity"] == "error" for fault in said["faults"])


def test_education_may_point_to_an_authority(teller: Teller) -> None:
    draft(teller, "防詐騙", "認識詐騙，詳見 https://165.npa.gov.tw/", "education")
    assert review.approve(teller.service.kb, "防詐騙", "bob", audit_of(teller.service)).approver == "bob"
    assert "防詐騙" not in run(teller).stdout


def test_a_file_is_read_without_the_store(teller: Teller, tmp_path: Path) -> None:
    draft(teller, "只在資料庫", "費用待補")
    row = {"id": "x", "questions": ["甲乙丙", "丁戊己"], "answer": {"zh-TW": "好。", "en": "Good."}}
    file = tmp_path / "kb.jsonl"
    file.write_text(json.dumps(row | {"product_class": "loan"}, ensure_ascii=False), encoding="utf-8")
    done = run(teller, str(file))
    assert (done.exit_code, done.stdout) == (0, "0 errors, 0 warnings, 0 hints\n")
    broken = row | {"answer": "TODO", "product_class": "loan"}
    file.write_text(json.dumps(broken, ensure_ascii=False), encoding="utf-8")
    done = run(teller, str(file))
    assert done.exit_code == 1
    assert "error: x: A placeholder was left in: “TODO”. (placeholder)\n" in done.stdout
    assert done.stdout.endswith("1 error, 0 warnings, 1 hint\n")
    file.write_text(json.dumps(row), encoding="utf-8")
    assert run(teller, str(file)).exit_code == 1
