# SPDX-License-Identifier: MIT
"""Packets as both sources deliver them: many in one buffer, so that none is copied and none is an object."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from decnet_sniff.sniff.packets.link import Buffer

PacketBounds = tuple[int, int, int]
"""(ns since the Unix epoch, start in the buffer, end)."""


class Accept(Protocol):
    """Whether the sniffer processes a packet."""

    @property
    def by_address(self) -> bool:
        """Whether that depends on addresses; if not, no TCP segment right behind Ethernet and IP is rejected."""
        ...

    def __call__(self, buffer: Buffer, start: int, end: int, /) -> bool:
        """Decide for the packet in buffer[start:end]."""
        ...


class PacketBatch(NamedTuple):
    """Packets of one link type in order of capture; valid only until the next batch is requested."""

    link: int
    buffer: Buffer
    records: Sequence[PacketBounds]
