# SPDX-License-Identifier: MIT
"""A worker's output in rotated files of bounded size: `NAME.log`, older ones `NAME.log.1`, `.2`, ..."""

import contextlib
import os
from pathlib import Path


class LogFile:
    """Appends bytes; a write that fails (full disk) only counts as lost, because output must not stop a fleet."""

    def __init__(self, path: Path, *, limit_bytes: int, files: int) -> None:
        self._path = path
        self._limit = limit_bytes
        self._files = files
        self._descriptor: int | None = None
        self._size = 0
        self.lost_bytes = 0

    def write(self, data: bytes) -> None:
        """Append `data`, in pieces that keep every file within its limit."""
        for begin in range(0, len(data), self._limit):
            self._write_piece(data[begin : begin + self._limit])

    def close(self) -> None:
        """Close the file; the next write opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write_piece(self, piece: bytes) -> None:
        try:
            descriptor = self._open()
            if self._size + len(piece) > self._limit and self._size:
                self._rotate()
                descriptor = self._open()
            written = os.write(descriptor, piece)
        except OSError:
            self.lost_bytes += len(piece)
            return
        self._size += written
        self.lost_bytes += len(piece) - written

    def _open(self) -> int:
        if self._descriptor is None:
            self._path.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            self._size = os.fstat(self._descriptor).st_size
        return self._descriptor

    def _rotate(self) -> None:
        self.close()
        for age in range(self._files - 1, 0, -1):
            older = self._aged(age)
            newer = self._aged(age - 1)
            if newer.exists():
                newer.replace(older)
        if self._files == 1:
            self._path.unlink(missing_ok=True)

    def _aged(self, age: int) -> Path:
        return self._path if age == 0 else self._path.with_name(f"{self._path.name}.{age}")


class StandardError:
    """Passes a worker's output on to ours, whose reader (journald) bounds what it keeps."""

    def write(self, data: bytes) -> None:
        """Pass on `data`; output must not stop a fleet."""
        with contextlib.suppress(OSError):
            os.write(2, data)

    def close(self) -> None:
        """Leave our standard error open."""
