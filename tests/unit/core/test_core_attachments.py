"""Files to customers: known by their content, sealed, sent once, opened by who may and by a link that ends."""

from __future__ import annotations

import io

import pytest

from adapters import line_out, messenger_out
from adapters.messenger import CAPABILITIES
from bot import attachments as module
from bot.app import create_app
from bot.attached import LARGEST, OutFile, sniff
from bot.attachments import proper_name
from bot.errors import BadPayload, Conflict, NotFound
from bot.model import ChannelAccount, ChannelType, Outbound, Role, Staff
from tests.unit.core.teller import Teller, signed_in
from tests.unit.inbox.forms import token

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture" * 200_000
PDF = b"%PDF-1.7 a form"


def assigned(teller: Teller, who: Staff, channel: ChannelType) -> tuple[str, str]:
    user = teller.person()
    teller.hears(user, "我要找真人客服", channel)
    conversation = str(teller.conversation(user, channel)["_id"])
    teller.service.console.desk.take(who, conversation)
    return user, conversation


def test_a_file_is_known_by_its_content() -> None:
    assert [sniff(one) for one in (PNG, PDF, b"\xff\xd8\xff\xe0jfif")] == [
        "image/png",
        "application/pdf",
        "image/jpeg",
    ]
    assert sniff(b"<html>") is None
    assert sniff(b"MZ\x90") is None
    assert proper_name("../../etc/passwd", "application/pdf") == "etc passwd.pdf"
    assert proper_name("invoice.exe", "image/png") == "invoice.png"
    assert proper_name("..", "image/png") == "file.png"
    assert "A123456789" not in proper_name("A123456789.pdf", "application/pdf")


def test_sent_once_and_sealed(teller: Teller) -> None:
    agent = teller.staff(Role.AGENT)
    user, conversation = assigned(teller, agent, ChannelType.TELEGRAM)
    service = teller.service.console.attachments
    sent = service.send(agent, conversation, "申請書.png", PNG, "f-1")
    assert service.send(agent, conversation, "申請書.png", PNG, "f-1") == sent
    teller.drain(user, ChannelType.TELEGRAM)
    (out,) = teller.platforms[ChannelType.TELEGRAM].calls[-1].messages
    assert isinstance(out, OutFile)
    assert (out.text, out.media_type, out.data) == ("申請書.png", "image/png", PNG)
    assert teller.rows("messages", user, ChannelType.TELEGRAM)[-1]["kind"] == "file"
    stored = b"".join(bytes(part["data"]) for part in teller.service.mongo["file_parts"].find({"file": sent}))
    assert stored
    assert b"a picture" not in stored
    kept = teller.service.mongo["file_parts"].find_one({"file": sent})
    assert kept is not None
    assert "expires_at" not in kept
    orphans = teller.service.mongo["file_parts"].count_documents({"expires_at": {"$exists": True}})
    assert orphans == 2, "what the second press stored goes by itself"


def test_what_is_refused(teller: Teller) -> None:
    agent, other = teller.staff(Role.AGENT), teller.staff(Role.AGENT)
    user, conversation = assigned(teller, agent, ChannelType.TELEGRAM)
    service = teller.service.console.attachments
    before = len(teller.rows("messages", user, ChannelType.TELEGRAM))
    for data in (b"<html>", b"", PDF + b"0" * LARGEST):
        with pytest.raises(BadPayload):
            service.send(agent, conversation, "x.pdf", data, "f")
    with pytest.raises(NotFound):
        service.send(other, conversation, "x.pdf", PDF, "f")
    _, line = assigned(teller, agent, ChannelType.LINE)
    with pytest.raises(BadPayload, match="https"):
        service.send(agent, line, "x.pdf", PDF, "f")
    teller.service.console.desk.resolve(agent, conversation)
    with pytest.raises(Conflict):
        service.send(agent, conversation, "x.pdf", PDF, "f")
    assert len(teller.rows("messages", user, ChannelType.TELEGRAM)) == before


def test_who_opens_it(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = teller.staff(Role.AGENT)
    _, conversation = assigned(teller, agent, ChannelType.TELEGRAM)
    app = create_app(teller.service)
    client = signed_in(app, agent)
    page = f"/inbox/{conversation}"
    form = {"csrf_token": token(client.get(page).text), "file": (io.BytesIO(PDF), "a.exe"), "client_id": "f"}
    answer = client.post(f"{page}/files", data=form, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    sent = answer.json["id"]
    shown = client.get(f"{page}/files/{sent}")
    assert (shown.data, shown.mimetype) == (PDF, "application/pdf")
    assert shown.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert f"{page}/files/{sent}" in client.get(page).text
    noted = teller.service.mongo["audit"].find_one({"action": "conversation:file_view", "detail.file": sent})
    assert noted is not None
    assert signed_in(app, teller.staff(Role.AGENT)).get(f"{page}/files/{sent}").status_code == 404
    assert signed_in(app, teller.staff(Role.ADMIN)).get(f"{page}/files/{sent}").status_code == 403
    _, elsewhere = assigned(teller, agent, ChannelType.TELEGRAM)
    assert client.get(f"/inbox/{elsewhere}/files/{sent}").status_code == 404
    link = teller.service.console.attachments.links.make(sent).partition("/media/")[2]
    stranger = app.test_client()
    opened = stranger.get(f"/media/{link}")
    assert opened.data == PDF
    assert opened.headers["X-Content-Type-Options"] == "nosniff"
    assert stranger.get(f"/media/{link[:-1]}x").status_code == 404
    assert stranger.get(f"/media/{sent}").status_code == 404
    monkeypatch.setattr(module, "OPEN_FOR_S", -1)
    assert stranger.get(f"/media/{link}").status_code == 404


def test_how_each_platform_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    file = OutFile("1", "a.png", (), "image/png", PNG[:1000], "https://bank.example/media/t")
    picture = line_out._file(file).to_dict()
    assert picture["type"] == "image"
    assert picture["originalContentUrl"] == picture["previewImageUrl"] == file.url
    large = OutFile("1", "a.png", (), "image/png", PNG, file.url)
    for other in (large, OutFile("1", "a.pdf", (), "application/pdf", PDF, file.url)):
        assert line_out._file(other).to_dict()["text"] == f"{other.text}\n{file.url}"
    calls: list[dict[str, object]] = []

    class Taken:
        ok, status, body, retry_after = True, 200, b"{}", None

        def json(self) -> dict[str, str]:
            return {"message_id": "m_1"}

    def call(method: str, url: str, **given: object) -> Taken:
        calls.append({"url": url, **given})
        return Taken()

    monkeypatch.setattr(messenger_out.http, "call", call)
    account = ChannelAccount(
        "m", ChannelType.MESSENGER, "m", secrets={"page_token": "t"}, public={"page_id": "1"}
    )
    receipt = messenger_out.send(
        account, Outbound("o-1", "6543", (file,), author_is_person=True), CAPABILITIES
    )
    assert receipt.platform_ids == ("m_1",)
    assert calls[0]["files"] == {"filedata": ("a.png", file.data, "image/png")}
    form = calls[0]["form"]
    assert isinstance(form, dict)
    assert '"type": "image"' in form["message"]
    assert '"metadata": "o-1"' in form["message"]
