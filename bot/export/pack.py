"""The whole pack. In bounded memory, and noted in the audit log before the first byte is written."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import pdf
from bot.errors import NotFound
from bot.export import around, primitives, proof, verifier
from bot.export.scope import Scope
from bot.export.talk import Counts, Talk
from bot.export.writer import ENCODE, Folder
from bot.masking import mask
from bot.mongo import Mongo
from bot.records import keys
from bot.records.days import TAIPEI
from bot.store.audit import AuditStore
from bot.store.exporting import ExportStore
from bot.store.seals import SealStore
from bot.vault import Vault

BEGIN, DONE = "records:export:begin", "records:export:done"
SIGNED = b"teller pack 1\n"
OURS = ("__future__", "bot.export.primitives", "bot.export.proof")
EVERY = 1000

COUNTED = {
    "conversations": "對話 conversations",
    "customers": "客戶 customers",
    "messages": "訊息 messages",
    "notes": "內部備註 notes",
    "events": "存取與操作紀錄 events",
    "articles": "核定文稿版本 approved versions",
}

Step = Callable[[int, int], None]
"""Told (messages so far, about how many); may raise to stop."""

README = """# 金融監理資料包 / Examiner's pack

驗證：`python3 verify.py`（只需 Python 3.8 以上，無須安裝 Teller）。
To verify: `python3 verify.py` (Python 3.8 or newer, without Teller).

| 檔案 file | 內容 content |
|---|---|
| manifest.json | 範圍、筆數、各檔 SHA-256、Ed25519 簽章 scope, counts, digests, signature |
| conversations.jsonl, .xlsx | 每件對話一列 one row a conversation |
| messages.jsonl, notes.jsonl | 訊息與內部備註（`record` 為鏈上原樣，密文以摘要代替） chained records, text beside |
| html/ | 供閱讀 to read |
| articles.jsonl | 所引用之核定文稿版本與核准 approved versions that were said, with their approvals |
| access.jsonl | 存取與操作紀錄 who saw and did what |
| case.jsonl | 案件及其歷程（指定案件時） the case and its history, where one was named |
| seals.jsonl, leaves/ | 每日封存與其清單 daily seals and the lists they are over |
| staff.jsonl | 人員代號 staff by id |

