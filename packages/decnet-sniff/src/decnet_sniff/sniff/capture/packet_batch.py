# SPDX-License-Identifier: MIT
"""Packets as both sources deliver them: many in one buffer, so that none is copied and none is an object."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from decnet_sniff.sniff.packets.link import Buffer

PacketBounds = tuple[int, int, int]
"""(ns since the Unix epoch, start in the buffer, end)."""

Accept = Callable[[Buffer, int, int], bool]
"""(buffer, start, end) of a packet: whether the sniffer processes it."""


class PacketBatch(NamedTuple):
    """Packets of one link type in order of capture; valid only until the next batch is requested."""

    link: int
    buffer: Buffer
    records: Sequence[PacketBounds]
