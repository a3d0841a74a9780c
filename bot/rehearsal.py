"""Rehearsal before publishing: the last days' questions against proposed knowledge, rules, mode or thresholds.

The knowledge in force and the proposed one are built beside each other here and let go of afterwards: nothing that
serves customers is touched, and the firm's model is not asked.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.compose import Service
from bot.contracts import Mind
from bot.encoding import encoder
from bot.proposals import Plan, chosen, proposed, waiting
from bot.replay import Rehearsal, Step, replay
from bot.store.questions import window
from handlers import Policy, build_mind
from kb.articles import Content
from kb.live import Knowledge
from kb.proof import Earned
from kb.search.decide import Mode

__all__ = ["Plan", "rehearse"]


def rehearse(service: Service, plan: Plan, step: Step | None = None) -> Rehearsal:
    """Raises BadPayload, Unavailable, PyMongoError; NotFound for an id that has nothing to add or to retire."""
    plan.check()
    since, until = window(plan.days)
    revision, in_force = service.kb.load()
    wanted = chosen(plan, waiting(service.kb), in_force)
    rights = service.automation.rights()
    mode = Mode(plan.mode or (Mode.PROVEN if plan.thresholds else service.settings.auto_answer))
    earned = Earned(rights.revision, {**rights.thresholds, **plan.thresholds})
    cache = service.settings.home / "cache"

    def mind(known: list[Content], answers: str, allowed: Earned, policy: Policy) -> Mind:
        knowledge = Knowledge(lambda: (1, known), lambda: 1, cache, answers, earned=lambda: allowed)
        knowledge.build()
        zone = ZoneInfo(service.settings.timezone)
        return build_mind(knowledge, encode=encoder(cache), tz=zone, policy=policy)

    contents = proposed(plan, wanted, in_force, until)
    today = service.policy()
    rules = today if plan.rules is None else _rules(service, plan.rules)
    minds = mind(in_force, service.settings.auto_answer, rights, today), mind(contents, mode, earned, rules)
    found = replay(service.runs.questions, minds, since, until, service.settings.locale, step)
    return replace(
        found,
        proposal=tuple(one.ref for one in wanted),
        rules=tuple((one.version, one.sha256) for one in (today, rules)),
        revision=revision,
    )


def _rules(service: Service, version: int) -> Policy:
    """Raises NotFound, Conflict where they are not what was written."""
    return Policy.of_checked(service.policies.document(version), version)
