"""Files become drafts; what is wrong with a row is said by number; ids and answers survive the way out and in."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import openpyxl
import pytest

from bot.errors import BadPayload
from kb import export, sources
from kb.live import as_approved
from kb.sources import BadRow, Row
from tests.unit.kb.knowledge_rows import NOW

GOOD = {"id": "a", "questions": ["年費多少"], "answer": "一千元", "product_class": "card", "tags": ["費用"]}
AWKWARD = '第一行\n第二行,「引號」"quoted"\ttab \n\n=1+1 結尾空白 '


def write(path, rows):
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    return path


def drafts(path):
    rows = list(sources.read(path))
    assert all(isinstance(row, Row) for row in rows), rows
    return [row.draft for row in rows]


def test_good_rows_go_in_and_bad_ones_are_named(tmp_path):
    path = write(
        tmp_path / "kb.jsonl",
        [
            GOOD,
            {**GOOD, "id": ""},
            {**GOOD, "id": "b", "product_class": "cards"},
            {**GOOD, "id": "c", "questions": []},
            {**GOOD, "id": "d", "answer": {"zh-TW": "x", "fr": "y"}},
            {**GOOD, "id": "a"},
            {**GOOD, "id": "e", "answer": " "},
            {**GOOD, "id": "f", "valid_from": "soon"},
            {**GOOD, "id": "g", "valid_from": "2026-02-01", "valid_until": "2026-01-01"},
            {**GOOD, "id": "h", "answer": "bell\u0007"},
            {**GOOD, "id": "z"},
        ],
    )
    with path.open("ab") as file:
        file.write(b"{broken\n[1]\n" + "信用卡".encode("big5") + b"\n")
    rows = list(sources.read(path))
    assert [row.draft.id for row in rows if isinstance(row, Row)] == ["a", "z"]
    bad = {row.number: row.reason for row in rows if isinstance(row, BadRow)}
    assert sorted(bad) == [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14]
    assert "product_class" in bad[3]
    assert "row 1" in bad[6]
    assert "UTF-8" in bad[14]


def test_csv_reads_line_breaks_a_mark_and_columns(tmp_path):
    path = tmp_path / "kb.csv"
    path.write_bytes(
        "\ufeffID,Questions,answer,answer_en,product_class,tags,valid_until\r\n"
        'fee,"年費多少\n\n信用卡年費",一千元,NT$1000,card,"費用,卡片",2026-12-31\r\n'
        "x,問題,答案,,nothing,,\r\n"
        'obj,問題二,"{""zh-TW"": ""中"", ""en"": ""E""}",,general,,\r\n'.encode()
    )
    rows = list(sources.read(path))
    first = rows[0].draft
    assert first.questions == ("年費多少", "信用卡年費")
    assert first.answer == {"zh-TW": "一千元", "en": "NT$1000"}
    assert first.tags == ("費用", "卡片")
    # the whole of 31 December in Taipei
    assert first.valid_until == datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    assert rows[1] == BadRow(3, rows[1].reason)
    assert rows[2].draft.answer == {"zh-TW": "中", "en": "E"}


def test_big5_is_refused_with_the_mend(tmp_path):
    path = tmp_path / "kb.csv"
    path.write_bytes("id,questions,answer,product_class\na,年費,一千元,card\n".encode("big5"))
    with pytest.raises(BadPayload, match="UTF-8"):
        list(sources.read(path))


@pytest.mark.parametrize("name", ["kb.txt", "missing.csv", "fake.xlsx", "nohead.csv"])
def test_unreadable_files_say_why(tmp_path, name):
    if name != "missing.csv":
        (tmp_path / name).write_text("foo,bar\n1,2\n")
    with pytest.raises(BadPayload):
        list(sources.read(tmp_path / name))


def test_xlsx_reads_numbers_and_dates(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["id", "questions", "answer", "product_class", "valid_from"])
    sheet.append([101, "年費多少\n年費", "一千元", "card", datetime(2026, 1, 1, 9, 30)])  # noqa: DTZ001  Excel has no zones
    sheet.append([None, "沒有編號", "x", "card", None])
    book.save(tmp_path / "kb.xlsx")
    rows = list(sources.read(tmp_path / "kb.xlsx"))
    assert rows[0].draft.id == "101"
    assert rows[0].draft.valid_from == datetime(2026, 1, 1, 1, 30, tzinfo=UTC)
    assert isinstance(rows[1], BadRow)
    assert rows[1].number == 3


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".xlsx"])
def test_export_and_import_give_the_same_bytes(tmp_path, suffix):
    rows = [
        {**GOOD, "answer": AWKWARD},
        {
            **GOOD,
            "id": "b",
            "answer": {"zh-TW": AWKWARD, "en": "=SUM(A1)\r\nline"},
            "valid_until": "2026-12-31T12:00",
        },
        {**GOOD, "id": "c", "answer": '{"zh-TW": "這是文字,不是物件"}', "questions": ["一", "二"]},
        {**GOOD, "id": "d", "answer": {"en": "English only"}},
        {**GOOD, "id": "007", "answer": "00123"},
    ]
    before = drafts(write(tmp_path / "in.jsonl", rows))
    out = tmp_path / f"out{suffix}"
    export.write(out, [as_approved(draft, NOW) for draft in before])
    after = drafts(out)
    same = ("id", "questions", "product_class", "tags", "valid_from", "valid_until")
    for a, b in zip(before, after, strict=True):
        assert [getattr(a, name) for name in same] == [getattr(b, name) for name in same]
        assert dict(b.answer) == dict(a.answer)


def test_jsonl_keeps_the_shape_of_an_answer(tmp_path):
    rows = [GOOD, {**GOOD, "id": "b", "answer": {"zh-TW": "中"}}]
    before = drafts(write(tmp_path / "in.jsonl", rows))
    export.write(tmp_path / "out.jsonl", [as_approved(draft, NOW) for draft in before])
    assert [json.loads(line)["answer"] for line in (tmp_path / "out.jsonl").open(encoding="utf-8")] == [
        "一千元",
        {"zh-TW": "中"},
    ]
