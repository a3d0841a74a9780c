"""Staff, invitations, second factors and sessions on a whole Teller: who may, what ends, what works once."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot import cli
from bot.app import create_app
from bot.desk.staff import Wish
from bot.embedded import Servers
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import Role, Staff
from bot.settings import Settings
from bot.store.invitations import Invitation
from inbox import auth
from inbox.permissions import Permission
from tests.unit.core.teller import PASSWORD, Teller, apart, signed_in
from tests.unit.inbox.forms import post, token

WORDS = "seven geese cross the strait"


@pytest.fixture(scope="module")
def app(teller: Teller) -> Flask:
    made = create_app(teller.service)
    cli.register(made)
    made.add_url_rule("/reveal-for-test", view_func=auth.requires(Permission.SIGNED_IN)(_reveal))
    return made


def _reveal() -> str:
    try:
        auth.step_up()
    except auth.FirstThingsFirst as error:
        return f"{error.endpoint} {error.code}"
    return "revealed"


@pytest.fixture(scope="module")
def admin(teller: Teller) -> Staff:
    return teller.staff(Role.ADMIN)


@pytest.fixture(scope="module")
def second(teller: Teller) -> Staff:
    return teller.staff(Role.ADMIN)


def wish(staff: Staff, **changed: object) -> Wish:
    return replace(Wish(staff.role, staff.skills, staff.capacity), **changed)  # type: ignore[arg-type]


def audited(teller: Teller, action: str, subject: str) -> int:
    return len(teller.service.audit.about(action, [subject]))


def enrolled(teller: Teller, person: Staff) -> tuple[str, list[str]]:
    factors = teller.service.door.factors
    secret = factors.offer(person)
    return secret, factors.enrol(person, pyotp.TOTP(secret).at(time.time() - 30), time.time())


def by_code(app: Flask, person: Staff, code: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("teller_lang", "en")
    form = {"email": person.email, "password": PASSWORD, "csrf_token": token(client.get("/").text)}
    assert client.post("/", data=form).location == "/sign-in/code"
    assert client.get("/account").status_code == 303, "the password alone opens nothing"
    page = client.get("/sign-in/code").text
    client.post("/sign-in/code", data={"code": code, "csrf_token": token(page)})
    return client


# -- roles -------------------------------------------------------------------------------------------------------------


def test_an_ordinary_change_counts_at_the_next_click(teller: Teller, app: Flask, admin: Staff) -> None:
    agent = teller.staff(Role.AGENT)
    client, desk = signed_in(app, agent), signed_in(app, admin)
    assert client.get("/monitor").status_code == 403
    form = {"role": "supervisor", "capacity": "7", "skill": "loan", "more_skills": "vip, mortgage"}
    answer = post(desk, f"/admin/staff/{agent.id}", name="林小姐", **form)
    assert answer.status_code == 303
    assert client.get("/monitor").status_code == 200
    now = teller.service.staff.by_id(agent.id)
    assert now is not None
    assert (now.role, now.capacity, set(now.skills)) == (Role.SUPERVISOR, 7, {"loan", "vip", "mortgage"})
    (entry,) = teller.service.audit.about("staff:change", [f"staff:{agent.id}"])
    assert entry["actor"] == admin.id
    assert "林小姐" not in repr(entry)


def test_nobody_changes_their_own_role_nor_closes_their_own_account(
    teller: Teller, admin: Staff, second: Staff
) -> None:
    people = teller.service.door.people
    with pytest.raises(NotAllowed):
        people.change(admin, admin.id, wish(admin, role=Role.COMPLIANCE))
    with pytest.raises(NotAllowed):
        people.close(admin, admin.id)
    people.change(admin, admin.id, wish(admin, capacity=9))
    assert people.member(admin.id).staff.capacity == 9


@pytest.mark.parametrize("was", [Role.AGENT, Role.COMPLIANCE])
def test_compliance_and_admin_roles_want_another_administrator(
    teller: Teller, admin: Staff, second: Staff, was: Role
) -> None:
    people = teller.service.door.people
    person = teller.staff(was)
    request = people.change(admin, person.id, wish(person, role=Role.ADMIN, capacity=2))
    assert request is not None
    assert people.member(person.id).staff.role is was
    assert people.member(person.id).staff.capacity == 2, "what needs nobody counts at once"
    with pytest.raises(NotAllowed):
        people.decide(admin, request.id, approve=True)
    with pytest.raises(NotAllowed):
        people.decide(person, request.id, approve=True)
    people.decide(second, request.id, approve=True)
    assert people.member(person.id).staff.role is Role.ADMIN
    with pytest.raises(Conflict):
        people.decide(second, request.id, approve=False)
    assert audited(teller, "staff:change", f"staff:{person.id}") == 2
    people.close(admin, person.id)


def test_a_supervisor_proposes_and_an_administrator_agrees(teller: Teller, app: Flask, admin: Staff) -> None:
    people, boss = teller.service.door.people, teller.staff(Role.SUPERVISOR)
    agent = teller.staff(Role.AGENT)
    client = signed_in(app, boss)
    assert post(client, f"/admin/staff/{agent.id}", role="senior", capacity="6").status_code == 303
    assert people.member(agent.id).staff.role is Role.AGENT
    (request,) = people.requests(agent.id)
    assert post(client, f"/admin/staff/requests/{request.id}/approve").status_code == 403
    desk = signed_in(app, admin)
    assert "Senior agent" in desk.get("/admin/staff").text
    assert post(desk, f"/admin/staff/requests/{request.id}/approve").status_code == 303
    assert people.member(agent.id).staff.role is Role.SENIOR
    for role in (Role.ADMIN, Role.COMPLIANCE):
        with pytest.raises(NotAllowed):
            people.change(boss, agent.id, wish(agent, role=role))
    with pytest.raises(NotAllowed):
        people.change(boss, boss.id, wish(boss, role=Role.AGENT))


def test_with_one_administrator_it_says_how_to_make_the_second(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with apart(servers, tmp_path_factory, "access_alone") as house:
        only, agent = house.staff(Role.ADMIN), house.staff(Role.AGENT)
        people = house.service.door.people
        with pytest.raises(Conflict, match="flask staff add"):
            people.change(only, agent.id, wish(agent, role=Role.ADMIN))
        with pytest.raises(Conflict, match="flask staff add"):
            house.service.door.invitations.invite(only, "new@bank.example", Wish(Role.ADMIN, (), 4, "New"))
        with pytest.raises(Conflict, match="last administrator"):
            people.shut("command:test", only.id)
        other = house.staff(Role.ADMIN)
        # Each closes the other at the same moment: one of them has to stay.
        results: list[object] = []

        def close(actor: Staff, target: Staff) -> None:
            try:
                results.append(people.close(actor, target.id))
            except Conflict as error:
                results.append(error)

        pair = [threading.Thread(target=close, args=(a, b)) for a, b in ((only, other), (other, only))]
        for one in pair:
            one.start()
        for one in pair:
            one.join()
        assert sorted(type(one).__name__ for one in results) == ["Conflict", "NoneType"]
        assert house.service.staff.active_of(Role.ADMIN) == 1


def test_a_closed_account_is_out_at_once_and_its_stream_ends(
    teller: Teller, app: Flask, admin: Staff
) -> None:
    agent = teller.staff(Role.AGENT)
    client = signed_in(app, agent)
    with client:
        client.get("/inbox")
        still = auth.welcome(Permission.INBOX_READ)
    assert still()
    assert post(signed_in(app, admin), f"/admin/staff/{agent.id}/close").status_code == 303
    assert not still()
    assert client.get("/inbox").status_code == 303
    assert teller.service.door.sessions.of(agent.id) == []
    assert teller.service.staff.authenticate(agent.email, PASSWORD) is None
    teller.service.door.people.reopen(admin, agent.id)
    assert client.get("/inbox").status_code == 303, "the old session stays ended"
    assert signed_in(app, agent).get("/inbox").status_code == 200


# -- invitations -------------------------------------------------------------------------------------------------------


def invited(teller: Teller, admin: Staff, email: str, role: Role = Role.AGENT) -> tuple[Invitation, str]:
    made, secret = teller.service.door.invitations.invite(admin, email, Wish(role, ("loan",), 3, "新同事"))
    assert secret
    return made, secret


def test_an_invitation_is_handed_over_and_opens_one_account(teller: Teller, app: Flask, admin: Staff) -> None:
    desk = signed_in(app, admin)
    form = {
        "email": "New.Hand@bank.example",
        "name": "陳小明",
        "role": "agent",
        "capacity": "5",
        "skill": "card",
    }
    page = post(desk, "/admin/staff/invite", **form).text
    link = page.split('data-copy="')[1].split('"')[0]
    path = "/welcome/" + link.rpartition("/")[2]
    stored = repr(list(teller.service.mongo["invitations"].find()))
    assert link.rpartition("/")[2] not in stored, "the database holds a digest"
    assert "new.hand" not in stored
    guest = app.test_client()
    guest.set_cookie("teller_lang", "en")
    shown = guest.get(path)
    assert (shown.status_code, shown.headers["Referrer-Policy"]) == (200, "no-referrer")
    weak = {"name": "陳小明", "password": "password1234", "again": "password1234"}
    assert post(guest, path, page=path, **weak).status_code == 400
    differ = {"name": "陳小明", "password": WORDS, "again": "something else entirely"}
    assert post(guest, path, page=path, **differ).status_code == 400
    done = post(guest, path, page=path, name="陳小明", password=WORDS, again=WORDS)
    assert done.status_code == 303
    assert guest.get("/inbox").status_code == 200
    made = teller.service.staff.authenticate("new.hand@bank.example", WORDS)
    assert made is not None
    assert (made.name, made.role, made.skills, made.capacity) == ("陳小明", Role.AGENT, ("card",), 5)
    assert app.test_client().get(path).status_code == 404


def test_of_two_who_open_the_link_at_once_one_gets_the_account(teller: Teller, admin: Staff) -> None:
    _, secret = invited(teller, admin, "race@bank.example")
    results: list[str] = []

    def accept() -> None:
        try:
            results.append(teller.service.door.invitations.accept(secret, "甲乙丙", WORDS).id)
        except NotFound:
            results.append("gone")

    pair = [threading.Thread(target=accept) for _ in range(2)]
    for one in pair:
        one.start()
    for one in pair:
        one.join()
    assert results.count("gone") == 1


def test_links_that_are_renewed_revoked_or_old_open_nothing(teller: Teller, admin: Staff) -> None:
    invitations = teller.service.door.invitations
    made, first = invited(teller, admin, "later@bank.example")
    with pytest.raises(Conflict):
        invited(teller, admin, "LATER@bank.example")
    _, renewed = invitations.again(admin, made.id)
    with pytest.raises(NotFound):
        invitations.opened(first)
    assert invitations.opened(renewed).id == made.id
    stored = teller.service.mongo["invitations"]
    before = stored.find_one({"_id": made.id})
    assert before is not None
    over = before["expires_at"] - timedelta(hours=73)
    stored.update_one({"_id": made.id}, {"$set": {"expires_at": over}})
    with pytest.raises(NotFound):
        invitations.opened(renewed)
    _, third = invitations.again(admin, made.id)
    invitations.revoke(admin, made.id)
    with pytest.raises(NotFound):
        invitations.accept(third, "某人", WORDS)
    with pytest.raises(Conflict):
        invitations.again(admin, made.id)


def test_an_invitation_to_compliance_waits_for_the_second_administrator(
    teller: Teller, app: Flask, admin: Staff, second: Staff
) -> None:
    invitations = teller.service.door.invitations
    made, secret = invitations.invite(admin, "law@bank.example", Wish(Role.COMPLIANCE, (), 4, "法遵"))
    assert secret is None
    with pytest.raises(NotAllowed):
        invitations.approve(admin, made.id)
    with pytest.raises(Conflict):
        invitations.again(admin, made.id)
    page = post(signed_in(app, second), f"/admin/staff/invitations/{made.id}/approve").text
    assert "/welcome/" in page


# -- second factor -----------------------------------------------------------------------------------------------------


def test_a_code_counts_once_within_one_step_of_now(teller: Teller) -> None:
    factors, person = teller.service.door.factors, teller.staff(Role.AGENT)
    secret, _ = enrolled(teller, person)
    totp, now = pyotp.TOTP(secret), time.time() + 300
    assert not factors.accept(person.id, totp.at(now - 61), now)
    assert not factors.accept(person.id, totp.at(now + 61), now)
    results: list[bool] = []
    pair = [
        threading.Thread(target=lambda: results.append(factors.accept(person.id, totp.at(now), now)))
        for _ in range(2)
    ]
    for one in pair:
        one.start()
    for one in pair:
        one.join()
    assert sorted(results) == [False, True]
    assert not factors.accept(person.id, totp.at(now - 30), now), "an older code does not follow a newer one"
    assert factors.accept(person.id, totp.at(now + 30), now)
    kept = teller.service.mongo["staff"].find_one({"_id": person.id})
    assert secret not in repr(kept)


def test_signing_in_with_an_app_and_with_a_recovery_code(teller: Teller, app: Flask) -> None:
    person = teller.staff(Role.AGENT)
    secret, codes = enrolled(teller, person)
    assert len(codes) == 10
    assert by_code(app, person, "000000").get("/inbox").status_code == 303
    assert by_code(app, person, pyotp.TOTP(secret).now()).get("/inbox").status_code == 200
    assert by_code(app, person, codes[0].lower()).get("/inbox").status_code == 200
    assert by_code(app, person, codes[0]).get("/inbox").status_code == 303, "once"
    assert audited(teller, "account:recovery_code:use", f"staff:{person.id}") == 1
    assert teller.service.door.factors.codes_left(person.id) == 9


def test_guessing_codes_is_slowed_down_wherever_it_comes_from(teller: Teller, app: Flask) -> None:
    person = teller.staff(Role.AGENT)
    secret, _ = enrolled(teller, person)
    for n in range(5):
        by_code(app, person, f"00000{n}")
    assert by_code(app, person, pyotp.TOTP(secret).now()).get("/inbox").status_code == 303


def test_step_up_wants_a_fresh_code_and_renames_the_session(teller: Teller, app: Flask) -> None:
    person = teller.staff(Role.SENIOR)
    client = signed_in(app, person)
    assert client.get("/reveal-for-test").text == "security.enrol step_up"
    page = client.get("/account/second-factor").text
    assert "<svg" in page
    secret = page.split('class="secret">')[1].split("<")[0].replace(" ", "")
    shown = post(
        client, "/account/second-factor", page="/account/second-factor", code=pyotp.TOTP(secret).now()
    )
    assert shown.text.count("<li>") >= 10
    assert client.get("/reveal-for-test").text == "revealed"
    teller.service.mongo["sessions"].update_many({"staff": person.id}, {"$set": {"stepped_at": None}})
    assert client.get("/reveal-for-test").text == "security.confirm step_up"
    assert client.get("/account/second-factor").status_code == 303, "an open desk changes no phone"
    before = teller.service.door.sessions.of(person.id)[0].id
    page = client.get("/account/confirm").text
    code = pyotp.TOTP(secret).at(time.time() + 30)
    assert client.post("/account/confirm", data={"code": "123", "csrf_token": token(page)}).status_code == 401
    assert client.post("/account/confirm", data={"code": code, "csrf_token": token(page)}).status_code == 303
    assert client.get("/reveal-for-test").text == "revealed"
    assert [one.id for one in teller.service.door.sessions.of(person.id)] != [before]


def test_a_lost_factor_is_reset_by_another_administrator_with_a_reason(
    teller: Teller, app: Flask, admin: Staff
) -> None:
    factors, person = teller.service.door.factors, teller.staff(Role.AGENT)
    secret, _ = enrolled(teller, person)
    client = by_code(app, person, pyotp.TOTP(secret).now())
    with pytest.raises(BadPayload):
        factors.reset(admin, person.id, " ")
    with pytest.raises(NotAllowed):
        factors.reset(teller.staff(Role.SUPERVISOR), person.id, "lost phone")
    with pytest.raises(NotAllowed):
        factors.reset(admin, admin.id, "lost phone")
    factors.reset(admin, person.id, "手機遺失 0912345678")
    assert client.get("/inbox").status_code == 303
    (entry,) = teller.service.audit.about("staff:second_factor:reset", [f"staff:{person.id}"])
    assert "0912345678" not in repr(entry)
    assert signed_in(app, person).get("/inbox").status_code == 200


def test_production_asks_compliance_and_admin_to_enrol_before_anything_else(
    teller: Teller, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer, agent = teller.staff(Role.COMPLIANCE), teller.staff(Role.AGENT)
    settings = teller.service.console.settings
    strictly = replace(settings, security=replace(settings.security, production=True))
    console = replace(teller.service.console, settings=strictly)
    monkeypatch.setitem(app.extensions, "teller_console", console)
    client = signed_in(app, officer)
    answer = client.get("/monitor")
    assert answer.status_code == 303
    assert answer.location.startswith("/account/second-factor")
    assert client.get(answer.location).status_code == 200
    assert client.get("/monitor", headers={"Accept": "application/json"}).status_code == 403
    assert signed_in(app, agent).get("/inbox").status_code == 200
    enrolled(teller, officer)
    assert client.get("/monitor").status_code == 200


# -- sessions and passwords --------------------------------------------------------------------------------------------


def test_sessions_are_seen_ended_one_by_one_and_all_at_once(teller: Teller, app: Flask) -> None:
    person, sessions = teller.staff(Role.AGENT), teller.service.door.sessions
    here, there, far = (signed_in(app, person) for _ in range(3))
    assert len(sessions.of(person.id)) == 3
    with here.session_transaction() as cookie:
        assert cookie["sid"] not in repr(list(teller.service.mongo["sessions"].find()))
    assert {one.address for one in sessions.of(person.id)} == {"127.0.0.*"}
    with there.session_transaction() as cookie:
        other = sessions.find(cookie["sid"])
    assert other is not None
    stranger = signed_in(app, teller.staff(Role.AGENT))
    post(stranger, "/account/sessions/end", which=other.seat.id)
    assert there.get("/inbox").status_code == 200, "somebody else's session is not mine to end"
    post(here, "/account/sessions/end", which=other.seat.id)
    assert there.get("/inbox").status_code == 303
    post(here, "/account/sessions/end", which="others")
    assert far.get("/inbox").status_code == 303
    assert here.get("/inbox").status_code == 200
    post(here, "/account/sessions/end", which="all")
    assert sessions.of(person.id) == []


def test_a_stolen_cookie_is_worth_nothing_after_sign_out(teller: Teller, app: Flask) -> None:
    client = signed_in(app, teller.staff(Role.AGENT))
    cookie = client.get_cookie("teller")
    assert cookie is not None
    thief = app.test_client()
    thief.set_cookie("teller", cookie.value)
    assert thief.get("/inbox").status_code == 200
    post(client, "/sign-out", page="/account")
    assert thief.get("/inbox").status_code == 303


def test_changing_the_password_ends_the_other_sessions(teller: Teller, app: Flask) -> None:
    person = teller.staff(Role.AGENT)
    here, there = signed_in(app, person), signed_in(app, person)
    page = "/account/password"
    assert post(here, page, page=page, old="wrong", new=WORDS).status_code == 400
    assert post(here, page, page=page, old=PASSWORD, new="qwertyuiop123").status_code == 400
    assert post(here, page, page=page, old=PASSWORD, new=WORDS).status_code == 303
    assert here.get("/inbox").status_code == 200
    assert there.get("/inbox").status_code == 303
    assert teller.service.staff.authenticate(person.email, PASSWORD) is None
    assert teller.service.staff.authenticate(person.email, WORDS) is not None


def test_no_password_with_the_firms_name(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A new colleague's as an old one's; each is told in their language, and the password is not shown again."""
    security = Settings.from_env({"TELLER_FIRM_NAMES": "第一寶島,First Formosa"}).security
    with apart(servers, tmp_path_factory, "firm", security=security) as other:
        app = create_app(other.service)
        admin, person = other.staff(Role.ADMIN), other.staff(Role.AGENT)
        desk = signed_in(app, admin)
        form = {"email": "new.hand@bank.example", "name": "陳小明", "role": "agent", "capacity": "5"}
        page = post(desk, "/admin/staff/invite", **form).text
        path = "/welcome/" + page.split('data-copy="')[1].split('"')[0].rpartition("/")[2]
        guest = app.test_client()
        for words, said in (
            ("geese of First-Formosa", "公司、產品或本系統的名稱"),
            ("teller and geese", "公司、產品或本系統的名稱"),
            ("我是陳小明今天第一天來上班", "姓名或電子郵件"),
        ):
            answer = post(guest, path, page=path, name="陳小明", password=words, again=words)
            assert answer.status_code == 400
            assert f"密碼含有{'您的' if '姓名' in said else ''}{said}" in answer.text
        assert other.service.staff.authenticate("new.hand@bank.example", "teller and geese") is None
        assert post(guest, path, page=path, name="陳小明", password=WORDS, again=WORDS).status_code == 303

        here, page = signed_in(app, person), "/account/password"
        bad = "geese of 第一寶島"
        answer = post(here, page, page=page, old=PASSWORD, new=bad)
        assert answer.status_code == 400
        assert "contains the name of the firm, of a product or of this system. Choose another." in answer.text
        assert bad not in answer.text
        assert other.service.staff.authenticate(person.email, PASSWORD) is not None
        assert post(here, page, page=page, old=PASSWORD, new=WORDS).status_code == 303


