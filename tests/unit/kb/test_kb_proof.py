"""Direct answers are earned: exact bounds, a threshold that never saw its proof, and switching off by itself."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import ContentKind, Finding, Found, ProductClass, Ref
from kb import bounds, proof
from kb.proof import DEFAULT_LIMIT, Earned, Label, Standing, State, stand, standings

START = datetime(2026, 1, 1, tzinfo=UTC)
CLEAR = {"search": "ranked", "coverage": 0.9, "confidence": 0.8}


def labels(proving: int, wrong: int = 0, fitting: int = 300, confidence: float = 0.9) -> list[Label]:
    """So many in the proof part, the first `wrong` of them wrong, and `fitting` right ones in the other."""
    made: list[Label] = []
    left = {True: fitting, False: proving}
    for number in itertools.count():
        label = Label(f"q{number}", "loan", confidence, right=True)
        part = proof.fits(label)
        if left[part]:
            left[part] -= 1
            right = part or proving - left[False] > wrong
            made.append(Label(label.id, "loan", confidence, right))
        if not any(left.values()):
            return made
    raise AssertionError


def traffic(chance: random.Random, count: int, error: float, first: int = 0) -> list[Label]:
    """Labels whose confidence says nothing about their error: whatever the threshold, that is the true rate."""
    return [
        Label(f"{chance.random()}:{first + n}", "loan", round(chance.random(), 4), chance.random() >= error)
        for n in range(count)
    ]


# -- the bound ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "n", "bound"),
    # R: binom.test(wrong, n, alternative = "less")$conf.int[2]
    [(0, 10, 0.25887), (1, 10, 0.39416), (5, 10, 0.77756), (0, 299, 0.009969), (10, 10, 1.0), (0, 0, 1.0)],
)
def test_bounds_are_those_of_the_tables(wrong: int, n: int, bound: float) -> None:
    assert bounds.upper_bound(wrong, n) == pytest.approx(bound, abs=5e-5)


@given(st.integers(1, 400), st.data())
@settings(max_examples=60, deadline=None)
def test_a_bound_leaves_exactly_five_percent_to_chance(n: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, min(n - 1, 12)))
    bound = bounds.upper_bound(wrong, n)
    rate = Fraction(bound)
    chance = sum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(wrong + 1))
    assert float(chance) == pytest.approx(0.05, rel=1e-9)
    assert wrong / n < bound < bounds.upper_bound(wrong + 1, n)


@given(st.integers(0, 40), st.floats(0.001, 0.05), st.sampled_from([0.95, 0.975, 0.999]))
@settings(max_examples=60, deadline=None)
def test_enough_is_the_first_count_that_keeps_the_bound(wrong: int, limit: float, certainty: float) -> None:
    needed = bounds.enough(wrong, limit, certainty)
    assert bounds.lasting_bound(wrong, needed, certainty) <= limit * (1 + 1e-9)
    assert bounds.lasting_bound(wrong, needed - 1, certainty) > limit * (1 - 1e-9)


def test_counts_that_cannot_be_are_refused() -> None:
    for wrong, n in ((2, 1), (-1, 5)):
        for bound in (bounds.upper_bound, bounds.lasting_bound):
            with pytest.raises(ValueError, match="no count"):
                bound(wrong, n)


def test_large_counts_neither_underflow_nor_take_long() -> None:
    with localcontext(prec=60):
        rate = Decimal(bounds.upper_bound(500, 100_000))
        chance = sum(math.comb(100_000, k) * rate**k * (1 - rate) ** (100_000 - k) for k in range(501))
    assert float(chance) == pytest.approx(0.05, rel=1e-8)
    assert bounds.at_most(500, 100_000, 0.5) == 0.0
    assert bounds.enough(100, DEFAULT_LIMIT) < 40_000
    assert bounds.lasting_bound(500, 100_000) < DEFAULT_LIMIT * 1.3


# -- a class -----------------------------------------------------------------------------------------------------------


def test_as_many_as_it_takes_without_a_fault_turn_a_class_on_and_one_fault_turns_it_off() -> None:
    on = stand("loan", labels(830), DEFAULT_LIMIT)
    assert (on.on, on.n, on.wrong, on.missing, on.threshold) == (True, 830, 0, 0, 0.9)
    assert 0.0049 < on.bound < DEFAULT_LIMIT
    off = stand("loan", labels(830, wrong=1), DEFAULT_LIMIT)
    assert (off.on, off.n, off.wrong) == (False, 830, 1)
    assert off.bound > DEFAULT_LIMIT
    assert off.missing == bounds.enough(1, DEFAULT_LIMIT, 0.975) - 830 == 785


def test_too_few_are_off_and_say_how_many_are_missing() -> None:
    few = stand("loan", labels(281), DEFAULT_LIMIT)
    assert (few.on, few.n, few.missing) == (False, 281, 822 - 281)
    assert not stand("loan", labels(821), DEFAULT_LIMIT).on
    assert stand("loan", labels(822), DEFAULT_LIMIT).on
    nothing = stand("loan", [], DEFAULT_LIMIT)
    assert (nothing.on, nothing.bound, nothing.threshold, nothing.missing) == (False, 1.0, None, 822)


def test_a_threshold_that_is_not_settled_turns_nothing_on() -> None:
    size = proof.first_fit(DEFAULT_LIMIT)
    early = stand("loan", labels(900, fitting=size - 1), DEFAULT_LIMIT)
    assert (early.on, early.missing, early.threshold) == (False, 2, 0.9)
    assert stand("loan", labels(900, fitting=size), DEFAULT_LIMIT).on


def test_a_threshold_changes_when_what_fits_has_doubled_and_each_spends_half_of_what_is_left() -> None:
    size = proof.first_fit(DEFAULT_LIMIT)
    made = [label for label in traffic(random.Random(5), 9000, 0.0) if proof.fits(label)]
    for count in (size, 2 * size - 1, 2 * size, 4 * size + 7):
        found = proof.stages(made[:count], DEFAULT_LIMIT)
        assert [one.threshold for one in found] == [
            proof.fit(made[: size * 2**n], DEFAULT_LIMIT) for n in range(len(found))
        ]
        assert [one.certainty for one in found] == [1 - 0.05 / 2 ** (n + 1) for n in range(len(found))]
    assert len(proof.stages(made, DEFAULT_LIMIT)) == 4


def test_the_order_in_which_labels_are_read_changes_nothing() -> None:
    made = [replace(one, at=START + timedelta(minutes=n)) for n, one in enumerate(labels(900))]
    assert stand("loan", made, DEFAULT_LIMIT) == stand("loan", made[::-1], DEFAULT_LIMIT)


def test_a_proof_that_holds_is_not_lost_to_a_later_threshold() -> None:
    """At the doubling a lower threshold is fitted, whose proof fails: the first one still answers."""
    size = proof.first_fit(DEFAULT_LIMIT)
    sure, unsure = labels(1400, fitting=size), labels(40, wrong=40, fitting=size, confidence=0.5)
    late = [Label(f"{one.id}", "loan", 0.5, one.right, at=START) for one in unsure]
    renamed = [one for one in late if one.id not in {known.id for known in sure}]
    more = [
        Label(f"r{n}", "loan", 0.5, proof.fits(Label(f"r{n}", "", 0, right=True)), at=START)
        for n in range(3 * size)
    ]
    standing = stand("loan", [*sure, *renamed, *more], DEFAULT_LIMIT)
    assert (standing.on, standing.threshold, standing.wrong) == (True, 0.9, 0)


def test_a_class_of_which_even_the_surest_are_wrong_has_no_threshold() -> None:
    ordered = [
        Label(f"q{n}", "loan", n / 1000, right=n < 900, at=START - timedelta(minutes=n)) for n in range(1000)
    ]
    assert stand("loan", ordered, DEFAULT_LIMIT).threshold is None


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=60), st.floats(0.001, 0.2))
@settings(max_examples=100, deadline=None)
def test_a_fitted_threshold_is_the_lowest_that_keeps_the_aim(
    made: list[tuple[int, bool]], limit: float
) -> None:
    known = [Label(f"q{n}", "loan", sure / 20, right) for n, (sure, right) in enumerate(made)]
    surenesses = sorted({label.confidence for label in known})

    def wrong_of(threshold: float) -> tuple[int, int]:
        above = [label for label in known if label.confidence >= threshold]
        return sum(not label.right for label in above), len(above)

    keeps = [at for at in surenesses if (wrong_of(at)[0] + 0.5) / (wrong_of(at)[1] + 1) <= limit / 2]
    spotless = [at for at in surenesses if wrong_of(at)[0] == 0]
    assert proof.fit(known, limit) == next(iter(keeps or spotless), None)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80), st.data())
@settings(max_examples=50, deadline=None)
def test_what_proves_cannot_move_the_threshold(made: list[tuple[float, bool]], data: st.DataObject) -> None:
    known = [Label(f"q{n}", "loan", sure, right) for n, (sure, right) in enumerate(made)]
    turned = [
        one if proof.fits(one) else Label(one.id, "loan", one.confidence, data.draw(st.booleans()))
        for one in known
    ]
    assert stand("loan", known, 0.05).threshold == stand("loan", turned, 0.05).threshold


def test_a_third_fits_for_ever_the_same() -> None:
    split = [proof.fits(Label(f"6744c0ffee{n:014x}", "loan", 0.5, right=True)) for n in range(6000)]
    assert 0.31 < sum(split) / len(split) < 0.36
    assert [proof.fits(Label(i, "loan", 0.5, right=True)) for i in ("a", "b", "c", "d", "e")] == [
        proof.fits(Label(i, "card", 0.1, right=False, reviewed=True)) for i in ("a", "b", "c", "d", "e")
    ]


# -- simulated traffic -------------------------------------------------------------------------------------------------


def ever_on(chance: random.Random, error: float, looks: Iterable[int]) -> bool:
    """Looked at again and again while labels arrive, as the clock does."""
    seen: list[Label] = []
    for upto in looks:
        seen += traffic(chance, upto - len(seen), error, len(seen))
        if stand("loan", seen, DEFAULT_LIMIT).on:
            return True
    return False


def test_an_error_of_twice_the_limit_almost_never_turns_a_class_on_however_often_one_looks() -> None:
    chance = random.Random(20261123)
    turned_on = sum(ever_on(chance, 2 * DEFAULT_LIMIT, range(700, 2501, 300)) for _ in range(30))
    assert turned_on <= 1


def test_an_error_far_above_the_limit_never_does() -> None:
    chance = random.Random(7)
    assert not any(ever_on(chance, 0.05, range(600, 1801, 600)) for _ in range(15))


def test_good_traffic_earns_its_class_at_a_threshold_that_leaves_the_bad_out() -> None:
    chance = random.Random(3)
    seen = []
    for number in range(9000):
        sure = round(chance.random(), 4)
        right = chance.random() >= (0.0002 if sure >= 0.6 else 0.3)
        seen.append(Label(f"q{number}", "loan", sure, right))
    standing = stand("loan", seen, DEFAULT_LIMIT)
    assert standing.on
    assert standing.threshold is not None
    assert 0.55 < standing.threshold < 0.7
    assert standing.n > 1200


def test_a_class_that_has_turned_bad_goes_off_by_itself() -> None:
    chance = random.Random(11)
    seen = labels(850)
    assert stand("loan", seen, DEFAULT_LIMIT).on
    seen += [Label(f"late{n}", "loan", 0.9, chance.random() >= 0.03) for n in range(400)]
    assert not stand("loan", seen, DEFAULT_LIMIT).on


# -- all classes -------------------------------------------------------------------------------------------------------


def test_every_class_stands_somewhere_and_none_leans_on_another() -> None:
    found = {one.product_class: one for one in standings(labels(830), DEFAULT_LIMIT)}
    assert set(found) == {str(name) for name in ProductClass}
    assert [name for name, one in found.items() if one.on] == ["loan"]


def test_a_question_counts_once_and_the_review_before_the_choice() -> None:
    chosen = labels(830)
    judged = next(one for one in chosen if not proof.fits(one))
    review = Label(judged.id, "loan", judged.confidence, right=False, reviewed=True)
    for together in ([*chosen, review], [review, *chosen]):
        loan = next(one for one in standings(together, DEFAULT_LIMIT) if one.product_class == "loan")
        assert (loan.n, loan.wrong, loan.reviewed, loan.on) == (830, 1, 1, False)


# -- a decision --------------------------------------------------------------------------------------------------------


def finding(confidence: float, trace: dict[str, object], product_class: str = "loan") -> Finding:
    ref = Ref(ContentKind.ARTICLE, "a", 1, "0" * 64)
    return Finding("ask", (Found(ref, "t", ProductClass(product_class), confidence),), trace)


@pytest.mark.parametrize(
    ("confidence", "trace", "product_class", "verdict"),
    [
        (0.8, CLEAR, "loan", "answer"),
        (0.9, CLEAR, "loan", "answer"),
        (0.7999, CLEAR, "loan", "ask"),
        (0.99, CLEAR, "card", "ask"),
        (0.99, CLEAR | {"contrast": "申請/取消"}, "loan", "ask"),
        (0.99, CLEAR | {"coverage": 0.49}, "loan", "ask"),
        (0.99, CLEAR | {"follow_up": True}, "loan", "ask"),
        (0.99, CLEAR | {"model": {"effect": "reordered"}}, "loan", "ask"),
        (0.99, CLEAR | {"model": {"effect": "reworded"}}, "loan", "ask"),
        (0.99, CLEAR | {"model": {"purpose": "choose"}}, "loan", "answer"),
        (1.0, {"search": "exact", "confidence": 1.0, "shared": 2}, "loan", "ask"),
        (0.99, {}, "loan", "ask"),
    ],
)
def test_only_an_earned_class_at_its_threshold_answers(
    confidence: float, trace: dict[str, object], product_class: str, verdict: str
) -> None:
    found = proof.promoted(finding(confidence, trace, product_class), Earned(7, {"loan": 0.8}))
    assert found.verdict == verdict
    assert found.trace["proof"]["revision"] == 7


def test_a_miss_is_never_promoted_and_nothing_is_earned_by_default() -> None:
    miss = Finding("miss", finding(0.99, CLEAR).candidates, dict(CLEAR))
    assert proof.promoted(miss, Earned(1, {"loan": 0.1})) is miss
    assert proof.promoted(finding(1.0, CLEAR), Earned()).verdict == "ask"


def test_only_classes_that_are_on_are_earned() -> None:
    state = State(
        DEFAULT_LIMIT, (Standing("loan", 0.005, 0.8, on=True), Standing("card", 0.005, 0.7)), revision=4
    )
    assert proof.earned(state) == Earned(4, {"loan": 0.8})
