# SPDX-License-Identifier: MIT
"""The own account: password, authenticator, recovery codes, sessions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace

import httpx
import pyotp
import pytest
from tests.decnet_web.api.accounts.people import PASSWORD, Browser, audited, browser, hash_quickly, person
from tests.decnet_web.api.served import ON_SQLITE, Served, serving

from decnet.access import links, users
from decnet.fleet.deployment import transaction
from decnet_models.accounts import queries
from decnet_models.attackers.tables import credential
from decnet_web.api.accounts.factors import totp

NEW = "quiet marble orchard"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        hash_quickly(served)
        yield served


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> float:
    """Keep a test within one step of the codes: that of an earlier one is too old if the next begins meanwhile."""
    now = time.time()
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: now))
    return now


async def with_totp(one: Browser, moment: float, *, back: int = 1) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an authenticator; its first code is that of an earlier step, so that the present one is still unused."""
    begun = (await one.post("/account/totp", password=PASSWORD)).json()
    device = pyotp.parse_uri(begun["uri"])
    assert isinstance(device, pyotp.TOTP)
    assert device.secret == begun["secret"]
    assert "<svg" in begun["svg"]
    code = device.at(int(moment) - 30 * back)
    confirmed = await one.send("PUT", "/account/totp", ticket=begun["ticket"], code=code)
    assert confirmed.status_code == 200
    return device, confirmed.json()["codes"]


async def test_a_new_password_ends_all_sessions_and_gives_this_one_another_cookie(served: Served) -> None:
    person(served, "changing")
    async with browser(served) as one, browser(served) as other:
        await one.log_in("changing")
        await other.log_in("changing")
        before = one.secret
        answer = await one.send("PUT", "/account/password", current=PASSWORD, new=NEW)
        assert answer.status_code == 200
        assert one.secret != before
        assert one.csrf != answer.json()["csrf"]
        one.csrf = answer.json()["csrf"]
        assert (await one.get("/session")).status_code == 200
        assert (await other.get("/session")).status_code == 401
        assert (await other.log_in("changing")).status_code == 401
        assert (await other.log_in("changing", NEW)).status_code == 200
    assert audited(served, "account.password")[0].object == "changing"


@pytest.mark.parametrize(
    "new",
    ["short", "x" * 257, "aaaaaaaaaaaaaaaa", "Password-2026!!", "qwertyuiopasdf", "weakling-1234", "0123456789012",
     "P@ssw0rd P@ssw0rd", "nine\u0007bells ringing", "hunter2 hunter2"],
)  # fmt: skip
async def test_a_weak_password_is_refused_and_not_repeated(served: Served, new: str) -> None:
    with transaction(served.deployment, write=True) as connection:
        known = queries.account_named(connection, "weakling")
        if known is None:
            values = {"digest": "d" * 32, "uses": 1, "accepted": 0, "first_seen": 1, "last_seen": 1, "first_seq": 1}
            connection.execute(credential.insert().values(**values, password="hunter2 hunter2"))
    if known is None:
        person(served, "weakling")
    async with browser(served) as one:
        await one.log_in("weakling")
        answer = await one.send("PUT", "/account/password", current=PASSWORD, new=new)
        assert answer.status_code == 422
        assert new not in answer.text
        assert (await one.log_in("weakling")).status_code == 200


async def test_the_current_password_is_asked_for_except_after_a_link(served: Served) -> None:
    owner = person(served, "careful")
    async with browser(served) as one:
        await one.log_in("careful")
        for current in (None, "wrong wrong wrong"):
            answer = await one.send("PUT", "/account/password", current=current, new=NEW)
            assert answer.status_code == 403
        with transaction(served.deployment, write=True) as connection:
            made = links.make(connection, "", owner, "root")
        one.remember(await one.post("/session/link", secret=made.url.partition("=")[2]))
        assert (await one.send("PUT", "/account/password", current=None, new=NEW)).status_code == 200


