# SPDX-License-Identifier: MIT
"""Compressed packets (RFC 4253 §6.2) that cost no more than others.

asyncssh inflates whatever a packet brings: of 256 KiB a quarter of a GiB, in one go. It also makes both streams, of
some 300 KiB, as soon as keys are exchanged, so that clients that never log in would fill the memory.
"""

from __future__ import annotations

import sys
import zlib
from typing import Any

from decnet_decoys.ssh.engine import asyncssh

_compression: Any = sys.modules[f"{asyncssh.__name__}.compression"]

MOST_BYTES = 256 << 10
"""Of what a packet holds, uncompressed: no real client sends longer packets (PACKET_MAX_SIZE of OpenSSH's packet.h)."""
STREAMS_BYTES = 300 << 10
"""What the two streams of a connection take: zlib's windows and tables for both directions (zconf.h)."""


class Deflater:
    """Compresses what is sent; its stream is made with the first packet."""

    def __init__(self) -> None:
        self._stream: Any = None

    def compress(self, data: bytes) -> bytes:
        """Return the next part of the stream, up to the end of `data`."""
        if self._stream is None:
            self._stream = zlib.compressobj()
        compressed: bytes = self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        return compressed


class Inflater:
    """Decompresses what is received; its stream is made with the first packet."""

    def __init__(self) -> None:
        self._stream: Any = None

    def decompress(self, data: bytes) -> bytes | None:
        """Return what `data` holds; None when it is no part of the stream, or holds more than a packet may."""
        if self._stream is None:
            self._stream = zlib.decompressobj()
        try:
            content: bytes = self._stream.decompress(data, MOST_BYTES + 1)
        except zlib.error:
            return None
        return content if len(content) <= MOST_BYTES else None


def register() -> None:
    """Have asyncssh compress by these."""
    for name in (b"zlib@openssh.com", b"zlib"):
        _compression._cmp_compressors[name] = Deflater
        _compression._cmp_decompressors[name] = Inflater
