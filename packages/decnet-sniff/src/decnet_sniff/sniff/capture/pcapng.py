# SPDX-License-Identifier: MIT
"""pcapng files (draft-ietf-opsawg-pcapng): sections, interfaces, three kinds of packet blocks; others are skipped."""

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from decnet_sniff.sniff.capture.file_buffer import LARGEST, MOST_RECORDS, CaptureError, FileBuffer
from decnet_sniff.sniff.capture.packet_batch import PacketBatch, PacketBounds

MAGIC: Final = b"\x0a\x0d\x0d\x0a"
"""The type of the block that begins a section, and so every file."""

INTERFACE: Final = 1
PACKET: Final = 2
"""Obsolete, but still in use."""
SIMPLE: Final = 3
ENHANCED: Final = 6

LARGEST_BLOCK: Final = 16 << 20
MOST_INTERFACES: Final = 1024

_ORDERS: Final = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_LATEST: Final = (1 << 63) - 1
"""The latest time of an event, ns."""
_RESOLUTION, _OFFSET = 9, 14
"""Options if_tsresol and if_tsoffset."""


class _Interface(NamedTuple):
    link: int
    snaplen: int
    units_per_second: int = 1_000_000
    offset_seconds: int = 0

    def ns(self, high: int, low: int) -> int:
        return (high << 32 | low) * 1_000_000_000 // self.units_per_second + self.offset_seconds * 1_000_000_000


class _Section:
    """What is needed to parse a section's blocks."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.interfaces: list[_Interface] = []
        self.head = Struct(order + "II").unpack_from
        self._enhanced = Struct(order + "IIIII").unpack_from
        self._packet = Struct(order + "HHIIII").unpack_from
        self._options = Struct(order + "HH").unpack_from
        self.last = 0

    def read(self, kind: int, data: bytes, at: int, end: int) -> tuple[int, PacketBounds] | None:
        """Parse the block body data[at:end]; return (link type, record) if it is a packet of a known interface."""
        if kind == INTERFACE and end - at >= 8 and len(self.interfaces) < MOST_INTERFACES:
            self._learn(data, at, end)
        elif kind in {ENHANCED, PACKET} and end - at >= 20:
            if kind == ENHANCED:
                number, high, low, size, _ = self._enhanced(data, at)
            else:
                number, _, high, low, size, _ = self._packet(data, at)
            if number < len(self.interfaces):
                interface = self.interfaces[number]
                self.last = min(max(0, interface.ns(high, low)), _LATEST)
                return interface.link, (self.last, at + 20, min(end, at + 20 + size))
        elif kind == SIMPLE and end - at >= 4 and self.interfaces:
            interface = self.interfaces[0]
            size = int.from_bytes(data[at : at + 4], "little" if self.order == "<" else "big")
            size = min(size, interface.snaplen or size, end - at - 4)
            return interface.link, (self.last, at + 4, at + 4 + size)
        return None

    def _learn(self, data: bytes, at: int, end: int) -> None:
        byteorder = "little" if self.order == "<" else "big"
        link, snaplen = int.from_bytes(data[at : at + 2], byteorder), int.from_bytes(data[at + 4 : at + 8], byteorder)  # type: ignore[arg-type]  # one of the two literals
        units, offset = 1_000_000, 0
        at += 8
        while at + 4 <= end:
            code, size = self._options(data, at)
            value = data[at + 4 : min(end, at + 4 + size)]
            if code == _RESOLUTION and value:
                exponent = value[0] & 0x7F
                units = 1 << exponent if value[0] & 0x80 else 10 ** min(exponent, 30)
            elif code == _OFFSET and len(value) == 8:
                offset = int.from_bytes(value, byteorder, signed=True)  # type: ignore[arg-type]  # the same
            elif code == 0:
                break
            at += 4 + (size + 3 & ~3)
        self.interfaces.append(_Interface(link, snaplen, units, offset))


def batches(window: FileBuffer) -> Iterator[PacketBatch]:
    """Yield the packets of a pcapng stream that begins at a section header; raises CaptureError where it is damaged."""
    reader = _Reader()
    while window.need(12):
        size = reader.size(window.data, window.at)
        if size is None:
            raise CaptureError(f"the block at byte {window.position} has an impossible length or byte order")
        whole = window.need(size)
        link, records = reader.packets(window) if whole else reader.cut(window)
        if records:
            yield PacketBatch(link, window.data, records)
        if not whole:
            raise CaptureError(f"the file ends within the block at byte {window.position}")
    if window.at < len(window.data):
        raise CaptureError(f"the file ends within the block header at byte {window.position}")


class _Reader:
    """Reads blocks one after the other; a section header sets their byte order."""

    def __init__(self) -> None:
        self._section = _Section("<")

    def size(self, data: bytes, at: int) -> int | None:
        """Return the bytes of the block at `at`, None if it is none; a section header begins its section here."""
        if data[at : at + 4] == MAGIC:
            order = _ORDERS.get(data[at + 8 : at + 12])
            if order is None:
                return None
            self._section = _Section(order)
        size: int = self._section.head(data, at)[1]
        return size if 12 <= size <= LARGEST_BLOCK and size % 4 == 0 else None

    def packets(self, window: FileBuffer) -> tuple[int, list[PacketBounds]]:
        """Return the packets of the complete blocks in the window, up to a change of link type; move past them."""
        data, link, records = window.data, -1, list[PacketBounds]()
        while len(data) - window.at >= 12 and len(records) < MOST_RECORDS:
            size = self.size(data, window.at)
            if size is None or len(data) - window.at < size:
                break
            packet = self._packet(data, window.at, window.at + size - 4)
            if packet is not None:
                if records and packet[0] != link:
                    break
                link = packet[0]
                records.append(packet[1])
            window.at += size
        return link, records

    def cut(self, window: FileBuffer) -> tuple[int, list[PacketBounds]]:
        """Return the packet of a truncated block, as far as it is there."""
        packet = self._packet(window.data, window.at, len(window.data))
        return (packet[0], [packet[1]]) if packet else (-1, [])

    def _packet(self, data: bytes, at: int, end: int) -> tuple[int, PacketBounds] | None:
        packet = self._section.read(self._section.head(data, at)[0], data, at + 8, end)
        return None if packet is None or packet[1][2] - packet[1][1] > LARGEST else packet
