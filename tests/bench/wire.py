"""HTTP/1.1 over raw keep-alive sockets: as little work a request as Python allows, so that the load is the servers'."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

ANSWER_S = 20.0


def encode(url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of one POST."""
    parts = urlsplit(url)
    head = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Connection(asyncio.Protocol):
    """One connection with one request at a time; opens itself again after the server closed it."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._data = b""

    async def post(self, request: bytes) -> int:
        """The status; 0 where no whole answer came within 20 s.

        A kept connection may be closed by the server just as we write: as every HTTP client, we then open another,
        once. The time of both counts.
        """
        kept = self._transport is not None and not self._transport.is_closing()
        status = await self._post(request)
        return await self._post(request) if status == 0 and kept and not self._data else status

    async def _post(self, request: bytes) -> int:
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            try:
                await loop.create_connection(lambda: self, *self._address)
            except OSError:
                return 0
        assert self._transport is not None
        self._data = b""
        self._answer = loop.create_future()
        late = loop.call_later(ANSWER_S, self._end, 0)
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            late.cancel()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _end(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)
        if status == 0:
            self.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        if (found := read(self._data)) is not None:
            status, closes = found
            if closes and self._transport is not None:
                self._transport.close()
            self._end(status)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._end(0)


def read(data: bytes) -> tuple[int, bool] | None:
    """(status, whether the server will close) of a whole answer with a Content-Length; None while part is missing."""
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return None
    lower = head.lower()
    _, has_length, rest = lower.partition(b"\r\ncontent-length:")
    length = int(rest.split(b"\r\n", 1)[0]) if has_length else 0
    if len(body) < length:
        return None
    return int(head[9:12]), b"\r\nconnection: close" in lower
