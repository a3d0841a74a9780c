"""The pages of conversation work over a whole Teller: as plain forms, as scripts ask, by role; what a customer sees."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.errors import SendError
from bot.model import ChannelType, Role, Staff
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import post

pytestmark = pytest.mark.servers
SITE = {"Origin": "https://bank.example"}


def taken(teller: Teller, role: Role = Role.AGENT) -> tuple[str, str, Staff]:
    user, person = teller.person("pages"), teller.staff(role)
    teller.hears(user, "我要真人")
    conversation = str(teller.conversation(user)["_id"])
    teller.service.console.desk.take(person, conversation)
    return user, conversation, person


def act(client: FlaskClient, path: str, scripted: bool = False, **form: str) -> Any:
    return post(
        client, path, path if "wake" not in path and "reopen" not in path else "/start", scripted, **form
    )


def test_a_day_of_plain_forms(teller: Teller, app: Flask) -> None:
    user, conversation, agent = taken(teller)
    boss = teller.staff(Role.SUPERVISOR)
    client, base = signed_in(app, agent), f"/inbox/{conversation}"
    assert act(client, f"{base}/note", text=f"@{boss.name} 請看 0912345678").status_code == 303
    assert act(client, f"{base}/tags", new="房貸，#急件").status_code == 303
    page = client.get(base).text
    assert "Internal note" in page
    assert "0912345678" not in page
    assert "tag=%E6%88%BF%E8%B2%B8" in page
    assert re.search(r'class="line deed[^>]*>\s*<p class="event">[^<]+took it', page)
    shown = client.get("/inbox?view=mine&tag=急件").text
    assert f'data-key="{conversation}"' in shown
    assert "Nothing here fits the filter." in client.get("/inbox?view=mine&tag=房").text
    bosses = signed_in(app, boss)
    listed = bosses.get("/inbox?view=mentions").text
    assert "Calls you" in listed
    assert f'data-key="{conversation}"' in listed
    bosses.get(base)
    assert "Calls you" not in bosses.get("/inbox?view=mentions").text
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert act(client, f"{base}/snooze", at=until).status_code == 303
    assert f'data-key="{conversation}"' in client.get("/inbox?view=snoozed").text
    assert "Put off until" in client.get(base).text
    assert act(client, f"{base}/wake").status_code == 303
    moved = act(client, f"{base}/transfer", to=f"staff:{boss.id}", note="交給主管")
    # It is no longer theirs to see: back to the list.
    assert (moved.status_code, moved.location) == (303, "/inbox?view=waiting")
    assert client.get(base).status_code == 404
    assert "handed it to you" in bosses.get(base).text
    assert post(bosses, f"{base}/resolve").status_code == 303
    assert act(bosses, f"{base}/reopen").status_code == 303
    assert teller.conversation(user)["status"] == "assigned"


def test_a_refused_form_keeps_what_was_typed_and_says_why(teller: Teller, app: Flask) -> None:
    _, conversation, agent = taken(teller)
    other = teller.staff(Role.AGENT)
    client, base = signed_in(app, agent), f"/inbox/{conversation}"
    refused = act(client, f"{base}/note", text=f"@{other.name} 你看")
    assert refused.status_code == 400
    assert "may not read this conversation" in refused.text
    assert f"@{other.name} 你看</textarea>" in refused.text
    for path, form in (
        ("tags", {"new": "0912345678"}),
        ("snooze", {"when": "2020-01-01T09:00"}),
        ("snooze", {"when": "soon"}),
        ("transfer", {"to": "staff:nobody"}),
        ("transfer", {"to": ""}),
    ):
        assert act(client, f"{base}/{path}", **form).status_code == 400
        answer = act(client, f"{base}/{path}", True, **form)
        assert (answer.status_code, set(answer.json)) == (400, {"error"})
    client.set_cookie("teller_lang", "zh-TW")
    assert "這看起來是個人資料" in act(client, f"{base}/tags", True, new="0912345678").json["error"]


@pytest.mark.parametrize("role", [Role.AGENT, Role.SENIOR, Role.COMPLIANCE, Role.ADMIN, Role.AUDITOR])
def test_who_may_not_finds_no_page_and_no_act(teller: Teller, app: Flask, role: Role) -> None:
    user, conversation, _ = taken(teller)
    client, base = signed_in(app, teller.staff(role)), f"/inbox/{conversation}"
    before = teller.conversation(user)
    for path in ("note", "transfer", "snooze", "tags"):
        assert client.get(f"{base}/{path}").status_code in (403, 404)
    for path in ("note", "transfer", "snooze", "tags", "wake", "reopen"):
        answer = post(client, f"{base}/{path}", text="x", to="skill:loan", new="x", at="2099-01-01T09:00")
        assert answer.status_code in (303, 403, 404)
    assert teller.conversation(user) == before


@pytest.mark.parametrize("role", list(Role))
def test_the_list_of_complaints_is_for_those_who_may_read_them(
    teller: Teller, app: Flask, role: Role
) -> None:
    allowed = role in (Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR)
    assert signed_in(app, teller.staff(role)).get("/inbox?view=complaints").status_code == (
        200 if allowed else 403
    )


def test_what_failed_is_written_again_into_the_field(teller: Teller, app: Flask) -> None:
    user, conversation, agent = taken(teller)
    teller.line.answers.append(SendError("blocked", "blocked", retryable=False))
    failed = teller.service.console.desk.reply(agent, conversation, "請撥 0912345678", "c1")
    teller.work()
    client = signed_in(app, agent)
    page = client.get(f"/inbox/{conversation}").text
    assert "has blocked this account" in page
    assert f"again={failed}" in page
    again = client.get(f"/inbox/{conversation}?again={failed}").text
    assert "請撥 0912345678</textarea>" in again
    assert [m["_id"] for m in teller.rows("messages", user)][-1] == failed, "nothing was sent by looking"
    assert client.get(f"/inbox/{conversation}?again=other").status_code == 303


def test_a_widgets_history_and_stream_never_hold_a_note(teller: Teller, app: Flask) -> None:
    client, base = app.test_client(), f"/webchat/{teller.accounts[ChannelType.WEB].id}"
    token = client.post(f"{base}/session", json={}, headers=SITE).json["token"]  # type: ignore[index]
    header = {"Authorization": f"Bearer {token}"}
    client.post(f"{base}/messages", json={"text": "我要真人", "client_id": "c1"}, headers=header)
    teller.work()
    found = teller.service.mongo["conversations"].find_one({"channel": "web"}, sort=[("opened_at", -1)])
    assert found is not None
    agent = teller.staff(Role.AGENT)
    teller.service.console.desk.take(agent, found["_id"])
    teller.service.console.work.noting.add(agent, found["_id"], "內部秘密備註")
    teller.service.console.desk.reply(agent, found["_id"], "您好，我是專員", "c2")
    history = client.get(f"{base}/messages", headers=header)
    assert history.status_code == 200
    assert "您好，我是專員" in str(history.json)
    assert "內部秘密備註" not in str(history.json)
    stream = client.get(f"{base}/stream", headers={**header, "Last-Event-ID": "1"}, buffered=False)
    chunks = ""
    for chunk in stream.response:
        chunks += chunk if isinstance(chunk, str) else chunk.decode()
        if "我是專員" in chunks or ascii("我是專員")[1:-1] in chunks:
            break
    stream.close()
    assert "內部秘密備註" not in chunks
    assert ascii("內部秘密備註")[1:-1] not in chunks


def test_further_pages_of_a_list_hold_what_follows(teller: Teller, app: Flask) -> None:
    boss = teller.staff(Role.SUPERVISOR)
    user, _, _ = taken(teller)
    one = teller.conversation(user)
    rows = [
        {
            **one,
            "_id": f"bulk{n:03}",
            "thread": f"bulk{n}",
            "status": "resolved",
            "open": False,
            "tags": ["bulk"],
        }
        for n in range(70)
    ]
    teller.service.mongo["conversations"].insert_many(rows)
    client = signed_in(app, boss)
    first = client.get("/inbox?view=resolved&tag=bulk").text
    more = re.search(r'data-more href="([^"]+)"', first)
    assert more
    second = client.get(more.group(1).replace("&amp;", "&")).text
    keys = [re.findall(r'data-key="(bulk\d+)"', page) for page in (first, second)]
    assert [len(one) for one in keys] == [50, 20]
    assert len({*keys[0], *keys[1]}) == 70
    assert "data-more" not in second
    assert client.get("/inbox?view=resolved&after=nonsense").status_code == 400
