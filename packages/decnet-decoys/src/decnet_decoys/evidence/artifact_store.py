# SPDX-License-Identifier: MIT
"""Stores captured files under their SHA-256 in `<state>/artifacts/ab/abcdef...`, up to a total size.

A file gets its name at once and is synced with the events of its time, so a power cut between may leave it incomplete.
That can be seen by its size: what is missing of a file that was written once is its end.
"""

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

from decnet_core.durable import sync_directory, write_all

T = TypeVar("T")
PIECE = 1 << 20
"""Bytes that are hashed, or written, in one step: 1 to 2 ms."""


class ArtifactStore:
    """Stores content that attackers left, each content once. Files are never executable (0440)."""

    def __init__(self, directory: Path, limit_bytes: int, *, shares: int = 1) -> None:
        """`limit_bytes` is the directory's; of what is left of it, one of several processes uses its part."""
        self._directory = directory
        self._used = sum(file.stat().st_size for file in directory.glob("??/*") if file.is_file())
        self._limit = self._used + max(0, limit_bytes - self._used) // shares
        self.refused = 0
        self._unsynced: set[Path] = set()

    def counters(self) -> dict[str, float]:
        """Return the bytes in use and the number of files that did not fit."""
        return {"artifacts_bytes": self._used, "artifacts_refused": self.refused}

    def path(self, digest: str) -> Path:
        return self._directory / digest[:2] / digest

    def keep(self, data: bytes) -> str:
        """Store `data` at once, as `storing` does; meant for little."""
        return outcome(self.storing(data))

    def storing(self, data: bytes | memoryview) -> Generator[None, None, str]:
        """Store `data` in pieces; returns its SHA-256 even when the store is full or the disk fails (counted)."""
        sha256 = hashlib.sha256()
        for piece in _pieces(data):
            sha256.update(piece)
            yield
        digest = sha256.hexdigest()
        if not self._has(digest, len(data)) and self._room(len(data)):
            self._used += len(data)
            try:
                self.path(digest).parent.mkdir(mode=0o770, exist_ok=True)
                yield from self._writing(self.path(digest), data)
                self._unsynced.add(self.path(digest))
            except OSError:
                self.refused += 1
                self._used -= len(data)
            except GeneratorExit:  # nobody takes the next step
                self._used -= len(data)
                raise
        return digest

    def digest(self, file: Path) -> str | None:
        """Return the SHA-256 of a file, None if it cannot be read."""
        try:
            with file.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return None

    def adopt(self, file: Path) -> None:
        """Move a finished file into the store; it is gone from its old path afterwards."""
        digest = self.digest(file)
        if digest is None:
            return
        target, size = self.path(digest), file.stat().st_size
        try:
            if self._has(digest, size) or not self._room(size):
                file.unlink()
                return
            target.parent.mkdir(mode=0o770, exist_ok=True)
            file.chmod(0o440)
            self._move(file, target)
        except OSError:
            self.refused += 1
            return
        self._used += size
        self._unsynced.add(target)

    def sync(self) -> None:
        """Wait until the disk has all files that were stored; meant for a thread."""
        files, self._unsynced = self._unsynced, set()
        with contextlib.suppress(OSError):  # its event may last without the file; kept anew when it is captured again
            for file in files:
                _sync(file)
            for directory in {file.parent for file in files}:
                sync_directory(directory)
            if files:
                sync_directory(self._directory)

    def _has(self, digest: str, size: int) -> bool:
        """Return whether the file is there; what a power cut has left of it is not, and makes room."""
        try:
            found = self.path(digest).stat().st_size
        except OSError:
            return False
        if found != size:
            self._used -= found
            with contextlib.suppress(OSError):
                self.path(digest).unlink()
        return found == size

    def _move(self, file: Path, target: Path) -> None:
        """Rename the file, or copy it if the directories are separate mounts, as in a hardened unit."""
        try:
            file.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            outcome(self._writing(target, file.read_bytes()))
            file.unlink()

    def _room(self, size: int) -> bool:
        if self._used + size <= self._limit:
            return True
        self.refused += 1
        return False

    def _writing(self, target: Path, data: bytes | memoryview) -> Generator[None, None, None]:
        """Write a temporary file in pieces and rename it, so that `target` is never incomplete."""
        handle, name = tempfile.mkstemp(prefix=".new-", dir=self._directory)
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                for piece in _pieces(data):
                    write_all(file.fileno(), piece)
                    yield
            Path(name).chmod(0o440)
            Path(name).replace(target)
        except BaseException:  # also when nobody takes the next step
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def outcome(steps: Generator[None, None, T]) -> T:
    """Take all steps at once; return what they find."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a generator's value is untyped


def _pieces(data: bytes | memoryview) -> Iterator[memoryview]:
    with memoryview(data) as whole:
        for start in range(0, len(data), PIECE):
            with whole[start : start + PIECE] as piece:
                yield piece
