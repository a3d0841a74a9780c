"""The pages of phrasings over a whole Teller: a link, a colleague without an account, an editor, a draft."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.model import ContentKind, Role
from bot.prepare import audit_of
from inbox import phrasings_page
from kb import review
from kb.articles import Review
from kb.review import Draft
from tests.unit.core.teller import Teller, signed_in
from tests.unit.core.test_core_phrasings import asks
from tests.unit.inbox.forms import post, token

pytestmark = pytest.mark.servers
ARTICLE, TITLE = "card-lost", "信用卡掉了怎麼辦"
PAGE = f"/knowledge/phrasings/{ARTICLE}"
MOBILE = "0912345678"


@pytest.fixture(autouse=True)
def _fresh(teller: Teller) -> None:
    house = teller.service
    for collection in ("phrasings", "phrasing_links", "labels"):
        house.mongo[collection].delete_many({})
    house.mongo["content"].delete_many({"kind": "article"})
    drafts = [
        Draft(ARTICLE, {"zh-TW": "請立即來電掛失。"}, (TITLE, "I lost my card")),
        Draft("card-fee", {"zh-TW": "年費 2,000 元。"}, ("信用卡年費多少錢",)),
    ]
    review.ship(house.kb, drafts, "author", "approver", audit_of(house))


@pytest.fixture
def editor(teller: Teller, app: Flask) -> FlaskClient:
    return signed_in(app, teller.staff(Role.SENIOR))


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    client: FlaskClient = app.test_client()
    client.set_cookie("teller_lang", "en")
    return client


def shared(editor: FlaskClient) -> str:
    """The path of a new shared page, as the editor copies it."""
    done = post(
        editor, f"/knowledge/phrasings/share/{ARTICLE}", PAGE, description="持卡人遺失卡片。", days="7"
    )
    assert done.status_code == 303
    found = re.search(r'data-copy="[^"]*(/phrasings/[^"]+)"', editor.get(PAGE).text)
    assert found
    return found[1]


def write(client: FlaskClient, path: str, *lines: str) -> str:
    form = {"line": list(lines), "csrf_token": token(client.get(path).text)}
    return client.post(path, data=form).text


def picked(page: str) -> dict[str, str]:
    found = re.findall(r'name="id" value="([^"]+)"><span>([^<]+)</span>', page)
    return {text: key for key, text in found}


def test_from_a_link_to_a_draft(teller: Teller, editor: FlaskClient, stranger: FlaskClient) -> None:
    assert "2 of 10 phrasings" in editor.get("/knowledge/phrasings").text
    path = shared(editor)
    page = stranger.get(path)
    assert page.status_code == 200
    # The title in the reader's language, what the editor wrote, and no other phrasing.
    assert "I lost my card" in page.text
    assert "持卡人遺失卡片。" in page.text
    assert TITLE not in page.text, "the phrasings there are would be copied"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "3 new" in write(stranger, path, "卡片不見要打給誰", "信用卡被偷了", "信用卡年費多少錢？")
    shown = editor.get(PAGE).text
    assert "card-fee" in shown.split('id="colleagues"')[0], "a phrasing of another article is warned of"
    ids = picked(shown)
    form = {
        "id": [ids["卡片不見要打給誰"], ids["信用卡被偷了"]],
        "do": "accept",
        "csrf_token": token(shown),
    }
    done = editor.post(f"/knowledge/phrasings/decide/{ARTICLE}", data=form)
    assert done.location == f"/knowledge/article/view/{ARTICLE}"
    draft = teller.service.kb.versions(ContentKind.ARTICLE, ARTICLE)[0]
    assert (draft.status, draft.questions) == (
        Review.DRAFT,
        (TITLE, "I lost my card", "卡片不見要打給誰", "信用卡被偷了"),
    )
    after = editor.get(PAGE).text
    assert "4 of 10 phrasings" in after
    form = {"shown": list(picked(after).values()), "do": "dismiss_all", "csrf_token": token(after)}
    assert editor.post(f"/knowledge/phrasings/decide/{ARTICLE}", data=form).status_code == 303
    assert "Nothing waits" in editor.get(PAGE).text


def test_personal_data_comes_back_with_its_reason_and_is_not_kept(
    editor: FlaskClient, stranger: FlaskClient
) -> None:
    path = shared(editor)
    answer = write(stranger, path, f"我 {MOBILE} 的卡掉了", "卡被吃掉了")
    assert "1 new" in answer
    assert "looks like personal data" in answer
    assert MOBILE in answer, "what was refused is there to be mended"
    assert MOBILE not in editor.get(PAGE).text
    assert "at least one" in write(stranger, path, " ", "")


def test_a_page_that_has_ended_says_so_and_a_wrong_address_is_nothing(
    teller: Teller, editor: FlaskClient, stranger: FlaskClient
) -> None:
    path = shared(editor)
    form = {"line": ["卡片不見要打給誰"], "csrf_token": token(stranger.get(path).text)}
    (link,) = teller.service.mongo["phrasing_links"].find()
    assert post(editor, f"/knowledge/phrasings/close/{link['_id']}", PAGE).status_code == 303
    late = stranger.post(path, data=form)
    assert (late.status_code, "This page has ended" in late.text) == (409, True)
    assert "This page has ended" in stranger.get(path).text
    assert stranger.get(path[:-1]).status_code == 404
    assert stranger.get("/phrasings/x").status_code == 404
    assert stranger.post(path, data={"line": "x"}).status_code == 400, "a form without its token"
    assert teller.service.mongo["phrasings"].count_documents({}) == 0


def test_writing_is_paced_by_address(
    editor: FlaskClient, stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shared(editor)
    teller_pace = phrasings_page.Pace(None)
    monkeypatch.setattr(phrasings_page, "_pace", lambda: teller_pace)
    form = {"line": ["卡片不見要打給誰"], "csrf_token": token(stranger.get(path).text)}
    codes = [stranger.post(path, data=form).status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]


def test_customers_questions_are_for_those_who_may_and_need_a_word(
    teller: Teller, app: Flask, editor: FlaskClient
) -> None:
    line = asks(teller, "卡片不見要打給誰", source="choice", chosen=ARTICLE)
    assert "Only a supervisor" in editor.get(f"{PAGE}?customers=1").text
    officer = signed_in(app, teller.staff(Role.COMPLIANCE))
    assert "卡片不見要打給誰" not in officer.get(PAGE).text, "nothing is opened before somebody asks for it"
    shown = officer.get(f"{PAGE}?customers=1").text
    assert 'value="卡片不見要打給誰"' in shown
    form = {"id": line, f"text-{line}": "卡不見要打給誰", "csrf_token": token(shown)}
    verb = f"/knowledge/phrasings/customers/{ARTICLE}"
    unread = officer.post(verb, data=form)
    assert unread.status_code == 400
    assert "Say that you have read them" in unread.text
    assert 'value="卡不見要打給誰"' in unread.text, "what the editor mended stays"
    assert officer.post(verb, data={**form, "read": "1"}).status_code == 303
    draft = teller.service.kb.versions(ContentKind.ARTICLE, ARTICLE)[0]
    assert draft.questions[-1] == "卡不見要打給誰"


def test_roles(teller: Teller, app: Flask) -> None:
    writers = {Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE}
    for role in Role:
        client = signed_in(app, teller.staff(role))
        reads = client.get("/knowledge/phrasings").status_code
        assert (reads == 200) is (role is not Role.ADMIN), role
        assert (client.get(PAGE).status_code == 200) is (role in writers), role
        for verb in ("decide", "customers", "model", "share"):
            refused = post(client, f"/knowledge/phrasings/{verb}/{ARTICLE}").status_code == 403
            assert refused is (role not in writers), (role, verb)


def test_without_a_model_the_page_says_so(editor: FlaskClient) -> None:
    assert "No model is set up" in editor.get(PAGE).text
    post(editor, f"/knowledge/phrasings/model/{ARTICLE}", PAGE)
    assert "There is no model to ask" in editor.get(PAGE).text


def test_an_address_is_the_public_one(teller: Teller, editor: FlaskClient) -> None:
    shared(editor)
    found = teller.service.mongo["phrasing_links"].find_one()
    assert found is not None
    address = f"{teller.service.settings.public_url}/phrasings/"
    assert address + teller.service.console.phrasings.shared.token(found["_id"]) in editor.get(PAGE).text
