"""Conversations as JSON lines that verify, as a workbook with a row each, and as pages to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from bot.export.scope import Scope
from bot.export.writer import Folder, Lines
from bot.model import GENESIS
from bot.mongo import Doc
from bot.records.days import TAIPEI
from bot.store.exporting import ExportStore
from bot.vault import Vault

SHEET = 1_000_000
"""Rows of a sheet; Excel takes 1,048,576."""
COLUMNS = ("conversation", "channel", "account", "customer", "name", "opened", "last", "status", "skill",
           "reason", "assignee", "messages", "by customer", "by bot", "by staff", "first words")  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
WORDS = 120
STYLE = (
    "body{font:15px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f27}"
    "h2{margin-top:2.5rem;border-top:1px solid #ccd;padding-top:1rem;font-size:1.1rem}table{border-collapse:collapse}"
    "td{vertical-align:top;padding:.2rem .8rem .2rem 0}td:first-child,td:nth-child(2){white-space:nowrap;color:#556}"
    ".t{white-space:pre-wrap}"
)

Step = Callable[[int], None]


@dataclass(slots=True)
class Counts:
    conversations: int = 0
    messages: int = 0
    notes: int = 0
    customers: set[str] = field(default_factory=set)
    articles: set[str] = field(default_factory=set)
    days: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Talk:
    """Writes conversations, messages, notes, workbook and pages of `scope` into `folder`, a batch of conversations at a
    time: memory grows with the number of customers, articles and days alone."""

    store: ExportStore
    vault: Vault
    scope: Scope
    folder: Folder
    step: Step
    counts: Counts = field(default_factory=Counts)
    _accounts: dict[str, str] = field(default_factory=dict)

    def write(self) -> Counts:
        self._accounts = self.store.accounts()
        book = Workbook(write_only=True)
        sheet = None
        since, until = self.scope.bounds
        members = self.store.members(self.scope.customer) if self.scope.customer else []
        with (
            self.folder.lines("conversations.jsonl") as heads,
            self.folder.lines("messages.jsonl") as messages,
            self.folder.lines("notes.jsonl") as notes,
        ):
            touched = self.store.touched(since, until, members, self.scope.conversation)
            for number, ids in enumerate(touched, 1):
                # Read first: what is said meanwhile is not in it, and stays out of the pack.
                docs = self.store.conversations(ids)
                names = self._names(docs)
                with self.folder.lines(f"html/{number:05}.html") as page:
                    page.put(_top(f"Teller {self.scope.first} – {self.scope.last} · {number}"))
                    for conversation in self._whole(ids, docs, messages):
                        noted = self._notes(conversation.doc, notes)
                        heads.add(conversation.head(noted))
                        page.put(self._page(conversation, names))
                        if sheet is None or self.counts.conversations % SHEET == 0:
                            sheet = book.create_sheet(f"{self.counts.conversations // SHEET + 1}")
                            sheet.append(COLUMNS)
                        row = self._row(conversation, names)
                        sheet.append([_cell(sheet, value) for value in row])
                        self.counts.conversations += 1
                    page.put(b"</body></html>\n")
        if sheet is None:
            book.create_sheet("1").append(COLUMNS)
        book.save(Path(self.folder.path) / "conversations.xlsx")
        self.folder.known("conversations.xlsx")
        return self.counts

    def _names(self, docs: dict[str, Doc]) -> dict[str, str]:
        """Names are the customer's own: masked packs have none."""
        if not self.scope.unmasked:
            return {}
        sealed = self.store.names(sorted({doc["customer"] for doc in docs.values()}))
        return {customer: self.vault.read(name) for customer, name in sealed.items()}

    def _whole(self, ids: list[str], docs: dict[str, Doc], out: Lines) -> Iterator[_Conversation]:
        lines = self.store.lines("messages", ids)
        for key, group in groupby(lines, key=lambda one: one["conversation"]):
            doc = docs.get(key)
            if doc is None:
                continue
            made = _Conversation(doc, self._accounts.get(doc["account"], ""))
            self.counts.customers.add(doc["customer"])
            for line in group:
                if line["seq"] > doc["seq"]:
                    continue
                text = self.vault.read(line["content"] if self.scope.unmasked else line["masked"])
                out.record(line, text)
                made.add(line, text)
                self._noted(line)
                self.counts.messages += 1
                self.step(1)
            yield made

    def _noted(self, line: Doc) -> None:
        self.counts.days.add(line["_id"])
        if len(self.counts.days) > 10_000:
            self.counts.days = set(_days(self.counts.days))
        for ref in line["approved"]:
            self.counts.articles.add(f"{ref['kind']}:{ref['id']}@{ref['version']}")

    def _notes(self, doc: Doc, out: Lines) -> str:
        """The hash of the last note."""
        if not (most := doc.get("notes")):
            return GENESIS
        head = GENESIS
        for line in self.store.lines("notes", [doc["_id"]]):
            if line["seq"] <= most:
                out.record(line, self.vault.read(line["content"] if self.scope.unmasked else line["masked"]))
                head = line["hash"]
                self._noted({**line, "approved": ()})
                self.counts.notes += 1
        return str(head)

    def _row(self, one: _Conversation, names: dict[str, str]) -> list[Any]:
        doc = one.doc
        return [
            doc["_id"], doc["channel"], one.account, doc["customer"], names.get(doc["customer"], ""),
            _local(doc.get("opened_at")), _local(doc.get("last_at")), doc["status"], doc.get("skill") or "",
            doc.get("reason") or "", doc.get("assignee") or "", one.seq, one.by["customer"], one.by["bot"],
            one.by["staff"], one.first,
        ]  # fmt: skip

    def _page(self, one: _Conversation, names: dict[str, str]) -> bytes:
        doc = one.doc
        name = names.get(doc["customer"], doc["customer"])
        rows = "".join(
            f"<tr><td>{escape(at)}</td><td>{escape(who)}</td><td class=t>{escape(text)}</td></tr>\n"
            for at, who, text in one.said
        )
        head = f"{doc['channel']} · {one.account} · {name} · {doc['status']}"
        title = f'<h2 id="{doc["_id"]}">{escape(head)}<br><small>{doc["_id"]}</small></h2>'
        return f"{title}\n<table>{rows}</table>\n".encode()


