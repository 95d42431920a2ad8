# SPDX-License-Identifier: MIT
"""Reads tokens out of requests, and finds those that were written where they are logged: in an address."""

from __future__ import annotations

import re
from urllib.parse import unquote

_BEARER = re.compile(r"bearer +([\x21-\x7e]{1,256}) *", re.IGNORECASE)
_TOKEN = re.compile(r"decnet_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")


def bearer(headers: list[str]) -> str | None:
    """Return the token of the one Authorization header (RFC 6750); None when it is none, or there are several."""
    found = _BEARER.fullmatch(headers[0]) if len(headers) == 1 else None
    return found[1] if found else None


def token_in_address(path: str, query: str) -> str | None:
    """Return a token that stands in the address of a request, however it is encoded."""
    if "decnet" not in path and "%" not in path + query and "decnet" not in query:
        return None
    for text in (path, query, unquote(unquote(f"{path}?{query}"))):
        if found := _TOKEN.search(text):
            return found[0]
    return None
