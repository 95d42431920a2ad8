# SPDX-License-Identifier: MIT
"""The cookie of a session, and the CSRF token that belongs to it.

`__Host-` means that a browser accepts the cookie only with Secure, with Path=/ and without Domain, so no other host and
no page by plain http can plant or replace it. Browsers that treat http://127.0.0.1 and http://localhost as trustworthy
(Chromium, Firefox) accept it there too. Should a request bring two of that name, neither counts.

The CSRF token is the HMAC of the session's secret: nothing is stored, and who has it has not the session.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

NAME = "__Host-decnet"
LONGEST_HEADER = 8192

_BLANK = " \t"
"""White space of RFC 6265: other hosts of a domain may set a cookie that has another blank before `__Host-`."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def secret_in(headers: list[str], name: str = NAME) -> str | None:
    """Return the one value of the cookie in a request's Cookie headers; None for none, several, or one not of ours."""
    found = []
    for header in headers:
        if len(header) > LONGEST_HEADER:
            return None
        pairs = (pair.partition("=") for pair in header.split(";"))
        found += [value.strip(_BLANK) for key, equal, value in pairs if equal and key.strip(_BLANK) == name]
    return found[0] if len(found) == 1 and _SECRET.fullmatch(found[0]) else None


def setting(secret: str, *, seconds: int) -> str:
    """Return the Set-Cookie header that gives a browser the session."""
    return f"{NAME}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict"


def clearing() -> str:
    """Return the Set-Cookie header that takes it away."""
    return f"{NAME}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"


def csrf_token(secret: str) -> str:
    """Return the CSRF token of a session."""
    mac = hmac.digest(secret.encode(), b"decnet csrf", hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def is_csrf_token(secret: str, given: str) -> bool:
    return hmac.compare_digest(csrf_token(secret).encode(), given.encode("utf-8", "surrogateescape"))
