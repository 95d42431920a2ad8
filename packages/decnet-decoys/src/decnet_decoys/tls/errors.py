# SPDX-License-Identifier: MIT
"""What a client sent that is no TLS, in OpenSSL's words; loaded without OpenSSL."""

from typing import Final

from decnet_decoys.services.connection import ConnectionEnded

_CODES: Final = {
    "HTTP_REQUEST": 0x9C, "WRONG_VERSION_NUMBER": 0x10B, "UNSUPPORTED_PROTOCOL": 0x102, "NO_SHARED_CIPHER": 0xC1,
    "HTTPS_PROXY_REQUEST": 0x9B, "UNEXPECTED_MESSAGE": 0xF4, "BAD_RECORD_TYPE": 0x1BB, "LENGTH_MISMATCH": 0x9F,
    "VERSION_TOO_LOW": 0x18C, "RECORD_LAYER_FAILURE": 0x139, "PACKET_LENGTH_TOO_LONG": 0xC6,
}  # fmt: skip
"""Reasons of OpenSSL 3 (sslerr.h) that clients bring about."""


class NotTlsError(ConnectionEnded):
    """The handshake failed for what the client sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no TLS: {reason}")
        self.reason = reason

    @property
    def words(self) -> str:
        """OpenSSL's line about it (ERR_error_string)."""
        return f"error:0A{_CODES.get(self.reason, 0x100):06X}:SSL routines::{self.reason.lower().replace('_', ' ')}"


class ClearTextError(ConnectionEnded):
    """The client does not speak TLS, and the server answers it as what it is."""

    def __init__(self, first: bytes) -> None:
        super().__init__("no TLS: clear text")
        self.first = first
        """What the client sent so far."""
