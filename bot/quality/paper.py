"""The report of a sample as a PDF, in Traditional Chinese or English: figures, findings, and what drawing again needs.

No customer's word is in it. It is made from the store alone, so commands and pages make the same file.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import pdf
from bot.quality.drawn import AD_HOC, WeekReport

Name = Callable[[str], str]
"""A staff id to a name."""

_CHINESE = {
    "title": "AI 回覆每週稽核報告",
    "meta": "{week}（{kind}），抽樣於 {at}",
    "committed": "當週樣本",
    "ad_hoc": "臨時抽樣，不列為當週樣本",
    "result": "結果",
    "figure": "項目",
    "value": "數值",
    "population": "當週可抽回覆數",
    "drawn": "抽出",
    "reviewed": "已審",
    "rate": "正確率",
    "interval": "95 % 信賴區間（Wilson）",
    "at_most": "錯誤率上限（單側 95 %，Clopper-Pearson）",
    "weighted": "依類別加權之正確率",
    "verdicts": "審查結論",
    "count": "筆數",
    "findings": "缺失",
    "none": "沒有缺失。",
    "reply": "回覆",
    "verdict": "結論",
    "reason": "理由",
    "owner": "負責人",
    "due": "期限",
    "state": "狀態",
    "open": "未結",
    "done": "已結",
    "suspended": "已停用",
    "strata": "回覆類別",
    "kind": "類別",
    "again": "重抽所需資料",
    "commitment": "種子承諾值（SHA-256）",
    "seed": "種子",
    "population_digest": "回覆清單雜湊",
    "sample_digest": "樣本雜湊",
    "signed": "簽署：{who}，{at}",
    "unsigned": "尚未簽署",
    "right": "正確",
    "wrong": "錯誤",
    "misleading": "易生誤解",
    "missing_disclosure": "缺少揭露",
    "should_hand_off": "應轉真人",
    "should_answer": "應直接回答",
    "outdated": "已過時",
}
_ENGLISH = {
    "title": "Weekly audit of the AI's replies",
    "meta": "{week} ({kind}), drawn {at}",
    "committed": "the week's sample",
    "ad_hoc": "ad hoc, not the week's sample",
    "result": "Result",
    "figure": "Figure",
    "value": "Value",
    "population": "Replies of the week that could be drawn",
    "drawn": "Drawn",
    "reviewed": "Reviewed",
    "rate": "Found right",
    "interval": "95 % interval (Wilson)",
    "at_most": "Faults at most (one-sided 95 %, Clopper-Pearson)",
    "weighted": "Found right, weighted by kind",
    "verdicts": "Verdicts",
    "count": "Count",
    "findings": "Findings",
    "none": "No findings.",
    "reply": "Reply",
    "verdict": "Verdict",
    "reason": "Reason",
    "owner": "Owner",
    "due": "Due",
    "state": "State",
    "open": "open",
    "done": "done",
    "suspended": "suspended",
    "strata": "Kinds of reply",
    "kind": "Kind",
    "again": "To draw it again",
    "commitment": "Commitment (SHA-256)",
    "seed": "Seed",
    "population_digest": "Digest of the replies",
    "sample_digest": "Digest of the sample",
    "signed": "Signed: {who}, {at}",
    "unsigned": "Not signed yet",
    "right": "Right",
    "wrong": "Wrong",
    "misleading": "Misleading",
    "missing_disclosure": "A disclosure is missing",
    "should_hand_off": "Should have gone to a person",
    "should_answer": "Should have been answered",
    "outdated": "Out of date",
}


def paper(report: WeekReport, locale: str, zone: str, name: Name) -> bytes:
    """`zone` is an IANA name: the firm's."""
    say = _ENGLISH if locale.startswith("en") else _CHINESE
    drawn, result = report.draw, report.result

    def when(at: datetime) -> str:
        return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")

    figures = [
        (say["population"], f"{drawn.population:,}"),
        (say["drawn"], str(result.n)),
        (say["reviewed"], str(result.reviewed)),
        (say["rate"], _share(result.rate)),
        (say["interval"], f"{_share(result.low)} – {_share(result.high)}"),
        (say["at_most"], _share(result.at_most)),
        (say["weighted"], _share(result.weighted)),
    ]
    kind = say["ad_hoc"] if drawn.kind == AD_HOC else say["committed"]
    blocks: list[pdf.Block] = [
        pdf.Heading(say["result"]),
        pdf.Table((say["figure"], say["value"]), figures, (3, 2)),
        pdf.Paragraph(
            say["signed"].format(who=name(drawn.signed_by), at=when(drawn.signed_at))
            if drawn.signed_by and drawn.signed_at
            else say["unsigned"]
        ),
        pdf.Heading(say["verdicts"]),
        pdf.Table(
            (say["verdict"], say["count"]),
            [(say.get(one, one), str(n)) for one, n in sorted(report.verdicts.items())],
            (3, 1),
        ),
        pdf.Heading(say["findings"]),
    ]
    rows = [
        (
            ", ".join(f"{ref['id']} v{ref['version']}" for ref in item["refs"]),
            say.get(item["finding"]["verdict"], item["finding"]["verdict"]),
            item["finding"]["reason"],
            name(item["finding"]["owner"]) if item["finding"]["owner"] else "–",
            when(item["finding"]["due"])[:10],
            say[item["finding"]["state"]]
            + (f" / {say['suspended']}" if item["finding"]["suspended_at"] else ""),
        )
        for item in report.findings
    ]
    names = ("reply", "verdict", "reason", "owner", "due", "state")
    head = [say[one] for one in names]
    blocks.append(pdf.Table(head, rows, (3, 2, 4, 2, 2, 2)) if rows else pdf.Paragraph(say["none"]))
    blocks += [
        pdf.Heading(say["strata"]),
        pdf.Table(
            (say["kind"], say["population"], say["drawn"]),
            [(one, f"{there:,}", str(n)) for one, (there, n) in drawn.strata.items()],
            (3, 2, 1),
        ),
        pdf.Heading(say["again"]),
        pdf.Table((say["figure"], say["value"]), [(say[k], v) for k, v in drawn.proof.items()], (2, 5)),
    ]
    return pdf.write(say["title"], say["meta"].format(week=drawn.week, kind=kind, at=when(drawn.at)), blocks)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.2f} %"
