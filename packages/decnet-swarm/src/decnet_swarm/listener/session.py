# SPDX-License-Identifier: MIT
"""What both kinds of sessions share: the member, the time of its last bytes, and how it is ended."""

import asyncio
import time
from abc import ABC, abstractmethod

from decnet_swarm.pki.admission import Admitted
from decnet_swarm.stream import Stream
from decnet_swarm.wire import SILENCE_SECONDS

PIECE_BYTES = 16 << 10
"""Taken apart at once: the shortest message has three bytes and becomes an event of some hundred."""
AT_ONCE = 64
"""Messages that are handled before others have their turn: the shortest cost most, for what they bring."""


class PeerSession(ABC):
    """One connection of an admitted peer."""

    alone = False
    """Whether a sensor has one at a time: a newer one ends the older."""

    def __init__(self, stream: Stream, member: Admitted) -> None:
        self.member = member
        self.ended = asyncio.Event()
        """Set when nothing more comes of it."""
        self._stream = stream
        self._heard_at = time.monotonic()
        self._reading = False
        self._open = True

    @abstractmethod
    async def run(self) -> None:
        """Receive until the connection ends; raises OSError."""

    def keep_alive(self) -> None:
        """End a connection that was silent too long, unless it is not being read from."""
        if self._reading and time.monotonic() - self._heard_at > SILENCE_SECONDS:
            self.end("silence")

    async def offer(self) -> None:  # noqa: B027  # most have nothing
        """Send what the peer is to have, if it takes anything; raises OSError."""

    def end(self, reason: str) -> None:  # noqa: ARG002  # for who can tell the peer
        """End it at once."""
        self._open = False
        self._stream.abort()

    async def _receive(self) -> bytes:
        self._reading, self._heard_at = True, time.monotonic()
        data = await self._stream.receive()
        self._reading = False
        return data
