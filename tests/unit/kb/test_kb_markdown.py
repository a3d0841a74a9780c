"""Markdown: one file is one article, reduced to what a customer can read; out and in again it is the same article."""

from __future__ import annotations

import io
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadPayload
from bot.model import ProductClass
from kb import desk, export, sources
from kb.live import as_approved
from kb.review import Draft
from kb.sources import BadRow, Row, folder, markdown, plain
from kb.sources.markdown import File
from kb.sources.plain import CannotShow, reduce
from tests.unit.kb.knowledge_rows import NOW

TAIPEI = ZoneInfo("Asia/Taipei")
FRONT = "---\nproduct_class: card\n---\n"
ARTICLE = """---
id: card-fee
product_class: card
tags: [費用, 卡片]
valid_until: 2026-12-31   # the whole day
questions:
  - 信用卡年費
  - "年費: 多少"
---
# 年費 **怎麼** 收

首年免年費。
詳見[官網](https://bank.example/fee)。

- 白金卡
- 御璽卡

<!-- lang: en -->

# What is the annual fee?

The first year is free.
"""


def put(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_md", ".md").replace("_en", ".en")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")
    return root


def rows(*files: tuple[str, str | bytes]) -> list[Row | BadRow]:
    made = [File(name, text.encode() if isinstance(text, str) else text) for name, text in files]
    return list(markdown.read(made, TAIPEI))


def draft(*files: tuple[str, str | bytes]) -> Draft:
    (only,) = rows(*files)
    assert isinstance(only, Row), only
    return only.draft


# -- one article -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_an_article_is_its_front_matter_its_heading_and_its_text(ends: str) -> None:
    one = draft(("whatever.md", ARTICLE.replace("\n", ends)))
    assert (one.id, one.product_class, one.tags) == ("card-fee", ProductClass.CARD, ("費用", "卡片"))
    assert one.questions == ("年費 怎麼 收", "What is the annual fee?", "信用卡年費", "年費: 多少")
    assert one.answer == {
        "zh-TW": "首年免年費。\n詳見官網 (https://bank.example/fee)。\n\n• 白金卡\n• 御璽卡",
        "en": "The first year is free.",
    }
    # the whole of 31 December in Taipei
    assert one.valid_until == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_everything_is_the_text_that_stands_there() -> None:
    """To YAML 007 is 7, no is false, and a date is no text."""
    one = draft(
        ("007.md", "---\nproduct_class: card\ntags: [no, 1.0]\nquestions: [2026-01-01, yes]\n---\n答")
    )
    assert (one.id, one.tags, one.questions) == ("007", ("no", "1.0"), ("2026-01-01", "yes"))


def test_the_other_language_may_have_a_file_of_its_own() -> None:
    one = draft(("a b.md", FRONT + "# 年費\n\n免費"), ("a b.en.md", "# Annual fee\n\nFree"))
    assert (one.id, one.questions) == ("a-b", ("年費", "Annual fee"))
    assert one.answer == {"zh-TW": "免費", "en": "Free"}
    alone = draft(("b.EN.md", FRONT + "# Annual fee\n\nFree"))
    assert (alone.id, alone.answer) == ("b", {"en": "Free"})


def test_an_answer_in_the_front_matter_is_kept_to_the_letter() -> None:
    one = draft(("a.md", '---\nproduct_class: card\nquestions: 年費\nanswer: "  *1* \\t\\r\\n "\n---\n'))
    assert one.answer == {"zh-TW": "  *1* \t\r\n "}


