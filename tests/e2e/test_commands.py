"""The commands of interface.md against the running Teller: what they print, and what they exit with."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.house import House, until
from tests.knowledge import disclosure

PASSWORD = "a long enough password\n"


def test_doctor_names_the_servers_and_finds_everything_alive(house: House) -> None:
    said = house.json("doctor", "--json")
    assert said["ok"] is True
    assert said["mongodb_uri"].startswith("mongodb://")
    assert said["redis_url"].startswith("redis://")
    levels = {check["name"]: check["level"] for check in said["checks"]}
    assert levels["worker"] == levels["clock"] == levels["mongodb"] == "ok"
    assert levels["address"] == "warning"


def test_simulate_exits_0_when_the_webhook_answered_200(house: House, ids) -> None:
    for channel in ("line", "messenger", "telegram", "web"):
        said = house.json("simulate", ids[channel], "信用卡年費", "--wait", "15", "--json")
        assert said["status"] in (200, 202)
        assert "AI" in said["replies"][0]
    assert house.run("simulate", "nobody", "hi", check=False).returncode == 1


def test_channels_print_what_has_to_be_entered_elsewhere(house: House) -> None:
    line = house.json("channels", "add", "line", "--name", "L", "--secret", "s", "--token", "t", "--json")
    assert line["webhook_url"] == f"{house.url}/webhooks/line/{line['id']}"
    telegram = house.json("channels", "add", "telegram", "--name", "T", "--token", "1:x", "--json")
    assert set(telegram) == {"id", "webhook_url", "secret_token"}
    web = house.json("channels", "add", "web", "--name", "W", "--origin", "https://a.example", "--json")
    assert set(web) == {"id", "snippet"}
    assert f"/webchat/{web['id']}/widget.js" in web["snippet"]
    for row in house.rows():
        assert not {"secret", "token", "secrets"} & set(row)
    assert (
        house.run("channels", "add", "web", "--name", "W", "--origin", "nonsense", check=False).returncode
        == 2
    )


def test_register_and_test_speak_with_the_platform(house: House, ids) -> None:
    for channel in ("line", "messenger", "telegram"):
        assert house.run("channels", "register", ids[channel]).stdout.strip()
        if channel != "messenger":
            assert house.run("channels", "test", ids[channel]).stdout.strip()


def add_staff(house: House, email: str, role: str, password: str = PASSWORD) -> tuple[int, str]:
    arguments = ("staff", "add", email, "--role", role, "--password-stdin", "--json")
    done = house.run(*arguments, stdin=password, check=False)
    return done.returncode, done.stdout


def test_staff_need_a_role_and_a_password(house: House) -> None:
    status, said = add_staff(house, "new@example.org", "senior")
    assert status == 0
    assert json.loads(said)["role"] == "senior"
    assert add_staff(house, "NEW@example.org", "agent")[0] == 1
    assert add_staff(house, "x@example.org", "agent", "short\n")[0] == 1
    assert add_staff(house, "x@example.org", "boss")[0] == 2


@pytest.fixture(scope="module")
def editors(house: House) -> tuple[str, str]:
    for name, role in (("writer", "compliance"), ("officer", "compliance")):
        house.run("staff", "add", f"{name}@example.org", "--role", role, "--password-stdin", stdin=PASSWORD)
    return "writer@example.org", "officer@example.org"


def test_knowledge_goes_from_file_to_customer_within_five_seconds_and_back(
    house: House, ids, editors, tmp_path: Path
) -> None:
    writer, officer = editors
    rows = [
        {
            "id": "zeppelin-loan",
            "questions": ["飛船貸款的開辦費是多少", "飛船貸款要收什麼費用"],
            "answer": "飛船貸款的開辦費為 4,321 元。",
            "product_class": "loan",
            "tags": [],
        },
        {"id": "", "questions": [], "answer": "x", "product_class": "loan", "tags": []},
    ]
    file = tmp_path / "kb.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    report = house.json("kb", "import", str(file), "--author", writer, "--json")
    assert report["ids"] == ["zeppelin-loan"]
    assert [bad["row"] for bad in report["bad"]] == [2]
    own = house.run("kb", "approve", "zeppelin-loan", "--approver", writer, check=False)
    assert own.returncode == 1
    house.run("kb", "approve", "--all", "--approver", officer)
    time.sleep(5)
    said = house.json("simulate", ids["line"], "飛船貸款的開辦費是多少", "--wait", "15", "--json")
    assert said["replies"][1] == rows[0]["answer"] + "\n\n" + disclosure("loan")
    out = tmp_path / "out.jsonl"
    house.run("kb", "export", str(out))
    exported = {row["id"]: row for row in map(json.loads, out.read_text(encoding="utf-8").splitlines())}
    assert exported["zeppelin-loan"]["answer"] == rows[0]["answer"]
    house.run("kb", "retire", "zeppelin-loan")
    time.sleep(5)
    said = house.json("simulate", ids["line"], "飛船貸款的開辦費是多少", "--wait", "15", "--json")
    assert not any("4,321" in text for text in said["replies"])


def test_the_evaluations_print_what_the_interface_says(house: House, tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    questions.write_text(
        '{"question": "信用卡年費", "articles": ["card-annual-fee"]}\n{"question": "今天天氣如何", "articles": []}\n',
        encoding="utf-8",
    )
    for extra in ([], ["--kb", "kb/sample/articles.jsonl"]):
        said = house.json("kb", "evaluate", str(questions), *extra)
        assert said["n"] == 2
        assert said["answered"] + said["clarified"] + said["missed"] + said["handed_off"] == 2
        assert said["right"] + said["wrong"] == said["answered"]
        assert said["precision_at_1"] == said["recall_at_3"] == 1.0
        assert set(said["coverage_at_wrong"]) == {"0.005", "0.01", "0.02", "0.05"}
        assert {"auroc", "ms_p50", "ms_p95", "index_s"} <= set(said)
    labelled = tmp_path / "t.jsonl"
    labelled.write_text('{"text": "我要真人", "label": "human_request"}\n', encoding="utf-8")
    said = house.json("triage", "evaluate", str(labelled), "--lines")
    assert said["accuracy"] == 1.0
    assert said["confusion"] == {"human_request": {"human_request": 1}}
    assert said["lines"] == [{"label": "human_request", "predicted": "human_request"}]


def test_mask_gives_offsets_in_code_points(house: House) -> None:
    text = "我的身分證是A123456789😀 謝謝"
    said = house.json("mask", stdin=text + "\n")
    (span,) = said["spans"]
    assert text[span["start"] : span["end"]] == "A123456789"
    assert "A123456789" not in said["masked"]
    lines = house.json("mask", "--jsonl", "--profile", "model", stdin='{"id": 7, "text": "打 0912345678"}\n')
    assert lines["id"] == 7
    assert lines["masked"] == "打 [手機_1]"


def test_an_agent_answers_on_the_platform_and_the_audit_log_has_it(house: House, ids, person) -> None:
    from bot.compose import build
    from bot.settings import Settings

    customer = person("telegram")
    customer.says("我要真人")
    customer.reads(2)
    service = build(Settings.from_env(house.env))
    try:
        agent = service.staff.by_email("agent@example.com")
        assert agent is not None
        desk = service.console.desk
        # Others wait too; the one who came last is ours.
        waiting = until(
            lambda: [r for r in desk.rows(agent, "waiting") if r.channel == "telegram"], 5, "the queue"
        )
        row = max(waiting, key=lambda one: one.waiting_since)
        desk.take(agent, row.id)
        desk.reply(agent, row.id, "您好，我是專員，很高興為您服務", "first")
        assert customer.reads(3)[-1] == "您好，我是專員，很高興為您服務"
        desk.back_to_bot(agent, row.id)
        actions = [doc["action"] for doc in service.mongo["audit"].find({"subject": row.id}).sort("seq")]
        assert actions == ["conversation:take", "conversation:reply", "conversation:back_to_bot"]
    finally:
        service.close()
