"""One customer on several channels: by the firm's signature, and by a one-time token that a platform brings back."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.desk.customers import Customers
from bot.embedded import Servers
from bot.model import ChannelAccount, ChannelType, Kind, Role, Status
from bot.store.link_tokens import TRIES
from tests.knowledge import notice
from tests.unit.core.teller import Teller, apart

SITE = {"Origin": "https://bank.example"}
SECRET = "i" * 32
TELEGRAM = ChannelType.TELEGRAM


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "linking") as one:
        one.service.accounts.set_handle(one.accounts[TELEGRAM].id, "@our_bot")
        yield one


@pytest.fixture(scope="module")
def sites(teller: Teller) -> list[ChannelAccount]:
    """The firm's site and its app: two web chats that sign their customers."""
    public = {"origins": [SITE["Origin"]]}
    return [
        teller.service.accounts.add(ChannelType.WEB, name, {"identity_secret": SECRET}, public, None)
        for name in ("網路銀行", "APP")
    ]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def customers(teller: Teller) -> Customers:
    return teller.service.customers


def signed(client: FlaskClient, site: ChannelAccount, firm_id: str) -> dict[str, str]:
    signature = hmac.new(SECRET.encode(), firm_id.encode(), hashlib.sha256).hexdigest()
    body = {"identity": {"user_id": firm_id, "signature": signature}}
    made = client.post(f"/webchat/{site.id}/session", json=body, headers=SITE)
    return {"Authorization": f"Bearer {made.json['token']}", **SITE}  # type: ignore[index]


def writes(
    teller: Teller, client: FlaskClient, site: ChannelAccount, firm_id: str, text: str = "你好"
) -> str:
    """A message of a signed customer; the customer's id."""
    header = signed(client, site, firm_id)
    body = {"text": text, "client_id": teller.person("c")}
    assert client.post(f"/webchat/{site.id}/messages", json=body, headers=header).status_code == 202
    teller.work()
    found = teller.service.mongo["threads"].find_one(
        {"account": site.id, "user_id": visitor(teller, firm_id)}
    )
    assert found is not None
    return str(found["customer"])


def visitor(teller: Teller, firm_id: str) -> bytes:
    return teller.service.vault.blind(f"customer-{firm_id}")


def invitation(client: FlaskClient, site: ChannelAccount, firm_id: str) -> dict[str, Any]:
    made = client.post(f"/webchat/{site.id}/link", headers=signed(client, site, firm_id))
    assert made.status_code == 200, made.text
    assert made.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = made.json
    return found


def brings(teller: Teller, user: str, token: str, channel: ChannelType = TELEGRAM) -> None:
    teller.hears(user, None, channel, kind=Kind.LINK.value, link_token=token)


def customer(teller: Teller, user: str, channel: ChannelType = TELEGRAM) -> str:
    return str(teller.conversation(user, channel)["customer"])


def audited(teller: Teller, customer_id: str) -> list[tuple[str, str]]:
    found = teller.service.audit.about("customer:link", [f"customer:{customer_id}"])
    return [(doc["actor"], doc["detail"]["kind"]) for doc in found]


def test_what_the_firm_signed_as_one_is_one(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount], customers: Customers
) -> None:
    site, app = (writes(teller, client, one, "F-100") for one in sites)
    other = writes(teller, client, sites[0], "F-101")
    assert site != app, "each identity keeps its own key"
    assert customers.links.members(site) == sorted((site, app))
    assert customers.links.members(other) == [other]
    assert customers.verified_as(app) == "F-100"
    assert audited(teller, app) == [("system:signed_token", "signed_token")]
    writes(teller, client, sites[1], "F-100", "再問一次")
    assert len(customers.links.of([app])) == 1


def test_what_people_took_apart_stays_apart(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount], customers: Customers
) -> None:
    site, app = (writes(teller, client, one, "F-200") for one in sites)
    (link,) = customers.links.of([site])
    teller.service.mongo.transaction(
        lambda session: customers.links.undo(session, link.id, "staff", "家人共用")
    )
    teller.service.mongo["conversations"].update_many(
        {"customer": {"$in": [site, app]}}, {"$set": {"open": False, "status": Status.RESOLVED.value}}
    )
    for one in sites:
        writes(teller, client, one, "F-200", "又來了")
    assert customers.links.members(site) == [site]


def test_two_sites_at_the_same_moment_are_linked_all_the_same(
    teller: Teller, app: Flask, sites: list[ChannelAccount], customers: Customers
) -> None:
    for n in range(4):
        start, firm_id = threading.Barrier(2), f"F-30{n}"

        def run(site: ChannelAccount, start: threading.Barrier = start, firm_id: str = firm_id) -> None:
            start.wait()
            invitation(app.test_client(), site, firm_id)

        both = [threading.Thread(target=run, args=(site,)) for site in sites]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        found = customers.store.of_firm_id(firm_id)
        assert len(found) == 2
        assert customers.links.members(found[0]) == found


def test_a_token_carried_to_telegram_links_and_verifies(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount], customers: Customers
) -> None:
    web, user = writes(teller, client, sites[0], "F-400"), teller.person("T")
    invited = invitation(client, sites[0], "F-400")
    assert invited["telegram"] == f"https://t.me/our_bot?start={invited['token']}"
    assert "line" not in invited, "LINE's account has no name here"
    brings(teller, user, invited["token"])
    mine = customer(teller, user)
    assert customers.links.members(mine) == sorted((web, mine))
    assert customers.verified_as(mine) == "F-400"
    assert audited(teller, mine) == [("system:account_link", "account_link")]
    said = teller.platforms[TELEGRAM].texts(user)
    assert said == [notice("greeting"), notice("linked")], (
        "who comes for the first time is greeted all the same"
    )
    assert teller.said(user, TELEGRAM)[0] == "customer: [link]"
    stored = list(teller.service.mongo["link_tokens"].find({"customer": web}))
    assert all(invited["token"] not in str(doc) and invited["code"] not in str(doc) for doc in stored)


