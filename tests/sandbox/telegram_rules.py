"""What the Bot API refuses in a text or a keyboard, and the shape of its answers."""

from __future__ import annotations

import html
import re
from typing import Any

from tests.sandbox.wire import Answer

CALLBACK_DATA = 64
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)[^>]*>")
_TAGS = {
    *("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span"),
    *("tg-spoiler", "a", "tg-emoji", "code", "pre", "blockquote"),
}
Values = dict[str, Any]


class RefusedError(Exception):
    """A Bot API error, raised where it is found."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.answer = error(code, description, **parameters)


def error(code: int, description: str, **parameters: Any) -> Answer:
    body: Values = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Answer(code, body)


def ok(result: Any, to: str | None = None) -> Answer:
    return Answer(200, {"ok": True, "result": result}, to=to)


def visible(text: str, parse_mode: str) -> str:
    """Text after entity parsing, which is what the limits count; refuses what the parser refuses."""
    mode = parse_mode.lower()
    if mode == "html":
        for match in _TAG.finditer(text):
            if match[2].lower() not in _TAGS:
                raise RefusedError(
                    400, f'Bad Request: can\'t parse entities: Unsupported start tag "{match[2]}"'
                )
        if re.search(r"<(?![/a-zA-Z])", text):
            raise RefusedError(400, "Bad Request: can't parse entities: Unsupported start tag")
        return html.unescape(_TAG.sub("", text))
    if mode == "markdownv2":
        bare = re.sub(r"\\.", "", text)
        if reserved := re.search(r"[>#+\-=|{}.!]", bare):
            where = f"character '{reserved[0]}' is reserved and must be escaped"
            raise RefusedError(400, f"Bad Request: can't parse entities: {where}")
        return re.sub(r"\\(.)", r"\1", text)
    if mode not in ("", "markdown"):
        raise RefusedError(400, "Bad Request: unsupported parse_mode")
    return text


def check_markup(markup: Any) -> None:
    if markup in (None, ""):
        return
    if not isinstance(markup, dict):
        raise RefusedError(400, "Bad Request: object expected as reply markup")
    for row in markup.get("inline_keyboard", []):
        for button in row if isinstance(row, list) else [None]:
            if not isinstance(button, dict) or not button.get("text"):
                raise RefusedError(400, "Bad Request: can't parse inline keyboard button: Text is required")
            actions = [name for name in button if name not in ("text", "style", "icon_custom_emoji_id")]
            if len(actions) != 1:
                raise RefusedError(
                    400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed"
                )
            data = button.get("callback_data")
            if data is not None and not 1 <= len(str(data).encode()) <= CALLBACK_DATA:
                raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