雜湊規則 hashes: SHA-256(0x01 ‖ prev_hash ‖ canonical JSON)，見 verify.py。
「已依法刪除」：依法刪除之內容，其雜湊仍在鏈上。 Erased by law; the hash stays in the chain.
"""


@dataclass(frozen=True, slots=True)
class Packs:
    """`key_file` is the key that signs packs: another one than that of the seals, which only the clock may read."""

    mongo: Mongo
    vault: Vault
    audit: AuditStore
    key_file: Path

    def make(self, scope: Scope, path: Path, step: Step = lambda _done, _total: None) -> dict[str, Any]:
        """The manifest of the pack that was written to `path`. Raises Conflict where the folder is not empty,
        ConfigError where the key cannot be read, PyMongoError, and what `step` raises."""
        store, key = ExportStore(self.mongo), keys.load(self.key_file, make=True)
        folder = Folder(path)
        if scope.case:
            if (case := store.case(scope.case)) is None:
                raise NotFound("There is no such case, or it is not yours to read.")
            scope = replace(scope, customer=case["customer"])
        members = store.members(scope.customer) if scope.customer else []
        detail = {**scope.plain(), "reason": mask(scope.reason).masked if scope.reason else None}
        subject = f"export:{hashlib.sha256(ENCODE(detail).encode()).hexdigest()[:16]}"
        if scope.conversation:
            subject = f"conversation:{scope.conversation}"
        self.audit.add(scope.by, BEGIN, subject, detail, customers=members)
        counts = self._talk(store, scope, folder, step)
        seen: set[str] = set()
        events = around.log(store, scope, members, folder, seen)
        articles = around.articles(store, counts.articles, folder)
        around.case(store, self.vault, scope, folder)
        around.staff(store, self.vault, folder)
        proof = around.seals(SealStore(self.mongo), counts.days | seen, folder)
        told = {
            "conversations": counts.conversations,
            "customers": len(counts.customers),
            "messages": counts.messages,
            "notes": counts.notes,
            "events": events,
            "articles": articles,
        }
        made_at = datetime.now(UTC)
        folder.whole("README.md", README.encode())
        folder.whole("verify.py", standalone().encode())
        folder.whole("summary.pdf", _summary(scope, told, proof, made_at))
        body = {
            "v": 1,
            "scope": scope.plain(),
            "reason": detail["reason"],
            "by": scope.by,
            "made_at": made_at.isoformat(timespec="seconds"),
            "gapless_log": scope.everyone,
            "counts": told,
            "seals": proof,
            "files": folder.files,
            "key_id": key.id,
            "public_key": key.public.hex(),
        }
        signature = key.sign(SIGNED + primitives.canonical(body)).hex()
        manifest = ENCODE({**body, "signature": signature}).encode() + b"\n"
        folder.sealed(manifest)
        digest = hashlib.sha256(manifest).hexdigest()
        # Which key signs packs, and that this one was signed with it, stands in the log, and so under a seal.
        done = {**told, "manifest": digest, "key_id": key.id, "masked": not scope.unmasked}
        self.audit.add(scope.by, DONE, subject, done, customers=members)
        size = sum(known["bytes"] for known in folder.files.values())
        return {**body, "manifest": digest, "bytes": size, "customers": sorted(counts.customers)}

    def _talk(self, store: ExportStore, scope: Scope, folder: Folder, step: Step) -> Counts:
        limits: dict[str, Any] = {"conversation": scope.conversation} if scope.conversation else {}
        total, done = store.size(*scope.bounds, limits), 0

        def one_more(n: int) -> None:
            nonlocal done
            done += n
            if done % EVERY == 0:
                step(done, max(total, done))

        step(0, total)
        return Talk(store, self.vault, scope, folder, one_more).write()


def standalone() -> str:
    """The verifier as one file that needs nothing of ours."""
    imports, bodies = set(), []
    for module in (primitives, proof, verifier):
        source = inspect.getsource(module)
        nodes = [one for one in ast.parse(source).body if isinstance(one, ast.Import | ast.ImportFrom)]
        others = (one for one in nodes if getattr(one, "module", "") not in OURS)
        imports |= {ast.unparse(one) for one in others}
        bodies.append("\n".join(source.splitlines()[nodes[-1].end_lineno or 0 :]).strip())
    head = f'#!/usr/bin/env python3\n"""{verifier.__doc__}"""\n\nfrom __future__ import annotations\n'
    return "\n".join([head, *sorted(imports), "", *(f"\n{body}\n" for body in bodies)])


def _summary(scope: Scope, told: dict[str, int], proof: dict[str, Any], made_at: datetime) -> bytes:
    """A page for people; what counts is in the manifest."""
    what = scope.customer or scope.conversation or "全部 everything"
    rows = [(COUNTED[name], f"{count:,}") for name, count in told.items()]
    return pdf.write(
        "金融監理資料包 Examiner's pack",
        f"{scope.first} – {scope.last} · {what} · {made_at.astimezone(TAIPEI):%Y-%m-%d %H:%M}",
        [
            pdf.Heading("內容 Content"),
            pdf.Table(("項目 item", "筆數 count"), rows, (3, 1)),
            pdf.Heading("封存 Seals"),
            pdf.Paragraph(
                f"共 {proof['seals']} 份每日封存，至 {proof['until'] or '—'}；封存金鑰 {proof['key_id'] or '—'}。"
                f" {proof['seals']} daily seals until {proof['until'] or '—'}, by the key named."
            ),
            pdf.Paragraph(
                "個人資料已遮罩。 Personal data is masked."
                if not scope.unmasked
                else "未遮罩，含個人資料。 Not masked: holds personal data."
            ),
            pdf.Paragraph("驗證 To verify: python3 verify.py"),
        ],
    )
