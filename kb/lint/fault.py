"""What the linter says: a kind, how bad it is, and the same sentence in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.masking import mask
from bot.model import DEFAULT_LOCALE

Value = str | int


class Severity(StrEnum):
    """An error keeps an article from approval or from customers; a warning wants a decision, a hint a look."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


_E, _W, _H = Severity.ERROR, Severity.WARNING, Severity.HINT
KINDS: Mapping[str, tuple[Severity, str, str]] = {
    "copied_question": (_E, "「{question}」這個問法同時出現在多篇文章，請只留在一篇。",
        "The question “{question}” stands in more than one article: keep it in one."),
    "copied_answer": (_W, "這段答覆（{locale}）與其他文章相同，請合併或改寫。",
        "The answer ({locale}) is the same as another article's: merge them or word them apart."),
    "near_question": (_W, "「{question}」與另一篇的「{other}」幾乎相同，請移動、合併，或把差別寫進問法。",
        "“{question}” is nearly “{other}” of another article: move it, merge them, or name the difference."),
    "contrast_sibling": (_H, "「{question}」與「{other}」只差一個對照詞（{words}）。兩篇都要存在，標題要分得清楚。",
        "“{question}” and “{other}” differ by a contrast word ({words}): both must exist, with titles that "
        "tell them apart."),
    "single_phrasing": (_W, "只有一種問法，再多寫幾種（建議十種），比換任何模型都有用。",
        "There is only one phrasing: more of them (ten is a good number) help more than any model."),
    "expired": (_E, "有效期限已過（{date}），請更新或下架。",
        "Its period of validity is over ({date}): renew or retire it."),
    "expires_soon": (_W, "有效期限將在 {days} 天內截止（{date}）。", "It runs out within {days} days ({date})."),
    "past_date": (_W, "文中的日期「{text}」已經過去，請確認內容是否仍然正確。",
        "The text names “{text}”, which is in the past: is it still true?"),
    "old_basis": (_W, "數字的基準日「{text}」已超過 {days} 天，請更新。",
        "Its figures rest on “{text}”, more than {days} days ago: bring them up to date."),
    "date_soon": (_H, "文中的日期「{text}」將在 {days} 天內到期。",
        "The text names “{text}”, which passes within {days} days."),
    "missing_disclosure": (_E, "「{product_class}」類文章需要已核可且有效的警語。",
        "Articles about {product_class} need an approved disclosure in force."),
    "missing_language": (_H, "缺少 {locale} 的答覆。", "There is no answer in {locale}."),
    "placeholder": (_E, "留有尚未填寫的內容：「{text}」。", "A placeholder was left in: “{text}”."),
    "unknown_slot": (_E, "「{text}」不是這則通知可用的欄位，送出時沒有內容可填。",
        "“{text}” is no slot of this notice: nothing would fill it."),
    "personal_data": (_E, "疑似個人資料（{type}）：{masked}。",
        "This looks like personal data ({type}): {masked}."),
    "contact_data": (_H, "文中有聯絡資料（{type}）：{masked}。請確認屬於公司，而非個人。",
        "It holds contact data ({type}): {masked}. Make sure it is the firm's own, not a person's."),
    "education_link": (_E, "金融教育文章不得附商品連結（金保法第 8 條第 3 項）：{link}",
        "An education article may not carry a link to a product (金保法 8-III): {link}"),
    "wording": (_E, "用語不得核可：{problem}", "This wording cannot be approved: {problem}"),
    "split_answer": (_W, "答覆（{locale}）在 {channel} 會分成多則訊息（{length}，上限 {limit}）。",
        "The answer ({locale}) takes several messages on {channel} ({length} of at most {limit})."),
    "disclosure_apart": (_H,
        "答覆與警語（{locale}）在 {channel} 放不進同一則訊息（{length}，上限 {limit}），警語會先單獨送出。",
        "Answer and disclosure ({locale}) do not fit one message on {channel} ({length} of at most {limit}): "
        "the disclosure goes first, by itself."),
    "split_disclosure": (_E, "警語（{locale}）在 {channel} 會被拆開（{length}，上限 {limit}），請縮短。",
        "The disclosure ({locale}) would be split on {channel} ({length} of at most {limit}): shorten it."),
}  # fmt: skip
"""Kind -> (severity, sentence in zh-TW, in English); `{names}` are keys of a fault's `data`."""
_ORDER = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding about `article`, an id (of a disclosure for `split_disclosure`, of a notice for `unknown_slot`).

    `others` are ids it concerns too. `data` fills the sentences of `KINDS`. It never holds personal data in the clear.
    """

    article: str
    kind: str
    data: Mapping[str, Value] = field(default_factory=dict, hash=False)
    others: tuple[str, ...] = ()

    @property
    def severity(self) -> Severity:
        return KINDS[self.kind][0]

    @property
    def sentence(self) -> str:
        return self.say("en")

    def say(self, locale: str = DEFAULT_LOCALE) -> str:
        """The finding as a sentence for an editor, English where `locale` asks for it, else Chinese."""
        return KINDS[self.kind][2 if locale.lower().startswith("en") else 1].format(**self.data)

    @property
    def order(self) -> tuple[object, ...]:
        """Worst first, then by article: the same faults always stand in the same order."""
        return (_ORDER.index(self.severity), self.article, self.kind, self.others, sorted(self.data.items()))


def quote(text: str, longest: int = 60) -> str:
    """A piece of a text for a sentence: personal data masked, in one line, at most `longest` characters."""
    shown = " ".join(mask(text).masked.split())
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
