# SPDX-License-Identifier: MIT
"""Makes the secrets of tokens, links and sessions: 256 random bits, of which only the SHA-256 is stored.

A fast hash is right for them: there is nothing to guess in 256 bits, and each request is looked up by it.
"""

import hashlib
import secrets

TOKEN_PREFIX = "decnet_"  # noqa: S105  # what it begins with, so that scanners of code and logs find leaked ones
SHOWN = len(TOKEN_PREFIX) + 6
"""Characters of a token by which people recognise it."""

_BYTES = 32


def new_secret() -> str:
    """Return 43 characters of base64url."""
    return secrets.token_urlsafe(_BYTES)


def new_token() -> str:
    return TOKEN_PREFIX + new_secret()


def digest(secret: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
