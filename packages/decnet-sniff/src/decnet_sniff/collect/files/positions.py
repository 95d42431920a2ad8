# SPDX-License-Identifier: MIT
"""How far each log file has been read, and how to recognise the file under another name.

An inode number is reused as soon as its file is gone. So a position also has a fingerprint of the file's first line and
one of the bytes before the position: only a file with both is the same file.
"""

import hashlib
import logging
import os
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from decnet_core.durable import make_directory, replace_file
from decnet_core.runtime.context import Context

log = logging.getLogger(__name__)

Shape = TypeVar("Shape")

HEAD_BYTES = 1024
TAIL_BYTES = 256


class FilePosition(msgspec.Struct, frozen=True):
    """Everything before byte `offset` of one file has become events."""

    path: str
    inode: int
    offset: int
    head: str
    """Fingerprint of the first line, at most its first HEAD_BYTES."""
    head_bytes: int
    tail: str
    """Fingerprint of up to TAIL_BYTES before `offset`."""
    mtime_ns: int = 0
    """Last known modification time."""
    size: int = 0
    """Last known size."""
    ended: bool = False
    """Whether it was read to its end, except perhaps for an incomplete line."""


def fingerprint(content: bytes) -> str:
    """Return the BLAKE2b-128 of `content` in hexadecimal."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def head_of(descriptor: int) -> bytes:
    """Return the file's first line with its line feed, or what there is of it, at most HEAD_BYTES."""
    content = os.pread(descriptor, HEAD_BYTES, 0)
    end = content.find(b"\n")
    return content if end < 0 else content[: end + 1]


def tail_of(descriptor: int, offset: int) -> str:
    """Return the fingerprint of the bytes before `offset`."""
    length = min(offset, TAIL_BYTES)
    return fingerprint(os.pread(descriptor, length, offset - length))


def is_same_file(descriptor: int, position: FilePosition) -> bool:
    """Return whether the open file still has the content that `position` was taken from."""
    if os.fstat(descriptor).st_size < position.offset:
        return False
    head = fingerprint(os.pread(descriptor, position.head_bytes, 0))
    return head == position.head and tail_of(descriptor, position.offset) == position.tail


class Positions(Generic[Shape]):
    """The positions of several sources, stored in one file that is replaced as a whole."""

    def __init__(self, file: Path, shape: type[Shape]) -> None:
        self._file = file
        self._shape = shape
        self._saved: bytes | None = None

    def load(self) -> Shape:
        """Return the positions by source name; none from a missing or damaged file.

        Reading logs again is safe: their events get the ids that they had, and ingest knows those.
        """
        try:
            self._saved = self._file.read_bytes()
            return msgspec.json.decode(self._saved, type=self._shape)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            self._saved = None
            return msgspec.convert({}, self._shape)

    def save(self, positions: Shape) -> None:
        """Make `positions` durable if they changed; raises OSError."""
        content = msgspec.json.encode(positions)
        if content != self._saved:
            make_directory(self._file.parent)
            replace_file(self._file, content)
            self._saved = content

    def keep(self, ctx: Context, positions: Shape) -> None:
        """Save them; a failure is counted, and costs a second reading after a crash."""
        try:
            self.save(positions)
        except OSError as error:
            ctx.counters.add("collect_positions_unsaved")
            log.warning("cannot save the positions: %s", error.strerror)
