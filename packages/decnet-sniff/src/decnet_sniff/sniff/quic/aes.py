# SPDX-License-Identifier: MIT
"""AES-128 for the Initial packets of QUIC: one block for the header's mask, GCM to open the payload.

Three ways were measured (CPython 3.11, x86-64, a packet of 1,200 bytes; a sensor is to stay below 25 MiB, of which an
interpreter with asyncio and msgspec is 22):

| way                                  | memory    | time per packet |
|--------------------------------------|-----------|-----------------|
| the package `cryptography`           | + 8.3 MiB | 19 us           |
| OpenSSL's libcrypto through `ctypes` | + 0.8 MiB | 23 us           |
| plain Python (`aes_python`)          | + 0.7 MiB | 2.9 ms          |

So it is libcrypto, the very library that `hashlib` already has in memory, loaded when the first Initial comes. An
interpreter that has its OpenSSL built in, on a machine without the library, gets plain Python: slow, the same answer.
The keys are public (`quic_keys`): that the plain one is not constant in time gives nothing away.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Protocol

log = logging.getLogger(__name__)


class Aes(Protocol):
    """AES-128 as QUIC's Initial packets need it; keys and blocks have 16 bytes, nonces 12."""

    def encrypt_block(self, key: bytes, block: bytes) -> bytes:
        """Return the block, encrypted."""
        ...

    def open_gcm(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes | None:
        """Return what `sealed` holds (the tag is its last 16 bytes), None if the tag does not fit."""
        ...


@cache
def best_aes() -> Aes:
    """Return the fastest implementation that this machine has."""
    from decnet_sniff.sniff.quic import libcrypto

    found = libcrypto.load()
    if found is not None:
        return found
    from decnet_sniff.sniff.aes_python import PythonAes

    log.info("no libcrypto here: QUIC is decrypted in plain Python, some hundred packets a second")
    return PythonAes()
