"""What kind of thing an audit event tells of, by its action; kept with the event, so that a search for one is quick."""

from __future__ import annotations

KINDS = ("view", "list", "search", "export", "reveal", "denial", "signin", "change", "alert")

_ENDS = {
    "open": "view",
    "watch": "view",
    "file_view": "view",
    "read": "view",
    "applications": "view",
    "list": "list",
    "search": "search",
    "export": "export",
    "download": "export",
    "reveal": "reveal",
    "denied": "denial",
    "reveal_denied": "denial",
    "reveal_alert": "alert",
}
# By their ends these would be something else.
_NAMED = {
    "monitor:conversations:open": "list",
    "phrasings:link:open": "change",
    "staff:open": "change",
    "records:export:begin": "export",
    "records:export:done": "export",
}


def kind_of(action: str) -> str:
    """One of KINDS; whatever is not known to show something is a change."""
    if action in _NAMED:
        return _NAMED[action]
    if action.startswith("account:session:"):
        return "signin"
    if ":alert:" in action:
        return "alert"
    return _ENDS.get(action.rpartition(":")[2], "change")
