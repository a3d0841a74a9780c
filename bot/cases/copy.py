"""The package of a customer's own data: one JSON for machines, one PDF to read, in a ZIP."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.hours import TAIPEI
from bot.store.customer_copy import CustomerCopy

JSON, TEXT = "data.json", "data.txt"
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
            _put(archive, TEXT, readable(data).encode())
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


def readable(data: Mapping[str, Any]) -> str:
    """The same to read, in the order in which it was said; times are Taipei's."""
    out = ["個人資料複製本", f"製作時間 {when(data['made_at'])}（臺北時間）", ""]
    for one in data["identities"]:
        out.append(f"身分：{one['channel'] or ''} {one['name'] or '（未提供姓名）'}，自 {when(one['since'])}")
    for talk in data["conversations"]:
        out += ["", f"對話 {talk['id']}（{talk['channel']}，{when(talk['opened'])}）"]
        lines: Sequence[Mapping[str, Any]] = [m for m in data["messages"] if m["conversation"] == talk["id"]]
        out += [f"{when(m['at'])} {LABELS[m['from']]}：{m['text']}" for m in lines]
    if data["files"]:
        out += ["", "檔案", *(f"{one['name']}（{one['bytes']} bytes）" for one in data["files"])]
    if data["requests"]:
        out += ["", "請求與申訴"]
        out += [f"{when(one['received_at'])} {one['kind']} {one['state']}" for one in data["requests"]]
    return "\n".join(out) + "\n"
