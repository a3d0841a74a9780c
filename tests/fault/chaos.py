"""Signed LINE traffic of many customers while processes are killed, and what must be true afterwards."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from bot.model import GENESIS
from bot.mongo import Mongo
from bot.store.chain import link
from tests.house import House, post, texts
from tests.knowledge import answer, articles, notice, question
from tests.sandbox.events import line_body, line_text_event, line_user_id, sign_line, ulid

SECRET = "5a" * 16
RETRY_S = 0.4


@dataclass(slots=True)
class Customer:
    """One LINE user; `asked` holds (event id, expected answer) in the order the platform's clock has them."""

    name: str
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def user_id(self) -> str:
        return line_user_id(self.name)


class Platform:
    """LINE as it behaves with redelivery on: an event comes again until somebody answers 200."""

    def __init__(self, house: House, account: str, customers: int, seed: int) -> None:
        self.sandbox = house.sandbox
        self.url = f"{house.url}/webhooks/line/{account}"
        self.customers = [Customer(f"chaos-{seed}-{n}") for n in range(customers)]
        self.questions = [(question(one), answer(one)) for one in articles()]
        self.random = random.Random(seed)
        self.retries = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(one,)) for one in self.customers]

    def start(self, pause: tuple[float, float]) -> None:
        self._pause = pause
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """No new events; whatever is under way is delivered first."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, customer: Customer) -> None:
        own = random.Random(customer.name)
        while not self._stop.is_set():
            asked, expected = own.choice(self.questions)
            event_id = ulid()
            self._deliver(customer, asked, event_id)
            customer.asked.append((event_id, expected))
            self._stop.wait(own.uniform(*self._pause))

    def _deliver(self, customer: Customer, text: str, event_id: str) -> None:
        token = f"token{event_id}"
        event = line_text_event(customer.user_id, text, event_id=event_id, reply_token=token)
        # Only LINE knows whose a reply token is.
        self.sandbox.reply_tokens({token: customer.user_id})
        while True:
            body = line_body([event])
            if post(self.url, sign_line(SECRET, body), body, timeout=3.0) == 200:
                return
            self.retries += 1
            event["deliveryContext"]["isRedelivery"] = True
            time.sleep(RETRY_S)

    @property
    def asked(self) -> int:
        return sum(len(customer.asked) for customer in self.customers)


def answers_received(house: House, customer: Customer) -> list[str]:
    """The customer's messages at the LINE stand-in, in the order it took them."""
    return texts(house.sandbox.received("line", to=customer.user_id))


def missing(house: House, platform: Platform) -> int:
    """How many answers have not arrived yet."""
    lacking = 0
    for customer in platform.customers:
        want = Counter(answer for _, answer in customer.asked)
        got: Counter[str] = Counter()
        for text in answers_received(house, customer):
            for expected in want:
                if text.startswith(expected):
                    got[expected] += 1
        lacking += sum((want - got).values())
    return lacking


def faults(house: House, platform: Platform) -> list[str]:
    """Every broken promise, in words; empty when all are kept."""
    found: list[str] = []
    greeting = notice("greeting")
    for customer in platform.customers:
        said = [text for text in answers_received(house, customer) if text != greeting]
        want = [answer for _, answer in customer.asked]
        if len(said) != len(want):
            found.append(f"{customer.name}: {len(want)} questions, {len(said)} answers")
        elif any(not text.startswith(answer) for text, answer in zip(said, want, strict=True)):
            found.append(f"{customer.name}: answers out of order or wrong")
    return found + stored_faults(house, platform)


def stored_faults(house: House, platform: Platform) -> list[str]:
    """What the database says of itself: one decision an event, whole chains, nothing open, nobody alone."""
    found: list[str] = []
    mongo = Mongo(house.json("doctor", "--json")["mongodb_uri"])
    try:
        decisions = mongo["messages"].find({"decision": {"$ne": None}}, {"decision.events": 1})
        decided = Counter(event for doc in decisions for event in doc["decision"]["events"])
        for customer in platform.customers:
            for event_id, _ in customer.asked:
                times = next((n for key, n in decided.items() if key.endswith(event_id)), 0)
                if times != 1:
                    found.append(f"event {event_id} has {times} decisions")
        if left := mongo["events"].count_documents({"status": "new"}):
            found.append(f"{left} events are pending")
        if left := mongo["outbox"].count_documents({"open": True}):
            found.append(f"{left} outbox entries are open")
        for conversation in mongo["conversations"].find():
            if conversation["status"] not in ("bot", "waiting", "assigned", "resolved"):
                found.append(f"conversation {conversation['_id']} has no owner")
            head = GENESIS
            for n, message in enumerate(
                mongo["messages"].find({"conversation": conversation["_id"]}).sort("seq"), 1
            ):
                if message["seq"] != n or message["hash"] != link(head, message):
                    found.append(f"message {message['_id']} breaks its chain")
                head = message["hash"]
            if head != conversation["head_hash"]:
                found.append(f"conversation {conversation['_id']} ends in another hash")
    finally:
        mongo.close()
    return found
