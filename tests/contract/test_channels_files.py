"""Files and late answers against the strict stand-ins and LINE's own description: what we send is what they take."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from adapters import CHANNELS
from bot.attached import OutFile
from bot.errors import SendError
from bot.model import ChannelType
from tests.contract.channel_cases import SECRETS, USERS, a_text, account, outbound
from tests.contract.openapi import faults, request_schema
from tests.contract.platform_stub import Platform, Say
from tests.sandbox.client import Sandbox

LINE, MESSENGER, TELEGRAM = ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM
PAGE = "109000000000001"
DAY = 24 * 3600
PICTURE = OutFile(
    "m1", "收據.png", (), "image/png", b"\x89PNG\r\n\x1a\n" + b"0" * 900, "https://bank.example/media/t"
)
FORM = OutFile("m1", "申請書.pdf", (), "application/pdf", b"%PDF-1.7 x", "https://bank.example/media/t")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox.start(tmp_path_factory.mktemp("sandbox")) as sandbox:
        sandbox.add_line(SECRETS[LINE]["token"], SECRETS[LINE]["secret"])
        page = SECRETS[MESSENGER]
        sandbox.add_messenger(
            PAGE, page["page_token"], page["app_secret"], page["verify_token"], require_proof=True
        )
        sandbox.add_telegram(SECRETS[TELEGRAM]["token"], SECRETS[TELEGRAM]["webhook_secret"])
        for name in (LINE, MESSENGER, TELEGRAM):
            sandbox.user(name.value, USERS[name], known=True)
        yield sandbox


@pytest.mark.parametrize("file", [PICTURE, FORM], ids=["picture", "pdf"])
@pytest.mark.parametrize("name", [LINE, MESSENGER, TELEGRAM])
def test_a_file_is_taken(sandbox: Sandbox, name: ChannelType, file: OutFile) -> None:
    base = {LINE: sandbox.line_base, MESSENGER: sandbox.messenger_base, TELEGRAM: sandbox.telegram_base}[name]
    before = sandbox.last()
    sent = CHANNELS[name].send(account(name, base), outbound(name, file, id=f"file:{file.media_type}"))
    assert sent.platform_ids
    assert sandbox.received(name.value, since=before)


@pytest.mark.parametrize("file", [PICTURE, FORM], ids=["picture", "pdf"])
def test_lines_description_knows_the_request(platform: Platform, file: OutFile) -> None:
    platform.plan(Say(200, {"sentMessages": [{"id": "1", "quoteToken": "q"}]}))
    CHANNELS[LINE].send(account(LINE, platform.url), outbound(LINE, file))
    (asked,) = platform.asked
    schema, _ = request_schema("messaging-api.yml", asked.method, asked.path)
    assert faults("messaging-api.yml", schema, asked.body) is None
    assert asked.body["messages"][0]["type"] == ("image" if file.image else "text")


def test_after_a_day_messenger_takes_a_persons_answer_and_after_a_week_none(sandbox: Sandbox) -> None:
    there, channel = account(MESSENGER, sandbox.messenger_base), CHANNELS[MESSENGER]
    sandbox.window(USERS[MESSENGER], PAGE, at=time.time() - DAY - 60)
    late = outbound(MESSENGER, a_text("您好"), author_is_person=True)
    assert channel.send(there, late).platform_ids
    assert channel.send(there, outbound(MESSENGER, PICTURE, author_is_person=True)).platform_ids
    with pytest.raises(SendError) as bots:
        channel.send(there, outbound(MESSENGER, a_text("您好")))
    assert bots.value.code == "window_closed"
    sandbox.window(USERS[MESSENGER], PAGE, at=time.time() - 7 * DAY - 60)
    with pytest.raises(SendError) as persons:
        channel.send(there, late)
    assert persons.value.code == "window_closed"


def test_lines_quota(sandbox: Sandbox, platform: Platform) -> None:
    line = CHANNELS[LINE]
    assert line.quota(account(LINE, sandbox.line_base)) is None  # type: ignore[attr-defined]
    platform.plan(Say(200, {"type": "limited", "value": 1000}), Say(200, {"totalUsage": 950}))
    assert line.quota(account(LINE, platform.url)) == (950, 1000)  # type: ignore[attr-defined]
    platform.plan(Say(500, {}))
    with pytest.raises(SendError):
        line.quota(account(LINE, platform.url))  # type: ignore[attr-defined]
