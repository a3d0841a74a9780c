"""The hash binds an approval to every word it covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import Conflict
from bot.model import ProductClass
from kb.articles import Review, digest, sealed, verify
from kb.live import as_approved
from kb.wording import objection
from tests.unit.kb.knowledge_rows import NOW, articles

ARTICLE = as_approved(articles()[0], NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"answer": {"zh-TW": "年費新臺幣 1,201 元。", "en": "The annual fee is NT$1,200."}},
        {"answer": {"zh-TW": ARTICLE.answer["zh-TW"]}},
        {"questions": (*ARTICLE.questions[1:], ARTICLE.questions[0])},
        {"product_class": ProductClass.GENERAL},
        {"version": 2},
        {"id": "fee2"},
        {"valid_until": NOW},
        {"valid_from": NOW},
    ],
)
def test_what_an_approval_covers_changes_the_hash(change):
    changed = replace(ARTICLE, **change)
    assert digest(changed) != ARTICLE.sha256
    with pytest.raises(Conflict):
        verify(changed)


@pytest.mark.parametrize("change", [{"tags": ("x",)}, {"approver": "b@x"}, {"status": Review.RETIRED}])
def test_what_no_customer_sees_leaves_the_hash_alone(change):
    assert verify(replace(ARTICLE, **change)).sha256 == ARTICLE.sha256


def test_the_period_is_kept_to_the_minute():
    article = sealed(replace(ARTICLE, valid_from=NOW, valid_until=NOW + timedelta(minutes=1)))
    assert not article.in_force(NOW - timedelta(seconds=1))
    assert article.in_force(NOW)
    assert article.in_force(NOW + timedelta(seconds=59))
    assert not article.in_force(NOW + timedelta(minutes=1))


def test_locale_chooses_answer_and_title():
    assert ARTICLE.text("en-US") == "The annual fee is NT$1,200."
    assert ARTICLE.text("zh-TW") == ARTICLE.text("ja") == "年費新臺幣 1,200 元。"
    assert ARTICLE.title("zh-TW") == "信用卡年費怎麼收"
    assert ARTICLE.title("en") == "What is the annual fee?"
    lost = as_approved(articles()[1], NOW)
    assert lost.text("en") == "請立即撥打客服掛失。"
    assert lost.title("en") == "信用卡遺失如何掛失"


@pytest.mark.parametrize(
    "text",
    [
        "這檔基金最適合您",
        "建議您買進這檔基金",
        "本商品保證獲利",
        "絕對賺",
        "Guaranteed returns of 5%",
        "We recommend you buy now",
    ],
)
def test_advice_and_promises_are_refused(text):
    assert objection(text)


@pytest.mark.parametrize(
    "text",
    [
        "本公司不保證獲利", "過去績效不保證收益", "申請不保證核准", "建議您先閱讀公開說明書",
        "This is not a guaranteed return.", "請確認商品是否適合您的需求",
    ],
)  # fmt: skip
def test_careful_wording_passes(text):
    assert objection(text) is None
