# SPDX-License-Identifier: MIT
"""Keeping a worker's leases in time: before a batch when it is due, while standing by, anew when one was lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

from decnet_core.runtime.context import Context
from decnet_models.errors import LeaseLostError
from decnet_models.following.shard_leases import Leases

log = logging.getLogger(__name__)

RENEWALS = 3
"""How often a lease is renewed in the time that it lasts."""
LOOKS = 10
"""How often a standby looks in that time whether something has become free."""


class LeaseKeeper:
    """Says when `leases`, each for `seconds`, are to be kept, and shows in the counters what is held."""

    def __init__(self, ctx: Context, leases: Leases, seconds: float) -> None:
        self.leases = leases
        self._ctx = ctx
        self._seconds = seconds
        self._kept_at: float | None = None

    def due_seconds(self) -> float:
        """Return in how many seconds the leases must be kept again."""
        if self._kept_at is None:
            return 0.0
        return max(0.0, self._kept_at + self._seconds / RENEWALS - time.monotonic())

    async def held(self) -> bool:
        """Keep the leases if that is due; when nothing is held, wait until it is worth another look."""
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
        """Take note that another instance has taken something; what is left is found out before the next batch."""
        log.info("lease lost, its events are another instance's now: %s", error)
        self._ctx.counters.add("leases_lost")
        self._kept_at = None

    def _show(self) -> None:
        held = len(self.leases.held)
        if not held and not self._ctx.counters.snapshot().get("standby"):
            log.info("other instances hold everything; standing by")
        self._ctx.counters.set("shards", held)
        self._ctx.counters.set("standby", int(not held))
