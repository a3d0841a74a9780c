"""The house's own rules: imports, sizes, settings and channels that are documented, requirements in step."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from adapters import CHANNELS
from bot.settings import Settings
from tests.house import ROOT

PRODUCT = ("bot", "adapters", "handlers", "kb", "inbox")
LONGEST = 300
# One page with every value that crosses a folder, read from top to bottom; two pages would hide the second.
EXEMPT = {"bot/model.py": 400}
GENERATED = {"widget.js"}
SOURCES = {".py", ".js", ".css", ".html"}
VARIABLE = re.compile(r"[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*")


def product_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PRODUCT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_imports_point_downwards() -> None:
    tool = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_no_file_of_the_product_is_too_long_to_read() -> None:
    own = [
        path
        for path in product_files()
        if path.suffix in SOURCES and path.name not in GENERATED and "vendor" not in path.parts
    ]
    lines = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in own}
    assert len(lines) > 80
    assert {path: count for path, count in lines.items() if count > EXEMPT.get(path, LONGEST)} == {}
    assert all(lines[path] > LONGEST for path in EXEMPT), "an exemption nobody needs any more"


# -- settings ----------------------------------------------------------------------------------------------------------


def variables() -> set[str]:
    """Every name that `bot/settings*.py` ask their environment for, found in their syntax trees."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "bot").glob("settings*.py"))]
    found = set()
    for call in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)):
        named = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        at = {"get": 0, "integer": 1, "amount": 1, "one_of": 1, "json_object": 1}.get(named)
        if at is not None and len(call.args) > at:
            argument = call.args[at]
            if isinstance(argument, ast.Constant) and VARIABLE.fullmatch(str(argument.value)):
                found.add(str(argument.value))
    return found


def test_every_setting_is_in_the_example_and_in_a_page_people_read() -> None:
    names = variables()
    assert len(names) >= len(dataclasses.fields(Settings)) - 3, "the search above misses some"
    example = (ROOT / ".env.example").read_text("utf-8")
    listed = set(re.findall(r"^#([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    assert names - listed == set()
    # The operator's page sends its reader to the example for the whole list, where each has a line that explains.
    pages = "".join((ROOT / page).read_text("utf-8") for page in ("docs/operations.md", "README.md"))
    assert ".env.example" in pages
    for name in ("TELLER_MASTER_KEY", "TELLER_KMS", "TELLER_SECRET_KEY", "TELLER_ENV", "QUEUE_WORKERS"):
        assert name in pages, name


def test_the_example_explains_and_changes_nothing() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
    words = [line for line in lines if re.match(r"# \w", line)]
    assert len(words) >= 10


# -- channels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", [channel.value for channel in CHANNELS])
def test_every_channel_has_a_page(channel: str) -> None:
    page = (ROOT / "docs" / "channels" / f"{channel}.md").read_text("utf-8")
    assert page.startswith("# ")
    assert f"flask channels add {channel}" in page


# -- tests -------------------------------------------------------------------------------------------------------------


def _checks(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Attribute) and node.attr in ("raises", "fail"))
        for node in ast.walk(tree)
    )


def test_no_test_module_is_without_a_check() -> None:
    modules = sorted((ROOT / "tests").rglob("test_*.py"))
    assert len(modules) > 40
    silent = [str(m.relative_to(ROOT)) for m in modules if not _checks(ast.parse(m.read_text("utf-8")))]
    assert silent == []


# -- requirements and changes ------------------------------------------------------------------------------------------


def named(text: str, *, here: bool = False) -> dict[str, SpecifierSet]:
    """Normalised names with the versions they allow; `here` leaves out what this machine does not need."""
    lines = [line.partition(" #")[0].strip() for line in text.splitlines()]
    wanted = [Requirement(line) for line in lines if line and not line.startswith(("-", "#"))]
    needed = [one for one in wanted if not here or one.marker is None or one.marker.evaluate()]
    return {canonicalize_name(one.name): one.specifier for one in needed}


@pytest.mark.parametrize("part", ["requirements", "requirements-dev"])
def test_pinned_requirements_are_in_step_with_those_asked_for(part: str) -> None:
    asked = named((ROOT / f"{part}.in").read_text("utf-8"), here=True)
    pinned = named((ROOT / f"{part}.txt").read_text("utf-8"))
    assert asked
    assert asked.keys() - pinned.keys() == set()
    versions = {name: str(pin).removeprefix("==") for name, pin in pinned.items()}
    loose = {name for name, pin in pinned.items() if not re.fullmatch(r"==[^,*]+", str(pin))}
    assert loose == set(), "not pinned to one version"
    assert {name for name, wish in asked.items() if not wish.contains(versions[name])} == set()


def test_production_does_not_install_the_embedded_servers() -> None:
    pinned = named((ROOT / "requirements.txt").read_text("utf-8"))
    assert not [name for name in pinned if "falkordb" in name or "fiftyone" in name or "pytest" in name]


def test_the_changelog_tells_what_is_coming() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    coming = re.search(r"^## Unreleased\n(.*?)(?=^## |\Z)", changes, re.MULTILINE | re.DOTALL)
    assert coming
    assert len(re.findall(r"^- ", coming[1], re.MULTILINE)) >= 1


def test_what_production_needs_is_there_for_tests_as_well() -> None:
    """`make` installs requirements-dev.txt alone."""

    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        return {line for line in lines if re.match(r"[A-Za-z]", line)}

    assert pins("requirements.txt") - pins("requirements-dev.txt") == set()
