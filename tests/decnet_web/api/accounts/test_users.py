# SPDX-License-Identifier: MIT
"""Users, tokens and the audit."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.decnet_web.api.accounts.people import ORIGIN, PASSWORD, audited, browser, hash_quickly, person
from tests.decnet_web.api.served import Served, serving

from decnet.fleet.deployment import transaction
from decnet_models.accounts import queries
from decnet_web.api.moments import moment_text


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        hash_quickly(served)
        yield served


async def test_an_administrator_adds_a_user_who_enters_by_the_link(served: Served) -> None:
    person(served, "chief", "admin")
    async with browser(served) as chief, browser(served) as one:
        await chief.log_in("chief")
        made = await chief.post("/users", name="Zoe@example.org", role="analyst")
        assert made.status_code == 201
        url = made.json()["link"]["url"]
        assert url.startswith(f"{ORIGIN}/login#link=")
        one.remember(await one.post("/session/link", secret=url.partition("=")[2]))
        assert (await one.get("/session")).json()["role"] == "analyst"
        assert (await one.send("PUT", "/account/password", current=None, new=PASSWORD)).status_code == 200
        shown = (await chief.get("/users/zoe@example.org")).json()
        assert (shown["password"], shown["sessions"], shown["enabled"]) == (True, 1, True)
        assert (await chief.post("/users", name="zoe@example.org", role="viewer")).status_code == 409
    assert audited(served, "account.add")[0].detail == {"role": "analyst"}


@pytest.mark.parametrize(
    ("name", "character"),
    [
        ("\u0430dmin", "CYRILLIC"),
        ("admin\u202e", "U+202E"),
        ("ad\u200bmin", "U+200B"),
        ("\uff41dmin", "FULLWIDTH"),
        ("a\u0308nne", "U+0308"),
        ("\u017fam", "U+017F"),
        ("\u212aate", "KELVIN"),
        ("ana maria", "U+0020"),
        ("<script>", "U+003C"),
        ("=cmd", "U+003D"),
        ("-rf", "begins with"),
        ("a\nb", "U+000A"),
        ("x" * 65, "64"),
    ],
)
async def test_a_name_that_looks_like_another_is_refused(served: Served, name: str, character: str) -> None:
    async with served.client("admin") as client:
        answer = await client.post("/api/v1/users", json={"name": name, "role": "admin"})
    assert answer.status_code == 422
    assert character in answer.json()["detail"]


async def test_the_last_administrator_stays(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("alone")) as served:
        async with served.client("admin") as client:
            for method, body in (("PATCH", {"role": "viewer"}), ("PATCH", {"enabled": False}), ("DELETE", None)):
                answer = await client.request(method, "/api/v1/users/admin", json=body)
                assert answer.status_code == 409
                assert "last administrator" in answer.json()["detail"]
            await client.patch("/api/v1/users/analyst", json={"role": "admin"})
            assert (await client.patch("/api/v1/users/admin", json={"role": "viewer"})).status_code == 200
            assert (await client.get("/api/v1/users")).status_code == 403, "at once"
        actions = [one.action for one in audited(served, "account")]
        assert actions == ["account.role", "account.role"], "what was refused did not happen"


async def test_a_removed_user_is_gone_at_once_and_stays_in_the_audit(served: Served) -> None:
    person(served, "leaving", "analyst")
    async with browser(served) as one, served.client("admin") as client:
        await one.log_in("leaving")
        token = (await one.post("/tokens", name="script")).json()["secret"]
        assert (await client.delete("/api/v1/users/leaving")).status_code == 204
        assert (await one.get("/session")).status_code == 401
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await one.client.get("/api/v1/session", headers=bearer)).status_code == 401
        found = (await client.get("/api/v1/audit", params={"actor": "leaving"})).json()["items"]
        assert [each["action"] for each in found] == ["token.add", "session.begin"]
        assert (await client.delete("/api/v1/users/leaving")).status_code == 404


async def test_a_token_does_what_its_scopes_and_its_role_allow(served: Served) -> None:
    person(served, "maker", "admin")
    async with browser(served) as maker, served.client() as client:
        await maker.log_in("maker")

        async def status(secret: str, method: str, path: str) -> int:
            headers = {"Authorization": f"Bearer {secret}"}
            return (await client.request(method, f"/api/v1{path}", headers=headers)).status_code

        async def made(**body: object) -> str:
            answer = await maker.post("/tokens", name="script", **body)
            assert answer.status_code == 201
            secret: str = answer.json()["secret"]
            return secret

        reading = await made(scopes=["read"])
        assert await status(reading, "GET", "/workers") == 200
        assert await status(reading, "POST", "/workers/api/restart") == 403
        assert await status(reading, "GET", "/users") == 403
        assert await status(await made(scopes=["manage"]), "GET", "/users") == 200
        assert await status(await made(scopes=["manage"]), "GET", "/workers") == 403
        assert await status(await made(role="viewer"), "GET", "/users") == 403
        assert await status(await made(), "GET", "/users") == 200


async def test_a_token_makes_none_that_may_do_more(served: Served) -> None:
    person(served, "limited", "admin")
    async with browser(served) as one, served.client() as client:
        await one.log_in("limited")
        made = (await one.post("/tokens", name="manager", role="analyst", scopes=["manage"])).json()["secret"]
        headers = {"Authorization": f"Bearer {made}"}
        for body, expected in (
            ({"name": "x"}, 403),
            ({"name": "x", "scopes": ["manage", "read"]}, 403),
            ({"name": "x", "scopes": ["manage"], "role": "admin"}, 403),
        ):
            answer = await client.post("/api/v1/tokens", json=body, headers=headers)
            assert answer.status_code == expected
        answer = await client.post("/api/v1/tokens", json={"name": "x", "scopes": ["manage"]}, headers=headers)
        assert answer.status_code == 201
        assert answer.json()["token"]["role"] == "analyst"


async def test_only_an_administrator_makes_tokens_of_others(served: Served) -> None:
    person(served, "giver", "admin")
    person(served, "taker", "viewer")
    async with browser(served) as chief, browser(served) as clerk:
        await chief.log_in("giver")
        await clerk.log_in("taker")
        assert (await clerk.post("/tokens", name="x", user="giver")).status_code == 403
        assert (await clerk.post("/tokens", name="x", user="taker")).status_code == 201
        made = (await chief.post("/tokens", name="x", user="taker")).json()["token"]
        assert (made["user"], made["role"]) == ("taker", "viewer")
        assert (await chief.post("/tokens", name="x", user="taker", role="analyst")).status_code == 409
        assert (await chief.post("/tokens", name="x", user="nobody")).status_code == 404


async def test_a_token_expires_and_is_revoked_at_once(served: Served) -> None:
    person(served, "owner", "viewer")
    async with browser(served) as one:
        await one.log_in("owner")
        ahead = moment_text(time.time_ns() + 3600 * 10**9)
        made = (await one.post("/tokens", name="=cmd|' /C calc'!A0", expires_at=ahead)).json()
        assert made["secret"].startswith("decnet_")
        assert made["token"]["shown"] == made["secret"][:13]
        headers = {"Authorization": f"Bearer {made['secret']}"}
        one.client.cookies.clear()
        assert (await one.client.get("/api/v1/session", headers=headers)).json()["means"] == "token"
        await one.log_in("owner")
        (listed,) = (await one.get("/tokens")).json()["items"]
        assert listed["used_at"] is not None
        csv = await one.client.get("/api/v1/tokens", headers={"Accept": "text/csv"})
        assert "'=cmd|" in csv.text
        assert (await one.send("DELETE", f"/tokens/{listed['id']}")).status_code == 204
        assert (await one.client.get("/api/v1/session", headers=headers)).status_code == 401
        over = await one.post("/tokens", name="x", expires_at=moment_text(time.time_ns() - 1))
        assert over.status_code == 422


async def test_a_stranger_neither_sees_nor_revokes_a_token(served: Served) -> None:
    person(served, "private")
    async with browser(served) as one, served.client("analyst") as analyst, served.client("admin") as admin:
        await one.log_in("private")
        made = (await one.post("/tokens", name="mine")).json()["token"]
        assert (await analyst.delete(f"/api/v1/tokens/{made['id']}")).status_code == 404
        assert (await analyst.get("/api/v1/tokens", params={"everybody": True})).status_code == 403
        everybody = (await admin.get("/api/v1/tokens", params={"everybody": True, "limit": 1000})).json()["items"]
        assert made["id"] in [each["id"] for each in everybody]
        assert (await admin.delete(f"/api/v1/tokens/{made['id']}")).status_code == 204


async def test_the_audit_is_filtered_paged_and_exported(served: Served) -> None:
    async with served.client("admin") as client:
        for number in range(5):
            await client.post("/api/v1/users", json={"name": f"page-{number}"})
        first = (await client.get("/api/v1/audit", params={"action": "account.add", "limit": 3})).json()
        assert [each["object"] for each in first["items"]] == ["page-4", "page-3", "page-2"]
        after = {"action": "account.add", "limit": 3, "after": first["next"]}
        assert [each["object"] for each in (await client.get("/api/v1/audit", params=after)).json()["items"]][:2] == [
            "page-1", "page-0",
        ]  # fmt: skip
        one = (await client.get("/api/v1/audit", params={"object": "page-2"})).json()["items"]
        assert [(each["actor"], each["means"], each["action"]) for each in one] == [("admin", "token", "account.add")]
        none = await client.get("/api/v1/audit", params={"until": "2020-01-01T00:00:00Z"})
        assert none.json()["items"] == []
        csv = await client.get("/api/v1/audit", params={"action": "account.add"}, headers={"Accept": "text/csv"})
        assert csv.headers["content-type"].startswith("text/csv")
        assert "page-4" in csv.text


async def test_there_is_no_way_to_change_the_audit(served: Served) -> None:
    async with served.client("admin") as client:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert (await client.request(method, "/api/v1/audit")).status_code == 405


async def test_no_answer_about_users_has_a_secret(served: Served) -> None:
    person(served, "secretive")
    with transaction(served.deployment) as connection:
        found = queries.account_named(connection, "secretive")
    assert found is not None
    async with served.client("admin") as client:
        for path in ("/users", "/users/secretive", "/audit", "/tokens?everybody=true"):
            text = (await client.get(f"/api/v1{path}")).text
            assert "argon2" not in text
            assert str(found.password) not in text
