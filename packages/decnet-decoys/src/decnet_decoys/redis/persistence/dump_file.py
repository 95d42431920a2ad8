# SPDX-License-Identifier: MIT
"""What is stored in a decky's Redis, kept over restarts in the file that a real server has on its machine.

It is written at most once a second, with the decky's other changes (`decnet_decoys.changes`). Keys that do not fit
into MOST_BYTES are not there any more after a restart.
"""

import asyncio
import math
import time
from collections.abc import Generator

from decnet_decoys.changes.decky_changes import SAVE_SECONDS
from decnet_decoys.changes.saved import SavedEntry
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.artifact_store import outcome
from decnet_decoys.processor import turn
from decnet_decoys.redis.instance import Instance
from decnet_decoys.redis.persistence import rdb

MOST_BYTES = 96 << 10
_MODE = 0o660


class DumpFile:
    """The file of one instance."""

    def __init__(self, instance: Instance, context: DeckyContext) -> None:
        self.path = f"{instance.profile.directory}/dump.rdb"
        self._instance = instance
        self._context = context
        self._loaded = False
        self._loading = asyncio.Lock()
        self._storing = asyncio.Lock()
        self._stored_at = -math.inf
        self._waits = False
        """Whether the file will be written soon."""

    async def load(self) -> None:
        """Read the file, once: instead of what the persona has stored."""
        async with self._loading:
            if self._loaded:
                return
            self._loaded = True
            self._context.changes.before_end = self.store
            one = self._context.changes.entry(self.path)
            if one is not None:
                for database in self._instance.databases:
                    database.clear()
                await turn.in_turns(rdb.read(one.content, self._instance.databases))
            self._instance.changes_stored = self._instance.changes

    def store_soon(self) -> None:
        """Have the file written if anything was changed."""
        if self._is_due and not self._waits:
            self._waits = True
            self._context.runtime.spawn(self._store_later(), name="dump of a redis server", may_end=True)

    async def _store_later(self) -> None:
        try:
            await asyncio.sleep(self._stored_at + SAVE_SECONDS - time.monotonic())
        finally:
            self._waits = False
        await self.store_in_turns()

    async def store_in_turns(self) -> None:
        """Write the file if anything was changed, with pauses: all databases at once would hold others up."""
        async with self._storing:
            if not self._is_due:
                return
            self._stored_at = time.monotonic()
            changes = self._instance.changes
            self._put(await turn.in_turns(self._written()), changes)
            self._context.changes.save_soon()

    def store(self) -> None:
        """Write the file at once if anything was changed, for a server that ends."""
        if self._is_due:
            self._put(outcome(self._written()), self._instance.changes)

    @property
    def _is_due(self) -> bool:
        return self._loaded and self._instance.changes != self._instance.changes_stored

    def _written(self) -> Generator[None, None, bytes]:
        return rdb.written(self._instance.databases, self._instance.aux, MOST_BYTES, checked=False)

    def _put(self, data: bytes, changes: int) -> None:
        self._instance.changes_stored = changes
        one = SavedEntry(self.path, "file", _MODE, 0, 0, int(time.time()), data)
        self._context.changes.put(one, "", self._context.made_machine)
