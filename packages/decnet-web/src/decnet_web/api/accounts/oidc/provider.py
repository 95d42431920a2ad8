# SPDX-License-Identifier: MIT
"""Talks to the provider: discovery, keys, the exchange of a code for an ID token.

Requests have deadlines and bounded answers, do not block the event loop, and go only where the operator allowed: the
client is that of `webhook` and `enrich`. What the discovery document names is checked like the issuer itself.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from decnet_web.api.accounts.oidc.errors import OidcError
from decnet_web.api.settings import ApiSettings
from decnet_workers.errors import WorkersError
from decnet_workers.outbound.dial import Dialler
from decnet_workers.outbound.http_request import body_of, request
from decnet_workers.outbound.target import TargetError, parse_target

T = TypeVar("T")

SECONDS = 10.0
"""For one request, whole."""
CONNECT_SECONDS = 5.0
LARGEST = 256 * 1024
KEPT_SECONDS = 3600.0
"""How long discovery and keys are used before they are fetched again."""
KEYS_AGAIN_SECONDS = 60.0
"""How soon keys may be fetched again for a token that names an unknown one."""


class Discovery(msgspec.Struct, frozen=True):
    """What is used of the discovery document (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Grant(msgspec.Struct, frozen=True):
    """What is used of the token endpoint's answer."""

    id_token: str


class Provider:
    """The provider of the settings."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._dialler = Dialler("api", allowed=(), connect_seconds=CONNECT_SECONDS, ca_file=settings.oidc_ca_file)
        self._discovery: tuple[float, Discovery] | None = None
        self._keys: tuple[float, dict[str, Any]] | None = None

    @property
    def issuer(self) -> str:
        return self._settings.oidc_issuer

    async def discovery(self) -> Discovery:
        """Return the discovery document; raises OidcError."""
        if self._discovery is None or time.monotonic() - self._discovery[0] > KEPT_SECONDS:
            url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            self._discovery = (time.monotonic(), self._checked(await self._fetch(url)))
        return self._discovery[1]

    async def keys(self, *, again: bool = False) -> dict[str, Any]:
        """Return the key set; `again`: fetched anew, unless that was just done. Raises OidcError."""
        limit = KEYS_AGAIN_SECONDS if again else KEPT_SECONDS
        if self._keys is None or time.monotonic() - self._keys[0] > limit:
            found = _decoded(await self._fetch((await self.discovery()).jwks_uri), dict[str, Any])
            self._keys = (time.monotonic(), found)
        return self._keys[1]

    async def exchange(self, code: str, verifier: str, redirect_uri: str) -> str:
        """Return the ID token for a code (RFC 6749, section 4.1.3; RFC 7636, section 4.5); raises OidcError."""
        found = await self.discovery()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        secret = self._secret()
        if secret and "client_secret_basic" in found.token_endpoint_auth_methods_supported:
            headers["Authorization"] = _basic(self._settings.oidc_client_id, secret)
        else:
            form["client_id"] = self._settings.oidc_client_id
            if secret:
                form["client_secret"] = secret
        answer = await self._fetch(found.token_endpoint, headers, urlencode(form).encode())
        return _decoded(answer, Grant).id_token

    def _checked(self, document: bytes) -> Discovery:
        found = _decoded(document, Discovery)
        if found.issuer != self.issuer:
            raise OidcError("failed", "the discovery document is of another issuer than [api] oidc_issuer")
        try:
            ours = parse_target(self.issuer)
            for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                named = parse_target(url)
                if ours.tls and not named.tls:
                    raise OidcError("failed", "the provider names an address without TLS")
        except TargetError as error:
            raise OidcError("failed", f"the provider names an address that is none: {error}") from error
        return found

    async def _fetch(self, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> bytes:
        try:
            async with request(
                self._dialler,
                url,
                headers or {"Accept": "application/json"},
                seconds=SECONDS,
                body=body,
                allow_private=self._settings.oidc_allow_private,
            ) as response:
                content = await body_of(response, LARGEST)
        except WorkersError as error:
            raise OidcError("failed", f"the provider cannot be asked: {error}") from error
        if response.status != 200:
            raise OidcError("failed", f"the provider answers with status {response.status}")
        return content

    def _secret(self) -> str:
        file = self._settings.oidc_client_secret_file
        if not file:
            return ""
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise OidcError("failed", f"[api] oidc_client_secret_file cannot be read: {error}") from error


def _basic(client: str, secret: str) -> str:
    """Return HTTP Basic of form-encoded values (RFC 6749, section 2.3.1)."""
    pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"


def _decoded(content: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OidcError("failed", f"the provider's answer is not as it should be: {error}") from error
