# SPDX-License-Identifier: MIT
"""Bounds what asyncssh handles at once, and what it keeps of both directions of a connection.

What a client sent is handed over in small pieces and in turns, and no more than a session may send.
asyncssh handles everything that has arrived in one callback: 256 KiB are 8,000 of the smallest packets, most of a
second. It also reads on while a packet's handler waits, such as a password's for its delay, and keeps all of it.
Here the connection is read again only when what was read has been handled.

What a client does not take asyncssh keeps without a limit: of the output of each channel as much as the client's window
is large, which may be 4 GiB, all replies to requests, and, from a key exchange's begin to its end, everything. Here the
channels of such a client wait (`UnsentOutput`), and nothing more is read from it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.processor import turn
from decnet_decoys.services.received import Received
from decnet_decoys.ssh.behaviour.compression import STREAMS_BYTES

PIECE = 1024
"""Bytes handed over at a time: some thirty of the smallest packets, or one that asks for a key exchange."""

MOST_DEFERRED = 64 << 10
"""Bytes that wait for the end of a key exchange before the channels wait, too; asyncio's own limit for a transport."""
PACKET_BYTES = 256
"""What a packet that waits takes beside its content."""


class UnsentOutput:
    """What one connection has to send and its client does not take yet: in the transport, in asyncssh, in channels.

    It is held under a lease of the memory budget, with the streams that compress it; a connection for which that has no
    room is cut.
    """

    def __init__(self, connection: Any, lease: MemoryLease, on_excess: Callable[[], None]) -> None:
        """`connection` is asyncssh's; `on_excess` is called when there is no memory for what it has to send."""
        self.full = False
        """Whether the transport holds as much as it should."""
        self.on_change: list[Callable[[], None]] = []
        """Called when `full` or `blocked` may have changed."""
        self._connection = connection
        self._lease = lease
        self._on_excess = on_excess
        self._held = 0
        self._deferred = self._deferred_packets = 0
        self._send_packet = connection.send_packet
        connection.send_packet = self.send_packet
        connection.pause_writing = self.pause_writing
        connection.resume_writing = self.resume_writing

    @property
    def blocked(self) -> bool:
        """Whether channels have to wait before they write more."""
        return self.full or self._deferred > MOST_DEFERRED

    def end(self) -> None:
        """Leave a connection that was lost, as `Pacing.end`."""
        for name in ("send_packet", "pause_writing", "resume_writing"):
            vars(self._connection).pop(name, None)
        self._on_excess = _ends_nothing
        self.on_change.clear()
        self._hold(0)

    def send_packet(self, *arguments: Any, **options: Any) -> None:
        """Send a packet, and count what has not left."""
        self._send_packet(*arguments, **options)
        self.count()

    def pause_writing(self) -> None:
        """Note that the transport holds more than it should."""
        self.full = True
        self._changed()

    def resume_writing(self) -> None:
        """Note that the transport has sent most of what it held."""
        self.full = False
        self.count()
        self._changed()

    def count(self) -> None:
        """Count what has not left; called after each packet, and when a channel has kept what it was given."""
        connection, blocked = self._connection, self.blocked
        deferred = connection._deferred_packets
        if len(deferred) < self._deferred_packets:
            self._deferred = self._deferred_packets = 0
        for _, content in deferred[self._deferred_packets :]:
            self._deferred += PACKET_BYTES + sum(map(len, content))
        self._deferred_packets = len(deferred)
        transport = connection._transport
        unsent = self._deferred + (transport.get_write_buffer_size() if transport is not None else 0)
        unsent += sum(channel._send_buf_len for channel in connection._channels.values())
        if connection._compressor is not None and connection._auth_complete:
            unsent += STREAMS_BYTES
        if unsent != self._held:
            self._hold(unsent)
        if blocked != self.blocked:
            self._changed()

    def _changed(self) -> None:
        for on_change in list(self.on_change):
            on_change()

    def _hold(self, size: int) -> None:
        if self._lease.hold(size - self._held):
            self._held = size
        else:
            self._on_excess()


class Pacing:
    """Stands between the transport and one connection of asyncssh."""

    def __init__(
        self,
        connection: Any,
        limit_bytes: int,
        received: Received,
        unsent: UnsentOutput,
        on_excess: Callable[[], None],
    ) -> None:
        """`connection` is asyncssh's; `on_excess` is called when the client has sent more than `limit_bytes`."""
        self._connection = connection
        self._received = received
        self._unsent = unsent
        unsent.on_change.append(self._output_changed)
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
        self._received.add(data)
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
        while self._waiting and not (self._busy or self._unsent.full):
            piece = bytes(self._waiting[:PIECE])
            del self._waiting[:PIECE]
            self._take(piece)
            if turn.is_over():
                break
        if self._connection._transport is None:
            self._waiting.clear()
        elif self._waiting or self._unsent.full:
            self._connection._transport.pause_reading()
            if not (self._busy or self._unsent.full):
                self._soon()
        else:
            self._connection._transport.resume_reading()

    def _output_changed(self) -> None:
        """Read again from a client that takes what it is sent."""
        if not (self._unsent.full or self._busy):
            self._soon()

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
