"""The rules as a value: what a document may say, what a pattern may, and a swap under a mind that is deciding."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from bot.model import HandOff
from handlers import Intents, Policy, build_mind, meaning
from handlers.policy import checked, shipped_document
from handlers.policy_document import BadPolicy, digest
from handlers.policy_patterns import BadPattern, check
from handlers.rules import TABLES
from tests.unit.handlers.factories import FakeFinder, a_turn

ODD = "紫色的大象要出門"
RULE = {"id": "elephants", "when": ["紫色的大象"]}


@pytest.fixture
def document() -> dict[str, Any]:
    return shipped_document()


def changed(document: dict[str, Any], table: str = "fraud", **rule: Any) -> dict[str, Any]:
    document["rules"][table].append({**RULE, **rule})
    return document


def test_the_shipped_files_are_version_0_and_survive_the_way_through_a_document(document: Any) -> None:
    shipped = Policy.shipped()
    again = Policy.from_document(document)
    assert (again.version, again.sha256, again.learned) == (0, shipped.sha256, shipped.learned)
    assert again.rules == shipped.rules
    assert set(shipped.rules) == set(TABLES)
    assert digest(document) == shipped.sha256


def test_a_version_from_before_a_release_that_knows_more_tables(document: Any) -> None:
    old = checked(changed(document))
    del old["rules"]["crisis"], old["rules"]["fragment"]
    policy = Policy.of_checked(old, 4)
    assert policy.sha256 == digest(old)
    assert policy.rules["crisis"] == Policy.shipped().rules["crisis"]
    assert build_mind(FakeFinder(), policy=policy).decide(a_turn("我不想活了"))[0] == "crisis"


def test_order_and_blanks_make_no_other_policy(document: Any) -> None:
    other = {name: document[name] for name in reversed(document)}
    other["words"] = dict(reversed(document["words"].items()))
    other["examples"]["complaint"].append("  ")
    assert Policy.from_document(other).sha256 == Policy.shipped().sha256


def test_another_pattern_is_another_hash_but_needs_no_training(document: Any) -> None:
    policy = Policy.from_document(changed(document), 3)
    assert policy.version == 3
    assert policy.sha256 != Policy.shipped().sha256
    assert policy.learned == Policy.shipped().learned
    assert meaning.trained(None, policy) is meaning.trained(None, Policy.shipped())


def _without(name: str) -> Any:
    return lambda d: d["rules"].pop(name)


FAULTS: list[tuple[Any, str]] = [
    (lambda d: changed(d, when=["{elephants}大象"]), "there is no word list 'elephants'"),
    (lambda d: changed(d, when=["(大象"]), "not a regular expression"),
    (lambda d: changed(d, when=["(象+)+走"]), "read in two ways"),
    (lambda d: changed(d, when=["(象)\\1"]), "not part of the pattern language"),
    (lambda d: changed(d, when=[".*.*.*.*象"]), "takes too long"),
    (lambda d: changed(d, when=["象" * 1201]), "up to 1200 characters"),
    (lambda d: changed(d, when=[" "]), "never applies"),
    (lambda d: changed(d, id="deceived"), "'deceived' is there twice"),
    (lambda d: changed(d, whom=["x"]), "id, when, unless and sure"),
    (lambda d: changed(d, sure="yes"), "true or false"),
    (lambda d: changed(d, when="象"), "a list of texts"),
    (_without("crisis"), "crisis: a hand-off needs at least one rule"),
    (lambda d: d["rules"].update(elephants=[]), "no table 'elephants'"),
    (lambda d: d["words"].pop("lost"), "there is no word list 'lost'"),
    (lambda d: d["words"].update(gap=["x"]), "'gap'"),
    (lambda d: d["words"].update(odd=["{lost}"]), "a list cannot stand in a list"),
    (lambda d: d["words"].update(odd=["(a|aa)*b"]), "read in two ways"),
    (lambda d: d["typos"].update({"": "x"}), "typos"),
    (lambda d: d["examples"].update(rage=["x"]), "no label 'rage'"),
    (lambda d: d["examples"].update(smalltalk=["你好"]), "at least 10 sentences"),
    (lambda d: d["examples"]["smalltalk"].append("我要真人"), "of human_request and of smalltalk"),
    (lambda d: d["examples"]["smalltalk"].append("嗨" * 401), "longer than 400"),
    (lambda d: d.update(thresholds={}), "no part 'thresholds'"),
]


@pytest.mark.parametrize(("spoil", "sentence"), FAULTS)
def test_what_is_wrong_is_said(document: Any, spoil: Any, sentence: str) -> None:
    spoil(document)
    with pytest.raises(BadPolicy) as refused:
        Policy.from_document(document)
    assert any(sentence in fault for fault in refused.value.faults), refused.value.faults


def test_all_faults_at_once(document: Any) -> None:
    changed(document, when=["(象", "{elephants}"])
    with pytest.raises(BadPolicy) as refused:
        Policy.from_document(document)
    assert len(refused.value.faults) == 2
    with pytest.raises(BadPolicy):
        Policy.from_document(["no", "document"])


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)*b",
        "(a|aa)*b",
        "(a?a?)*",
        "(好|喔|好喔)*謝",
        "(ab|a|b)*",
        "(x+x+)+y",
        "(for.{0,20}help)*$",
    ],
)
def test_what_could_take_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern, match="read in two ways"):
        check(pattern)


@pytest.mark.parametrize("pattern", ["(?i)a", "(?P<x>a)", "a*+b", "(?>a)b", ".{0,61}", "(?(1)a|b)", "a**"])
def test_what_is_no_part_of_the_language(pattern: str) -> None:
    with pytest.raises(BadPattern):
        check(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "((ab)*c)*",
        "(好的?|喔)*謝",
        "(?<!媽)媽的(?!.{0,4}卡)",
        r"\bfee\b",
        "[^。!?]{0,8}?卡",
        r"(\w|\d)*!",
        "(大象+)+走",
    ],
)
def test_what_is_quick_is_taken(pattern: str) -> None:
    check(pattern)


def _filled(table: str, rule: dict[str, Any]) -> list[str]:
    from handlers.rules import filled

    return [filled(p, Policy.shipped().document["words"]) for p in (*rule["when"], *rule["unless"])]


def test_every_shipped_pattern_is_in_the_language(document: Any) -> None:
    """A customer who writes the same polite word thirty times must not hold up a worker."""
    slow = set()
    for table, rules in document["rules"].items():
        for rule in rules:
            for pattern in _filled(table, rule):
                try:
                    check(pattern)
                except BadPattern:
                    slow.add(rule["id"])
    assert slow == set()


def test_a_decision_names_the_rules_it_was_made_under(document: Any) -> None:
    policy = Policy.from_document(changed(document), 7)
    _, decision = build_mind(FakeFinder(), policy=policy).decide(a_turn(ODD))
    assert isinstance(decision, HandOff)
    assert decision.trace["evidence"] == ["elephants"]
    assert decision.trace["rules"] == {"version": 7, "sha256": policy.sha256}
    for text in ("我要真人", "你好", "氣死我了你們這種服務"):
        _, decision = build_mind(FakeFinder()).decide(a_turn(text))
        assert decision.trace["rules"] == {"version": 0, "sha256": Policy.shipped().sha256}


def test_typos_and_word_lists_of_the_version_in_force_count(document: Any) -> None:
    document["typos"]["珍仁"] = "真人"
    document["words"]["lost"].append("飛走了")
    mind = build_mind(FakeFinder(), policy=Policy.from_document(document, 1))
    assert mind.decide(a_turn("我要珍仁"))[0] == "human_request"
    assert mind.decide(a_turn("我的信用卡飛走了"))[0] == "fraud"
    document["typos"].clear()
    assert Policy.from_document(document).clean("我要珍仁") == "我要珍仁"


def test_a_swap_under_a_mind_that_is_deciding(document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old rules decide for as long as training takes; then the new ones do, and nobody is told half of each."""
    document["examples"] = {label: texts[:40] for label, texts in document["examples"].items()}
    mind = build_mind(FakeFinder(), policy=Policy.from_document(document))
    mind.warm()
    document["examples"]["smalltalk"].append("大象今天很開心呢")
    policy = Policy.from_document(changed(document), 2)
    training, go_on = threading.Event(), threading.Event()
    made = meaning.Meaning

    def slow(*parts: Any) -> meaning.Meaning:
        training.set()
        assert go_on.wait(10)
        return made(*parts)

    monkeypatch.setattr(meaning, "Meaning", slow)
    over = threading.Event()
    seen: tuple[list[tuple[int, bool]], ...] = ([], [])

    def customers(answers: list[tuple[int, bool]]) -> None:
        while not over.is_set():
            reading = mind.intents.read(ODD)
            answers.append((reading.policy.version, "fraud" in reading.fired))

    def wait_for_more() -> None:
        before = [len(answers) for answers in seen]
        while any(len(answers) < n + 5 for answers, n in zip(seen, before, strict=True)):
            assert all(one.is_alive() for one in asking)
            time.sleep(0.005)

    asking = [threading.Thread(target=customers, args=(answers,)) for answers in seen]
    for one in asking:
        one.start()
    swap = threading.Thread(target=mind.adopt, args=(policy,))
    swap.start()
    assert training.wait(10)
    wait_for_more()
    assert mind.policy.version == 0
    go_on.set()
    swap.join(10)
    wait_for_more()
    over.set()
    for one in asking:
        one.join(10)
    assert mind.policy is policy
    for answers in seen:
        assert set(answers) == {(0, False), (2, True)}
        assert answers == sorted(answers)


def test_what_nobody_decides_by_is_let_go(document: Any) -> None:
    intents = Intents(policy=Policy.from_document(document))
    intents.warm()
    assert len(meaning._latest) <= meaning.KEPT