BAD = {
    "no class": ("# 年費\n\n免費", 1, "product_class"),
    "bad class": ("---\nid: a\nproduct_class: cards\n---\n# q\n\na", 3, "product_class must be"),
    "a typing error": (
        "---\nproduct_class: card\nvalid_untill: 2026-01-01\n---\n# q\n\na",
        3,
        "valid_untill",
    ),
    "a key twice": ("---\nid: a\nproduct_class: card\nid: b\n---\n# q\n\na", 4, "twice"),
    "an object": ("---\nproduct_class: card\ntags:\n  a: b\n---\n# q\n\na", 4, "list of texts"),
    "a list of lists": ("---\nproduct_class: card\ntags:\n  - [a]\n---\n# q\n\na", 4, "list of texts"),
    "no mapping": ("---\n- a\n---\nb", 1, "key: value"),
    "not YAML": ('---\nid: "a\n---\nb', 2, "not YAML"),
    "a tag of YAML": ("---\nid: !!python/object:os.system [x]\n---\nb", 2, "id must be text"),
    "nested": ("---\nid: " + "[" * 60_000 + "\n---\nb", 2, "list of texts"),
    "nested otherwise": ("---\nid:\n" + "- " * 30_000 + "\n---\nb", 3, "list of texts"),
    "nested keys": ("---\n" + "? " * 30_000 + "\n---\nb", 2, "unknown key"),
    "an alias": ("---\nid: &a x\ntags: *a\n---\nb", 3, "list of texts"),
    "signs of control": ("---\nid: a\x07\n---\nb", 1, "control"),
    "left open": ("---\nid: a\nb", 1, "closing"),
    "TOML": ("+++\nid = 'a'\n+++\nb", 1, "TOML"),
    "no question": (FRONT + "免費", 4, "question"),
    "a long question": (FRONT + "\n# " + "字" * 501 + "\n\na", 4, "500"),
    "no answer": (FRONT + "# 年費\n", 1, "answer is missing"),
    "two headings": (FRONT + "# 年費\n\na\n\n# 利率\n\nb", 8, "one file is one article"),
    "a picture": (FRONT + "# 年費\n\n![表](x.png)", 6, "picture"),
    "HTML": (FRONT + "# 年費\n\na\n\n<script>alert(1)</script>", 8, "HTML"),
    "HTML in a line": (FRONT + "# 年費\n\na <b>b</b>", 6, "HTML"),
    "a way to nowhere": (FRONT + "# 年費\n\n[這裡](other.md)", 6, "https://"),
    "a language": (FRONT + "# 年費\n\na\n<!-- lang: fr -->\nb", 7, "fr"),
    "an empty language": (FRONT + "# 年費\n\na\n<!-- lang: en -->\n", 7, "empty"),
    "twice the same": (FRONT + "# 年費\n\na\n<!-- lang: zh-TW -->\nb", 7, "twice"),
    "two answers": ("---\nproduct_class: card\nanswer: x\n---\nb", 5, "already"),
    "Big5": ((FRONT + "# 年費").encode("big5"), 4, "UTF-8"),
    "too large": (FRONT + "字" * 30_000, 1, "KB"),
    "a period": ("---\nproduct_class: card\nvalid_from: soon\n---\n# q\n\na", 3, "valid_from"),
    "backwards": (
        "---\nvalid_until: 2026-01-01\nproduct_class: card\nvalid_from: 2026-02-01\n---\n# q\n\na",
        2,
        "not after",
    ),
}


@pytest.mark.parametrize("loader", [markdown._LOADER, yaml.BaseLoader])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_with_line_and_reason(
    name: str, loader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markdown, "_LOADER", loader)
    text, line, reason = BAD[name]
    (found,) = rows(("kb/a.md", text))
    assert isinstance(found, BadRow), found
    assert (found.file, found.number) == ("kb/a.md", line)
    assert reason in found.reason


def test_what_two_files_may_not_both_say() -> None:
    found = rows(
        ("a.md", FRONT + "# 年費\n\na"),
        ("a.en.md", "---\ntags: x\n---\nb"),
        ("b.fr.md", "c"),
        ("c.md", FRONT + "# 年費\n\na"),
        ("c.markdown", FRONT + "# 年費\n\na"),
    )
    places = [f"{one.place}: {one.reason}" for one in found if isinstance(one, BadRow)]
    assert [place.partition(":")[0] for place in places] == [
        "b.fr.md, line 1",
        "c.markdown, line 1",
        "a.en.md, line 2",
    ]


# -- what a chat can show --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("一\n二\n\n三", "一\n二\n\n三"),
        ("*a* **b** ***c*** ~~d~~ `e*f*`", "a b c ~~d~~ e*f*"),
        ("a\\\nb  \nc<br>d", "a\nb\nc\nd"),
        ("<https://a.example/x> <me@a.example>", "https://a.example/x me@a.example"),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("[寫信](mailto:me@a.example) [撥打](tel:+886212345678)", "寫信 (me@a.example) 撥打 (+886212345678)"),
        ("[官網][1]\n\n[1]: https://a.example/x", "官網 (https://a.example/x)"),
        ("- a\n- b\n  - c\n  - d\n\n  e", "• a\n• b\n  • c\n  • d\n  e"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("> a\n> b", "a\nb"),
        ("## 小標\n\na\n\n---\n\nb", "小標\n\na\n\nb"),
        ("```\n a  *b*\n```", " a  *b*"),
        ("| 卡 | 年費 |\n|---|---|\n| 白金 | 免費 |", "卡 | 年費\n白金 | 免費"),
        ("a <!-- note --> b\n\n<!-- note -->", "a  b"),
        ("NT$1,000 & 2 < 3 &amp; \\*", "NT$1,000 & 2 < 3 & *"),
    ],
)
def test_markdown_becomes_what_a_customer_reads(written: str, read: str) -> None:
    assert reduce(written).text == read


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "//a.example", "#top"])
def test_a_link_leads_somewhere_or_is_no_link(address: str) -> None:
    try:
        text = reduce(f"[這裡]({address})").text
    except CannotShow:
        return
    assert text == f"[這裡]({address})", "what the parser does not take for a link stays as it was written"


