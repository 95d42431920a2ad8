# SPDX-License-Identifier: MIT
"""The memory into which the kernel writes captured packets: blocks of TPACKET_V3 (linux/if_packet.h).

The kernel fills a block, hands it over, and continues with the next; we read it in place and return it. A packet costs
no system call and no copy.
"""

import mmap
import socket
import struct
from collections.abc import Iterator
from typing import Final

from decnet_sniff.sniff.capture.packet_batch import PacketBatch, PacketBounds

SOL_PACKET: Final = 263
_VERSION, _RX_RING, _STATISTICS = 10, 5, 6
_V3: Final = 2
BLOCK: Final = 128 * 1024
"""Bytes; the largest packet, which segmentation offload makes 64 KiB, must fit."""
_FRAME: Final = 2048
RETIRE_MS: Final = 100
"""A block that is not full is handed over after this time."""

_KERNEL, _USER = 0, 1
_BLOCK_HEAD = struct.Struct("=8xIII").unpack_from
"""Status, number of packets, offset of the first."""
_PACKET_HEAD = struct.Struct("=IIII8xH").unpack_from
"""Offset of the next, seconds, nanoseconds, captured bytes, offset of the link layer."""
_STATUS: Final = 8


class Ring:
    """The ring of one packet socket, which must not be bound yet."""

    def __init__(self, packets: socket.socket, kib: int) -> None:
        self._socket = packets
        self._count = max(2, kib * 1024 // BLOCK)
        self._current = 0
        packets.setsockopt(SOL_PACKET, _VERSION, _V3)
        shape = struct.pack("7I", BLOCK, self._count, _FRAME, BLOCK // _FRAME * self._count, RETIRE_MS, 0, 0)
        packets.setsockopt(SOL_PACKET, _RX_RING, shape)
        self._memory = mmap.mmap(packets.fileno(), BLOCK * self._count, mmap.MAP_SHARED)
        self._view = memoryview(self._memory)

    def batches(self, link: int) -> Iterator[PacketBatch]:
        """Yield the blocks that are ready, at most once round; a batch is valid until the next is requested."""
        for _ in range(self._count):
            begin = self._current * BLOCK
            status, packets, first = _BLOCK_HEAD(self._memory, begin)
            if not status & _USER:
                return
            try:
                yield PacketBatch(link, self._view, self._records(begin + first, packets))
            finally:
                struct.pack_into("=I", self._memory, begin + _STATUS, _KERNEL)
                self._current = (self._current + 1) % self._count

    def _records(self, at: int, packets: int) -> list[PacketBounds]:
        records: list[PacketBounds] = []
        for _ in range(packets):
            following, seconds, nanoseconds, size, frame = _PACKET_HEAD(self._memory, at)
            start = at + frame
            records.append((seconds * 1_000_000_000 + nanoseconds, start, start + size))
            at += following
        return records

    def drops(self) -> int:
        """Return how many packets the kernel has dropped since the last call."""
        _, dropped, _ = struct.unpack("3I", self._socket.getsockopt(SOL_PACKET, _STATISTICS, 12))
        return int(dropped)

    def close(self) -> None:
        self._view.release()
        self._memory.close()
