# SPDX-License-Identifier: MIT
"""The filter of `packet_filter` for capture files, which no kernel has filtered: the same decision, in Python.

A load beyond the packet's end makes the kernel reject the packet, so an address that the capture cuts off counts as
ignored unless one of its captured words (32 bits) differs from the network.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from decnet_sniff.sniff.capture.packet_filter import IP4_PROTOCOLS, IP6_PROTOCOLS, Network
from decnet_sniff.sniff.packets import link
from decnet_sniff.sniff.packets.link import IP4, IP6, OTHER, Buffer


class _Fields(NamedTuple):
    """Offsets in an IP header of what is compared."""

    source: int
    destination: int
    protocol: int
    accepted: frozenset[int]


_FIELDS: Final = {IP4: _Fields(12, 16, 9, frozenset(IP4_PROTOCOLS)), IP6: _Fields(8, 24, 6, frozenset(IP6_PROTOCOLS))}


class _Prefix(NamedTuple):
    """A network as its first `size` bytes (whole words), which hold all the ones of its mask."""

    size: int
    mask: int
    address: int

    def holds(self, buffer: Buffer, at: int, end: int) -> bool:
        """Return whether the address at `at` is in the network, as far as it was captured."""
        there = max(0, min(self.size, (end - at) & ~3))
        missing = 8 * (self.size - there)
        return int.from_bytes(buffer[at : at + there], "big") & self.mask >> missing == self.address >> missing


class FileFilter:
    """The filter for packets of link type `kind`, equal to `packet_filter.program` with the same arguments."""

    def __init__(self, kind: int, ignore: Sequence[Network] = ()) -> None:
        self._locate, self._offset = _LOCATE.get(kind, (link.raw, 0))
        self._prefixes = {
            IP4: [_prefix(network) for network in ignore if network.version == 4],
            IP6: [_prefix(network) for network in ignore if network.version == 6],
        }
        self.by_address = bool(ignore)

    def __call__(self, buffer: Buffer, start: int, end: int) -> bool:
        version, at = self._locate(buffer, start + self._offset, end)
        if version not in self._prefixes:
            return version in link.WRAPPED
        source, destination, protocol, accepted = _FIELDS[version]
        if at + protocol >= end or buffer[at + protocol] not in accepted:
            return False
        for prefix in self._prefixes[version]:
            if prefix.holds(buffer, at + source, end) or prefix.holds(buffer, at + destination, end):
                return False
        return True


def _prefix(network: Network) -> _Prefix:
    size = max(4, (network.prefixlen + 31) // 32 * 4)
    mask, address = network.netmask.packed[:size], network.network_address.packed[:size]
    return _Prefix(size, int.from_bytes(mask, "big"), int.from_bytes(address, "big"))


def _cooked2(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    return (buffer[at] << 8 | buffer[at + 1], at + 20) if at + 2 <= end else OTHER


_LOCATE: Final = {
    link.ETHERNET: (link.tagged, 12),
    link.SLL: (link.tagged, 14),
    link.SLL2: (_cooked2, 0),
    link.NULL: (link.raw, 4),
    link.LOOP: (link.raw, 4),
}
"""Finds the IP header by link type, and its minimum offset from the packet's beginning; for the others it is the
beginning."""
