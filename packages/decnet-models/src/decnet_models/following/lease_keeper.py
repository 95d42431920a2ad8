# SPDX-License-Identifier: MIT
"""Renews a worker's leases in time: before a batch when it is due, while standing by, and after one was lost."""

import asyncio
import contextlib
import logging
import time

from decnet_core.runtime.context import Context
from decnet_models.errors import LeaseLostError
from decnet_models.following.shard_leases import ShardLeases

log = logging.getLogger(__name__)

RENEWALS = 3
"""Renewals per lease duration."""
LOOKS = 10
"""How often per lease duration a standby looks for free leases."""


class LeaseKeeper:
    """Renews `leases`, each for `seconds`, when due, and shows in the counters what is held."""

    def __init__(self, ctx: Context, leases: ShardLeases, seconds: float) -> None:
        self.leases = leases
        self._ctx = ctx
        self._seconds = seconds
        self._kept_at: float | None = None

    def due_seconds(self) -> float:
        if self._kept_at is None:
            return 0.0
        return max(0.0, self._kept_at + self._seconds / RENEWALS - time.monotonic())

    async def held(self) -> bool:
        """Renew the leases if that is due; when nothing is held, wait until the next look."""
        if self.due_seconds() == 0:
            started = time.monotonic()  # a lease may be shorter than this believes, never longer
            await self._ctx.in_thread(self.leases.keep)
            self._kept_at = started
            self._show()
        if self.leases.held:
            return True
        self._kept_at = None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ctx.stopping.wait(), self._seconds / LOOKS)
        return False

    def lost(self, error: LeaseLostError) -> None:
        """Handle the loss of a lease; what remains is determined before the next batch."""
        log.info("lease lost to another instance: %s", error)
        self._ctx.counters.add("leases_lost")
        self._kept_at = None

    def _show(self) -> None:
        held = len(self.leases.held)
        if not held and not self._ctx.counters.snapshot().get("standby"):
            log.info("other instances hold everything; standing by")
        self._ctx.counters.set("shards", held)
        self._ctx.counters.set("standby", int(not held))
