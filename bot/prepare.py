"""`python -m bot.prepare`: before the processes start: keys, indexes, shipped texts, and a newcomer's samples."""

from __future__ import annotations

import sys
import time

from bot import samples
from bot.compose import Service, build
from bot.errors import ConfigError, Conflict, ServiceError
from bot.logs import configure
from bot.model import Role
from bot.mongo import PyMongoError
from bot.settings import Settings
from bot.store import schema
from bot.store.backup import BackupStore
from kb import desk
from kb import store as kb_store
from kb.review import Audit


def main() -> int:
    configure()
    try:
        service = build(Settings.from_env())
        prepare(service)
    except ConfigError as error:
        print("\n".join(error.faults), file=sys.stderr)
        return 1
    except ServiceError as error:
        print(str(error), file=sys.stderr)
        return 1
    except PyMongoError as error:
        # Its own words may hold the address, and the address a password.
        print(f"MongoDB does not answer ({type(error).__name__}): check MONGODB_URI.", file=sys.stderr)
        return 1
    service.close()
    return 0


def prepare(service: Service) -> None:
    """Safe to run at every start and at the same time elsewhere. Raises ServiceError, PyMongoError."""
    if BackupStore(service.mongo).restoring():
        raise Conflict(
            "A restore into this database has not ended, or its records did not verify: drop it and restore again."
        )
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
    service.knowledge.build()
    service.mind.warm()
    print(f"search index ready in {time.perf_counter() - started:.1f} s")
    folder = service.settings.home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    if welcome:
        (folder / "welcome.txt").write_text("\n".join(welcome) + "\n", encoding="utf-8")


def _sample(service: Service) -> list[str]:
    """Samples, each into an empty store only; what `make run` prints about them."""
    if added := samples.add_staff(service):
        print(f"added {added} demo staff")
    if articles := desk.load_sample(service.kb, "sample:author", "sample:approver", audit_of(service)):
        print(f"loaded {articles} sample articles")
    samples.add_accounts(service)
    if service.staff.by_email(f"{Role.AGENT.value}@{samples.DEMO_DOMAIN}") is None:
        return []
    settings = service.settings
    lines = ["", f"console     {settings.public_url}/", f"demo page   {settings.public_url}/demo"]
    if settings.sandbox_url:
        lines.append(f"LINE, Messenger and Telegram stand-ins: {settings.sandbox_url}/")
    lines += ["sign in as  " + f"{role.value}@{samples.DEMO_DOMAIN}" for role in Role]
    return [*lines, f"password    {samples.DEMO_PASSWORD}", ""]


def audit_of(service: Service) -> Audit:
    """The audit log as `kb.review` wants it: within the transaction of the change."""
    return service.console.kb_audit


if __name__ == "__main__":
    sys.exit(main())