@dataclass(slots=True)
class _Conversation:
    doc: Doc
    account: str
    seq: int = 0
    hash: str = GENESIS
    first: str = ""
    by: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("customer", "bot", "staff", "system"), 0)
    )
    said: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, line: Doc, text: str) -> None:
        author = line["author"].partition(":")[0]
        self.seq, self.hash = line["seq"], line["hash"]
        self.by[author] = self.by.get(author, 0) + 1
        if author == "customer" and not self.first:
            self.first = text[:WORDS]
        approved = ", ".join(f"{ref['id']} v{ref['version']}" for ref in line["approved"])
        kind = "" if line["kind"] == "text" else f" ({line['kind']})"
        who = f"{line['author']}{kind}" + (f" [{approved}]" if approved else "")
        self.said.append((_local(line["at"]), who, text))

    def head(self, note_head: str) -> dict[str, Any]:
        """What the verifier wants of it: the count and the last hash of its chains as the store has them."""
        doc, known = self.doc, ("channel", "account", "customer", "status", "skill", "reason", "assignee")
        return {
            "id": doc["_id"],
            **{name: doc.get(name) for name in known},
            "opened_at": _local(doc.get("opened_at")),
            "last_at": _local(doc.get("last_at")),
            "seq": doc["seq"],
            "head_hash": doc["head_hash"],
            "notes": doc.get("notes", 0),
            "note_head": doc.get("note_head", note_head),
        }


def _days(ids: set[str]) -> Iterator[str]:
    """One id of each day, hours apart: what the days of all of them are read from."""
    seen: dict[int, str] = {}
    for one in ids:
        seen.setdefault(int(one[:8], 16) // 3600, one)
    return iter(seen.values())


def _local(at: Any) -> str:
    return at.astimezone(TAIPEI).isoformat(timespec="seconds") if at else ""


def _cell(sheet: Any, value: Any) -> Any:
    """Text stays text: a spreadsheet runs what begins like a formula."""
    if not isinstance(value, str) or not value.startswith(FORMULA):
        return value
    cell = WriteOnlyCell(sheet, value=f"'{value}")
    cell.data_type = "s"
    return cell


def _top(title: str) -> bytes:
    return (
        f'<!doctype html><html lang="zh-Hant-TW"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>\n"
    ).encode()
