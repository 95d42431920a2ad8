# SPDX-License-Identifier: MIT
"""Verifies ID tokens (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

import hmac
from typing import Any

from decnet_web.api.accounts.oidc.errors import OidcError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""With public keys only: with a shared secret, whoever knows it could make tokens; `none` is no signature."""
LEEWAY_SECONDS = 60
LONGEST = 64 * 1024
_OLDEST_SECONDS = 600


class UnknownKeyError(OidcError):
    """The token is signed with a key that the key set does not have; it may be newer."""


class Expected:
    """What a token must say."""

    def __init__(self, issuer: str, client: str, nonce: str) -> None:
        self.issuer = issuer
        self.client = client
        self.nonce = nonce


def verified(token: str, keys: dict[str, Any], expected: Expected, *, now: float) -> dict[str, Any]:
    """Return the token's claims; raises OidcError, UnknownKeyError."""
    claims = _signed(token, keys)
    problem = _wrong(claims, expected, now)
    if problem:
        raise OidcError("failed", f"the ID token is not acceptable: {problem}")
    return claims


def _signed(token: str, keys: dict[str, Any]) -> dict[str, Any]:
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError
    from joserfc.jwk import KeySet

    if len(token) > LONGEST:
        raise OidcError("failed", "the ID token is too long")
    try:
        public = [key for key in keys.get("keys", ()) if isinstance(key, dict) and key.get("kty") != "oct"]
        return dict(jwt.decode(token, KeySet.import_key_set({"keys": public}), algorithms=ALGORITHMS).claims)
    except InvalidKeyIdError as error:
        raise UnknownKeyError("failed", "the ID token is signed with an unknown key") from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise OidcError("failed", f"the ID token's signature cannot be verified: {type(error).__name__}") from error


def _wrong(claims: dict[str, Any], expected: Expected, now: float) -> str:
    """Return what is wrong with the claims; empty for nothing."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    nonce, subject = claims.get("nonce"), claims.get("sub")
    checks = {
        "its issuer is another one": claims.get("iss") == expected.issuer,
        "it is for somebody else": expected.client in audiences,
        "it was issued to somebody else": claims.get("azp", expected.client) == expected.client
        and (len(audiences) == 1 or "azp" in claims),
        "it has expired": _number(claims.get("exp")) > now - LEEWAY_SECONDS,
        "it is from another time": now - _OLDEST_SECONDS <= _number(claims.get("iat")) <= now + LEEWAY_SECONDS,
        "its nonce is another one": isinstance(nonce, str)
        and hmac.compare_digest(nonce.encode("utf-8", "surrogatepass"), expected.nonce.encode()),
        "it names nobody": isinstance(subject, str) and 0 < len(subject) <= 255,
    }
    return next((problem for problem, holds in checks.items() if not holds), "")


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("-inf")
