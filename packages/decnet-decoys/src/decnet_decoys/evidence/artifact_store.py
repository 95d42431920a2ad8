# SPDX-License-Identifier: MIT
"""Stores captured files under their SHA-256 in `<state>/artifacts/ab/abcdef...`, up to a total size."""

import contextlib
import errno
import hashlib
import os
import tempfile
from pathlib import Path


class ArtifactStore:
    """Stores content that attackers left, each content once. Files are never executable (0440)."""

    def __init__(self, directory: Path, limit_bytes: int) -> None:
        self._directory = directory
        self._limit = limit_bytes
        self._used = sum(file.stat().st_size for file in directory.glob("??/*") if file.is_file())
        self.refused = 0

    def counters(self) -> dict[str, float]:
        """Return the bytes in use and the number of files that did not fit."""
        return {"artifacts_bytes": self._used, "artifacts_refused": self.refused}

    def path(self, digest: str) -> Path:
        return self._directory / digest[:2] / digest

    def keep(self, data: bytes) -> str:
        """Store `data`; returns its SHA-256 even when the store is full or the disk fails (counted)."""
        digest = hashlib.sha256(data).hexdigest()
        if not self.path(digest).exists() and self._room(len(data)):
            try:
                self._write(digest, data)
            except OSError:
                self.refused += 1
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
            if target.exists() or not self._room(size):
                file.unlink()
                return
            target.parent.mkdir(mode=0o770, exist_ok=True)
            file.chmod(0o440)
            self._move(file, target)
        except OSError:
            self.refused += 1
            return
        self._used += size

    def _move(self, file: Path, target: Path) -> None:
        """Rename the file, or copy it if the directories are separate mounts, as in a hardened unit."""
        try:
            file.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._store(target, file.read_bytes())
            file.unlink()

    def _room(self, size: int) -> bool:
        if self._used + size <= self._limit:
            return True
        self.refused += 1
        return False

    def _write(self, digest: str, data: bytes) -> None:
        target = self.path(digest)
        target.parent.mkdir(mode=0o770, exist_ok=True)
        self._store(target, data)
        self._used += len(data)

    def _store(self, target: Path, data: bytes) -> None:
        """Write a temporary file and rename it, so that `target` is never incomplete."""
        handle, name = tempfile.mkstemp(prefix=".new-", dir=self._directory)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).chmod(0o440)
            Path(name).replace(target)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