async def test_a_code_completes_the_log_in_once(served: Served, moment: float) -> None:
    person(served, "totp")
    async with browser(served) as one, browser(served) as other:
        await one.log_in("totp")
        await other.log_in("totp")
        device, codes = await with_totp(one, moment)
        assert len(set(codes)) == 10
        assert (await other.get("/session")).status_code == 401, "sessions from before go"
        assert (await one.get("/session")).json()["recovery_codes_left"] == 10
        half = await other.log_in("totp")
        assert "set-cookie" not in half.headers
        first = half.json()
        assert (first["next"], first["session"]) == ("second_factor", None)
        code = device.at(moment)
        done = await other.post("/session/totp", ticket=first["ticket"], code=code)
        assert done.json()["next"] == "done"
        assert (await other.get("/session")).status_code == 200
        assert (
            await other.post("/session/totp", ticket=first["ticket"], code=device.at(moment + 30))
        ).status_code == 401
        second = (await one.log_in("totp")).json()
        replayed = await one.post("/session/totp", ticket=second["ticket"], code=code)
        assert replayed.status_code == 401
        assert (await one.post("/session/totp", ticket=second["ticket"], code="000000")).status_code == 401
        assert (await one.post("/session/totp", ticket="x" + second["ticket"], code=code)).status_code == 400


async def test_a_recovery_code_is_good_once_however_it_is_written(served: Served, moment: float) -> None:
    person(served, "recovering")
    async with browser(served) as one, browser(served) as other:
        await one.log_in("recovering")
        _, codes = await with_totp(one, moment)
        for code, status in ((codes[0].upper().replace("-", " "), 200), (codes[0], 401), (codes[1], 200)):
            ticket = (await other.log_in("recovering")).json()["ticket"]
            assert (await other.post("/session/totp", ticket=ticket, code=code)).status_code == status
        renewed = (await one.post("/account/recovery-codes", password=PASSWORD)).json()["codes"]
        assert not set(renewed) & set(codes)
        ticket = (await other.log_in("recovering")).json()["ticket"]
        assert (await other.post("/session/totp", ticket=ticket, code=codes[2])).status_code == 401


async def test_a_link_replaces_the_password_only(served: Served, moment: float) -> None:
    owner = person(served, "guarded")
    async with browser(served) as one, browser(served) as other:
        await one.log_in("guarded")
        device, _ = await with_totp(one, moment)
        with transaction(served.deployment, write=True) as connection:
            made = links.make(connection, "", owner, "root")
        entered = (await other.post("/session/link", secret=made.url.partition("=")[2])).json()
        assert entered["next"] == "second_factor"
        assert (await other.post("/session/totp", ticket=entered["ticket"], code=device.at(moment))).status_code == 200


async def test_a_changed_password_ends_a_log_in_half_way(served: Served, moment: float) -> None:
    person(served, "halfway")
    async with browser(served) as one, browser(served) as other:
        await one.log_in("halfway")
        device, _ = await with_totp(one, moment)
        ticket = (await other.log_in("halfway")).json()["ticket"]
        assert (await one.send("PUT", "/account/password", current=PASSWORD, new=NEW)).status_code == 200
        assert (await other.post("/session/totp", ticket=ticket, code=device.at(moment))).status_code == 401


async def test_the_authenticator_is_removed_with_the_password(served: Served, moment: float) -> None:
    person(served, "removing")
    async with browser(served) as one:
        await one.log_in("removing")
        await with_totp(one, moment)
        assert (await one.post("/account/totp", password=PASSWORD)).status_code == 409
        assert (await one.post("/account/totp/remove", password="wrong")).status_code == 403
        assert (await one.post("/account/totp/remove", password=PASSWORD)).status_code == 204
        shown = (await one.get("/session")).json()
        assert (shown["totp"], shown["recovery_codes_left"]) == (False, 0)
        assert (await one.log_in("removing")).json()["next"] == "done"
        assert (await one.post("/account/recovery-codes", password=PASSWORD)).status_code == 409


