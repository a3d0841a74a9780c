"""Splitting and shortening: nothing lost, nothing too long, no character torn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.limits import shorten, size, split, whole_at

FAMILY, FLAG, ACCENT, THUMB = "👨‍👩‍👧‍👦", "🇹🇼", "e\u0301", "👍🏽"
WORDS = [
    "字",
    "a",
    " ",
    "\n",
    "。",
    ",",
    "😀",
    FAMILY,
    FLAG,
    ACCENT,
    THUMB,
    "\r\n",
    "一句話。",
    "line\n",
    "word ",
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=60).map("".join)


@given(text=TEXTS, limit=st.integers(12, 40), unit=st.sampled_from(["utf16", "bytes", "characters"]))
def test_pieces_fit_and_make_up_the_whole(text: str, limit: int, unit: str) -> None:
    pieces = split(text, limit, unit)
    assert all(size(piece, unit) <= limit for piece in pieces)
    assert all(piece.strip() for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(text=TEXTS, limit=st.integers(2, 30))
def test_a_shortened_label_fits_and_begins_like_the_title(text: str, limit: int) -> None:
    short = shorten(text, limit, "utf16")
    assert size(short, "utf16") <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1].rstrip()))


@pytest.mark.parametrize("whole", [FAMILY, FLAG, ACCENT, THUMB, "\r\n", "각", "❤️"])
def test_a_visible_character_is_never_torn(whole: str) -> None:
    text = f"a{whole}b"
    assert [whole_at(text, at) for at in range(2, 1 + len(whole))] == [False] * (len(whole) - 1)
    assert whole_at(text, 1)
    assert whole_at(text, 1 + len(whole))


def test_two_flags_part_between_them() -> None:
    assert [whole_at("🇹🇼🇯🇵", at) for at in range(1, 4)] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("第一段。\n\n第二段很長很長很長", "第一段。\n\n"),
        ("第一行在這裡\n第二行很長很長很長", "第一行在這裡\n"),
        ("第一句在這裡。第二句很長很長很長", "第一句在這裡。"),
        ("one two three four", "one two "),
        ("沒有標點的一串字沒有標點的一串字", "沒有標點的一串字沒有標點"),
    ],
)
def test_a_cut_is_where_a_reader_pauses(text: str, first: str) -> None:
    assert split(text, 12, "characters")[0] == first


def test_sizes_by_unit() -> None:
    assert [size("a字😀", unit) for unit in ("characters", "utf16", "bytes")] == [3, 4, 8]