def test_a_session_that_never_wrote_can_be_linked(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount], customers: Customers
) -> None:
    invited, user = invitation(client, sites[0], "F-450"), teller.person("T")
    teller.work()
    brings(teller, user, invited["code"])
    assert customers.verified_as(customer(teller, user)) == "F-450"
    web = writes(teller, client, sites[0], "F-450")
    assert web in customers.links.members(customer(teller, user)), "the first message made another customer"
    thread = teller.service.mongo["threads"].find_one({"customer": web})
    assert thread is not None
    assert thread["greeted"], "the first message was no first contact"


def test_a_token_counts_once(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount], customers: Customers
) -> None:
    invited, first, second = invitation(client, sites[0], "F-500"), teller.person("T"), teller.person("T")
    teller.hears(first, "你好", TELEGRAM)
    brings(teller, first, invited["token"])
    for given in (invited["token"], invited["code"]):
        brings(teller, second, given)
        assert teller.platforms[TELEGRAM].texts(second)[-1] == notice("link_expired")
    assert customers.verified_as(customer(teller, second)) is None
    assert customers.links.of([customer(teller, second)]) == []
    # The platform tells the same event twice: that is one event, and answered once.
    brings(teller, first, invited["token"])
    assert teller.platforms[TELEGRAM].texts(first)[-2:] == [notice("linked"), notice("link_expired")]


def test_of_two_who_bring_it_at_once_one_is_linked(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount], customers: Customers
) -> None:
    token, users = invitation(client, sites[0], "F-550")["token"], [teller.person("T") for _ in range(2)]
    for user in users:
        teller.posts({"user_id": user, "text": None, "kind": "link", "link_token": token}, channel=TELEGRAM)
    both = [threading.Thread(target=teller.drain, args=(user, TELEGRAM)) for user in users]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    last = sorted(teller.platforms[TELEGRAM].texts(user)[-1] for user in users)
    assert last == sorted([notice("linked"), notice("link_expired")])
    assert sorted(str(customers.verified_as(customer(teller, user))) for user in users) == ["F-550", "None"]


def test_after_a_quarter_of_an_hour_it_is_nobodys(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount]
) -> None:
    invited, user = invitation(client, sites[0], "F-600"), teller.person("T")
    left = datetime.fromisoformat(invited["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    teller.service.mongo["link_tokens"].update_many({}, {"$set": {"expires_at": datetime.now(UTC)}})
    brings(teller, user, invited["token"])
    assert teller.platforms[TELEGRAM].texts(user)[-1] == notice("link_expired")


def test_who_tries_codes_out_is_told_nothing_more(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount], customers: Customers
) -> None:
    user = teller.person("T")
    for _ in range(TRIES):
        brings(teller, user, "AAAA-AAAA")
    good = invitation(client, sites[0], "F-700")["code"]
    brings(teller, user, good)
    assert teller.platforms[TELEGRAM].texts(user)[-1] == notice("link_expired")
    assert customers.verified_as(customer(teller, user)) is None
    other = teller.person("T")
    brings(teller, other, good)
    assert customers.verified_as(customer(teller, other)) == "F-700", "the code itself is still good"


def test_nothing_is_said_into_a_conversation_that_people_have(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount], customers: Customers
) -> None:
    user = teller.person("T")
    teller.hears(user, "我要真人", TELEGRAM)
    said = len(teller.platforms[TELEGRAM].texts(user))
    brings(teller, user, invitation(client, sites[0], "F-800")["token"])
    assert len(teller.platforms[TELEGRAM].texts(user)) == said
    assert teller.conversation(user, TELEGRAM)["status"] == Status.WAITING.value
    assert customers.verified_as(customer(teller, user)) == "F-800"


def test_it_holds_while_the_ai_is_off(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount]
) -> None:
    user, token = teller.person("T"), invitation(client, sites[0], "F-850")["token"]
    teller.service.switch.turn("test", "to be off", None, off=True)
    try:
        brings(teller, user, token)
    finally:
        teller.service.switch.turn("test", "over", None, off=False)
    assert teller.platforms[TELEGRAM].texts(user) == [notice("linked")], (
        "no AI introduces itself while it is off"
    )


def test_only_a_signed_session_is_given_a_token(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount]
) -> None:
    place = f"/webchat/{sites[0].id}"
    token = client.post(f"{place}/session", headers=SITE).json["token"]  # type: ignore[index]
    before = teller.service.mongo["link_tokens"].count_documents({})
    assert client.post(f"{place}/link").status_code == 401
    assert client.post(f"{place}/link", headers={"Authorization": f"Bearer {token}"}).status_code == 403
    elsewhere = f"/webchat/{sites[1].id}/link"
    assert client.post(elsewhere, headers=signed(client, sites[0], "F-900")).status_code == 401
    assert teller.service.mongo["link_tokens"].count_documents({}) == before


def test_an_agents_link_proves_nothing(
    teller: Teller, client: FlaskClient, sites: list[ChannelAccount], customers: Customers
) -> None:
    web, user, staff = (
        writes(teller, client, sites[0], "F-950"),
        teller.person("T"),
        teller.staff(Role.SENIOR),
    )
    teller.hears(user, "你好", TELEGRAM)
    mine = customer(teller, user)
    teller.service.mongo.transaction(
        lambda session: customers.links.add(session, mine, web, "agent", staff.id, "同一支電話")
    )
    assert customers.links.members(mine) == sorted((mine, web))
    assert customers.verified_as(mine) is None
