"""A request and an answer, as small as the platforms need: a bench would feel the weight of a framework."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

JSON = "application/json"


class NotJsonError(ValueError):
    """The body is not a JSON object; `line` and `column` say where, as LINE's own error does."""

    def __init__(self, line: int, column: int) -> None:
        super().__init__(f"not a JSON object (line: {line}, column: {column})")
        self.line, self.column = line, column


@dataclass(slots=True)
class Answer:
    """What a platform says. `account`, `to` and `note` go to the log of received calls only."""

    status: int = 200
    payload: Any = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    content_type: str = JSON
    account: str | None = None
    to: str | None = None
    note: dict[str, Any] | None = None

    def body(self) -> bytes:
        if isinstance(self.payload, bytes):
            return self.payload
        if self.content_type == JSON:
            return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode()
        return str(self.payload).encode()


class Request:
    """One HTTP request; the body is read once, by the server, and parsed only when somebody asks."""

    def __init__(
        self, method: str, path: str, query_string: str, environ: Mapping[str, Any], body: bytes
    ) -> None:
        self.method, self.path, self.query_string, self.body = method, path, query_string, body
        self._environ = environ

    def header(self, name: str) -> str:
        """Value of a header, or "" when absent. `name` in any case."""
        key = name.upper().replace("-", "_")
        if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            return str(self._environ.get(key, ""))
        return str(self._environ.get("HTTP_" + key, ""))

    @cached_property
    def media_type(self) -> str:
        return self.header("content-type").partition(";")[0].strip().lower()

    @cached_property
    def bearer(self) -> str:
        kind, _, token = self.header("authorization").partition(" ")
        return token.strip() if kind.lower() == "bearer" else ""

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; `NotJsonError` otherwise. An empty body is an empty object."""
        if not self.body:
            return {}
        try:
            value = json.loads(self.body)
        except json.JSONDecodeError as fault:
            raise NotJsonError(fault.lineno, fault.colno) from fault
        except UnicodeDecodeError as fault:
            raise NotJsonError(1, fault.start + 1) from fault
        if not isinstance(value, dict):
            raise NotJsonError(1, 1)
        return value

    def loose(self, structured: frozenset[str]) -> dict[str, Any]:
        """Query, form and JSON merged, as Graph and the Bot API accept them.

        Only fields named in `structured` may be JSON inside a form field: a customer's text `[1]` is no list.
        """
        values: dict[str, Any] = dict(self.query)
        if self.media_type == "multipart/form-data":
            values.update(self._multipart())
        elif self.media_type == JSON:
            values.update(self.json())
        elif self.body:
            values.update(self.form)
        return {name: _unwrap(value) if name in structured else value for name, value in values.items()}

    def _multipart(self) -> dict[str, Any]:
        """Fields of a multipart body; an uploaded file becomes its size, for uploads are not kept."""
        _, _, boundary = self.header("content-type").partition("boundary=")
        fields: dict[str, Any] = {}
        for part in self.body.split(b"--" + boundary.strip('" ').encode())[1:-1]:
            head, _, content = part.strip(b"\r\n").partition(b"\r\n\r\n")
            names = head.decode("utf-8", "replace").partition('name="')[2]
            name = names.partition('"')[0]
            is_file = "filename=" in names
            fields[name] = {"uploaded_bytes": len(content)} if is_file else content.decode("utf-8", "replace")
        return fields


def _unwrap(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def utf16_units(text: str) -> int:
    """Length of `text` in UTF-16 code units, the unit of LINE's and Telegram's text limits."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
