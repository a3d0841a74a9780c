"""Law 3. Who sees is seen: nothing personal lies in the clear, screens are masked, roles hold, deeds leave a record."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import bson
import pytest

from bot.compose import build
from bot.errors import Conflict, NotAllowed, NotFound
from bot.model import GENESIS, ChannelType, Role, Staff
from bot.store.chain import link
from bot.store.views import VIEWS
from bot.vault import ERASED, customer_key
from tests.unit.core.teller import PASSWORD, Teller

pytestmark = pytest.mark.servers

NAME = "林planted美玉"
PHRASE = "只有我知道的句子XQZ"
NUMBERS = ("A123456789", "0912345678", "planted.person@example.org", "4539578763621486")
SECRET = "planted-channel-secret-8c1f"
STAFF_EMAIL, STAFF_NAME = "planted.staff@example.net", "Planted Colleague"
REPLY = "planted answer of an agent"
VERIFIED = "customer-number-777-planted"


def waiting(teller: Teller, text: str = "我要真人", user: str | None = None) -> str:
    """A conversation in the queue; its id."""
    user = user or teller.person("law3")
    teller.hears(user, text)
    found = teller.conversation(user)
    assert found["status"] == "waiting"
    return str(found["_id"])


def raw(teller: Teller) -> dict[str, bytes]:
    """Every document of the database and every key of Redis, as bytes."""
    documents: dict[str, bytes] = {}
    for name in teller.service.mongo.db.list_collection_names():
        documents[name] = b"".join(bson.encode(doc) for doc in teller.service.mongo[name].find())
    client = teller.service.queue.redis
    keys = list(client.scan_iter())
    documents["redis"] = b"".join([*keys, *(client.dump(key) or b"" for key in keys)])
    return documents


# -- at rest -----------------------------------------------------------------------------------------------------------


def test_law_3_raw_documents_hold_nothing_planted(teller: Teller) -> None:
    service = teller.service
    agent = service.staff.add(STAFF_EMAIL, PASSWORD, Role.AGENT, name=STAFF_NAME)
    service.accounts.add(ChannelType.LINE, "LINE", {"secret": SECRET, "token": SECRET}, {}, None)
    user, token = "Uplanted" + "9" * 25, "planted-reply-token"
    said = "，".join((PHRASE, *NUMBERS))
    event: dict[str, Any] = {"profile": {"name": NAME}, "verified_as": VERIFIED, "reply_token": token}
    teller.hears(user, said, **event)
    teller.hears(user, f"我要真人 {said}")
    conversation = str(teller.conversation(user)["_id"])
    service.console.desk.take(agent, conversation)
    service.console.desk.reply(agent, conversation, REPLY, "c1")
    # One that waits in the mailbox, one that waits in the outbox, with a wake-up under way.
    teller.line.answers.extend([_busy(), _busy()])
    service.console.desk.reply(agent, conversation, f"{REPLY} again", "c2")
    teller.drain(user)
    teller.posts({"user_id": user, "text": said, **event})
    needles = (
        NAME,
        PHRASE,
        *NUMBERS,
        SECRET,
        STAFF_EMAIL,
        STAFF_NAME,
        REPLY,
        VERIFIED,
        user,
        token,
        PASSWORD,
    )
    held = raw(teller)
    assert {
        "messages",
        "events",
        "outbox",
        "customers",
        "threads",
        "staff",
        "accounts",
        "audit",
    } <= held.keys()
    assert len(held["redis"]) > 50
    found = [(name, words) for name, data in held.items() for words in needles if words.encode() in data]
    assert found == []
    # And it is all there for those who may: otherwise the check above would prove little.
    assert f"customer: {said}" in teller.said(user)
    teller.later(user)


def _busy() -> Exception:
    from tests.unit.core.platform import refused

    return refused()


def test_law_3_an_event_drops_its_content_once_handled(teller: Teller) -> None:
    user = teller.person("law3")
    teller.posts({"user_id": user, "text": PHRASE})
    assert "payload" in teller.rows("events", user)[0]
    teller.drain(user)
    assert "payload" not in teller.rows("events", user)[0]


def test_law_3_the_same_words_never_look_the_same_twice(teller: Teller) -> None:
    """Equal ciphertexts would tell who said the same."""
    user = teller.person("law3")
    teller.hears(user, PHRASE)
    teller.hears(user, PHRASE)
    contents = [bytes(m["content"]) for m in teller.rows("messages", user)]
    assert len(set(contents)) == len(contents)


# -- on screens --------------------------------------------------------------------------------------------------------


def test_law_3_views_are_masked(teller: Teller) -> None:
    user = teller.person("law3")
    conversation = waiting(teller, f"我要真人 {NUMBERS[0]} {NUMBERS[1]} {NUMBERS[2]} {NUMBERS[3]}", user)
    for role in (Role.AGENT, Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR):
        staff = teller.staff(role)
        page = teller.service.console.desk.page(staff, conversation)
        rows = teller.service.console.desk.rows(staff, "waiting")
        shown = [message.text for message in page.messages] + [row.preview for row in (*rows, page.row)]
        assert any("我要真人" in text for text in shown)
        assert not [(n, text) for n in NUMBERS for text in shown if n in text]


def test_law_3_a_preview_is_masked_as_well(teller: Teller) -> None:
    """The last line of a list is the customer's own where a person owns the conversation."""
    user = teller.person("law3")
    conversation = waiting(teller, user=user)
    teller.hears(user, f"我的身分證是 {NUMBERS[0]}")
    rows = teller.service.console.desk.rows(teller.staff(Role.AGENT), "waiting")
    (preview,) = [row.preview for row in rows if row.id == conversation]
    assert preview.startswith("我的身分證是")
    assert NUMBERS[0] not in preview


