# SPDX-License-Identifier: MIT
"""Log-in through an OpenID Connect provider, and which ways to log in there are.

What is remembered while the browser is at the provider is sealed in a cookie of its own: SameSite=Lax, for the provider
sends the browser back from another site, and gone when it comes back. It binds the answer to this browser: with a link
from somebody else's log-in, nobody gets in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import time
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection
from starlette.responses import RedirectResponse

from decnet.access.secrets import new_secret
from decnet_core.net.addresses import parse_address
from decnet_models.accounts import audit, entrances
from decnet_models.accounts.queries import Account
from decnet_web.api.accounts.attempts import Attempt
from decnet_web.api.accounts.authentication import NOBODY, address_of
from decnet_web.api.accounts.entering import Door, Entrance, InDoor
from decnet_web.api.accounts.oidc.errors import OidcError
from decnet_web.api.accounts.oidc.id_token import Expected, UnknownKeyError, verified
from decnet_web.api.accounts.oidc.provider import Provider
from decnet_web.api.accounts.oidc.users import account_of, role_of
from decnet_web.api.accounts.services import InAccounts
from decnet_web.api.accounts.tickets import ticket_digest
from decnet_web.api.accounts.transport import host_of, is_protected, origin_of
from decnet_web.api.models import Answer
from decnet_web.api.problems import Problem

log = logging.getLogger(__name__)

router = APIRouter(prefix="/session", tags=["accounts"])

COOKIE = "__Host-decnet-oidc"
SECONDS = 600
_CALLBACK = "/api/v1/session/oidc/callback"
_LOGIN = "/login"


class ProviderInfo(Answer):
    """A provider of log-ins."""

    name: str
    """What to call it."""


class LoginMethods(Answer):
    """Which ways to log in there are, for this browser at this address."""

    passkeys: bool
    """Whether passkeys work here: they need a host name."""
    provider: ProviderInfo | None
    """The OpenID Connect provider, at GET /api/v1/session/oidc; null: there is none."""
    plain_http_refused: bool
    """Whether nobody can log in because this is plain http over a network."""


class _Flow(msgspec.Struct, frozen=True):
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    following: str


@router.get("/methods")
async def list_login_methods(request: Request, accounts: InAccounts) -> LoginMethods:
    """Say which ways to log in there are."""
    provider = accounts.provider
    return LoginMethods(
        passkeys=parse_address(host_of(request)) is None and is_protected(request),
        provider=ProviderInfo(name=accounts.settings.oidc_name) if provider else None,
        plain_http_refused=not is_protected(request),
    )


@router.get("/oidc", status_code=303, response_class=RedirectResponse)
async def begin_oidc(
    request: Request,
    accounts: InAccounts,
    next: Annotated[str, Query(max_length=2048, description="The page to come back to.")] = "/",  # noqa: A002  # its name
) -> Response:
    """Send the browser to the provider."""
    provider = _provider(accounts.provider)
    if not is_protected(request):
        return _back("failed")
    flow = _Flow(new_secret(), new_secret(), new_secret(), origin_of(request) + _CALLBACK, _own_page(next))
    try:
        found = await provider.discovery()
    except OidcError as error:
        log.warning("no log-in through the provider: %s", error)
        return _back(error.reason)
    asked = {
        "response_type": "code",
        "client_id": accounts.settings.oidc_client_id,
        "redirect_uri": flow.redirect_uri,
        "scope": " ".join(accounts.settings.oidc_scopes),
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": _challenge(flow.verifier),
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in found.authorization_endpoint else "?"
    answer = RedirectResponse(f"{found.authorization_endpoint}{joint}{urlencode(asked)}", 303)
    ticket = accounts.tickets.make(flow, SECONDS)
    answer.headers["set-cookie"] = f"{COOKIE}={ticket}; Path=/; Max-Age={SECONDS}; Secure; HttpOnly; SameSite=Lax"
    answer.headers["cache-control"] = "no-store"
    return answer


@router.get("/oidc/callback", status_code=303, response_class=RedirectResponse)
async def complete_oidc(
    door: InDoor,
    state: Annotated[str, Query(max_length=512)] = "",
    code: Annotated[str, Query(max_length=4096)] = "",
    error: Annotated[str, Query(max_length=512)] = "",
    iss: Annotated[str, Query(max_length=1024)] = "",
) -> Response:
    """Take the provider's answer, open a session and send the browser to the page that it wanted."""
    provider = _provider(door.accounts.provider)
    attempt = Attempt(door.request, door.fleet, "oidc", from_elsewhere=True)
    await attempt.begin()  # counted first: what is refused goes to the audit, which nobody shall fill
    try:
        flow = await _begun(door, state)
        _check_answer(provider, code, error, iss)
        account = await _account(door, provider, flow, code)
        await door.enter(Entrance(account, "oidc", complete=True), attempt.succeeded)
    except OidcError as refused:
        await _note(door.request, refused)
        return _back(refused.reason)
    answer = RedirectResponse(flow.following, 303)
    answer.headers.append("set-cookie", door.response.headers["set-cookie"])
    answer.headers.append("set-cookie", _gone())
    answer.headers["cache-control"] = "no-store"
    return answer


