"""`python -m bot.prepare`: before the processes start: keys, indexes, shipped texts, and a newcomer's samples."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from bot.compose import Service, build
from bot.errors import ConfigError, ServiceError
from bot.logs import configure
from bot.model import ChannelType, Role
from bot.settings import Settings
from bot.store import schema
from bot.store.mongo import PyMongoError
from kb import desk
from kb import store as kb_store

DEMO_PASSWORD = "teller-demo-2026"  # noqa: S105 - for a newcomer's machine; production refuses it
DEMO_DOMAIN = "example.com"
DEMO_ACCOUNTS = "demo_accounts"


def main() -> int:
    configure()
    try:
        service = build(Settings.from_env())
        prepare(service)
    except ConfigError as error:
        print("\n".join(error.faults), file=sys.stderr)
        return 1
    except (ServiceError, PyMongoError) as error:
        print(f"preparation failed: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    service.close()
    return 0


def prepare(service: Service) -> None:
    """Safe to run at every start and at the same time elsewhere. Raises ServiceError, PyMongoError."""
    schema.ensure(service.mongo)
    service.vault.prepare()
    kb_store.ensure_indexes(service.mongo.db)
    shipped = desk.load_shipped(service.kb, audit_of(service))
    if shipped:
        print(f"loaded {shipped} approved notices and disclosures")
    welcome = []
    if service.settings.sample:
        welcome = _sample(service)
    started = time.perf_counter()
    print("building the search index (the first time takes a while) ...", flush=True)
    service.knowledge.refresh()
    print(f"search index ready in {time.perf_counter() - started:.1f} s")
    folder = service.settings.home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    if welcome:
        (folder / "welcome.txt").write_text("\n".join(welcome) + "\n", encoding="utf-8")


def _sample(service: Service) -> list[str]:
    """Sample knowledge and demo staff, each into an empty store only; what `make run` prints about them."""
    if service.staff.count() == 0:
        for role in Role:
            service.staff.add(
                f"{role.value}@{DEMO_DOMAIN}",
                DEMO_PASSWORD,
                role,
                name=role.value.capitalize(),
                skills=_skills(role),
            )
        print("added demo staff")
    articles = desk.load_sample(service.kb, "sample:author", "sample:approver", audit_of(service))
    if articles:
        print(f"loaded {articles} sample articles")
    _demo_accounts(service)
    if service.staff.by_email(f"agent@{DEMO_DOMAIN}") is None:
        return []
    url = service.settings.public_url
    lines = ["", f"console    {url}/", f"demo page  {url}/demo"]
    if service.settings.sandbox_url:
        lines.append(f"LINE, Messenger and Telegram stand-ins  {service.settings.sandbox_url}/")
    names = ", ".join(f"{role.value}@{DEMO_DOMAIN}" for role in Role)
    return [*lines, f"sign in as {names}", f"password   {DEMO_PASSWORD}", ""]


def _skills(role: Role) -> tuple[str, ...]:
    return ("general", "loan", "card") if role is Role.AGENT else ()


def _demo_accounts(service: Service) -> None:
    """One account a channel, pointed at the stand-ins, so that a newcomer can write from each without an account."""
    if service.accounts.list():
        return
    origin = service.settings.public_url
    local = f"http://127.0.0.1:{service.settings.port}"
    service.accounts.add(
        ChannelType.WEB,
        "示範網站",
        {},
        {"origins": list(dict.fromkeys([origin, local, local.replace("127.0.0.1", "localhost")]))},
        None,
    )
    sandbox = service.settings.sandbox_url
    if not sandbox:
        return
    service.accounts.add(
        ChannelType.LINE,
        "示範 LINE",
        {"secret": "5a" * 16, "token": "sandbox-line-token"},
        {},
        f"{sandbox}/line",
    )
    service.accounts.add(
        ChannelType.MESSENGER,
        "示範 Messenger",
        {"page_token": "sandbox-page-token", "app_secret": "6b" * 16, "verify_token": "sandbox-verify"},
        {"page_id": "109000000000001"},
        f"{sandbox}/messenger",
    )
    service.accounts.add(
        ChannelType.TELEGRAM,
        "示範 Telegram",
        {"token": "123456:sandbox-telegram-token"},
        {},
        f"{sandbox}/telegram",
    )


def audit_of(service: Service) -> Callable[[str, str, str, Mapping[str, Any], Any], None]:
    """The audit log as `kb.review` wants it: within the transaction of the change."""

    def add(actor: str, action: str, target: str, detail: Mapping[str, Any], session: Any) -> None:
        service.audit.add(actor, action, target, dict(detail), session)

    return add


if __name__ == "__main__":
    sys.exit(main())
