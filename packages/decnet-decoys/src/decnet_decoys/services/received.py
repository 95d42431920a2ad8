# SPDX-License-Identifier: MIT
"""The beginning of what a client sent, and how much that was: what is left of one that asked for nothing.

A service records requests, log-ins and commands. Who sends something else (a probe of another protocol, half a
handshake, garbage) would leave nothing but that he connected; then this is recorded when the connection ends.
"""

from decnet_decoys.evidence.connection_recorder import text

KEPT_BYTES = 512


class Received:
    """What one connection's client has sent so far."""

    __slots__ = ("_encrypted", "beginning", "total")

    def __init__(self) -> None:
        self.beginning = b""
        """At most KEPT_BYTES."""
        self.total = 0
        """Bytes that were read, all of them."""
        self._encrypted = False

    def add(self, data: bytes) -> None:
        if self._encrypted and data:
            self.clear()
        if len(self.beginning) < KEPT_BYTES:
            self.beginning += data[: KEPT_BYTES - len(self.beginning)]
        self.total += len(data)

    def clear(self) -> None:
        """Begin anew."""
        self.beginning, self.total, self._encrypted = b"", 0, False

    def encrypted(self) -> None:
        """Let what comes inside TLS, if anything does, take the place of the handshake."""
        self._encrypted = True

    def detail(self) -> dict[str, str]:
        """Return it as an event has it."""
        return {"data": text(self.beginning), "bytes": str(self.total)}
