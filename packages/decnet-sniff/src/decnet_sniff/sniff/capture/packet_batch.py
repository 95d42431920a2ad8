# SPDX-License-Identifier: MIT
"""Packets as both sources deliver them: many in one buffer, so that none is copied and none is an object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from decnet_sniff.sniff.packets.link import Buffer

Record = tuple[int, int, int]
"""(ns since the Unix epoch, where the packet begins in the buffer, where it ends)."""

Accept = Callable[[Buffer, int, int], bool]
"""(buffer, start, end) of a packet: whether the sniffer looks at it."""


class Batch(NamedTuple):
    """Some packets of one link type in the order in which they came; valid only until the next is asked for."""

    link: int
    buffer: Buffer
    records: Sequence[Record]
