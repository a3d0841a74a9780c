"""What the tests of the weekly audit say through the bot's own path: approved texts rendered and chained."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.desk.change import Changes
from bot.model import Button, ChannelType, ProductClass, Ref, Role, Staff
from bot.prepare import audit_of
from bot.rendering import render
from bot.store.documents import conversation_of
from bot.store.records import Draft as Line
from bot.store.records import new_id
from kb import review
from kb.review import Draft
from tests.unit.core.teller import Teller

_numbers = itertools.count(1)
FEE = "年費是多少？"


def article(
    teller: Teller,
    product_class: ProductClass = ProductClass.CARD,
    *,
    author: str = "an-author",
    approver: str = "an-approver",
) -> Ref:
    """A new article in force."""
    name = f"audited-{next(_numbers)}"
    draft = Draft(
        name,
        {"zh-TW": f"這是{name}的答覆。", "en": f"The answer of {name}."},
        questions=(f"{name} {FEE}",),
        product_class=product_class,
    )
    review.ship(teller.service.kb, [draft], author, approver, audit_of(teller.service))
    teller.service.knowledge.refresh()
    found = teller.service.knowledge.article(name)
    assert found is not None
    return found


def say(
    teller: Teller,
    parts: Sequence[Ref],
    buttons: Sequence[Button] = (),
    *,
    text: str | None = None,
    channel: ChannelType = ChannelType.LINE,
) -> list[str]:
    """The ids of the bot's messages with these parts, to a customer of their own; `text` in place of the right one."""
    service, user = teller.service, teller.person()
    # A picture: the bot says a notice to it without reading anything.
    teller.hears(user, None, channel)
    limits = teller.platforms[channel].capabilities
    changes = Changes(service.mongo, service.conversations, service.outbox, service.audit, service.live)
    said = []
    for one in render(parts, buttons, "zh-TW", service.knowledge, limits):
        line = Line(
            author="bot",
            text=one.text if text is None else text,
            at=datetime.now(UTC),
            approved=one.refs,
            locale="zh-TW",
            buttons=one.buttons,
            client_id=new_id(),
        )
        conversation = conversation_of(teller.conversation(user, channel))
        found = changes.apply("system:test", conversation, "test:say", {}, draft=line)
        assert found is not None
        said.append(found)
    return said


def whole(teller: Teller, ref: Ref) -> list[Ref]:
    """The article with all that has to travel along."""
    return [ref, *teller.service.knowledge.disclosures(ref)]


def notice(teller: Teller, name: str) -> Ref:
    return teller.service.knowledge.notice(name)


def person(role: Role) -> Staff:
    """Somebody of that role as the services see them; no page knows them."""
    name = f"{role.value}-{next(_numbers)}"
    return Staff(name, f"{name}@example.com", name, role)
