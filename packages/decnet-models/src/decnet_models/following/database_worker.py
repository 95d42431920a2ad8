# SPDX-License-Identifier: MIT
"""The base of workers with a database: opens it at start, closes it at stop."""

from typing import TypeVar

import msgspec
from sqlalchemy import Engine

from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import Worker
from decnet_models.database.from_settings import engine_of
from decnet_models.following import fault_notes

S = TypeVar("S", bound=msgspec.Struct)


class DatabaseWorker(Worker[S]):
    """A worker with an engine of its own, which rejects writes to tables of other workers."""

    database = True

    _engine: Engine

    async def start(self, ctx: Context) -> None:
        """Open the database; raises StartupError when it is missing or not this version's."""
        fault_notes.withdraw(ctx)
        self._engine = await ctx.in_thread(engine_of, ctx)

    async def stop(self, ctx: Context) -> None:
        if hasattr(self, "_engine"):
            await ctx.in_thread(self._engine.dispose)
