"""The list of erasures and the file of a backup, where they are not as they should be."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.backup.stream import LONGEST_FRAME, MAGIC, SALT, Writer, frames, header
from bot.errors import BadPayload, Unavailable
from bot.retention.clock import longest
from bot.retention.lists import ErasureList

CERTIFICATE = {"_id": "c1", "customers": ["a"], "begun_at": datetime(2026, 1, 2, 3, 4, 5, 6000, UTC)}
KEY = bytes(32)


def test_what_is_added_is_read_once(tmp_path: Path) -> None:
    listed = ErasureList(tmp_path / "below" / "erasures.jsonl")
    listed.add(CERTIFICATE)
    listed.add({**CERTIFICATE, "_id": "c2"})
    listed.add(CERTIFICATE)
    assert {doc["_id"]: doc["begun_at"] for doc in listed.read()} == dict.fromkeys(
        ("c1", "c2"), CERTIFICATE["begun_at"]
    )
    assert listed.path.stat().st_mode & 0o777 == 0o600


def test_a_line_cut_off_by_a_crash_is_passed_over_and_no_other(tmp_path: Path) -> None:
    listed = ErasureList(tmp_path / "erasures.jsonl")
    listed.add(CERTIFICATE)
    whole = listed.path.read_text()
    listed.path.write_text(whole + whole[:20])
    assert [doc["_id"] for doc in listed.read()] == ["c1"]
    for broken in (whole[:20] + "\n" + whole, json.dumps({"_id": "x", "customers": "a"}) + "\n" + whole):
        listed.path.write_text(broken)
        with pytest.raises(BadPayload, match="Line 1"):
            list(listed.read())


def test_what_cannot_be_written_or_read_is_said(tmp_path: Path) -> None:
    listed = ErasureList(tmp_path)
    with pytest.raises(Unavailable):
        listed.add(CERTIFICATE)
    with pytest.raises(Unavailable):
        list(listed.read())
    with pytest.raises(TypeError):
        ErasureList(tmp_path / "list").add({**CERTIFICATE, "odd": object()})


def test_a_clock_without_a_reason_is_none() -> None:
    with pytest.raises(ValueError, match="reason"):
        longest([])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"something else",
        MAGIC + b"no json\n" + bytes(SALT),
        MAGIC + b"[]\n" + bytes(SALT),
        MAGIC + b"{}\n" + bytes(SALT - 1),
    ],
)
def test_what_is_no_backup_is_refused(content: bytes) -> None:
    with pytest.raises(BadPayload):
        header(io.BytesIO(content))


def test_lengths_and_tails_are_not_believed() -> None:
    file = io.BytesIO()
    out = Writer(file, KEY, {"kind": "data"})
    whole_head = file.getvalue()
    out.end({})
    good = file.getvalue()
    assert len(list(frames(io.BytesIO(good), KEY))) == 1
    for bad in (whole_head + (LONGEST_FRAME + 1).to_bytes(4, "big"), good + b"x"):
        with pytest.raises(BadPayload):
            list(frames(io.BytesIO(bad), KEY))
    with pytest.raises(ValueError, match="32 bytes"):
        Writer(io.BytesIO(), b"short", {})