def _check_answer(provider: Provider, code: str, error: str, iss: str) -> None:
    """Raise OidcError for an answer without a code, or of another provider (RFC 9207)."""
    if error or not code:
        raise OidcError("denied", f"the provider says {error[:100]!r}")
    if iss and iss != provider.issuer:
        raise OidcError("failed", "the answer is of another provider")


async def _begun(door: Door, state: str) -> _Flow:
    """Return the log-in that this browser began; raises OidcError."""
    ticket = door.request.cookies.get(COOKIE, "")
    try:
        flow, expires = door.accounts.tickets.open(ticket, _Flow)
    except Problem as problem:
        raise OidcError("expired", "this browser began no log-in, or too long ago") from problem
    if not hmac.compare_digest(flow.state.encode(), state.encode()):
        raise OidcError("failed", "the answer belongs to another log-in")
    once = await door.fleet.write(
        lambda connection: entrances.use_ticket(connection, ticket_digest(ticket), expires_at=expires)
    )
    if not once:
        raise OidcError("expired", "the answer was used before")
    return flow


async def _account(door: Door, provider: Provider, flow: _Flow, code: str) -> Account:
    settings = door.accounts.settings
    token = await provider.exchange(code, flow.verifier, flow.redirect_uri)
    expected = Expected(provider.issuer, settings.oidc_client_id, flow.nonce)
    keys = await provider.keys()
    try:
        claims = await door.fleet.thread(lambda: verified(token, keys, expected, now=time.time()))
    except UnknownKeyError:
        newer = await provider.keys(again=True)
        claims = await door.fleet.thread(lambda: verified(token, newer, expected, now=time.time()))
    role = role_of(claims, settings.oidc_role_claim, settings.oidc_roles)
    return await door.fleet.write(
        lambda connection: account_of(connection, provider.issuer, claims, settings.oidc_user_claim, role)
    )


async def _note(request: Request, error: OidcError) -> None:
    """Write to the audit why a log-in came to nothing."""

    def write(connection: Connection) -> None:
        detail = {"by": "oidc", "why": error.reason, "message": str(error)[:300]}
        entry = audit.Entry(
            NOBODY, "none", "session.refuse", time.time_ns(), address=address_of(request), detail=detail
        )
        audit.record(connection, entry)

    await request.app.state.fleet.write(write)


def _provider(provider: Provider | None) -> Provider:
    if provider is None:
        raise Problem(404, detail="no OpenID Connect provider is set; see [api] oidc_issuer")
    return provider


def _back(reason: str) -> Response:
    answer = RedirectResponse(f"{_LOGIN}?problem=oidc_{reason}", 303)
    answer.headers["set-cookie"] = _gone()
    answer.headers["cache-control"] = "no-store"
    return answer


def _gone() -> str:
    return f"{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"


def _challenge(verifier: str) -> str:
    """Return the S256 challenge (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _own_page(path: str) -> str:
    """Return a page of ours; anything that could lead elsewhere becomes the first page."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    return path if plain and "\\" not in path else "/"
