"""LINE's limits on message objects, and the errors it answers with.

https://developers.line.biz/en/reference/messaging-api/#message-objects
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from tests.sandbox.wire import Answer, utf16_units

Detail = dict[str, str]
USER_ID = re.compile(r"[UCR][0-9a-f]{32}")
MESSAGES, TEXT, QUICK_REPLIES, LABEL, DATA, ACTION_TEXT, URI, ALT_TEXT = 5, 5000, 13, 20, 300, 300, 1000, 1500


def graphemes(text: str) -> int:
    """User-perceived characters: near enough to UAX #29 for labels (joiners, modifiers, flags, marks)."""
    count, joined, flags = 0, False, 0
    for char in text:
        if char == "\u200d":
            joined = True
            continue
        extends = unicodedata.category(char) in ("Mn", "Me", "Mc") or 0x1F3FB <= ord(char) <= 0x1F3FF
        flags = flags + 1 if 0x1F1E6 <= ord(char) <= 0x1F1FF else 0
        if not (joined and count) and not (extends and count) and flags != 2:
            count += 1
        joined, flags = False, flags % 2
    return count


class _Check:
    """Collects what is wrong, so that one answer names every fault as LINE's does."""

    def __init__(self) -> None:
        self.details: list[Detail] = []

    def fault(self, where: str, message: str) -> None:
        self.details.append({"message": message, "property": where})

    def text(
        self, where: str, value: Any, most: int, length: Callable[[str], int] = utf16_units, least: int = 1
    ) -> None:
        if value is None or value == "":
            if least:
                self.fault(where, "May not be empty")
        elif not isinstance(value, str):
            self.fault(where, "Must be a string")
        elif length(value) > most:
            self.fault(where, f"Length must be between {least} and {most}")

    def items(self, where: str, value: Any, least: int, most: int) -> list[Any]:
        if not isinstance(value, list) or not value:
            self.fault(where, "May not be empty")
            return []
        if not least <= len(value) <= most:
            self.fault(where, f"Size must be between {least} and {most}")
        return value

    def action(self, where: str, action: Any, needs_label: bool = True) -> None:
        if not isinstance(action, dict):
            return self.fault(where, "May not be empty")
        kind = action.get("type")
        if needs_label or action.get("label"):
            self.text(f"{where}.label", action.get("label"), LABEL, graphemes)
        if kind in ("postback", "datetimepicker"):
            self.text(f"{where}.data", action.get("data"), DATA)
            self.text(f"{where}.displayText", action.get("displayText"), ACTION_TEXT, graphemes, least=0)
            if action.get("displayText") and action.get("text"):
                self.fault(f"{where}.text", "May not be specified together with displayText")
        elif kind == "message":
            self.text(f"{where}.text", action.get("text"), ACTION_TEXT, graphemes)
        elif kind == "uri":
            self.text(f"{where}.uri", action.get("uri"), URI)
        elif kind == "clipboard":
            self.text(f"{where}.clipboardText", action.get("clipboardText"), 1000)
        elif kind not in ("camera", "cameraRoll", "location", "richmenuswitch"):
            self.fault(f"{where}.type", "Must be one of the following values: [postback, message, uri, ...]")
        return None

    def template(self, where: str, template: Any) -> None:
        if not isinstance(template, dict):
            return self.fault(where, "May not be empty")
        kind = template.get("type")
        if kind in ("buttons", "confirm"):
            short = bool(template.get("title") or template.get("thumbnailImageUrl"))
            most = 240 if kind == "confirm" else 60 if short else 160
            self.text(f"{where}.text", template.get("text"), most)
            self.text(f"{where}.title", template.get("title"), 40, least=0)
            low, high = (2, 2) if kind == "confirm" else (1, 4)
            for i, action in enumerate(self.items(f"{where}.actions", template.get("actions"), low, high)):
                self.action(f"{where}.actions[{i}]", action)
        elif kind == "carousel":
            for i, column in enumerate(self.items(f"{where}.columns", template.get("columns"), 1, 10)):
                spot = f"{where}.columns[{i}]"
                short = bool(column.get("title") or column.get("thumbnailImageUrl"))
                self.text(f"{spot}.text", column.get("text"), 60 if short else 120)
                for j, action in enumerate(self.items(f"{spot}.actions", column.get("actions"), 1, 3)):
                    self.action(f"{spot}.actions[{j}]", action)
        elif kind == "image_carousel":
            self.items(f"{where}.columns", template.get("columns"), 1, 10)
        else:
            self.fault(f"{where}.type", "Must be one of [buttons, confirm, carousel, image_carousel]")
        return None

    def flex(self, where: str, contents: Any) -> None:
        kind = contents.get("type") if isinstance(contents, dict) else None
        if kind == "carousel":
            self.items(f"{where}.contents", contents.get("contents"), 1, 12)
        elif kind != "bubble":
            self.fault(f"{where}.type", "Must be one of [bubble, carousel]")

    def https(self, where: str, value: Any) -> None:
        self.text(where, value, 2000)
        if isinstance(value, str) and value and not value.startswith("https://"):
            self.fault(where, "invalid uri scheme")

    def message(self, where: str, message: Any) -> None:
        if not isinstance(message, dict):
            return self.fault(where, "May not be empty")
        match message.get("type"):
            case "text" | "textV2":
                self.text(f"{where}.text", message.get("text"), TEXT)
            case "sticker":
                self.text(f"{where}.packageId", message.get("packageId"), 20)
                self.text(f"{where}.stickerId", message.get("stickerId"), 20)
            case "image" | "video":
                self.https(f"{where}.originalContentUrl", message.get("originalContentUrl"))
                self.https(f"{where}.previewImageUrl", message.get("previewImageUrl"))
            case "audio":
                self.https(f"{where}.originalContentUrl", message.get("originalContentUrl"))
            case "location":
                self.text(f"{where}.title", message.get("title"), 100)
                self.text(f"{where}.address", message.get("address"), 100)
            case "template":
                self.text(f"{where}.altText", message.get("altText"), ALT_TEXT)
                self.template(f"{where}.template", message.get("template"))
            case "flex":
                self.text(f"{where}.altText", message.get("altText"), ALT_TEXT)
                self.flex(f"{where}.contents", message.get("contents"))
            case "imagemap" | "coupon":
                pass
            case _:
                self.fault(f"{where}.type", "Must be one of: [text, textV2, sticker, ...]")
        sender = message.get("sender")
        if isinstance(sender, dict):
            self.text(f"{where}.sender.name", sender.get("name"), 20, graphemes, least=0)
        quick = message.get("quickReply")
        if quick is not None:
            items = quick.get("items") if isinstance(quick, dict) else None
            for i, item in enumerate(self.items(f"{where}.quickReply.items", items, 1, QUICK_REPLIES)):
                spot = f"{where}.quickReply.items[{i}]"
                if not isinstance(item, dict) or item.get("type", "action") != "action":
                    self.fault(f"{spot}.type", "Must be one of [action]")
                else:
                    self.action(f"{spot}.action", item.get("action"))
        return None


def message_faults(messages: Any) -> list[Detail]:
    """What LINE would refuse in `messages`, as its `details`; empty when all is well."""
    check = _Check()
    for i, message in enumerate(check.items("messages", messages, 1, MESSAGES)):
        check.message(f"messages[{i}]", message)
    return check.details


def error(status: int, message: str, details: list[dict[str, str]] | None = None, **rest: Any) -> Answer:
    return Answer(status, {"message": message} | ({"details": details} if details else {}) | rest)


def refused(details: list[dict[str, str]]) -> Answer:
    return error(400, f"The request body has {len(details)} error(s)", details)


def invalid(name: str) -> Answer:
    return error(400, f"The property, '{name}', in the request body is invalid (line: -, column: -)")
