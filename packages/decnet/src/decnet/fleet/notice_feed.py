# SPDX-License-Identifier: MIT
"""Notices as they are committed: what would be sent to a webhook, whether there is one or not."""

import asyncio
import logging
from collections.abc import AsyncIterator

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from decnet.fleet.deployment import Deployment
from decnet.fleet.event_feed import POLL_SECONDS
from decnet_core.bus.interface import Bus, BusError
from decnet_core.bus.subjects import NOTICE
from decnet_models.database.engine import open_engine, reading
from decnet_models.errors import DatabaseError, reason
from decnet_models.notices.queries import StoredNotice, after

log = logging.getLogger(__name__)

_BATCH = 500


class NoticeFeed:
    """The outbox from one position on; a busy or unreachable database is retried, nothing is missed."""

    def __init__(self, deployment: Deployment, bus: Bus, seq: int) -> None:
        self._engine: Engine = open_engine(deployment.database_url, read_only=True)
        self._bus = bus
        self._seq = seq

    async def batches(self) -> AsyncIterator[list[StoredNotice]]:
        """Yield new notices, oldest first, without end."""
        nudge = await self._bus.subscribe(NOTICE.wildcard, limit=1)
        try:
            while True:
                notices = await asyncio.to_thread(self._read)
                if notices:
                    self._seq = notices[-1].seq
                    yield notices
                    continue
                try:
                    await nudge.next(POLL_SECONDS)
                except (TimeoutError, BusError):
                    continue
        finally:
            await nudge.close()
            self._engine.dispose()

    def _read(self) -> list[StoredNotice]:
        try:
            with reading(self._engine) as connection:
                return after(connection, self._seq, _BATCH)
        except (DBAPIError, DatabaseError, msgspec.DecodeError) as error:
            log.warning("cannot read notices now error=%s", reason(error) if isinstance(error, DBAPIError) else error)
            return []
