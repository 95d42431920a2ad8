# SPDX-License-Identifier: MIT
"""A list of addresses and networks as a file of sorted records, which is mapped into memory and searched by bisection.

So a list costs the pages that a search touches, not its size. Networks either contain each other or have nothing in
common, therefore each record names the smallest network around it: the search finds the last one that begins at or
before an address, and follows these until one contains it.
"""

import heapq
import mmap
import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from decnet_core.durable import sync_directory
from decnet_workers.enrich.lists.lines import Entry, ListError

MAX_ENTRIES = 2_000_000
MAX_LABELS = 4096
_OTHERS = "on the list"
"""For entries beyond MAX_LABELS."""
_IN_MEMORY = 8_192
"""Entries that are sorted at once; sorted runs of as many are merged from disk."""

_MAGIC = b"DECLIST1"
_HEAD = struct.Struct("!8sII")
_RECORD = struct.Struct("!16s16sII")
_NONE = 0xFFFFFFFF
_KEY = 16
_UNSORTED = struct.Struct("!16s16sI")
_FLIP = (1 << 128) - 1


class ListInfo(msgspec.Struct, frozen=True):
    """What is stored with a list. Times are ns since the Unix epoch."""

    fetched_at: int
    etag: str = ""
    modified: str = ""
    """Last-Modified, as it was sent."""
    source: str = ""
    labels: tuple[str, ...] = ()
    entries: int = 0


class ListBuilder:
    """Takes entries in any order, with bounded memory; nothing is left of it unless `finish` is called."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._labels: dict[str, int] = {}
        self._pending: list[bytes] = []
        self._runs: list[int] = []
        self._spill: IO[bytes] = tempfile.TemporaryFile(dir=file.parent)  # noqa: SIM115  # closed by close()
        self._count = 0

    def add(self, entry: Entry) -> None:
        """Take an entry; raises ListError when there are too many, OSError when the disk is full."""
        first, last, label = entry
        self._count += 1
        if self._count > MAX_ENTRIES:
            raise ListError(f"it has more than {MAX_ENTRIES} entries")
        # the end is inverted, so that of networks with one beginning the larger sorts first
        end = (int.from_bytes(last, "big") ^ _FLIP).to_bytes(_KEY, "big")
        self._pending.append(_UNSORTED.pack(first, end, self._label(label)))
        if len(self._pending) >= _IN_MEMORY:
            self._write_run()

    def finish(self, info: ListInfo) -> None:
        """Replace the file by the list, durably; raises OSError."""
        self._write_run()
        new = self._file.with_suffix(".new")
        with new.open("wb") as out:
            out.write(_HEAD.pack(_MAGIC, 0, 0))
            count = _write_records(out, heapq.merge(*(self._read_run(run) for run in range(len(self._runs)))))
            known = msgspec.structs.replace(info, labels=tuple(self._labels), entries=count)
            tail = msgspec.json.encode(known)
            out.write(tail)
            out.seek(0)
            out.write(_HEAD.pack(_MAGIC, count, len(tail)))
            out.flush()
            os.fsync(out.fileno())
        new.replace(self._file)
        sync_directory(self._file.parent)

    def close(self) -> None:
        self._spill.close()

    def _label(self, label: str) -> int:
        if label not in self._labels and len(self._labels) >= MAX_LABELS - 1:
            label = _OTHERS
        return self._labels.setdefault(label, len(self._labels))

    def _write_run(self) -> None:
        if self._pending:
            self._spill.write(b"".join(sorted(self._pending)))
            self._runs.append(len(self._pending))
            self._pending = []

    def _read_run(self, run: int) -> Iterator[bytes]:
        at = sum(self._runs[:run]) * _UNSORTED.size
        end = at + self._runs[run] * _UNSORTED.size
        step = _UNSORTED.size * max(16, 4096 // len(self._runs))
        while at < end:
            self._spill.seek(at)
            part = self._spill.read(min(step, end - at))
            at += len(part)
            yield from (part[place : place + _UNSORTED.size] for place in range(0, len(part), _UNSORTED.size))


def _write_records(out: IO[bytes], unsorted: Iterator[bytes]) -> int:
    """Write the records of sorted entries, each network once; return how many there are."""
    around: list[tuple[bytes, int]] = []
    count, before = 0, b""
    for one in unsorted:
        if one[: 2 * _KEY] == before:
            continue
        before = one[: 2 * _KEY]
        first, end, label = _UNSORTED.unpack(one)
        last = (int.from_bytes(end, "big") ^ _FLIP).to_bytes(_KEY, "big")
        while around and around[-1][0] < first:
            around.pop()
        out.write(_RECORD.pack(first, last, label, around[-1][1] if around else _NONE))
        around.append((last, count))
        count += 1
    return count


class AddressList:
    """A list on disk; raises ListError when the file is none."""

    def __init__(self, file: Path) -> None:
        try:
            with file.open("rb") as opened:
                self._map = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
            magic, self._count, tail = _HEAD.unpack_from(self._map)
            at = _HEAD.size + self._count * _RECORD.size
            if magic != _MAGIC or len(self._map) != at + tail:
                raise ListError(f"{file} is damaged")  # one way out
            self.info = msgspec.json.decode(self._map[at:], type=ListInfo)
        except (OSError, ValueError, struct.error, msgspec.DecodeError) as error:
            raise ListError(f"{file} cannot be used") from error

    def find(self, key: bytes) -> str | None:
        """Return what the address with this key is known for, None when it is not on the list."""
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            at = _HEAD.size + middle * _RECORD.size
            if self._map[at : at + _KEY] <= key:
                low = middle + 1
            else:
                high = middle
        place = low - 1
        while 0 <= place < self._count:
            _, last, label, around = self._record(place)
            if key <= last:
                found: str = self.info.labels[label]
                return found
            place = -1 if around == _NONE else around
        return None

    def close(self) -> None:
        self._map.close()

    def _record(self, place: int) -> tuple[Any, ...]:
        return _RECORD.unpack_from(self._map, _HEAD.size + place * _RECORD.size)
