"""繁體中文 first, English second, nothing in between."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask.testing import FlaskClient

import inbox
from tests.unit.inbox.fake import a_console, an_app
from tests.unit.inbox.forms import Enter, post

FOLDER = Path(inbox.__file__).parent
CATALOGUES = sorted((FOLDER / "translations").glob("*/LC_MESSAGES/messages.po"))
EXTRACT = "extract -F translations/babel.cfg -k lazy_gettext -k _l"
HOW = (
    "run in inbox/: pybabel extract -F translations/babel.cfg -k lazy_gettext -k _l --no-location --sort-output "
    "-o /tmp/messages.pot . && pybabel update -i /tmp/messages.pot -d translations --no-fuzzy-matching, "
    "translate, then pybabel compile -d translations"
)


@pytest.fixture(scope="module")
def phrases(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    pot = tmp_path_factory.mktemp("pot") / "messages.pot"
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", *f"-q {EXTRACT} -o {pot} .".split()],
        cwd=FOLDER,
        check=True,
    )
    with pot.open("rb") as file:
        return {_key(message.id) for message in read_po(file) if message.id}


def _key(message_id: str | list[str] | tuple[str, ...]) -> str:
    """A message by its singular."""
    return message_id if isinstance(message_id, str) else message_id[0]


def _forms(string: str | list[str] | tuple[str, ...]) -> list[str]:
    """A translation in each of its plural forms."""
    return [string] if isinstance(string, str) else list(string)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_catalogue_is_whole_and_compiled(path: Path, phrases: set[str]) -> None:
    with path.open("rb") as po, path.with_suffix(".mo").open("rb") as mo:
        texts = {_key(m.id): m for m in read_po(po) if m.id}
        compiled = {_key(m.id): m.string for m in read_mo(mo) if m.id}
    assert phrases - set(texts) == set(), HOW
    assert [m.id for m in texts.values() if not m.string or m.fuzzy] == [], HOW
    assert [m.id for m in texts.values() if not all(_forms(m.string))] == [], HOW
    assert {key: _forms(m.string) for key, m in texts.items()} == {
        key: _forms(string) for key, string in compiled.items()
    }, HOW
    slots = re.compile(r"%\(\w+\)s|\{\w+\}")
    assert [
        k for k, m in texts.items() if sorted(slots.findall(k)) != sorted(slots.findall(_forms(m.string)[-1]))
    ] == []


def test_there_are_two() -> None:
    assert [path.parts[-3] for path in CATALOGUES] == ["en", "zh_Hant_TW"]


def test_house_locale_then_the_visitors_choice(client: FlaskClient) -> None:
    page = client.get("/").text
    assert '<html lang="zh-Hant-TW">' in page
    assert "登入" in page
    answer = post(client, "/language", "/", language="en", next="/")
    assert "teller_lang=en" in answer.headers["Set-Cookie"]
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "Sign in" in client.get("/").text
    post(client, "/language", "/", language="xx", next="//evil.example")
    assert "Sign in" in client.get("/").text


def test_the_house_may_be_english() -> None:
    assert "Sign in" in an_app(a_console(locale="en")).test_client().get("/").text


def test_no_english_left_on_chinese_pages(enter: Enter) -> None:
    """What is visible and Latin must be a name, a platform's own word, or a code."""
    client = enter("supervisor")
    client.set_cookie("teller_lang", "zh-TW")
    page = client.get("/inbox/c1?view=all").text
    text = re.sub(r"<(script|style|svg|code|kbd|title)\b.*?</\1>|<[^>]+>", " ", page, flags=re.S)
    names = r"Teller|LINE|Messenger|Telegram|Bot|AI|App|David L|Hello|English|[DJKT]|v\d+"
    assert re.findall(r"[A-Za-z]+", re.sub(rf"\b({names})\b", " ", text)) == []
