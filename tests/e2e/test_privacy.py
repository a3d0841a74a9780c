"""Nothing personal in the clear: planted data on every way in, every place it could come to rest, none found.

tests/scan.py says how each place is read.
"""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from typing import Any

import pytest

from bot.compose import Service, build
from bot.errors import ServiceError
from bot.model import ChannelType, Role, Staff
from bot.settings import Settings
from bot.store.events import thread_of
from tests.e2e.test_channels import _buttons
from tests.e2e.test_ratings import resolve
from tests.e2e.test_webchat import Visitor
from tests.house import House, post, until
from tests.sandbox.events import line_body, line_text_event, sign_line
from tests.scan import Scan, database, files, redis, unfolded
from tests.unit.inbox.forms import token

PLANTED = {
    "TW_ID": "K188374065",
    "ARC_NEW": "H988374069",
    "ARC_OLD": "HC88374065",
    "COMPANY_TAX_ID": "73188462",
    "PASSPORT": "388374061",
    "CREDIT_CARD": "5128736409182735",
    "BANK_ACCOUNT": "73640918273645",
    "MOBILE": "0988374061",
    "LANDLINE": "0227364091",
    "EMAIL": "planted.person@example.org",
    "ADDRESS": "台北市信義區植樹路八段736號",
    "BIRTHDAY": "1973/06/09",
    "LINE_ID": "planted_7364",
    "NHI_CARD": "000073640918",
    "CAR_PLATE": "PLX-7369",
    "SECRET": "736409",
    "phrase": "只有我知道的句子XQZ",
}
NAME = "林planted美玉"
STAFF_NAME, STAFF_EMAIL = "陳planted職員", "planted.staff@example.net"
FILE_NAME = "planted對帳單0988374061.pdf"
TOKEN = "planted-channel-token-8c1f"
PASSWORD = "planted pass phrase 7364"
TEXT = (
    "{phrase}，身分證{TW_ID}，居留證{ARC_NEW}，舊居留證{ARC_OLD}，統編{COMPANY_TAX_ID}，護照{PASSPORT}，"
    "卡號{CREDIT_CARD}，帳號{BANK_ACCOUNT}，手機{MOBILE}，市話{LANDLINE}，信箱{EMAIL}，地址{ADDRESS}，"
    "生日{BIRTHDAY}，line id {LINE_ID}，健保卡{NHI_CARD}，車牌{CAR_PLATE}，驗證碼{SECRET}"
).format(**PLANTED)
# A reason stands masked in the audit log, which is no place for what a customer said.
NUMBERS = TEXT.partition("，")[2]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF " + TEXT.encode()


@pytest.fixture(scope="module")
def service(house: House) -> Iterator[Service]:
    made = build(Settings.from_env(house.env))
    yield made
    made.close()


