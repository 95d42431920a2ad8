# SPDX-License-Identifier: MIT
"""Passkeys, with a software authenticator."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_web.api.accounts.authenticator import Authenticator
from tests.decnet_web.api.accounts.people import ORIGIN, Browser, audited, browser, hash_quickly, person
from tests.decnet_web.api.served import Served, serving

from decnet.access import users
from decnet.fleet.deployment import transaction
from decnet_models.accounts.factors import Passkey
from decnet_web.api.accounts.factors import passkeys
from decnet_web.api.accounts.factors.passkeys import Party
from decnet_web.api.problems import Problem


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        hash_quickly(served)
        yield served


async def registered(one: Browser, device: Authenticator, name: str = "laptop") -> httpx.Response:
    begun = (await one.post("/account/passkeys/options")).json()
    credential = device.make(begun["options"])
    return await one.post("/account/passkeys", ticket=begun["ticket"], name=name, credential=credential)


async def answered(one: Browser, device: Authenticator, **sign: Any) -> httpx.Response:
    begun = (await one.post("/session/passkey/options")).json()
    credential = device.sign(begun["options"], **sign)
    answer = await one.post("/session/passkey", ticket=begun["ticket"], credential=credential)
    one.remember(answer)
    return answer


async def test_a_passkey_is_registered_logs_in_is_renamed_and_removed(served: Served) -> None:
    person(served, "keyed", "analyst")
    device = Authenticator(ORIGIN)
    async with browser(served) as one, browser(served) as other:
        await one.log_in("keyed")
        made = await registered(one, device)
        assert made.status_code == 201
        assert (made.json()["name"], made.json()["transports"]) == ("laptop", ["internal", "hybrid"])
        entered = await answered(other, device)
        assert entered.status_code == 200
        session = entered.json()["session"]
        assert (session["account"]["name"], session["log_in"], session["passkeys"]) == ("keyed", "passkey", 1)
        (listed,) = (await one.get("/account/passkeys")).json()
        assert listed["used_at"] is not None
        path = f"/account/passkeys/{listed['id']}"
        assert (await one.send("PATCH", path, name="the <b>blue</b> key")).json()["name"] == "the <b>blue</b> key"
        assert (await one.send("DELETE", path)).status_code == 204
        assert (await one.send("DELETE", path)).status_code == 404
        assert (await answered(other, device)).status_code == 401
    assert audited(served, "passkey.add")[0].object == "keyed"


async def test_the_options_of_a_log_in_name_nobody(served: Served) -> None:
    async with browser(served) as one:
        options = (await one.post("/session/passkey/options")).json()["options"]
    assert options.get("allowCredentials", []) == []
    assert options["userVerification"] == "required"
    assert options["rpId"] == "decnet.example"


async def test_an_answer_is_good_once(served: Served) -> None:
    person(served, "replayed")
    device = Authenticator(ORIGIN)
    async with browser(served) as one, browser(served) as other:
        await one.log_in("replayed")
        await registered(one, device)
        begun = (await other.post("/session/passkey/options")).json()
        body = {"ticket": begun["ticket"], "credential": device.sign(begun["options"])}
        assert (await other.post("/session/passkey", **body)).status_code == 200
        assert (await other.post("/session/passkey", **body)).status_code == 401
        later = (await other.post("/session/passkey/options")).json()
        body["ticket"] = later["ticket"]
        assert (await other.post("/session/passkey", **body)).status_code == 401, "another challenge"


async def test_a_copied_authenticator_is_noticed_by_its_counter(served: Served) -> None:
    person(served, "copied")
    device = Authenticator(ORIGIN)
    async with browser(served) as one:
        await one.log_in("copied")
        await registered(one, device)
        device.count = 10
        assert (await answered(one, device)).status_code == 200
        device.count = 3
        assert (await answered(one, device)).status_code == 401


@pytest.mark.parametrize("why", ["origin", "unverified", "user", "ticket", "garbage"])
async def test_what_does_not_prove_the_user_is_refused(served: Served, why: str) -> None:
    name = f"strict-{why}"
    person(served, name)
    device = Authenticator(ORIGIN)
    async with browser(served) as one:
        await one.log_in(name)
        await registered(one, device)
        begun = (await one.post("/session/passkey/options")).json()
        if why == "origin":
            device.origin = "https://evil.example"
        if why == "unverified":
            device._verifies = False
        credential: dict[str, Any] = device.sign(begun["options"], user=b"x" * 16 if why == "user" else None)
        if why == "garbage":
            credential["response"] = {"clientDataJSON": 7, "userHandle": credential["response"]["userHandle"]}
        if why == "ticket":
            registering = (await one.post("/account/passkeys/options")).json()
            begun["ticket"] = registering["ticket"]
        answer = await one.post("/session/passkey", ticket=begun["ticket"], credential=credential)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers


async def test_a_passkey_of_a_disabled_account_logs_nobody_in(served: Served) -> None:
    person(served, "gone")
    device = Authenticator(ORIGIN)
    async with browser(served) as one:
        await one.log_in("gone")
        await registered(one, device)
        with transaction(served.deployment, write=True) as connection:
            users.disable(connection, "gone")
        assert (await answered(one, device)).status_code == 401


async def test_a_registration_serves_its_account_once(served: Served) -> None:
    person(served, "first")
    person(served, "second")
    device = Authenticator(ORIGIN)
    async with browser(served) as first, browser(served) as second:
        await first.log_in("first")
        await second.log_in("second")
        begun = (await first.post("/account/passkeys/options")).json()
        body: dict[str, Any] = {"ticket": begun["ticket"], "name": "x", "credential": device.make(begun["options"])}
        assert (await second.post("/account/passkeys", **body)).status_code == 400
        assert (await first.post("/account/passkeys", **body)).status_code == 201
        assert (await first.post("/account/passkeys", **body)).status_code == 400
        assert (await registered(second, device)).status_code == 409, "the credential is the first one's"


@pytest.mark.parametrize("credential", [{}, {"id": "x"}, {"id": 5}, {"id": "", "response": []}, {"response": {"x": 1}}])
async def test_a_registration_that_is_none_is_refused(served: Served, credential: dict[str, Any]) -> None:
    name = f"none-{abs(hash(str(credential)))}"
    person(served, name)
    async with browser(served) as one:
        await one.log_in(name)
        begun = (await one.post("/account/passkeys/options")).json()
        answer = await one.post("/account/passkeys", ticket=begun["ticket"], name="x", credential=credential)
        assert answer.status_code == 422
        assert (await one.get("/account/passkeys")).json() == []


async def test_at_an_address_there_are_no_passkeys(served: Served) -> None:
    transport = httpx.ASGITransport(served.application)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        answer = await client.post("/api/v1/session/passkey/options")
    assert answer.status_code == 409
    assert "http://localhost" in answer.json()["detail"]


@given(st.sampled_from(["attestationObject", "clientDataJSON"]), st.integers(0, 10_000), st.binary(max_size=8))
def test_a_damaged_registration_is_a_problem_or_still_good(part: str, at: int, damage: bytes) -> None:
    device, challenge = Authenticator(ORIGIN), passkeys.new_challenge()
    options = {"user": {"id": "eA"}, "rp": {"id": "decnet.example"}, "challenge": challenge}
    answer = device.make(options)
    content = bytearray(passkeys.decoded(answer["response"][part]))
    at %= len(content)
    content[at : at + len(damage)] = damage
    answer["response"][part] = passkeys.encoded(bytes(content))
    with contextlib.suppress(Problem):
        passkeys.registered(answer, Party("decnet.example", ORIGIN), challenge)


@given(st.sampled_from(["authenticatorData", "clientDataJSON", "signature"]), st.integers(0, 10_000))
def test_a_damaged_answer_logs_nobody_in(part: str, at: int) -> None:
    device, challenge = Authenticator(ORIGIN), passkeys.new_challenge()
    ours = Party("decnet.example", ORIGIN)
    made = device.make({"user": {"id": "eA"}, "rp": {"id": ours.host}, "challenge": challenge})
    new = passkeys.registered(made, ours, challenge)
    key = Passkey("d" * 64, UUID(int=1), new.credential, new.public_key, 0, "x", (), False, 1)
    answer = device.sign({"rpId": ours.host, "challenge": challenge})
    assert passkeys.used(answer, key, ours, challenge).sign_count == 1
    content = bytearray(passkeys.decoded(answer["response"][part]))
    content[at % len(content)] ^= 1
    answer["response"][part] = passkeys.encoded(bytes(content))
    with pytest.raises(Problem):
        passkeys.used(answer, key, ours, challenge)