# -- roles -------------------------------------------------------------------------------------------------------------


def reads(teller: Teller, staff: Staff, conversation: str) -> bool:
    """By page and by every list alike: one that shows what the other hides is a leak."""
    desk = teller.service.console.desk
    listed = any(row.id == conversation for view in VIEWS for row in desk.rows(staff, view))
    try:
        desk.page(staff, conversation)
    except NotFound:
        assert not listed
        return False
    return True


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("我要真人", {Role.AGENT, Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR}),
        ("我要投訴你們，我要去金管會檢舉", {Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR}),
    ],
    ids=["ordinary", "complaint"],
)
def test_law_3_who_reads_what_waits(teller: Teller, text: str, who: set[Role]) -> None:
    conversation = waiting(teller, text)
    assert {role for role in Role if reads(teller, teller.staff(role), conversation)} == who


def test_law_3_an_agent_cannot_read_a_colleagues_conversation(teller: Teller) -> None:
    conversation = waiting(teller)
    owner = teller.staff(Role.AGENT)
    desk = teller.service.console.desk
    desk.take(owner, conversation)
    assert {role for role in Role if reads(teller, teller.staff(role), conversation)} == {
        Role.SUPERVISOR,
        Role.COMPLIANCE,
        Role.AUDITOR,
    }
    assert reads(teller, owner, conversation)
    other = teller.staff(Role.AGENT)
    for deed in (
        lambda: desk.take(other, conversation),
        lambda: desk.reply(other, conversation, "x", "c"),
        lambda: desk.resolve(other, conversation),
        lambda: desk.back_to_bot(other, conversation),
    ):
        with pytest.raises(NotFound):
            deed()


def test_law_3_the_customers_other_conversations_follow_the_same_rule(teller: Teller) -> None:
    """Whom they serve now they may know; a complaint among it stays with senior agents."""
    user = teller.person("law3")
    complaint = waiting(teller, "我要投訴你們", user)
    desk = teller.service.console.desk
    senior, agent = teller.staff(Role.SENIOR), teller.staff(Role.AGENT)
    desk.take(senior, complaint)
    desk.resolve(senior, complaint)
    ordinary = waiting(teller, user=user)
    desk.take(agent, ordinary)
    assert complaint not in [row.id for row in desk.page(agent, ordinary).others]
    assert not reads(teller, agent, complaint)
    assert complaint in [row.id for row in desk.page(teller.staff(Role.SUPERVISOR), ordinary).others]


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.AUDITOR, Role.ADMIN])
def test_law_3_who_only_reads_changes_nothing(teller: Teller, role: Role) -> None:
    conversation, staff, desk = waiting(teller), teller.staff(role), teller.service.console.desk
    before = entries(teller)
    for deed in (desk.take, desk.resolve, desk.back_to_bot):
        with pytest.raises((NotAllowed, NotFound)):
            deed(staff, conversation)
    with pytest.raises((NotAllowed, NotFound)):
        desk.reply(staff, conversation, "x", "c")
    assert entries(teller) == before
    assert teller.service.mongo["conversations"].find_one({"_id": conversation})["status"] == "waiting"  # type: ignore[index]


# -- erased ------------------------------------------------------------------------------------------------------------


def test_law_3_an_erased_customer_breaks_no_list(teller: Teller) -> None:
    gone, stays = teller.person("law3"), teller.person("law3")
    profile = {"profile": {"name": NAME}}
    teller.hears(gone, f"我要真人 {PHRASE}", **profile)
    conversation = str(teller.conversation(gone)["_id"])
    other = waiting(teller, f"我要真人 {PHRASE}", stays)
    teller.service.mongo["keys"].delete_one(
        {"keyAltNames": customer_key(teller.conversation(gone)["customer"])}
    )
    # A process of its own: this one may remember the key for a minute.
    again = build(teller.service.settings, channels=dict(teller.service.channels))
    try:
        supervisor, desk = teller.staff(Role.SUPERVISOR), again.console.desk
        rows = {row.id: row for row in desk.rows(supervisor, "waiting")}
        assert rows[conversation].preview == ERASED == "已依法刪除"
        assert rows[conversation].customer_name == ERASED
        page = desk.page(supervisor, conversation)
        assert {message.text for message in page.messages} == {ERASED}
        assert page.customer.name == ERASED
        assert PHRASE in "".join(m.text for m in desk.page(supervisor, other).messages)
        assert {m.text for m in again.views.since(teller.thread(gone), 0)} == {ERASED}
        # The chain is over ciphertext: it verifies after the key is gone.
        assert_chained(teller, conversation)
    finally:
        again.close()


