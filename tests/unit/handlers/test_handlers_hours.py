from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from handlers.hours import TAIPEI, Hours


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 3, 4, 9, 0, tzinfo=TAIPEI), True),
        (datetime(2026, 3, 4, 8, 59, 59, tzinfo=TAIPEI), False),
        (datetime(2026, 3, 4, 20, 59, 59, tzinfo=TAIPEI), True),
        (datetime(2026, 3, 4, 21, 0, tzinfo=TAIPEI), False),
        (datetime(2026, 3, 7, 12, 0, tzinfo=TAIPEI), False),
        # Sunday evening in London is Monday morning in Taipei.
        (datetime(2026, 3, 9, 1, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 8, 23, 30, tzinfo=UTC), False),
    ],
)
def test_monday_to_friday_nine_to_nine(moment: datetime, expected: bool) -> None:
    assert Hours().open_at(moment) is expected


def test_holidays_and_other_zones() -> None:
    noon = datetime(2026, 3, 4, 12, 0, tzinfo=TAIPEI)
    assert not Hours(closed=frozenset({date(2026, 3, 4)})).open_at(noon)
    assert not Hours(zone=ZoneInfo("Europe/London")).open_at(noon)
