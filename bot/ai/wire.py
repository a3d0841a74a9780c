"""The one place that speaks to the endpoint, through the official client: OpenAI, or Azure, vLLM, Ollama by base URL.

`openai` is imported at the first call or by `warm`: it costs about a second and 50 MB that nobody pays without a key.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bot.ai.outgoing import Unmasked, inspect

if TYPE_CHECKING:
    import openai

DEFAULT_BASE: Final = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Sent:
    """`outcome`: ok, refused, broken, timeout, unreachable, unmasked or http_<status>; `used` tokens in and out.

    `content` is what a completion said, `vectors` a row for each text that was to be embedded.
    """

    outcome: str
    content: str | None = field(default=None, repr=False)
    used: tuple[int, int] | None = None
    vectors: Sequence[Sequence[float]] = field(default=(), repr=False)


class Wire:
    """One client a process. Redirects are not followed: masked text goes to the configured address and nowhere else."""

    def __init__(self, api_key: str, base_url: str | None) -> None:
        self._api_key = api_key
        self.base_url = base_url or DEFAULT_BASE
        self._client: openai.OpenAI | None = None
        self._pid = 0
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Imports and builds the client; sends nothing."""
        self._connected()

    def complete(self, body: dict[str, Any], timeout: float) -> Sent:
        """One chat completion. `timeout` in seconds bounds each wait of the connection. Never raises."""
        return self._sent(lambda client: _read(client.chat.completions.create(**body, timeout=timeout)))

    def embed(self, body: dict[str, Any], timeout: float) -> Sent:
        """One call of /embeddings, as `complete`."""
        return self._sent(lambda client: _read_vectors(client.embeddings.create(**body, timeout=timeout)))

    def _sent(self, call: Callable[[openai.OpenAI], Sent]) -> Sent:
        import openai

        try:
            return call(self._connected())
        except Unmasked:
            return Sent("unmasked", used=(0, 0))
        except openai.APITimeoutError:
            return Sent("timeout")
        except openai.APIConnectionError as error:
            # Broken off halfway the endpoint may charge for it; never reached it cannot.
            never = type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout")
            return Sent("unreachable", used=(0, 0) if never else None)
        except openai.APIStatusError as error:
            return Sent(f"http_{error.status_code}", used=(0, 0))
        except Exception:  # noqa: BLE001  a proxy may answer anything at all; the local decision stands
            return Sent("broken")

    def _connected(self) -> openai.OpenAI:
        with self._lock:
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = self._connect(), os.getpid()
            return self._client

    def _connect(self) -> openai.OpenAI:
        import openai

        # Its debug log prints whole requests, and its transport a line a call.
        for chatty in ("openai", "httpx2", "httpcore2"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        transport = openai.DefaultHttpxClient(follow_redirects=False, event_hooks={"request": [_last_look]})
        return openai.OpenAI(
            api_key=self._api_key, base_url=self.base_url, max_retries=0, http_client=transport
        )


def _last_look(request: Any) -> None:
    """Right before the bytes go out. Raises Unmasked: then nothing has been sent."""
    if body := request.read():
        inspect(body)


def _read(answer: Any) -> Sent:
    """A page of a proxy comes back as text, and junk without choices."""
    choices = getattr(answer, "choices", None)
    used = _used(getattr(answer, "usage", None))
    if not choices:
        return Sent("broken", used=used)
    message = choices[0].message
    if getattr(message, "refusal", None):
        return Sent("refused", used=used)
    return Sent("ok", message.content, used)


def _read_vectors(answer: Any) -> Sent:
    """In the order of the texts: an endpoint may number its rows and send them in another."""
    used = _used(getattr(answer, "usage", None), made=0)
    rows = getattr(answer, "data", None)
    if not rows:
        return Sent("broken", used=used)
    return Sent("ok", used=used, vectors=[row.embedding for row in sorted(rows, key=lambda row: row.index)])


def _used(usage: Any, made: int | None = None) -> tuple[int, int] | None:
    """`made` where the endpoint makes none and does not say so."""
    given = getattr(usage, "prompt_tokens", None)
    made = getattr(usage, "completion_tokens", None) if made is None else made
    if isinstance(given, int) and isinstance(made, int) and given >= 0 and made >= 0:
        return given, made
    return None
