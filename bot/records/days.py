"""Which day a record is of: the day in Taipei in which its `_id` was made.

`_id` is an ObjectId, whose first four bytes are the seconds since 1970 on the clock of the process that made it, just
before it was written. It stands inside the record's hash, and every collection is indexed by it: so a day's records are
one range, whatever a platform says about when something was sent. A platform's `at` may be late, early or wrong.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")
"""Of the rule, not of the setting: a day that moved would be sealed twice or never."""
GRACE = timedelta(minutes=10)
"""A day is sealed so long after it is over: MongoDB ends a transaction after 60 s, and clocks of machines differ. What
comes later all the same goes into the next seal, and is named there."""
_ID = re.compile(r"[0-9a-f]{24}")


def bounds(day: date) -> tuple[datetime, datetime]:
    """Midnight to midnight in Taipei, in UTC."""
    begin = datetime.combine(day, time(), TAIPEI).astimezone(UTC)
    return begin, datetime.combine(day + timedelta(days=1), time(), TAIPEI).astimezone(UTC)


def ids(day: date) -> tuple[str, str]:
    """The first id of the day, and the first of the day after."""
    begin, end = bounds(day)
    return f"{int(begin.timestamp()):08x}", f"{int(end.timestamp()):08x}"


def made_at(record_id: object) -> datetime | None:
    """None for what is no id that Teller gives."""
    if not isinstance(record_id, str) or not _ID.fullmatch(record_id):
        return None
    return datetime.fromtimestamp(int(record_id[:8], 16), UTC)


def day_of(record_id: object) -> date | None:
    """None for what is no id that Teller gives."""
    made = made_at(record_id)
    return None if made is None else made.astimezone(TAIPEI).date()


def last_over(now: datetime) -> date:
    """The last day that may be sealed at `now`."""
    return (now - GRACE).astimezone(TAIPEI).date() - timedelta(days=1)