_LINES = (
    "年費怎麼收？", "a b", "a  b", "3. x", "- y", "# t", "## u", "#v", "=", "---", "a|b", "1,200", "!x", "x>y", "　z",
    "a ", "~~~", "(c)", '"q"', "w:", "@", "v#", "+", "\u2028", "http://a.example/x", "",
)  # fmt: skip
_WRITTEN = st.lists(st.sampled_from(_LINES), max_size=7)


@settings(max_examples=400, deadline=None)
@given(_WRITTEN)
def test_sentences_need_no_parser_to_say_the_same(lines: list[str]) -> None:
    written = "\n".join(lines)
    quick = plain._prose(written)
    if quick is not None:
        assert quick == plain._Writer(plain._parser().parse(written)).all()


def test_most_answers_are_sentences() -> None:
    """Else the quick way would not be worth its lines."""
    answers = [text for one in desk.sample() for text in one.answer.values()]
    quick = [text for text in answers if plain._prose(f"# 標題\n\n{text}\n")]
    assert len(quick) > 0.6 * len(answers)


# -- folders and archives --------------------------------------------------------------------------------------------


def test_a_folder_is_read_by_name_and_no_further(tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text(FRONT + "# 外\n\n外", "utf-8")
    root = tmp_path / "kb"
    good = FRONT + "# 年費\n\n免費"
    put(root, b_md=good, sub__a_md=good, sub__a_en_md="Free", sub__b_md=good, readme_txt="x")
    put(root / ".git", x_md=good)
    (root / "out.md").symlink_to(outside)
    found = list(sources.read(root))
    assert [row.draft.id for row in found if isinstance(row, Row)] == ["b", "a"]
    assert [row.place for row in found if isinstance(row, BadRow)] == ["out.md, line 1", "sub/b.md, line 1"]
    assert "already in b.md" in found[-1].reason
    (single,) = sources.read(root / "b.md")
    assert single.file == "b.md"


def archive(path: Path, *members: tuple[zipfile.ZipInfo | str, bytes], **options: int) -> Path:
    with zipfile.ZipFile(path, "w", **options) as made:
        for member, data in members:
            made.writestr(member, data)
    return path


def test_an_archive_leads_nowhere(tmp_path: Path) -> None:
    good = (FRONT + "# 年費\n\n免費").encode()
    link = zipfile.ZipInfo("link.md")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    path = archive(
        tmp_path / "kb.zip",
        ("../../up.md", good),
        ("/etc/root.md", good),
        ("..\\win.md", good),
        (link, b"/etc/passwd"),
        ("__MACOSX/._a.md", b"\0"),
        ("img/a.png", b"\0"),
        ("esc\x1b[2J.md", b"no class"),
        ("qq.md", good),
    )
    path.write_bytes(path.read_bytes().replace(b"qq.md", "年.md".encode("big5")))
    before = sorted(tmp_path.rglob("*"))
    found = list(sources.read(path))
    assert sorted(tmp_path.rglob("*")) == before
    assert {row.draft.id for row in found if isinstance(row, Row)} == {"up", "root", "win", "年"}
    bad = {row.file: row.reason for row in found if isinstance(row, BadRow)}
    assert bad["link.md"] == "is a link, not a file"
    assert not any("\x1b" in name for name in bad)


def test_a_bomb_does_not_go_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = archive(tmp_path / "large.zip", ("a.md", b"a" * 40_000_000), compression=zipfile.ZIP_DEFLATED)
    (found,) = sources.read(large)
    assert "larger" in found.reason
    monkeypatch.setattr(folder, "MAX_TOTAL", 100_000)
    many = archive(tmp_path / "many.zip", *((f"{n}.md", b"a" * 60_000) for n in range(3)))
    with pytest.raises(BadPayload, match="in parts"):
        list(sources.read(many))
    monkeypatch.setattr(folder, "MAX_FILES", 2)
    with pytest.raises(BadPayload, match="2 Markdown files"):
        list(sources.read(many))


def test_what_is_no_archive_or_cannot_be_opened_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "kb.zip"
    broken.write_bytes(b"PK\3\4 no")
    with pytest.raises(BadPayload, match="zip"):
        list(sources.read(broken))
    lzma = archive(tmp_path / "lzma.zip", ("a.md", b"a"), compression=zipfile.ZIP_LZMA)
    assert "ordinary zip" in next(iter(sources.read(lzma))).reason
    whole = archive(tmp_path / "damaged.zip", ("a.md", FRONT.encode() + b"# q\n\nanswer"))
    whole.write_bytes(whole.read_bytes().replace(b"answer", b"ANSWER"))
    assert next(iter(sources.read(whole))).reason == "is damaged"


def test_a_workbook_is_no_bomb_either(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.xlsx", ("xl/sharedStrings.xml", bytes(300_000_000)), compression=zipfile.ZIP_DEFLATED
    )
    with pytest.raises(BadPayload, match="unpacked"):
        list(sources.read(path))


# -- out and in again ------------------------------------------------------------------------------------------------

AWKWARD = [
    "- a\n* b\n+ c\n1. d\n1) e",
    "# 標題\n===\n---\n> 引用",
    "**粗** _斜_ `碼` [x](y) <b> &amp; \\ | a | b |\n|---|---|",
    "• 一\n• 二\n  • 三\n\n• 四",
    "<!-- lang: en -->\n---\nid: x",
    "　全形縮排\n  半形  \n\n\n三行\t\r\n尾 ",
    '{"zh-TW": "這是文字"}',
    "![圖](a.png) http://a.example/a_b_c*d*",
    "\u2028\u0085\ufeff\u200b😀 ~~x~~",
    "    四格\n- [ ] 待辦",
]
_SIGNS = st.text(
    st.sampled_from("ab年費，。 \n\t-*_`#>[]()<>!\\|&;:.1•~=+\"'{}\r　😀"), min_size=1, max_size=40
)
_TEXT = st.one_of(st.sampled_from(AWKWARD), _SIGNS, st.text(min_size=1, max_size=60)).filter(str.strip)
_LINE = _TEXT.map(lambda text: " ".join(text.split())).filter(bool)
_MOMENT = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _held(text: str) -> bool:
    """What no source lets in is not asked of the way back."""
    return isinstance(_as_row(text), Row)


def _as_row(text: str) -> Row | BadRow:
    from kb.sources.rows import row

    return row(1, {"id": "a", "questions": ["q"], "answer": text, "product_class": "card"}, TAIPEI)


_ANSWER = _TEXT.filter(_held)
_QUESTION = _LINE.filter(_held)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.builds(
            Draft,
            id=st.text(
                st.sampled_from("abcXYZ.年-_/:~%#\"'?*"), min_size=1, max_size=12
            ),  # ids need not be fit for a file's name
            answer=st.fixed_dictionaries({"zh-TW": _ANSWER}, optional={"en": _ANSWER})
            | st.fixed_dictionaries({"en": _ANSWER}),
            questions=st.lists(_QUESTION, min_size=1, max_size=3, unique=True).map(tuple),
            product_class=st.sampled_from(ProductClass),
            tags=st.lists(_LINE.filter(_held), max_size=2, unique=True).map(tuple),
            valid_from=_MOMENT.map(lambda at: at and at.replace(year=2010, day=1, microsecond=0)),
            valid_until=_MOMENT.map(lambda at: at and at.replace(microsecond=0)),
        ),
        max_size=3,
        unique_by=lambda one: one.id,
    )
)
def test_export_and_import_give_the_same_articles(drafts: list[Draft]) -> None:
    made = export._zip([as_approved(one, NOW) for one in drafts])
    with zipfile.ZipFile(io.BytesIO(made)) as opened:
        files = [File(name, opened.read(name)) for name in opened.namelist()]
    found = [row.draft for row in markdown.read(files, TAIPEI) if isinstance(row, Row)]
    assert {one.id: _facts(one) for one in found} == {one.id: _facts(one) for one in drafts}


