# SPDX-License-Identifier: MIT
"""Waits for a database that cannot answer, or is at fault: exponentially longer, logged once, shown in the counters.

A damaged page, or a missing grant, is not transient. The worker waits for its repair, too, because nothing is lost
while its position stays where it is, and because it then continues by itself.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Iterator
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from decnet_core.runtime.context import Context
from decnet_models.errors import CursorMovedError, EveryEventRefusedError, is_damage, passes, reason, stops
from decnet_models.following import fault_notes
from decnet_models.following.index_repair import repair_indexes

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 5.0
SILENT_SECONDS = 12.0
"""A server that hangs (SIGSTOP, a stuck disk) answers nothing for this long, but its kernel answers keepalives."""

RETRIED = (DBAPIError, EveryEventRefusedError, CursorMovedError)
"""Errors of a step that are retried; of DBAPIError only those that `stops` accepts."""


class RetryBackoff:
    """Exponential back-off with jitter, from the first failure until `recovered`."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._seconds = FIRST_SECONDS
        self._failing = self._at_fault = False

    async def wait(self, error: BaseException) -> None:
        """Wait before the next attempt, at most until the worker must stop; raises `error` if a retry cannot help."""
        of_database = not isinstance(error, CursorMovedError)
        if of_database and not stops(error):
            raise error
        if of_database and not passes(error):
            await self._on_fault(error)
        elif not self._failing:
            log.warning("the database does not answer, retrying: %s", reason(error))
        self._failing = True
        self._ctx.counters.set("database_unavailable", 1)
        self._ctx.counters.add("database_retries")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ctx.stopping.wait(), self._seconds * random.uniform(0.5, 1))  # noqa: S311  # jitter
        self._seconds = min(self._seconds * 2, LONGEST_SECONDS)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Show that the database is silent while the body waits for it; the thread that asked cannot be interrupted."""
        timer = asyncio.get_running_loop().call_later(SILENT_SECONDS, self._report_silence)
        try:
            yield
        finally:
            timer.cancel()

    def recovered(self) -> None:
        """Reset to the shortest wait."""
        if self._failing:
            log.info("the database answers again")
            self._ctx.counters.set("database_unavailable", 0)
            if self._at_fault:
                self._ctx.counters.set("database_at_fault", 0)
                fault_notes.withdraw(self._ctx)
        self._failing = self._at_fault = False
        self._seconds = FIRST_SECONDS

    def _report_silence(self) -> None:
        if not self._failing:
            log.warning("the database does not answer, waiting: no reply for %g s", SILENT_SECONDS)
        self._failing = True
        self._ctx.counters.set("database_unavailable", 1)

    async def _on_fault(self, error: BaseException) -> None:
        self._ctx.counters.set("database_at_fault", 1)
        if not self._at_fault:
            self._at_fault = True
            log.error(
                "the database is at fault, nothing moves until it is mended (see `decnet-db check`): %s", reason(error)
            )
            if is_damage(error):
                await repair_indexes(self._ctx, error)
                fault_notes.nudge(self._ctx)
            else:
                fault_notes.note(self._ctx, reason(error))


async def until_answered(ctx: Context, function: Callable[..., T], *arguments: object) -> T | None:
    """Run database work in the worker's thread, retrying while the database cannot answer; None when stopped."""
    backoff = RetryBackoff(ctx)
    while True:
        try:
            with backoff.watching():
                done = await ctx.in_thread(function, *arguments)
        except RETRIED as error:
            await backoff.wait(error)
            if ctx.stopping.is_set():
                return None
        else:
            backoff.recovered()
            return done