def page(house: House, path: str, data: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    connection.request("POST" if data is not None else "GET", path, data, headers)
    answer = connection.getresponse()
    status, body = answer.status, answer.read()
    connection.close()
    return status, body


def test_the_search_sees_every_spelling() -> None:
    needle = PLANTED["EMAIL"]
    for text in (needle, f"x{needle}y", f"ab{needle}", f"abc{needle}z"):
        for raw in (
            text.encode(),
            text.encode("utf-16-le"),
            base64.b64encode(text.encode()),
            text.encode().hex().encode(),
        ):
            scan = Scan([needle])
            scan.look("here", b"--" + raw + b"--")
            assert scan.hits == {("here", needle)}
    packed = b"junk" + zlib.compress(TEXT.encode()) + b"junk"
    assert any(PLANTED["MOBILE"].encode() in part for part in unfolded(packed))


def test_planted_personal_data_is_found_nowhere_in_the_clear(
    house: House, service: Service, person: Callable[[str], Any], ids: dict[str, str]
) -> None:
    since = service.mongo.client["local"]["oplog.rs"].find_one(sort=[("$natural", -1)])["ts"]  # type: ignore[index]
    supervisor = service.staff.by_email("supervisor@example.com")
    assert supervisor is not None
    users, conversations = _customers(house, service, person, ids, supervisor)
    _people(service, supervisor, conversations)
    pages = _errors(house, ids)
    secrets = [NAME, STAFF_NAME, STAFF_EMAIL, FILE_NAME, TOKEN, PASSWORD]
    scan = Scan([*PLANTED.values(), *secrets, *users])
    # What stands in the clear by design must be found, in the same places by the same way.
    known = Scan([conversations["web"]])
    for place, raw in database(service, since):
        scan.look(place, raw)
        known.look(place, raw)
    assert {"local.oplog.rs", f"{service.mongo.db.name}.messages"} <= {place for place, _ in known.hits}
    for place, raw in redis(service):
        scan.look(place, raw)
    seen = set()
    for place, raw in files(house):
        seen.add(place)
        if place.startswith("db/mongo"):
            scan.look_briefly(place, raw, [PLANTED[one] for one in ("phrase", "TW_ID", "MOBILE", "EMAIL")])
        else:
            scan.look(place, raw)
    assert any(place.startswith("db/mongo") for place in seen)
    assert any(place.endswith(".aof") for place in seen)
    assert any(place.endswith(".log") for place in seen)
    scan.look("console output", "\n".join(house.lines).encode())
    scan.look("metrics", page(house, "/metrics")[1])
    for n, body in enumerate(pages):
        scan.look(f"error page {n}", body)
    for row in house.sandbox.received("openai"):
        scan.look("model", json.dumps(row, ensure_ascii=False).encode())
    assert scan.hits == set()
    assert scan.size > 1 << 20


def _customers(
    house: House, service: Service, person: Callable[[str], Any], ids: dict[str, str], supervisor: Staff
) -> tuple[list[str], dict[str, str]]:
    """Every channel says it, and asks for a person; a rating's comment too. Users, and conversations by channel."""
    users, conversations = [], {}
    for channel in ("line", "messenger", "telegram"):
        customer = person(channel)
        users.append(customer.user)
        house.sandbox.user(channel, customer.user, display_name=NAME)
        customer.says(f"我要真人 {TEXT}")
        customer.reads(2)
        thread = thread_of(service.vault, ids[channel], customer.user)
        found = until(lambda at=thread: service.mongo["conversations"].find_one({"thread": at}), 10, "it")
        conversations[channel] = found["_id"]
        if channel == "telegram":
            shown = len(customer.shown())
            resolve(service, supervisor, {"thread": thread})
            customer.reads(shown + 2)
            customer.does(choice=_buttons(customer.calls()[-1])[0][1])
            customer.reads(shown + 3)
            customer.says(f"很有耐心 {TEXT}"[:300])
            customer.reads(shown + 4)
    visitor = Visitor(house, ids["web"])
    visitor.says(f"我要真人 {TEXT}")
    visitor.heard(2)
    newest = service.mongo["conversations"].find_one({"channel": "web"}, sort=[("opened_at", -1)])
    conversations["web"] = newest["_id"]  # type: ignore[index]
    # A Telegram id is six digits: it is a coincidence waiting to happen, its thread's name is tested elsewhere.
    return [user for user in users if len(user) > 12], conversations


def _people(service: Service, supervisor: Staff, conversations: dict[str, str]) -> None:
    """What colleagues write about it, wherever they can write."""
    service.staff.add(STAFF_EMAIL, PASSWORD, Role.AGENT, name=STAFF_NAME)
    added = service.accounts.add(ChannelType.LINE, "planted", {"secret": "s" * 32, "token": TOKEN}, {}, None)
    # The others of this run count their accounts; the log of all writes keeps it.
    service.mongo["accounts"].delete_one({"_id": added.id})
    console, talk = service.console, conversations["web"]
    customer = console.desk.page(supervisor, talk).customer.id
    console.desk.take(supervisor, talk)
    console.desk.reply(supervisor, talk, f"您的資料是 {TEXT}", "planted-1", reason="核對資料")
    console.work.noting.add(supervisor, talk, f"客戶說 {TEXT}")
    console.customers.note(supervisor, customer, f"記下 {TEXT}")
    console.customers.tag(supervisor, customer, f"VIP {PLANTED['MOBILE']}")
    console.customers.mark(supervisor, customer, "watch", f"可疑 {NUMBERS}")
    console.attachments.send(supervisor, talk, FILE_NAME, PDF, "planted-2")
    for refused in (
        lambda: console.work.tags.set(supervisor, talk, [PLANTED["MOBILE"]]),
        lambda: console.canned.save(supervisor, "planted", TEXT[:300], firm=False),
    ):
        with pytest.raises(ServiceError):
            refused()
    field = next(one for one in console.reveals.fields(supervisor, talk, _line(service, talk)))
    console.reveals.show(supervisor, talk, _line(service, talk), field.key, "identify", f"核對 {NUMBERS}")
    # A table of customers brought by mistake instead of articles.
    table = "id,questions\n" + "\n".join(f"x{n},{TEXT}" for n in range(3))
    run = console.imports.start(supervisor, ".csv", table.encode())
    until(lambda: not console.imports.run(run.id).open, 30, "the import")


def _line(service: Service, conversation: str) -> str:
    found = service.mongo["messages"].find_one({"conversation": conversation, "author": "customer"})
    assert found is not None
    return str(found["_id"])


def _errors(house: House, ids: dict[str, str]) -> list[bytes]:
    """What is refused leaves no trace either: bad signatures, bad bodies, strange addresses, a wrong sign-in."""
    body = line_body([line_text_event("U" + "9" * 32, TEXT)])
    post(f"{house.url}/webhooks/line/{ids['line']}", sign_line("bad", body), body)
    post(f"{house.url}/webhooks/line/{ids['line']}", sign_line("5a" * 16, body[:-9]), body[:-9])
    quoted = urllib.parse.quote(TEXT[:200])
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    form = {"email": PLANTED["EMAIL"], "password": PASSWORD}
    form["csrf_token"] = token(opener.open(f"{house.url}/", timeout=10).read().decode())
    with pytest.raises(urllib.error.HTTPError):
        opener.open(f"{house.url}/", urllib.parse.urlencode(form).encode(), timeout=10)
    return [
        page(house, f"/inbox/{quoted}")[1],
        page(house, f"/nothing/{quoted}?q={quoted}")[1],
        page(house, f"/webchat/{ids['web']}/messages", TEXT.encode())[1],
        page(house, f"/webhooks/line/{ids['line']}", body, **{"X-Line-Signature": "bad"})[1],
        page(house, f"/webhooks/nothing/{quoted}", TEXT.encode())[1],
    ]
