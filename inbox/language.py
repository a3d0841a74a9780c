"""Language and time of a page: the visitor's cookie, else the house's locale; the house's time zone for all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask, request
from flask_babel import Babel, format_date, format_datetime, format_time, gettext

from bot.model import DEFAULT_LOCALE, LOCALES
from inbox.auth import console, cookie

COOKIE = "teller_lang"
NAMES = {"zh-TW": "繁體中文", "en": "English"}
# gettext catalogues carry the script, as Babel writes this locale.
BABEL = {"zh-TW": "zh_Hant_TW", "en": "en"}


def chosen() -> str:
    asked = request.cookies.get(cookie(COOKIE), "")
    if asked in LOCALES:
        return asked
    ours = console().settings.locale
    return ours if ours in LOCALES else DEFAULT_LOCALE


def zone() -> ZoneInfo:
    return ZoneInfo(console().settings.timezone)


def aware(at: datetime) -> datetime:
    """Stores hand out UTC; a naive value is UTC too."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def iso(at: datetime | None) -> str:
    return aware(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def local_day(at: datetime) -> str:
    return aware(at).astimezone(zone()).date().isoformat()


def day(at: datetime) -> str:
    """`今天`, `昨天`, or the date with its weekday."""
    there = aware(at).astimezone(zone()).date()
    today = datetime.now(zone()).date()
    if there == today:
        return str(gettext("Today"))
    if (today - there).days == 1:
        return str(gettext("Yesterday"))
    return str(format_date(there, "M月d日 EEEE" if chosen() == "zh-TW" else "EEEE, d MMM", rebase=False))


def clock(at: datetime) -> str:
    return str(format_time(aware(at), "HH:mm"))


def full(at: datetime | None) -> str:
    return format_datetime(aware(at), "yyyy-MM-dd HH:mm:ss") if at else ""


def minutes(at: datetime | None) -> str:
    return format_datetime(aware(at), "yyyy-MM-dd HH:mm") if at else ""


def minutes_of(written: str) -> str:
    """The same of a moment in ISO 8601."""
    return minutes(datetime.fromisoformat(written))


def brief(at: datetime | None) -> str:
    """Clock time today, else the date: what fits in a list."""
    if at is None:
        return ""
    there = aware(at).astimezone(zone()).date()
    if there == datetime.now(zone()).date():
        return clock(at)
    return str(format_date(there, "M/d", rebase=False))


def soon(at: datetime) -> str:
    """A moment to come: the clock alone today, else with its day."""
    there, today = aware(at).astimezone(zone()).date(), datetime.now(zone()).date()
    if there == today:
        return clock(at)
    written = "M/d EEE" if chosen() == "zh-TW" else "EEE d MMM"
    return f"{format_date(there, written, rebase=False)} {clock(at)}"


def install(app: Flask, timezone: str) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(__file__).parent / "translations")
    Babel(
        app,
        default_locale=BABEL[DEFAULT_LOCALE],
        default_translation_directories=str(Path(__file__).parent / "translations"),
        default_timezone=timezone,
        locale_selector=lambda: BABEL[chosen()],
        timezone_selector=lambda: console().settings.timezone,
    )
