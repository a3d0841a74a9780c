"""Nothing personal in the clear: raw database files, Redis's append-only file, every log, planted data, none found."""

from __future__ import annotations

import time
from pathlib import Path

from tests.house import House, running
from tests.sandbox.events import line_body, line_text_event, sign_line

PLANTED = {
    "name": "林planted美玉",
    "phrase": "只有我知道的句子XQZ",
    "id": "A123456789",
    "mobile": "0912345678",
    "email": "planted.person@example.org",
    "card": "4539578763621486",
}
STAFF_EMAIL = "planted.staff@example.net"
TOKEN = "planted-channel-token-8c1f"


def test_planted_personal_data_is_found_nowhere_in_the_clear(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as house:
        _live_a_little(house)
    haystacks = [path for path in home.rglob("*") if path.is_file()]
    assert any("mongo" in str(path) for path in haystacks)
    assert any(path.name.endswith(".aof") for path in haystacks)
    assert any(path.suffix == ".log" for path in haystacks)
    # The sandbox's own notes are the platform's side, not ours.
    ours = [path for path in haystacks if "sandbox" not in path.relative_to(home).parts[0:1]]
    needles = [*PLANTED.values(), STAFF_EMAIL, TOKEN, "U" + "9" * 32]
    found = [
        (str(path.relative_to(home)), needle) for path in ours for needle in needles if _in(path, needle)
    ]
    assert found == []


def _in(path: Path, needle: str) -> bool:
    content = path.read_bytes()
    return any(needle.encode(encoding) in content for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


def _live_a_little(house: House) -> None:
    house.run("staff", "add", STAFF_EMAIL, "--role", "agent", "--password-stdin", stdin="a long enough one\n")
    house.run("channels", "add", "line", "--name", "n", "--secret", "s" * 32, "--token", TOKEN)
    line, web = house.accounts()["line"], house.accounts()["web"]
    user = "U" + "9" * 32
    house.sandbox.user("line", user, display_name=PLANTED["name"])
    text = "，".join(PLANTED[key] for key in ("phrase", "id", "mobile", "email", "card"))
    lines = [text, f"我要真人 {text}", f"{text} 謝謝"]
    rows = {row["id"]: row for row in house.rows()}
    del rows, line
    demo = next(row["id"] for row in house.rows() if row["name"] == "示範 LINE")
    for said in lines:
        body = line_body([line_text_event(user, said)])
        from tests.house import post

        assert post(f"{house.url}/webhooks/line/{demo}", sign_line("5a" * 16, body), body) == 200
        # A bad signature and a bad body leave no trace of their content either.
        post(f"{house.url}/webhooks/line/{demo}", sign_line("bad", body), body)
        post(f"{house.url}/webhooks/line/{demo}", sign_line("5a" * 16, body[:-9]), body[:-9])
    house.run("simulate", web, text, "--wait", "5")
    house.sandbox.fail("line", "500", times=2)
    house.sandbox.fail("line", "status:400", times=1)
    time.sleep(6)
