# SPDX-License-Identifier: MIT
"""Capture files as streams of packets: pcap (draft-ietf-opsawg-pcap) here, pcapng in `pcapng`.

A file may be truncated anywhere, or have false lengths. All that can be read is delivered first; then CaptureError says
what is wrong. Memory is bounded by one chunk and one record.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Final

from decnet_sniff.sniff.capture import pcapng
from decnet_sniff.sniff.capture.file_buffer import LARGEST, MOST_RECORDS, CaptureError, File, FileBuffer
from decnet_sniff.sniff.capture.packet_batch import PacketBatch, PacketBounds

_MAGIC: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
"""First bytes: (byte order, nanoseconds per fraction)."""


def open_capture(file: str) -> AbstractContextManager[BinaryIO]:
    """Open a capture file, or standard input for -; raises OSError and CaptureError."""
    if file != "-":
        return Path(file).open("rb")
    if sys.stdin is None:
        raise CaptureError("standard input is closed")
    return nullcontext(sys.stdin.buffer)


def batches(file: File) -> Iterator[PacketBatch]:
    """Yield the packets of a capture file of either format; raises CaptureError where it is invalid."""
    window = FileBuffer(file)
    if not window.need(4):
        raise CaptureError("the file is empty" if not window.data else "the file ends within its first four bytes")
    magic = window.data[:4]
    if magic == pcapng.MAGIC:
        yield from pcapng.batches(window)
    elif magic in _MAGIC:
        yield from _classic(window, *_MAGIC[magic])
    else:
        raise CaptureError(f"this is neither pcap nor pcapng: it begins with {magic.hex(' ')}")


def _classic(window: FileBuffer, order: str, unit: int) -> Iterator[PacketBatch]:
    if not window.need(24):
        raise CaptureError("the file ends within its header")
    link = int.from_bytes(window.data[20:24], "little" if order == "<" else "big") & 0xFFFF
    window.at = 24
    unpack = Struct(order + "IIII").unpack_from
    while window.need(16):
        size = unpack(window.data, window.at)[2]
        if size > LARGEST:
            raise CaptureError(f"the record at byte {window.position} claims to have {size} bytes")
        whole = window.need(16 + size)
        records = _records(window, unpack, unit) if whole else [_cut(window, unpack, unit)]
        yield PacketBatch(link, window.data, records)
        if not whole:
            raise CaptureError(f"the file ends within the record at byte {window.position}")
    if window.at < len(window.data):
        raise CaptureError(f"the file ends within the record header at byte {window.position}")


def _records(window: FileBuffer, unpack: Callable[[bytes, int], tuple[int, ...]], unit: int) -> list[PacketBounds]:
    """Return the complete records in the window, and move past them."""
    data, at, records = window.data, window.at, list[PacketBounds]()
    last = len(data) - 16
    size_of_all, add = len(data), records.append
    for _ in range(MOST_RECORDS):
        if at > last:
            break
        seconds, fraction, size, _ = unpack(data, at)
        begin = at + 16
        end = begin + size
        if end > size_of_all or size > LARGEST:
            break
        add((seconds * 1_000_000_000 + fraction * unit, begin, end))
        at = end
    window.at = at
    return records


def _cut(window: FileBuffer, unpack: Callable[[bytes, int], tuple[int, ...]], unit: int) -> PacketBounds:
    """Return the truncated last record of a file: headers are in its first bytes."""
    seconds, fraction, _, _ = unpack(window.data, window.at)
    return seconds * 1_000_000_000 + fraction * unit, window.at + 16, len(window.data)
