# SPDX-License-Identifier: MIT
"""Fetches a list whole, from a URL or a file, into its compact form; until it is complete the last version stays."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from decnet_core.net.addresses import Address
from decnet_core.timing.durations import SECOND_NS
from decnet_models.intel.queries import Verdict
from decnet_workers.enrich.answers import Answer
from decnet_workers.enrich.lists.address_list import AddressList, ListBuilder, ListInfo
from decnet_workers.enrich.lists.lines import Lines, ListError, ReadLine, key_of
from decnet_workers.enrich.provider_error import ProviderError, of_status
from decnet_workers.outbound.dial import Dialler
from decnet_workers.outbound.http_request import PART_BYTES, RequestError, request

InThread = Callable[..., Awaitable[Any]]
MIB = 1 << 20


class ListSource(msgspec.Struct, frozen=True):
    """Where a list comes from, and what it means to be on it."""

    name: str
    source: str
    """A file, or a URL."""
    verdict: Verdict
    read: ReadLine
    seconds: float
    """How often it is fetched."""

    @property
    def is_url(self) -> bool:
        return "://" in self.source


class FetchLimits(msgspec.Struct, frozen=True):
    """What a list may cost."""

    max_bytes: int
    seconds: float


class ListProvider:
    """One list: its last version, and how the next one is fetched."""

    def __init__(self, source: ListSource, folder: Path, dialler: Dialler, limits: FetchLimits) -> None:
        self.source = source
        self._file = folder / f"{source.name}.list"
        self._dialler = dialler
        self._limits = limits
        self._list: AddressList | None = None
        self._fetched_at = 0
        self._id = hashlib.sha256(source.source.encode()).hexdigest()[:16]  # a URL may hold a key

    def open(self) -> None:
        """Use the version on disk, if there is one of this source."""
        try:
            found = AddressList(self._file)
            self._fetched_at = self._file.stat().st_mtime_ns
        except (ListError, OSError):
            return
        if found.info.source == self._id:
            self._list = found

    def due_at(self) -> int:
        """Return when it is to be fetched, ns since the Unix epoch."""
        return 0 if self._list is None else self._fetched_at + int(self.source.seconds * SECOND_NS)

    def find(self, address: Address) -> Answer | None:
        """Return what the list says, None for an address that is not on it, or without a list."""
        label = None if self._list is None else self._list.find(key_of(address))
        return None if label is None else Answer(self.source.verdict, (label,))

    async def fetch(self, in_thread: InThread) -> bool:
        """Fetch it; return whether there is a new version. Raises ProviderError: then the last version stays."""
        builder = await in_thread(ListBuilder, self._file)
        try:
            info = await self._read(builder)
            if info is None:
                await in_thread(os.utime, self._file)  # the version that we have was fetched now, so to speak
                self._fetched_at = time.time_ns()
                return False
            await in_thread(builder.finish, info)
        except (RequestError, ListError) as error:
            raise ProviderError(str(error)) from error
        except OSError as error:
            raise ProviderError(f"{error.filename or 'the list'}: {error.strerror or error}") from error
        finally:
            builder.close()
        self.close()
        self.open()
        return True

    def close(self) -> None:
        if self._list is not None:
            self._list.close()
            self._list = None

    async def _read(self, builder: ListBuilder) -> ListInfo | None:
        """Read the source into `builder`; None when it has not changed since the last time."""
        lines, size = Lines(self.source.read), 0
        async with self._opened() as (parts, info):
            if parts is None:
                return None
            async for part in parts:
                size += len(part)
                if size > self._limits.max_bytes:
                    raise RequestError(f"it is larger than {self._limits.max_bytes // MIB} MiB")
                for entry in lines.entries(part):
                    builder.add(entry)
                await asyncio.sleep(0)
        for entry in lines.last():
            builder.add(entry)
        return info

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[AsyncIterator[bytes] | None, ListInfo]]:
        info = ListInfo(time.time_ns(), source=self._id)
        if not self.source.is_url:
            yield _parts_of(Path(self.source.source)), info
            return
        old = None if self._list is None else self._list.info
        known = {"If-None-Match": old.etag, "If-Modified-Since": old.modified} if old else {}
        headers = {name: value for name, value in known.items() if value}
        async with request(self._dialler, self.source.source, headers, seconds=self._limits.seconds) as response:
            if response.status == 304 and old is not None:
                yield None, info
                return
            if response.status != 200:
                raise of_status(response)
            etag, modified = response.headers.get("etag", ""), response.headers.get("last-modified", "")
            yield response.parts, msgspec.structs.replace(info, etag=etag[:200], modified=modified[:100])


async def _parts_of(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while part := opened.read(PART_BYTES):
            yield part