def _facts(one: Draft) -> tuple[object, ...]:
    shown = (one.questions, dict(one.answer), one.product_class, one.tags)
    return (*shown, one.valid_from, one.valid_until)


def test_an_export_is_a_file_people_can_edit(tmp_path: Path) -> None:
    one = draft(("card-fee.md", ARTICLE))
    export.write(tmp_path / "kb", [as_approved(one, NOW)])
    assert (tmp_path / "kb" / "card-fee.md").read_text("utf-8") == (
        "---\n"
        "id: card-fee\n"
        "product_class: card\n"
        "tags:\n  - 費用\n  - 卡片\n"
        'valid_until: "2026-12-31T16:00:00+00:00"\n'
        "questions:\n"
        '  - "What is the annual fee?"\n'
        "  - 信用卡年費\n"
        '  - "年費: 多少"\n'
        "---\n\n"
        "# 年費 怎麼 收\n\n"
        "首年免年費。\n詳見官網 (https://bank.example/fee)。\n\n- 白金卡\n- 御璽卡\n\n"
        "<!-- lang: en -->\n\n"
        "The first year is free.\n"
    )
    with pytest.raises(BadPayload, match="new folder"):
        export.write(tmp_path / "kb", [as_approved(one, NOW)])


def test_the_same_articles_make_the_same_archive(tmp_path: Path) -> None:
    one = as_approved(draft(("a.md", ARTICLE)), NOW)
    for name in ("a.zip", "b.zip"):
        export.write(tmp_path / name, [one])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    (back,) = sources.read(tmp_path / "a.zip")
    assert back.draft.questions == one.questions
