# SPDX-License-Identifier: MIT
"""Log-in through a provider that runs on loopback."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from joserfc.jwk import KeySet, RSAKey
from starlette.responses import PlainTextResponse, RedirectResponse
from tests.decnet_web.api.accounts.oidc_provider import CLIENT, SECRET, OidcProvider, providing
from tests.decnet_web.api.accounts.people import Browser, audited, browser, person
from tests.decnet_web.api.served import Served, serving

from decnet.access import users
from decnet.fleet.deployment import transaction
from decnet_web.api.accounts.oidc.errors import OidcError
from decnet_web.api.accounts.oidc.id_token import Expected, verified
from decnet_web.api.settings import ApiSettings

SIGNING = OidcProvider("https://id.example")


class Scene(NamedTuple):
    served: Served
    provider: OidcProvider


@asynccontextmanager
async def scene(root: Path, **settings: Any) -> AsyncIterator[Scene]:
    """Run a provider, and an application that trusts it."""
    secret = root / "client.secret"
    secret.write_text(f"{SECRET}\n")
    async with providing() as provider:
        values: dict[str, Any] = {
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret_file": str(secret),
            "oidc_roles": {"soc": "analyst", "soc-leads": "admin"},
            "oidc_allow_private": True,
            **settings,
        }
        with serving(root, ApiSettings(**values)) as served:
            yield Scene(served, provider)


async def at_provider(one: Browser, **parameters: str) -> str:
    """Go to the provider; return the address that the browser was sent to."""
    answer = await one.get("/session/oidc", **parameters)
    assert answer.status_code == 303
    return answer.headers["location"]


async def through(one: Browser, provider: OidcProvider, **parameters: str) -> httpx.Response:
    """Log in through the provider, and come back from another site."""
    back = provider.authorize(await at_provider(one, **parameters))
    return await come_back(one, back)


async def come_back(one: Browser, back: dict[str, str]) -> httpx.Response:
    headers = {"Sec-Fetch-Site": "cross-site"}
    return await one.client.get("/api/v1/session/oidc/callback", params=back, headers=headers)


async def test_a_user_of_the_provider_gets_an_account_with_the_role_of_the_groups(tmp_path: Path) -> None:
    async with scene(tmp_path) as (served, provider), browser(served) as one:
        assert (await one.get("/session/methods")).json()["provider"] == {"name": "Single sign-on"}
        answer = await through(one, provider, next="/attackers?since=24h")
        assert (answer.status_code, answer.headers["location"]) == (303, "/attackers?since=24h")
        shown = (await one.get("/session")).json()
        assert (shown["account"]["name"], shown["role"], shown["log_in"]) == ("nina", "analyst", "oidc")
        assert shown["must_set_up"] is False
        provider.claims["groups"] = ["soc", "soc-leads"]
        assert (await one.get("/session")).json()["role"] == "analyst", "the role is that of the log-in"
        await through(one, provider)
        again = (await one.get("/session")).json()
        assert (again["account"], again["role"]) == (shown["account"], "admin")
        provider.claims.update(groups=["cleaning"], preferred_username="nina2")
        refused = await through(one, provider)
        assert refused.headers["location"] == "/login?problem=oidc_no_role"


async def test_an_answer_is_good_once_and_in_the_browser_that_asked(tmp_path: Path) -> None:
    async with scene(tmp_path) as (served, provider), browser(served) as attacker, browser(served) as victim:
        back = provider.authorize(await at_provider(attacker))
        stolen = await come_back(victim, back)
        assert stolen.headers["location"] == "/login?problem=oidc_expired"
        assert victim.secret == ""
        await at_provider(victim)
        mixed = await come_back(victim, back)
        assert mixed.headers["location"] == "/login?problem=oidc_failed"
        cookie = attacker.client.cookies["__Host-decnet-oidc"]
        assert (await come_back(attacker, back)).headers["location"] == "/"
        headers = {"Cookie": f"__Host-decnet-oidc={cookie}"}
        again = await attacker.client.get("/api/v1/session/oidc/callback", params=back, headers=headers)
        assert again.headers["location"] == "/login?problem=oidc_expired"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("nonce", "another"),
        ("nonce", None),
        ("iss", "https://evil.example"),
        ("aud", "somebody-else"),
        ("aud", [CLIENT, "somebody-else"]),
        ("azp", "somebody-else"),
        ("exp", int(time.time()) - 3600),
        ("exp", None),
        ("iat", int(time.time()) + 3600),
        ("iat", 5),
        ("sub", ""),
        ("sub", 7),
    ],
)
def test_an_id_token_that_says_something_else_is_refused(claim: str, value: Any) -> None:
    provider, now = SIGNING, time.time()
    claims = {"iss": provider.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": "n", "sub": "1"}
    keys: dict[str, Any] = {**KeySet([provider.key]).as_dict(private=False)}
    expected = Expected(provider.issuer, CLIENT, "n")
    assert verified(provider.signed(claims), keys, expected, now=now)["sub"] == "1"
    with pytest.raises(OidcError, match="the ID token is not acceptable"):
        verified(provider.signed({**claims, claim: value}), keys, expected, now=now)


async def test_a_token_that_the_provider_has_not_signed_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as (served, provider), browser(served) as one:
        forgers = (
            provider.signed_by_public_key_as_secret,
            provider.unsigned,
            provider.signed_by_another,
            lambda _claims: "a.b.c",
        )
        for forge in forgers:
            provider.sign = forge
            answer = await through(one, provider)
            assert answer.headers["location"] == "/login?problem=oidc_failed"
            assert one.secret == ""
        provider.change = lambda claims: claims.update(nonce="another")
        provider.sign = provider.signed
        assert (await through(one, provider)).headers["location"] == "/login?problem=oidc_failed"
    assert "ID token is not acceptable" in audited(served, "session.refuse")[0].detail["message"]


async def test_new_keys_are_fetched_when_a_token_names_one(tmp_path: Path) -> None:
    async with scene(tmp_path) as (served, provider), browser(served) as one:
        await through(one, provider)
        provider.key = RSAKey.generate_key(2048, {"kid": "second"})
        provider.published = [provider.key]
        known = served.application.state.accounts.provider
        assert (await through(one, provider)).headers["location"] == "/login?problem=oidc_failed", "just fetched"
        assert provider.keys_asked == 1
        fetched, keys = known._keys
        known._keys = (fetched - 61, keys)
        assert (await through(one, provider)).headers["location"] == "/"
        assert provider.keys_asked == 2


async def test_a_discovery_document_that_cannot_be_right_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as (served, provider), browser(served) as one:
        documents: tuple[dict[str, Any], ...] = (
            {"issuer": "https://evil.example"},
            {"token_endpoint": "file:///etc/passwd"},
            {"token_endpoint": "http://user:pw@127.0.0.1/"},
            {"jwks_uri": 7},
            {"authorization_endpoint": ""},
        )
        for document in documents:
            provider.discovery = document
            assert await at_provider(one) == "/login?problem=oidc_failed"


async def test_an_answer_of_the_token_endpoint_that_is_none_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as (served, provider), browser(served) as one:
        answers = (
            lambda: PlainTextResponse("x" * 300_000),
            lambda: PlainTextResponse("<html>", 500),
            lambda: PlainTextResponse("[]"),
            lambda: RedirectResponse("http://169.254.169.254/latest/meta-data"),
        )
        for answer in answers:
            provider.token_answer = answer
            assert (await through(one, provider)).headers["location"] == "/login?problem=oidc_failed"


async def test_a_private_address_needs_the_operators_consent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with scene(tmp_path, oidc_allow_private=False) as (served, _provider), browser(served) as one:
        assert await at_provider(one) == "/login?problem=oidc_failed"
    assert "is loopback" in caplog.text


async def test_an_account_of_ours_is_not_taken_over_by_its_name(tmp_path: Path) -> None:
    async with scene(tmp_path) as (served, provider), browser(served) as one:
        person(served, "nina", "admin")
        assert (await through(one, provider)).headers["location"] == "/login?problem=oidc_name_taken"
        provider.claims["preferred_username"] = "n\u0131na"
        assert (await through(one, provider)).headers["location"] == "/login?problem=oidc_name_unusable"
        provider.claims.update(email="Nina@example.org", email_verified=False)
        assert (await through(one, provider)).headers["location"] == "/login?problem=oidc_name_unusable"
        provider.claims["email_verified"] = True
        assert (await through(one, provider)).headers["location"] == "/"
        assert (await one.get("/session")).json()["account"]["name"] == "nina@example.org"


async def test_a_disabled_account_is_not_entered_from_the_provider(tmp_path: Path) -> None:
    async with scene(tmp_path) as (served, provider), browser(served) as one:
        await through(one, provider)
        with transaction(served.deployment, write=True) as connection:
            users.disable(connection, "nina")
        assert (await through(one, provider)).headers["location"] == "/login?problem=oidc_disabled"


async def test_who_declines_at_the_provider_is_sent_back(tmp_path: Path) -> None:
    async with scene(tmp_path) as (served, provider), browser(served) as one:
        back = provider.authorize(await at_provider(one))
        answer = await come_back(one, {"state": back["state"], "error": "<script>access_denied</script>"})
        assert answer.headers["location"] == "/login?problem=oidc_denied"
        assert "script" not in answer.text
        other = provider.authorize(await at_provider(one))
        answer = await come_back(one, {**other, "iss": "https://evil.example"})
        assert answer.headers["location"] == "/login?problem=oidc_failed"


async def test_nobody_is_sent_elsewhere_after_the_log_in(tmp_path: Path) -> None:
    async with scene(tmp_path) as (served, provider), browser(served) as one:
        for page in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""):
            assert (await through(one, provider, next=page)).headers["location"] == "/"


async def test_without_a_provider_there_is_none(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        async with browser(served) as one:
            assert (await one.get("/session/oidc")).status_code == 404
            methods = (await one.get("/session/methods")).json()
    assert methods == {"passkeys": True, "provider": None, "plain_http_refused": False}
