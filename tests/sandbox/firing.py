"""Makes a webhook event as the platform would, remembers what the platform would, and posts it to the bot."""

from __future__ import annotations

import copy
import time
from dataclasses import asdict

from tests.sandbox import events, line, outbound
from tests.sandbox.line_account import TINY_PNG
from tests.sandbox.state import Account, State, bot_user_id
from tests.sandbox.telegram_rules import Values

TIMEOUTS = {"line": 2.0, "messenger": 5.0, "telegram": 60.0}


def fire(state: State, account: Account, wish: Values) -> Values:
    """Builds, signs and posts one event. `wish`: `user`, and one of `text`, `follow`, `choice` (with
    `title`, `postback`), `kind`; optional `event_id`, `redelivery`, `reply_token`, `url`, `name`, `ts`,
    `bad_signature`.

    Returns `{"status", "ms", "error", "event_id", "user", "reply_token"?, "message_id"?, "event"}`;
    `status` is None when the webhook could not be reached. Raises `ValueError` without an address to post to.
    """
    channel = account.channel
    url = str(wish.get("url") or account.webhook_url)
    if not url:
        raise ValueError("this account has no webhook_url")
    given_id = wish.get("event_id")
    earlier = state.sent_events.get((channel, str(given_id))) if wish.get("redelivery") else None
    event = copy.deepcopy(earlier) if earlier else _BUILD[channel](state, account, wish)
    ids = _remember(state, account, event, wish)
    if wish.get("redelivery") and channel == "line":
        event["deliveryContext"]["isRedelivery"] = True
        line.renew_reply_token(account, event.get("replyToken", ""))
    body, headers = _sign(account, event, bool(wish.get("bad_signature")))
    row = state.record(
        {
            "kind": "event",
            "channel": channel,
            "account": account.id,
            "user": ids["user"],
            "name": wish.get("name") or wish.get("user"),
            "text": wish.get("title") or wish.get("text") or wish.get("choice"),
            "event": event,
            "status": None,
        }
    )
    outcome = outbound.post(url, body, headers, TIMEOUTS[channel])
    row["status"], row["ms"] = outcome.status, outcome.ms
    if channel == "telegram" and (outcome.status is None or outcome.status >= 300):
        told = outcome.error or f"Wrong response from the webhook: {outcome.status}"
        account.memory["last_error"] = {
            "last_error_date": int(time.time()),
            "last_error_message": told,
        }
    return asdict(outcome) | ids | {"n": row["n"], "event": event}


def _user(wish: Values) -> str:
    return str(wish.get("user") or "mei")


def _line(_state: State, account: Account, wish: Values) -> Values:
    user = _user(wish)
    more: Values = {"event_id": wish.get("event_id"), "ts": wish.get("ts")}
    more["redelivery"] = bool(wish.get("redelivery"))
    kind = wish.get("kind")
    if kind == "unfollow":
        return events.line_unfollow_event(user, **more)
    more["reply_token"] = wish.get("reply_token")
    if wish.get("follow") or kind == "follow":
        return events.line_follow_event(user, **more)
    if wish.get("choice") is not None:
        return events.line_postback_event(user, str(wish["choice"]), **more)
    if kind and kind != "text":
        return events.line_media_event(user, kind, **more)
    return events.line_text_event(user, str(wish.get("text", "")), **more)


def _messenger(state: State, account: Account, wish: Values) -> Values:
    user, page = _user(wish), account.id
    more: Values = {"event_id": wish.get("event_id"), "ts": wish.get("ts")}
    kind = wish.get("kind")
    if wish.get("follow") or kind == "follow":
        return events.messenger_postback_event(user, page, "GET_STARTED", "Get Started", **more)
    if wish.get("choice") is not None:
        payload = str(wish["choice"])
        # A press posts the words on the button, which Messenger knows from our own message.
        title = str(wish.get("title") or _title_of(state, user, payload))
        if wish.get("postback"):
            return events.messenger_postback_event(user, page, payload, title, **more)
        return events.messenger_text_event(user, page, title, quick_reply=payload, **more)
    if kind == "read":
        return events.messenger_event(user, page, read={"watermark": events.ids.now_ms()})
    if kind and kind != "text":
        return events.messenger_attachment_event(user, page, kind, **more)
    return events.messenger_text_event(user, page, str(wish.get("text", "")), **more)


