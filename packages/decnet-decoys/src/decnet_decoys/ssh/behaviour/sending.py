# SPDX-License-Identifier: MIT
"""What one connection sends, and when; asyncssh's private methods are replaced for that.

OpenSSH's server_loop2() (serverloop.c) handles all that has come and then sends what that has made: a message that ends
the connection takes the answers to those just before it along. Only ssh_packet_disconnect() sends them first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from decnet_decoys.ssh.behaviour.dialect import IGNORE, Dialect, Farewell, RealText
from decnet_decoys.ssh.engine import asyncssh

TURNS = 2
"""Of the event loop, from the first answer to the sending: what a client sends at once may take two reads."""
MOST_KEPT = 16 << 10
"""Bytes that wait for a turn's end; then they are sent."""


class Sending(asyncssh.SSHServerConnection):
    """The part of a connection that sends."""

    _dialect: Dialect
    _kept = b""
    """What this turn has made."""

    def send_packet(self, pkttype: int, *args: bytes, handler: Any = None) -> None:
        """Send a packet; none of the empty ones that asyncssh puts before each."""
        if pkttype != IGNORE:
            super().send_packet(pkttype, *args, handler=handler)

    def _send(self, data: bytes) -> None:
        """Send, unless the connection is lost: for each answer to what came before asyncio would log a line."""
        if self._transport is None or self._transport.is_closing():
            return
        if not (self._auth_complete and self._dialect.sends_by_turns):
            super()._send(data)
            return
        if not self._kept:
            self.at_turns_end(self._send_kept)
        self._kept += data
        if len(self._kept) > MOST_KEPT:
            self._send_kept()

    def at_turns_end(self, work: Callable[[], None], turns: int = TURNS) -> None:
        """Have work done when what has come is handled, before what that has made is sent."""
        if turns:
            self._loop.call_soon(self.at_turns_end, work, turns - 1)
        else:
            work()

    def _send_kept(self) -> None:
        kept, self._kept = self._kept, b""
        if kept and self._transport is not None and not self._transport.is_closing():
            super()._send(kept)

    def _send_disconnect(self, code: int, reason: str, lang: str) -> None:
        if isinstance(reason, RealText):
            super()._send_disconnect(code, reason, lang)

    def _force_close(self, exc: Exception | None) -> None:
        if exc is None or isinstance(exc, Farewell):
            self._send_kept()
        self._kept = b""
        super()._force_close(exc)
