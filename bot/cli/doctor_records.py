"""What `flask doctor` says of the seals: is every day sealed, who can read the key, do copies arrive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.compose_records import sealer_of
from bot.house import Service
from bot.records.keys import open_to_others
from bot.store.seals import SealStore

Said = tuple[str, str, str]
"""(name, level, sentence)."""
MANY = 3
"""Days without a seal that are more than a clock catching up."""


def looks(house: Service) -> Iterator[Said]:
    yield from _key(house)
    yield from _days(house)
    yield from _copies(house)


def _key(house: Service) -> Iterator[Said]:
    path, production = house.settings.records.key_file, house.settings.production
    if path is None:
        yield "seal key", "ok", "this process is told of none; the clock needs TELLER_SEAL_KEY_FILE."
    elif not path.exists():
        # A folder that may not be entered looks the same, which is as it should be.
        level = "warning" if production else "ok"
        yield "seal key", level, f"{path} cannot be seen from here" + ("" if production else ": not made yet")
    elif open_to_others(path):
        yield "seal key", "fault", f"{path} may be read by other users: chmod 600 it, and change the key."
    elif os.access(path, os.R_OK):
        yield (
            "seal key",
            "warning" if production else "ok",
            f"seal key readable by web, where web runs as this user (uid {os.getuid()}): docs/records.md.",
        )
    else:
        yield "seal key", "ok", f"not readable by this user (uid {os.getuid()})"


def _days(house: Service) -> Iterator[Said]:
    missing = sealer_of(house.mongo, house.settings).missing()
    latest = SealStore(house.mongo).latest()
    until = f"sealed until {latest['_id']}" if latest else "no day is sealed yet"
    if not missing:
        yield "seals", "ok", until
    else:
        level = "fault" if len(missing) > MANY and house.settings.production else "warning"
        yield (
            "seals",
            level,
            f"{until}; {len(missing)} days are over and not sealed: look at the clock's log.",
        )


def _copies(house: Service) -> Iterator[Said]:
    records = house.settings.records
    places = [("folder", records.folder), ("webhook", records.webhook)]
    for name, there in places:
        waiting = SealStore(house.mongo).uncopied(name, datetime.now(UTC), 1000) if there else []
        if there and waiting:
            yield "copies", "warning", f"{name}: {len(waiting)} seals did not arrive yet, since {waiting[0]}."
        elif there:
            yield "copies", "ok", f"{name}: every seal arrived or will be tried again"
    if not any(there for _, there in places) and house.settings.production:
        yield "copies", "warning", "no seal leaves this database; set TELLER_SEAL_DIR or TELLER_SEAL_WEBHOOK."
