# SPDX-License-Identifier: MIT
"""What is stored in a decky's Redis, kept over restarts in the file that a real server has on its machine.

It is written at most once a second, with the decky's other changes (`decnet_decoys.changes`). Keys that do not fit
into MOST_BYTES are not there any more after a restart.
"""

import asyncio
import time

from decnet_decoys.changes.saved import SavedEntry
from decnet_decoys.decky_context import DeckyContext
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

    async def load(self) -> None:
        """Read the file, once: instead of what the persona has stored."""
        async with self._loading:
            if self._loaded:
                return
            self._loaded = True
            self._context.changes.before_save = self.store
            one = self._context.changes.entry(self.path)
            if one is not None:
                for database in self._instance.databases:
                    database.clear()
                await turn.in_turns(rdb.read(one.content, self._instance.databases))
            self._instance.changes_stored = self._instance.changes

    def store_soon(self) -> None:
        """Have the file written if anything was changed."""
        if self._instance.changes != self._instance.changes_stored:
            self._context.changes.save_soon()

    def store(self) -> None:
        """Write the file if anything was changed."""
        instance = self._instance
        if not self._loaded or instance.changes == instance.changes_stored:
            return
        instance.changes_stored = instance.changes
        steps = rdb.written(instance.databases, instance.aux, MOST_BYTES, checked=False)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                data = end.value
                break
        one = SavedEntry(self.path, "file", _MODE, 0, 0, int(time.time()), data)
        self._context.changes.put(one, "", self._context.made_machine)
