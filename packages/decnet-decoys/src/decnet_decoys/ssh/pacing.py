# SPDX-License-Identifier: MIT
"""Hands asyncssh what a client sent in small pieces and in turns, and no more than a session may send.

asyncssh handles everything that has arrived in one callback: 256 KiB are 8,000 of the smallest packets, most of a
second. It also reads on while a packet's handler waits, such as a password's for its delay, and keeps all of it.
Here the connection is read again only when what was read has been handled.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from decnet_decoys.processor import turn

PIECE = 1024
"""Bytes handed over at a time: some thirty of the smallest packets, or one that asks for a key exchange."""


class Pacing:
    """Stands between the transport and one connection of asyncssh."""

    def __init__(self, connection: Any, limit_bytes: int, on_excess: Callable[[], None]) -> None:
        """`connection` is asyncssh's; `on_excess` is called when the client has sent more than `limit_bytes`."""
        self._connection = connection
        self._left = limit_bytes
        self._on_excess = on_excess
        self._waiting = bytearray()
        self._scheduled = False
        self._take, self._finish = self._connection.data_received, self._connection._finish_recv_packet
        self._connection.data_received = self.data_received
        self._connection._finish_recv_packet = self._finished

    def end(self) -> None:
        """Leave a connection that was lost, so that it is freed at once; in a cycle it waits to be collected.

        Collecting hundreds of connections takes longer than a turn may.
        """
        for name in ("data_received", "_finish_recv_packet"):
            vars(self._connection).pop(name, None)
        self._connection._recv_handler = _takes_nothing
        self._on_excess = _ends_nothing
        self._waiting.clear()

    def data_received(self, data: bytes, datatype: int | None = None) -> None:  # noqa: ARG002  # asyncssh's signature
        """Take what the transport has read."""
        if self._left < 0:
            return
        self._left -= len(data)
        if self._left < 0:
            self._waiting.clear()
            self._on_excess()
            return
        self._waiting += data
        if not self._scheduled:
            self._hand_over()

    def _hand_over(self) -> None:
        self._scheduled = False
        while self._waiting and not self._busy:
            piece = bytes(self._waiting[:PIECE])
            del self._waiting[:PIECE]
            self._take(piece)
            if turn.is_over():
                break
        if self._connection._transport is None:
            self._waiting.clear()
        elif self._waiting:
            self._connection._transport.pause_reading()
            if not self._busy:
                self._soon()
        else:
            self._connection._transport.resume_reading()

    @property
    def _busy(self) -> bool:
        """Whether the handler of a packet waits for something: then asyncssh only keeps what it is given."""
        return getattr(self._connection._recv_handler, "__self__", None) is not self._connection

    def _soon(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._hand_over)

    def _finished(self, *arguments: Any, **options: Any) -> None:
        """Go on after the handler of a packet that waited."""
        self._finish(*arguments, **options)
        if self._waiting and not self._busy:
            self._soon()


def _takes_nothing() -> bool:
    """Stand in for asyncssh's reader of packets, a method of the connection."""
    return False


def _ends_nothing() -> None:
    """Stand in for what ends a connection that has ended."""
