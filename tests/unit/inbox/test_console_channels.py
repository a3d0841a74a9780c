"""Channel accounts by page: secrets go in and never come out, and a platform's no is one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from bot.errors import SendError
from bot.model import ChannelType
from bot.neutral import objection as tipped
from inbox import channel_forms, rules_sentences, sentences
from kb.wording import objection
from tests.unit.inbox.fake import FakeConsole
from tests.unit.inbox.forms import Enter, post

FILLED = {
    "line": {"secret": "sec-line", "token": "tok-line"},
    "messenger": {
        "page_id": "1029",
        "page_token": "tok-mm",
        "app_secret": "sec-mm",
        "verify_token": "ver-mm",
    },
    "telegram": {"token": "1:tg"},
    "web": {"origins": "https://www.example.com\n https://shop.example.com/ "},
}


@pytest.mark.parametrize("channel", FILLED)
def test_add_an_account_of_each_platform(service: FakeConsole, enter: Enter, channel: str) -> None:
    client = enter("admin")
    page = f"/admin/channels/add/{channel}"
    answer = post(client, page, page, name="Second one", **FILLED[channel])
    assert answer.status_code == 303
    account = service.accounts.list()[-1]
    assert (account.channel, account.name) == (channel, "Second one")
    assert answer.location == f"/admin/channels/{account.id}"
    if channel == "web":
        assert account.public == {"origins": ["https://www.example.com", "https://shop.example.com"]}
    elif channel == "messenger":
        assert account.public == {"page_id": "1029"}
        assert account.secrets == {"page_token": "tok-mm", "app_secret": "sec-mm", "verify_token": "ver-mm"}
    else:
        assert account.secrets == FILLED[channel]
    shown = client.get(answer.location).text
    assert not [secret for secret in account.secrets.values() if secret in shown]
    assert service.audited[-1][1:] == ("admin:channel:add", f"channel:{account.id}", {"channel": channel})


def test_no_page_shows_a_secret(service: FakeConsole, enter: Enter) -> None:
    client = enter("admin")
    pages = ["/admin/channels", *(f"/admin/channels/{a.id}" for a in service.accounts.list())]
    for path in pages:
        assert "planted" not in client.get(path).text, path
    assert "Stored, encrypted" in client.get("/admin/channels/line-1").text


def test_a_form_that_came_back_keeps_names_and_drops_secrets(enter: Enter) -> None:
    page = "/admin/channels/add/messenger"
    answer = post(
        enter("admin"), page, page, name="Page", page_id="not digits", page_token="tok-en", verify_token="v v"
    )
    assert answer.status_code == 400
    assert 'value="Page"' in answer.text
    assert "tok-en" not in answer.text
    assert "This is needed." in answer.text
    assert "copy it again without spaces" in answer.text
    assert answer.text.count('aria-invalid="true"') == 3


@pytest.mark.parametrize(
    ("channel", "form", "field"),
    [
        ("web", {"origins": "www.example.com"}, "origins"),
        ("web", {"origins": "https://example.com/path"}, "origins"),
        ("web", {"origins": "javascript:alert(1)"}, "origins"),
        ("line", {"secret": "a", "token": "b c"}, "token"),
        ("line", {"secret": "a", "token": "b", "api_base": "localhost:9"}, "api_base"),
        ("telegram", {}, "token"),
    ],
)
def test_faults_are_named_by_field(app: Flask, channel: str, form: dict[str, str], field: str) -> None:
    with app.test_request_context():
        assert list(channel_forms.read(ChannelType(channel), {"name": "n", **form}).faults) == [field]


def test_what_the_store_refuses_is_said(enter: Enter) -> None:
    page = "/admin/channels/add/line"
    answer = post(enter("admin"), page, page, name="好家金融 LINE", secret="a", token="b")
    assert answer.status_code == 400
    assert "An account of this name exists already." in answer.text


@pytest.mark.parametrize(
    ("act", "asked"), [("check", "check"), ("register", "register https"), ("test", "test https")]
)
def test_asking_the_platform(service: FakeConsole, enter: Enter, act: str, asked: str) -> None:
    client = enter("admin")
    post(client, f"/admin/channels/line-1/{act}", "/admin/channels")
    assert service.channels[ChannelType.LINE].asked[0].startswith(asked)  # type: ignore[attr-defined]
    assert "flash-success" in client.get("/admin/channels/line-1").text
    assert service.audited[-1][1] == f"admin:channel:{'register' if act == 'register' else act}"


@pytest.mark.parametrize(
    ("code", "detail", "sentence"),
    [
        (
            "bad_token",
            "LINE refuses the channel access token: issue a new one.",
            "LINE 拒絕此 channel access token",
        ),
        ("platform_down", "LINE answered 502.", "平台本身發生錯誤。"),
        (
            "webhook_failed",
            "LINE could not call the address: REQUEST_TIMEOUT, status 0.",
            "REQUEST_TIMEOUT，狀態 0",
        ),
        ("never_heard_of", "Something new.", "Something new."),
    ],
)
def test_a_platforms_no_is_a_sentence(
    service: FakeConsole, enter: Enter, code: str, detail: str, sentence: str
) -> None:
    service.channels[ChannelType.LINE].fault = SendError(code, detail, retryable=False)  # type: ignore[attr-defined]
    client = enter("admin")
    client.set_cookie("teller_lang", "zh-TW")
    post(client, "/admin/channels/line-1/test", "/admin/channels")
    page = client.get("/admin/channels/line-1").text
    assert "flash-error" in page
    assert sentence in page


def test_the_last_error_is_a_sentence_too(enter: Enter) -> None:
    client = enter("admin")
    assert "Meta refuses the page access token: issue a new one." in client.get("/admin/channels").text
    client.set_cookie("teller_lang", "zh-TW")
    assert "Meta 拒絕此粉專存取權杖，請重新產生。" in client.get("/admin/channels/messenger-1").text


def test_every_sentence_known_is_still_said_somewhere() -> None:
    """Translations hang on the English text: where that changes, this list has to follow."""
    root = Path(sentences.__file__).parents[1]
    code = "".join(
        path.read_text()
        for folder in ("bot", "adapters", "handlers", "kb", "inbox")
        for path in (root / folder).rglob("*.py")
        if not path.name.endswith("sentences.py")
    )
    # A long sentence is written in pieces that Python joins.
    code = re.sub(r'"\s*\n\s*f?"', "", code)
    code = code.replace("{waiting}", "{} updates are waiting").replace("{GAP}", "gap")
    code = re.sub(r"\{[^{}\n\"]*\}", "{}", code)
    for slip in ("這檔最適合您", "本商品保證獲利"):
        code += re.sub("「.*」", "「{}」", f"{{}}: {objection(slip)}")
    code += re.sub("「.*」", "「{}」", f"{{}}: {tipped('您的交易已列入洗錢通報')}")
    for known in sentences.KNOWN:
        # A sentence may itself speak of a place in braces; the code's are read as places too.
        written = re.sub(r"%\(\w+\)s|\{\w+\}", "{}", known)
        # the handlers put theirs together: place and fault, hence piece by piece
        pieces = written.split("{}") if known in rules_sentences.KNOWN else [written]
        assert all(piece.strip(" ,:.") in code for piece in pieces), known


def test_switch_off_and_on(service: FakeConsole, enter: Enter) -> None:
    client = enter("admin")
    post(client, "/admin/channels/line-1/disable", "/admin/channels")
    assert not service.accounts.get("line-1").enabled  # type: ignore[union-attr]
    post(client, "/admin/channels/line-1/enable", "/admin/channels")
    assert service.accounts.get("line-1").enabled  # type: ignore[union-attr]


def test_web_accounts_show_what_to_paste(enter: Enter) -> None:
    page = enter("admin").get("/admin/channels/web-1").text
    assert "&lt;script src=" in page
    assert "/webchat/web-1/widget.js" in page
    assert "Register webhook" not in page


def test_auditor_reads_and_changes_nothing(enter: Enter) -> None:
    page = enter("auditor").get("/admin/channels/line-1").text
    assert "/admin/channels/line-1/disable" not in page
    assert "Add account" not in enter("auditor").get("/admin/channels").text


def test_first_account_is_offered(service: FakeConsole, enter: Enter) -> None:
    service.accounts._all.clear()
    assert "No channel yet" in enter("admin").get("/admin/channels").text


def test_every_platform_has_a_form_and_unknown_ones_none(enter: Enter) -> None:
    assert set(channel_forms.FORMS) == set(ChannelType)
    assert enter("admin").get("/admin/channels/add/fax").status_code == 404
    assert enter("admin").get("/admin/channels/nope").status_code == 404