def _title_of(state: State, user: str, payload: str) -> str:
    """The words of the quick reply with `payload` in what was last sent to `user`, else the payload."""
    psid = events.ids.messenger_psid(user)
    for row in reversed(state.rows):
        message = (row.get("body") or {}).get("message")
        if row["kind"] == "call" and row.get("to") == psid and isinstance(message, dict):
            for button in message.get("quick_replies", ()):
                if button.get("payload") == payload:
                    return str(button["title"])
    return payload


def _telegram(_state: State, account: Account, wish: Values) -> Values:
    user, name = _user(wish), str(wish.get("name") or "")
    more: Values = {"event_id": wish.get("event_id"), "ts": wish.get("ts"), "name": name}
    kind = wish.get("kind")
    if wish.get("follow") or kind == "follow":
        return events.telegram_text_update(user, "/start", **more)
    if wish.get("choice") is not None:
        bot = int(account.id) if account.id.isdigit() else 123456
        number = wish.get("message_id")
        return events.telegram_callback_update(
            user, str(wish["choice"]), message_id=number, bot_id=bot, **more
        )
    if kind in ("block", "unblock", "unfollow"):
        return events.telegram_member_update(user, kind != "unblock", **more)
    if kind and kind != "text":
        return events.telegram_media_update(user, kind, **more)
    return events.telegram_text_update(user, str(wish.get("text", "")), **more)


_BUILD = {"line": _line, "messenger": _messenger, "telegram": _telegram}


def _remember(state: State, account: Account, event: Values, wish: Values) -> Values:
    """What a platform knows once something happened on it: tokens, media, the open window, who blocked it."""
    channel, ids = account.channel, _ids(account.channel, event)
    user = state.user(channel, account.id, ids["user"])
    if wish.get("name"):
        user["display_name"] = wish["name"]
    elif wish.get("user") and str(wish["user"]) != ids["user"]:
        user.setdefault("display_name", str(wish["user"]))
    kind = wish.get("kind")
    user["blocked"] = kind in ("unfollow", "block")
    user["window_at"] = time.time()
    # A token that was used stays used, though the event comes again.
    if "reply_token" in ids and ids["reply_token"] not in account.memory.get("reply_tokens", {}):
        line.register_reply_tokens(account, {ids["reply_token"]: ids["user"]})
    if channel == "line" and kind in ("image", "video", "audio", "file"):
        state.media.setdefault(("line", ids["message_id"]), {"bytes": TINY_PNG, "content_type": "image/png"})
    if channel == "telegram":
        for part in event.get("message", {}).values():
            file = part[-1] if isinstance(part, list) and part else part
            if isinstance(file, dict) and "file_id" in file:
                state.media.setdefault(("telegram", file["file_id"]), {"bytes": TINY_PNG})
        if query := event.get("callback_query"):
            account.memory.setdefault("callback_queries", {})[query["id"]] = ids["user"]
    state.sent_events[(channel, str(ids["event_id"]))] = event
    while len(state.sent_events) > 10_000:
        del state.sent_events[next(iter(state.sent_events))]
    return ids


def _ids(channel: str, event: Values) -> Values:
    if channel == "line":
        source = event["source"]
        ids = {"event_id": event["webhookEventId"], "user": source[source["type"] + "Id"]}
        if "replyToken" in event:
            ids["reply_token"] = event["replyToken"]
        if "message" in event:
            ids["message_id"] = event["message"]["id"]
        return ids
    if channel == "messenger":
        content = event.get("message") or event.get("postback") or {}
        return {"event_id": content.get("mid", ""), "user": event["sender"]["id"]}
    content = next(value for key, value in event.items() if key != "update_id")
    return {"event_id": event["update_id"], "user": str(content["from"]["id"])}


def _sign(account: Account, event: Values, spoil: bool) -> tuple[bytes, dict[str, str]]:
    secret = account.secret + ("-wrong" if spoil else "")
    if account.channel == "line":
        body = events.line_body([event], bot_user_id(account))
        return body, events.sign_line(secret, body)
    if account.channel == "messenger":
        body = events.messenger_body(account.id, [event])
        return body, events.sign_messenger(secret, body)
    return events.telegram_body(event), events.sign_telegram(secret)