@pytest.mark.parametrize("role", list(Role))
def test_pages_of_staff_are_for_exactly_their_roles(teller: Teller, app: Flask, role: Role) -> None:
    person, agent = teller.staff(role), teller.staff(Role.AGENT)
    client = signed_in(app, person)
    reads = role in (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
    for path in ("/admin/staff", f"/admin/staff/{agent.id}"):
        assert client.get(path).status_code == (200 if reads else 403)
    assert client.get("/admin/staff/invite").status_code == (200 if role is Role.ADMIN else 403)
    assert client.get("/account").status_code == 200
    changed = post(client, f"/admin/staff/{agent.id}", page="/account", role="agent", capacity="3", name="甲")
    assert changed.status_code == (303 if role in (Role.ADMIN, Role.SUPERVISOR) else 403)
    for act in ("close", "open", "sessions/end", "second-factor/reset"):
        answer = post(client, f"/admin/staff/{agent.id}/{act}", page="/account", reason="")
        assert (answer.status_code == 403) is (role is not Role.ADMIN), act
    if role is not Role.ADMIN:
        assert teller.service.door.people.member(agent.id).staff.active


# -- the command line --------------------------------------------------------------------------------------------------


def test_commands_list_close_and_reset(teller: Teller, app: Flask) -> None:
    run = app.test_cli_runner().invoke
    person = teller.staff(Role.AGENT, "loan")
    enrolled(teller, person)

    def row() -> dict[str, object]:
        lines = [json.loads(line) for line in run(args=["staff", "list", "--json"]).stdout.splitlines()]
        return next(line for line in lines if line["id"] == person.id)

    assert row()["second_factor"] is True
    assert run(args=["staff", "reset-totp", person.email]).exit_code == 2
    assert run(args=["staff", "reset-totp", person.email, "--reason", "lost phone"]).exit_code == 0
    assert row()["second_factor"] is False
    assert run(args=["staff", "deactivate", person.email]).exit_code == 0
    assert row()["active"] is False
    assert run(args=["staff", "deactivate", person.email]).exit_code == 1
    (entry,) = teller.service.audit.about("staff:change", [f"staff:{person.id}"])
    assert entry["actor"].startswith("command:")


def test_what_only_begins_like_the_password_is_another(teller: Teller) -> None:
    longest = "a sentence of my own " * 12 + "abcd"
    address = "longest@example.com"
    person = teller.service.staff.add(address, longest, Role.AGENT)
    assert len(longest) == 256
    found = teller.service.staff.authenticate(address, longest)
    assert found is not None
    assert found.id == person.id
    assert teller.service.staff.authenticate(address, longest + "x") is None
    assert not teller.service.staff.is_password(person.id, longest + "x")
