# SPDX-License-Identifier: MIT
"""The mechanisms PLAIN (RFC 4616) and LOGIN of SASL: lines in, a name and a password out; pure."""

import binascii
from typing import NamedTuple

ABORTED = "501 5.7.0 Authentication aborted"
FAILED = "535 5.7.8 Error: authentication failed: "
MOST_NAME = 1024
"""Bytes of a name: a longer one is no account's."""
_USERNAME, _PASSWORD = "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"


class Credentials(NamedTuple):
    username: bytes
    password: bytes
    authorized: bytes = b""
    """As whom PLAIN asks to act; empty: as the account itself."""


class Exchange:
    """One AUTH command; `step` until it returns credentials, or an error that ends it."""

    def __init__(self, argument: str) -> None:
        mechanism, _, self._initial = argument.partition(" ")
        self._plain = mechanism.upper() == "PLAIN"
        self._username: bytes | None = None

    def begin(self) -> str | Credentials:
        """Return what to ask first, the credentials, or an error."""
        if self._initial and (self._plain or self._initial != "="):
            return self._given(self._initial.strip().encode("utf-8", "surrogateescape"), "initial")
        return "334 " if self._plain else _USERNAME

    def step(self, line: bytes) -> str | Credentials:
        """Return what to ask next, the credentials, or an error, for the client's answer."""
        return ABORTED if line == b"*" else self._given(line, "continued")

    def _given(self, encoded: bytes, which: str) -> str | Credentials:
        try:
            data = binascii.a2b_base64(b"" if encoded == b"=" else encoded, strict_mode=True)
        except binascii.Error:
            return f"{FAILED}Invalid base64 data in {which} response"
        if self._plain:
            parts = data.split(b"\0")
            return Credentials(parts[1], parts[2], parts[0]) if len(parts) == 3 else f"{FAILED}(reason unavailable)"
        if self._username is None and not 0 < len(data) <= MOST_NAME:
            return f"{FAILED}(reason unavailable)"
        if self._username is None:
            self._username = data
            return _PASSWORD
        return Credentials(self._username, data)