# -- the records' and the audit log's chains ---------------------------------------------------------------------------


def assert_chained(teller: Teller, conversation: str) -> None:
    head = GENESIS
    found = list(teller.service.mongo["messages"].find({"conversation": conversation}).sort("seq", 1))
    for n, doc in enumerate(found, 1):
        assert doc["seq"] == n
        assert doc["prev_hash"] == head
        assert doc["hash"] == link(head, doc)
        head = doc["hash"]
    kept = teller.service.mongo["conversations"].find_one({"_id": conversation})
    assert kept is not None
    assert (kept["head_hash"], kept["seq"]) == (head, len(found))


def entries(teller: Teller) -> list[dict[str, Any]]:
    return list(teller.service.mongo["audit"].find().sort("seq", 1))


def worked_out(head: str, doc: dict[str, Any]) -> str:
    """The hash of a line of the audit log, from nothing but its stored fields."""
    rest = {key: value for key, value in doc.items() if key not in ("hash", "prev_hash")}
    at = doc["at"].isoformat(timespec="milliseconds")
    canonical = json.dumps({**rest, "at": at}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(b"\x01" + bytes.fromhex(head) + canonical.encode()).hexdigest()


def assert_audit_chain(found: list[dict[str, Any]]) -> None:
    """Worked out here from the stored fields."""
    head = GENESIS
    for n, doc in enumerate(found, 1):
        assert doc["seq"] == n
        assert doc["prev_hash"] == head
        assert doc["hash"] == worked_out(head, doc)
        head = doc["hash"]


def test_law_3_every_deed_is_in_the_audit_log(teller: Teller) -> None:
    agent, conversation, desk = teller.staff(Role.AGENT), waiting(teller), teller.service.console.desk
    before = len(entries(teller))
    desk.take(agent, conversation)
    desk.reply(agent, conversation, REPLY, "c1")
    desk.back_to_bot(agent, conversation)
    supervisor = teller.staff(Role.SUPERVISOR)
    desk.take(supervisor, conversation)
    desk.resolve(supervisor, conversation)
    new = entries(teller)[before:]
    assert [(one["actor"], one["action"]) for one in new] == [
        (agent.id, "conversation:take"),
        (agent.id, "conversation:reply"),
        (agent.id, "conversation:back_to_bot"),
        (supervisor.id, "conversation:take"),
        (supervisor.id, "conversation:resolve"),
    ]
    assert {one["subject"] for one in new} == {conversation}
    assert REPLY not in json.dumps(new, default=str, ensure_ascii=False)
    assert_audit_chain(entries(teller))
    assert_chained(teller, conversation)


def test_law_3_a_deed_without_its_entry_did_not_happen(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, conversation = teller.staff(Role.AGENT), waiting(teller)

    def away(*_arguments: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(teller.service.audit, "add", away)
    with pytest.raises(ConnectionError):
        teller.service.console.desk.take(agent, conversation)
    assert teller.service.console.desk.page(agent, conversation).conversation.assignee is None


def test_law_3_of_two_who_take_at_once_one_is_told(teller: Teller) -> None:
    agents, conversation = [teller.staff(Role.AGENT) for _ in range(2)], waiting(teller)
    before = len(entries(teller))

    def take(agent: Staff) -> bool:
        try:
            teller.service.console.desk.take(agent, conversation)
        except (Conflict, NotFound):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, agents)) == [False, True]
    assert len(entries(teller)) == before + 1


def test_law_3_the_audit_chain_survives_many_writers(teller: Teller) -> None:
    before = len(entries(teller))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: teller.service.audit.add("system", "test:write", str(n), {}), range(24)))
    found = entries(teller)
    assert len(found) == before + 24
    assert_audit_chain(found)


@pytest.mark.parametrize("field", ["actor", "action", "subject", "at", "detail", "seq"])
def test_law_3_a_changed_entry_is_noticed(teller: Teller, field: str) -> None:
    teller.service.audit.add("system", "test:write", "x", {"a": 1})
    found = entries(teller)
    assert_audit_chain(found)
    found[-1][field] = found[0]["at"].replace(year=2000) if field == "at" else "changed"
    with pytest.raises(AssertionError):
        assert_audit_chain(found)
