"""The package of a customer's own data: one JSON for machines, one PDF to read, in a ZIP."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot import pdf
from bot.hours import TAIPEI
from bot.store.customer_copy import CustomerCopy

JSON, PDF = "data.json", "data.pdf"
_EPOCH = (1980, 1, 1, 0, 0, 0)
LABELS = {"customer": "您", "bot": "AI 助理", "staff": "客服人員", "system": "系統"}


@dataclass(frozen=True, slots=True)
class Copy:
    """Implements `bot.cases.fulfilment.Copies`."""

    store: CustomerCopy

    def __call__(self, members: list[str], made_at: datetime) -> tuple[bytes, dict[str, int]]:
        data: dict[str, Any] = {
            "made_at": made_at,
            "identities": self.store.identities(members),
            "conversations": self.store.conversations(members),
            "messages": list(self.store.messages(members)),
            "files": self.store.files(members),
            "requests": self.store.cases(members),
        }
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            written = json.dumps(data, ensure_ascii=False, indent=2, default=_plain) + "\n"
            _put(archive, JSON, written.encode())
            _put(archive, PDF, readable(data))
        return packed.getvalue(), {name: len(data[name]) for name in ("conversations", "messages", "files")}


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """With a fixed time, so that the same data gives the same package."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    raise TypeError(type(value).__name__)


def when(at: datetime | None) -> str:
    return at.astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M") if at else ""


def readable(data: Mapping[str, Any]) -> bytes:
    """The same to read, in the order in which it was said; times are Taipei's."""
    blocks: list[pdf.Block] = [
        pdf.Heading("身分"),
        pdf.Table(
            ("頻道", "姓名", "自"),
            [(one["channel"] or "", one["name"] or "", when(one["since"])) for one in data["identities"]],
        ),
    ]
    for talk in data["conversations"]:
        lines = [m for m in data["messages"] if m["conversation"] == talk["id"]]
        rows = [(when(m["at"]), LABELS[m["from"]], m["text"]) for m in lines]
        blocks.append(pdf.Heading(f"對話 {talk['id']}（{talk['channel']}，{when(talk['opened'])}）"))
        blocks.append(pdf.Table(("時間", "發話者", "內容"), rows, (2, 1, 6)))
    if data["files"]:
        blocks.append(pdf.Heading("檔案"))
        blocks.append(
            pdf.Table(("名稱", "位元組"), [(one["name"], str(one["bytes"])) for one in data["files"]])
        )
    if data["requests"]:
        rows = [(when(one["received_at"]), one["kind"], one["state"]) for one in data["requests"]]
        blocks += [pdf.Heading("請求與申訴"), pdf.Table(("收受", "類別", "狀態"), rows)]
    return pdf.write("個人資料複製本", f"製作時間 {when(data['made_at'])}（臺北時間）", blocks)
