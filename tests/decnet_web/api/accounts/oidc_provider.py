# SPDX-License-Identifier: MIT
"""An OpenID Connect provider on loopback, which can be told to misbehave."""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "decnet-client", "s3cret:with/odd chars"


@functools.cache
def _first_key() -> RSAKey:
    """Return the key of every provider: to make one takes 0.1 s."""
    return RSAKey.generate_key(2048, {"kid": "first"})


class OidcProvider:
    """Its users log in without being asked."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = _first_key()
        self.published = [self.key]
        self.claims: dict[str, Any] = {"sub": "user-1", "preferred_username": "nina", "groups": ["soc"]}
        self.change: Callable[[dict[str, Any]], None] = lambda _claims: None
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.discovery: dict[str, Any] = {}
        self.token_answer: Callable[[], Response] | None = None
        self.keys_asked = 0
        self._codes: dict[str, dict[str, str]] = {}

    def authorize(self, url: str) -> dict[str, str]:
        """Return what the provider adds to the redirect URI once the user has agreed."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def signed_by_public_key_as_secret(self, claims: dict[str, Any]) -> str:
        """Return what a verifier takes that lets the token choose the algorithm."""
        secret = OctKey.import_key(self.key.as_pem(private=False))
        return jwt.encode({"alg": "HS256", "kid": "first"}, claims, secret)

    @staticmethod
    def unsigned(claims: dict[str, Any]) -> str:
        parts = ({"alg": "none", "kid": "first"}, claims)
        encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
        return ".".join((*encoded, ""))

    def signed_by_another(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "ES256", "kid": "first"}, claims, ECKey.generate_key("P-256", {"kid": "first"}))

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
                Route("/authorize", self._authorize),
            ]
        )

    async def _discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.discovery,
            }
        )

    async def _authorize(self, request: Request) -> Response:
        """Send a browser back: the user agrees at once."""
        back = urlencode(self.authorize(str(request.url)))
        return RedirectResponse(f"{request.query_params['redirect_uri']}?{back}", 303)

    async def _keys(self, _request: Request) -> Response:
        self.keys_asked += 1
        return JSONResponse(KeySet(list(self.published)).as_dict(private=False))

    async def _token(self, request: Request) -> Response:
        if self.token_answer is not None:
            return self.token_answer()
        given = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        begun = self._codes.pop(given["code"], None)
        basic = base64.b64encode(b"decnet-client:s3cret%3Awith%2Fodd%20chars").decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given["code_verifier"].encode()).digest()).rstrip(b"=")
        good = (
            begun is not None
            and request.headers["authorization"] == f"Basic {basic}"
            and challenge.decode() == begun["code_challenge"]
            and given["redirect_uri"] == begun["redirect_uri"]
        )
        if not good or begun is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": begun["nonce"],
            **self.claims,
        }
        self.change(claims)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": self.sign(claims)})


@asynccontextmanager
async def providing() -> AsyncIterator[OidcProvider]:
    """Run a provider."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        provider, server = _served(listener)
        task = asyncio.ensure_future(server._serve([listener]))
        try:
            yield provider
        finally:
            server.should_exit = True
            await task


@contextmanager
def providing_in_thread() -> Iterator[OidcProvider]:
    """Run a provider beside a test that has no event loop."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        provider, server = _served(listener)
        thread = threading.Thread(target=lambda: asyncio.run(server._serve([listener])), name="oidc-provider")
        thread.start()
        try:
            yield provider
        finally:
            server.should_exit = True
            thread.join()


def _served(listener: socket.socket) -> tuple[OidcProvider, uvicorn.Server]:
    provider = OidcProvider(f"http://127.0.0.1:{listener.getsockname()[1]}")
    config = uvicorn.Config(provider.application(), lifespan="off", log_config=None, ws="none", http="h11")
    return provider, uvicorn.Server(config)
