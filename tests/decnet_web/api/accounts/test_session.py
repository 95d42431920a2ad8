# SPDX-License-Identifier: MIT
"""Log-in with passwords and links, and what sessions withstand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urldefrag

import httpx
import pytest
from sqlalchemy import select, update
from tests.decnet_web.api.accounts.people import ORIGIN, PASSWORD, audited, browser, digest, person
from tests.decnet_web.api.served import Served, serving

from decnet.access import links, users
from decnet.fleet.deployment import transaction
from decnet_models.accounts import queries
from decnet_models.accounts.tables import web_session


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


async def test_a_password_opens_a_session_in_a_strict_cookie(served: Served) -> None:
    person(served, "ana", "analyst")
    async with browser(served) as ana:
        answer = await ana.log_in("ANA")
        assert answer.status_code == 200
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-decnet=")
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie
        shown = (await ana.get("/session")).json()
        assert (shown["account"]["name"], shown["role"], shown["log_in"], shown["csrf"]) == (
            "ana", "analyst", "password", ana.csrf,
        )  # fmt: skip
        assert (await ana.send("DELETE", "/session")).status_code == 204
        assert (await ana.get("/session")).status_code == 401


async def test_the_hash_is_upgraded_when_its_owner_logs_in(served: Served) -> None:
    before = person(served, "upgraded")
    async with browser(served) as one:
        assert (await one.log_in("upgraded")).status_code == 200
    with transaction(served.deployment) as connection:
        after = queries.account_of(connection, before.id)
    assert after is not None
    assert after.password is not None
    assert "m=19456,t=2,p=1" in after.password
    async with browser(served) as one:
        assert (await one.log_in("upgraded")).status_code == 200


@pytest.mark.parametrize(("name", "password"), [("wrong", "not it at all"), ("no-such-user", PASSWORD)])
async def test_an_unknown_name_and_a_wrong_password_are_told_alike(served: Served, name: str, password: str) -> None:
    if name == "wrong":
        person(served, name)
    async with browser(served, "192.0.2.20") as one:
        answer = await one.log_in(name, password)
    assert answer.status_code == 401
    assert answer.json() == {
        "type": "about:blank", "title": "Log-in failed", "status": 401, "detail": "name or password is wrong",
    }  # fmt: skip
    assert "set-cookie" not in answer.headers
    entry = audited(served, "session.refuse")[0]
    assert entry.object == ("wrong" if name == "wrong" else None)
    assert "no-such-user" not in str(entry)


async def test_a_planted_cookie_is_not_the_session_after_the_log_in(served: Served) -> None:
    person(served, "fixed")
    planted = "A" * 43
    async with browser(served) as victim:
        victim.client.cookies.set("__Host-decnet", planted, domain="decnet.example")
        assert (await victim.get("/session")).status_code == 401
        await victim.log_in("fixed")
        assert victim.secret != planted
    async with browser(served) as attacker:
        attacker.client.cookies.set("__Host-decnet", planted)
        assert (await attacker.get("/session")).status_code == 401


async def test_the_session_before_a_log_in_ends_with_it(served: Served) -> None:
    person(served, "attacker")
    person(served, "victim")
    async with browser(served) as attacker, browser(served) as victim:
        await attacker.log_in("attacker")
        known = attacker.secret
        victim.client.cookies.set("__Host-decnet", known, domain="decnet.example")
        await victim.log_in("victim")
        assert victim.secret != known
        assert (await attacker.get("/session")).status_code == 401


async def test_two_cookies_of_the_name_count_as_none(served: Served) -> None:
    person(served, "tossed")
    async with browser(served) as one:
        await one.log_in("tossed")
        secret = one.secret
        one.client.cookies.clear()
        for cookie in (f"__Host-decnet={'B' * 43}; __Host-decnet={secret}", f"__Host-decnet={secret}; __Host-decnet=x"):
            answer = await one.client.get("/api/v1/session", headers={"Cookie": cookie})
            assert answer.status_code == 401
        answer = await one.client.get("/api/v1/session", headers={"Cookie": f"other=1; __Host-decnet={secret}; a=b"})
        assert answer.status_code == 200


@pytest.mark.parametrize("blank", ["\xa0", "\x85", "\xa0\t"])
async def test_a_cookie_whose_name_only_looks_like_ours_is_none(served: Served, blank: str) -> None:
    """Browsers keep `__Host-` names from other hosts of a domain, not names with such a blank before it."""
    name = f"tosser-{len(blank)}-{ord(blank[0])}"
    person(served, name)
    async with browser(served) as one:
        await one.log_in(name)
        secret = one.secret
        one.client.cookies.clear()
        for cookie in (f"{blank}__Host-decnet={secret}", f"a=b; __Host-decnet{blank}={secret}"):
            answer = await one.client.get("/api/v1/session", headers={b"Cookie": cookie.encode("latin-1")})
            assert answer.status_code == 401
        both = f"{blank}__Host-decnet={'B' * 43}; __Host-decnet={secret}".encode("latin-1")
        assert (await one.client.get("/api/v1/session", headers={b"Cookie": both})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRF-Token": "x"},
        {"X-CSRF-Token": "right", "Origin": "https://evil.example"},
        {"X-CSRF-Token": "right", "Origin": "null"},
        {"X-CSRF-Token": "right", "Origin": ORIGIN.replace("https:", "http:")},
        {"X-CSRF-Token": "right", "Origin": "https://[decnet.example"},
        {"X-CSRF-Token": "right", "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF-Token": "right", "Sec-Fetch-Site": "same-site", "Origin": ORIGIN},
    ],
)
async def test_a_foreign_page_changes_nothing_with_the_cookie(served: Served, headers: dict[str, str]) -> None:
    with transaction(served.deployment) as connection:
        known = queries.account_named(connection, "forged")
    if known is None:
        person(served, "forged")
    async with browser(served) as one:
        await one.log_in("forged")
        sent = {name: one.csrf if value == "right" else value for name, value in headers.items()}
        answer = await one.client.delete("/api/v1/session", headers=sent)
        assert answer.status_code == 403
        assert (await one.get("/session")).status_code == 200


async def test_a_foreign_page_logs_nobody_in(served: Served) -> None:
    async with browser(served) as one:
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            body = {"name": "ana", "password": PASSWORD}
            answer = await one.client.post("/api/v1/session", json=body, headers=headers)
            assert answer.status_code == 403


@pytest.mark.parametrize(
    ("base", "status"),
    [
        ("http://decnet.example", 403),
        ("http://192.0.2.1:8080", 403),
        ("http://127.0.0.1.evil.example", 403),
        ("http://127.0.0.1:8080", 401),
        ("http://localhost:8080", 401),
        ("http://[::1]:8080", 401),
        ("https://decnet.example", 401),
    ],
)
async def test_by_plain_http_nobody_logs_in_from_elsewhere(served: Served, base: str, status: int) -> None:
    transport = httpx.ASGITransport(served.application, client=("192.0.2.77", 1))
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        answer = await client.post("/api/v1/session", json={"name": "nobody", "password": "x"})
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["title"] == "Log-in needs TLS"
        assert "[web] certificate" in answer.json()["detail"]


async def test_a_session_ends_when_idle_when_old_and_with_its_account(served: Served) -> None:
    account = person(served, "mortal", "analyst")
    async with browser(served) as one:
        await one.log_in("mortal")
        stored = digest(one.secret)
        with transaction(served.deployment) as connection:
            (session,) = queries.sessions_of(connection, account.id)
        hour = 3600 * 10**9
        assert session.expires_at - session.created_at == 8 * hour
        with transaction(served.deployment, write=True) as connection:  # used 5 h later, old in 2 h
            begun = time.time_ns() - 166 * hour
            changed = update(web_session).where(web_session.c.digest == stored)
            connection.execute(changed.values(created_at=begun, seen_at=time.time_ns() - 5 * hour))
        assert (await one.get("/session")).status_code == 200
        with transaction(served.deployment) as connection:
            (touched,) = queries.sessions_of(connection, account.id)
        assert touched.expires_at == begun + 168 * hour
        with transaction(served.deployment, write=True) as connection:
            connection.execute(update(web_session).where(web_session.c.digest == stored).values(expires_at=5))
        assert (await one.get("/session")).status_code == 401
        await one.log_in("mortal")
        with transaction(served.deployment, write=True) as connection:
            users.set_role(connection, "mortal", "viewer")
        assert (await one.get("/session")).json()["role"] == "viewer"
        with transaction(served.deployment, write=True) as connection:
            users.set_role(connection, "mortal", "admin")
        assert (await one.get("/session")).status_code == 401, "a session must not rise with its account"
        await one.log_in("mortal")
        with transaction(served.deployment, write=True) as connection:
            users.disable(connection, "mortal")
        assert (await one.get("/session")).status_code == 401
        assert (await one.log_in("mortal")).status_code == 401


async def test_a_link_logs_in_once(served: Served) -> None:
    owner = person(served, "linked", "admin", password=None)
    with transaction(served.deployment, write=True) as connection:
        made = links.make(connection, "http://127.0.0.1:8080/", owner, "root")
    address, fragment = urldefrag(made.url)
    assert address == "http://127.0.0.1:8080/login"
    secret = fragment.removeprefix("link=")
    async with browser(served) as one:
        answer = await one.post("/session/link", secret=secret)
        assert answer.status_code == 200
        assert answer.json()["session"]["must_set_up"]
        assert (await one.get("/session")).json()["log_in"] == "link"
    async with browser(served) as other:
        again = await other.post("/session/link", secret=secret)
        assert again.status_code == 401
        assert "decnet user link" in again.json()["detail"]


async def test_a_new_link_voids_the_one_before(served: Served) -> None:
    owner = person(served, "relinked", password=None)
    with transaction(served.deployment, write=True) as connection:
        first = links.make(connection, "", owner, "root")
        links.make(connection, "", owner, "root")
    async with browser(served) as one:
        assert (await one.post("/session/link", secret=first.url.partition("=")[2])).status_code == 401


async def test_a_token_in_an_address_is_refused_and_audited(served: Served) -> None:
    token = "decnet_" + "t" * 43
    with transaction(served.deployment, write=True) as connection:
        found = queries.account_named(connection, "viewer")
        assert found is not None
        queries.add_token(connection, queries.Token(digest(token), token[:13], found.id, "x", "viewer", 1))
    async with served.client() as client:
        for path in (f"/api/v1/session?token={token}", f"/api/v1/session?x=decnet%5F{'t' * 43}&y"):
            answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.json()["title"]) == (400, "Token in the address")
            assert token not in answer.text
    entry = audited(served, "token.exposed")[0]
    assert (entry.actor, entry.object) == ("viewer", token[:13])


async def test_what_a_cookie_is_worth_is_not_in_the_database(served: Served) -> None:
    person(served, "stored")
    async with browser(served) as one:
        await one.log_in("stored")
        secret, csrf = one.secret, one.csrf
    with transaction(served.deployment) as connection:
        content = repr(connection.execute(select(web_session)).all())
    assert digest(secret) in content
    assert secret not in content
    assert csrf not in content