async def test_an_authenticator_of_another_account_is_not_confirmed(served: Served) -> None:
    person(served, "mallory")
    person(served, "trent")
    async with browser(served) as mallory, browser(served) as trent:
        await mallory.log_in("mallory")
        await trent.log_in("trent")
        begun = (await mallory.post("/account/totp", password=PASSWORD)).json()
        code = pyotp.TOTP(begun["secret"]).now()
        assert (await trent.send("PUT", "/account/totp", ticket=begun["ticket"], code=code)).status_code == 422
        assert not (await trent.get("/session")).json()["totp"]


@ON_SQLITE
async def test_the_secret_of_an_authenticator_is_sealed_in_the_database(served: Served, moment: float) -> None:
    account = person(served, "sealed")
    async with browser(served) as one:
        await one.log_in("sealed")
        device, codes = await with_totp(one, moment)
    content = b"".join(file.read_bytes() for file in served.deployment.state.root.glob("decnet.db*"))
    assert device.secret.encode() not in content
    assert codes[0].encode() not in content
    with transaction(served.deployment) as connection:
        found = queries.account_of(connection, account.id)
    assert found is not None
    assert found.totp


async def test_own_sessions_are_listed_and_ended(served: Served) -> None:
    person(served, "many")
    person(served, "stranger")
    async with browser(served, "192.0.2.1") as one, browser(served, "2001:db8::1") as two, browser(served) as three:
        for each in (one, two):
            await each.log_in("many")
        await three.log_in("stranger")
        listed = (await one.get("/account/sessions")).json()
        assert [(each["address"], each["current"]) for each in listed] == [("2001:db8::1", False), ("192.0.2.1", True)]
        assert (await three.send("DELETE", f"/account/sessions/{listed[0]['id']}")).status_code == 404
        assert (await one.send("DELETE", f"/account/sessions/{listed[0]['id']}")).status_code == 204
        assert (await two.get("/session")).status_code == 401
        await two.log_in("many")
        assert (await one.send("DELETE", "/account/sessions")).status_code == 204
        assert (await two.get("/session")).status_code == 401
        assert (await one.get("/session")).status_code == 200


async def test_a_program_changes_nothing_of_how_its_owner_logs_in(served: Served) -> None:
    async with served.client("admin") as client:
        answers: list[httpx.Response] = [
            await client.put("/api/v1/account/password", json={"new": NEW}),
            await client.post("/api/v1/account/totp", json={}),
            await client.delete("/api/v1/account/sessions"),
        ]
    assert [each.status_code for each in answers] == [409, 409, 409]


async def test_the_operator_resets_a_user_who_has_lost_everything(served: Served, moment: float) -> None:
    person(served, "lost", "admin")
    async with browser(served) as one, browser(served) as other:
        await one.log_in("lost")
        await with_totp(one, moment)
        with transaction(served.deployment, write=True) as connection:
            owner = users.reset(connection, "lost")
            made = links.make(connection, "", owner, "root")
        assert (await one.get("/session")).status_code == 401
        assert (await other.log_in("lost")).status_code == 401
        answer = await other.post("/session/link", secret=made.url.partition("=")[2])
        assert answer.json()["next"] == "done"
        assert answer.json()["session"]["must_set_up"]


@pytest.mark.parametrize("offset", [-30, 0, 30])
def test_a_clock_may_be_a_step_off(offset: int) -> None:
    secret, now = totp.new_secret(), 1_800_000_000.0
    code = pyotp.TOTP(secret).at(int(now) + offset)
    assert totp.step_of(secret, f"{code[:3]} {code[3:]}", now=now) == (int(now) + offset) // 30


@pytest.mark.parametrize("code", ["", "12345", "1234567", "٠١٢٣٤٥", "12345a", "-12345"])
def test_what_is_no_code_is_of_no_step(code: str) -> None:
    assert totp.step_of(totp.new_secret(), code) is None
