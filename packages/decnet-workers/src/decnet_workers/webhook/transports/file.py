# SPDX-License-Identifier: MIT
"""A line for each notice in a file below `<state>/alerts`, for a log shipper that reads files.

Only the worker's account and root read it (mode 0600). Lines are fsynced before they count as delivered; after a crash
some may be there twice, with the same id. A file that would grow beyond its limit becomes NAME.1, that NAME.2, ...
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from decnet_core.durable import make_directory, sync_directory, write_all
from decnet_models.webhooks.queries import Delivery
from decnet_workers.webhook.endpoint import Endpoint
from decnet_workers.webhook.formats.alert import alert_of
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.transports.targets import parse_file

MAX_IN_FLIGHT = 128


class FileTransport:
    """Appends to one file; raises TargetError when its name is not valid."""

    window = MAX_IN_FLIGHT

    def __init__(self, endpoint: Endpoint, directory: Path, *, max_bytes: int, keep: int) -> None:
        self._endpoint = endpoint
        self._path = directory / parse_file(endpoint.url)
        self._max_bytes = max_bytes
        self._keep = keep

    async def send(self, deliveries: Sequence[Delivery]) -> list[Reply | Failed]:
        alerts = [alert_of(one.message_id, one.body) for one in deliveries]
        lines = b"".join(self._endpoint.format.body(one, self._endpoint.access) + b"\n" for one in alerts)
        try:
            await asyncio.to_thread(self._append, lines)
        except OSError as error:
            return [Failed(f"{self._path}: {error.strerror}")]
        return [Reply(None) for _ in deliveries]

    def close(self) -> None:
        """Nothing is kept open, so that others may move the file."""

    def _append(self, lines: bytes) -> None:
        make_directory(self._path.parent, 0o700)
        if self._path.exists() and self._path.stat().st_size + len(lines) > self._max_bytes:
            self._rotate()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # a crash or a full disk ended the last line
            write_all(descriptor, b"\n" + lines if torn else lines)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _rotate(self) -> None:
        """Move each file one further; the last one is replaced."""
        for number in range(self._keep - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        if self._keep:
            self._path.replace(self._numbered(1))
        else:
            self._path.unlink()
        sync_directory(self._path.parent)

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
