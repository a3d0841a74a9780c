"""Text that means nothing, asks about something else or opens with harmless context is for the search to judge.

None of these lines is among the examples; the reader must not know them by heart.
"""

from __future__ import annotations

import pytest

from handlers.policy import Policy
from handlers.triage import Classify, classifier
from tests.unit.handlers.factories import encoder

SHIPPED = Policy.shipped()
UNFAMILIAR = """
亂打一通的字
這是一段沒有意義的文字
hjkl hjkl
測試問題十二
問題二
qwerty uiop
bla bla bla
ㄅㄆㄇㄈ
lorem ipsum dolor sit amet
0000 1111 2222
問題A
abc123xyz
foo bar baz
purple elephant sandwich
香蕉牛奶海綿
會飛的腳踏車
白色的石頭與河
三角形的雲
the quick brown fox
冰箱裡的襪子
左邊第三個抽屜
午後的窗簾
月亮上的兔子
哪裡可以買腳踏車
will it rain tomorrow
光速是多少
莎士比亞寫過什麼
幫我翻譯這句話
紅燒肉怎麼煮
恐龍為什麼滅絕
圍棋怎麼下
日本首都在哪裡
捷運幾點收班
水的沸點是幾度
台北到花蓮怎麼去
recipe for banana bread
後天氣溫幾度
三加五等於多少
下週會不會變冷
how tall is mount everest
需要你幫忙
還有別的嗎
可以協助我嗎
what next
i don't understand
第二步是什麼
請問一下這個
可以說明一下嗎
接下來呢
什麼意思
i have a question about something
另一個問題
為什麼呢
看不懂
可以再說一次嗎
指紋登入不能用
開啟後畫面變黑
驗證碼收不到
出現錯誤代碼E1002
網頁一直轉圈圈
App更新後閃退
the app keeps crashing
the page is blank after login
登入之後又跳出來
圖片上傳失敗
我有在用你們的App，帳單日怎麼改
我用電腦開的，忘記密碼怎麼辦
我剛看完說明，年費怎麼算
我今天休假，分行開到幾點
我人在高雄，轉帳手續費
我從電視看到的，房貸利率多少
朋友推薦我的，轉帳手續費多少
我是你們的客戶，信用卡年費多少
家人跟我說的，海外刷卡手續費多少
我用平板看的，轉帳手續費
不好意思打擾，信用卡年費多少
我剛搬家，地址怎麼改
我第一次使用，轉帳手續費
我幫我爸問，基金申購手續費多少
我在臉書看到，開戶流程是什麼
我媽媽叫我問的，定存利率多少
同事推薦我的，開戶要帶什麼
""".strip().splitlines()

CONTEXT = ("我人在高雄，", "我用手機看的，", "我在官網看到，", "朋友推薦我的，")
QUESTIONS = ("信用卡年費多少", "忘記密碼怎麼辦", "轉帳手續費")


@pytest.fixture(scope="module", params=["encoder", "bare"])
def judge(request: pytest.FixtureRequest) -> Classify:
    return classifier(encode=encoder() if request.param == "encoder" else None)


def test_unfamiliar_text_is_left_to_the_search(judge: Classify) -> None:
    assert len(UNFAMILIAR) >= 60
    wrong = {text: label for text in UNFAMILIAR if (label := judge(text)) != "ordinary_question"}
    assert len(wrong) <= 0.05 * len(UNFAMILIAR), wrong


def test_they_are_kept_apart_from_the_examples() -> None:
    known = {SHIPPED.clean(text) for text, _ in SHIPPED.examples}
    assert not [text for text in UNFAMILIAR if SHIPPED.clean(text) in known]


@pytest.mark.parametrize("context", CONTEXT)
@pytest.mark.parametrize("question", QUESTIONS)
def test_harmless_context_changes_nothing(judge: Classify, context: str, question: str) -> None:
    assert judge(context + question) == "ordinary_question"


@pytest.mark.parametrize("text", ["你好", "哈囉", "hi", "謝謝", "thanks"])
def test_a_bare_greeting_and_thanks_stay_small_talk(judge: Classify, text: str) -> None:
    assert judge(text) == "smalltalk"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("朋友推薦我的，可是你們服務爛透了我要投訴", "complaint"),
        ("我人在高雄，信用卡被盜刷了", "fraud_or_account_security"),
        ("我在官網看到，但看不懂，轉真人", "human_request"),
        ("我用手機看的，該買哪一檔基金", "personal_advice"),
    ],
)
def test_context_hides_nobody_who_needs_a_person(judge: Classify, text: str, label: str) -> None:
    assert judge(text) == label
