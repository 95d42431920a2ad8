# SPDX-License-Identifier: MIT
"""What all workers that have the database do alike: open it when they start, close it when they stop."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from sqlalchemy import Engine

from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import Worker
from decnet_models.database.from_settings import engine_of

S = TypeVar("S", bound=msgspec.Struct)


class DatabaseWorker(Worker[S]):
    """A worker with an engine of its own, which refuses to write what is another worker's."""

    database = True

    _engine: Engine

    async def start(self, ctx: Context) -> None:
        """Open the database; raises StartupError when it is not there or not this version's."""
        self._engine = await ctx.in_thread(engine_of, ctx)

    async def stop(self, ctx: Context) -> None:
        """Close the database, if it was opened."""
        if hasattr(self, "_engine"):
            await ctx.in_thread(self._engine.dispose)
