# SPDX-License-Identifier: MIT
"""The loop of everything that works on the database: a step, then a nudge or the poll interval, then the next step.

The database is the truth and the bus a nudge (law 2): a step looks for committed rows by itself, whatever woke it, so
losing any message delays work by one poll interval at most. A step that fails because of the database has changed
nothing; it is retried, after a back-off, for as long as it takes. Any other error crashes the worker. While the worker
is paused no step begins.
"""

import time
from collections.abc import Awaitable, Callable

import msgspec

from decnet_core.runtime.context import Context
from decnet_models.following.retry_backoff import RETRIED, RetryBackoff


class Rest(msgspec.Struct, frozen=True):
    """What a step returns: how long to wait for the next one, unless a nudge comes first."""

    seconds: float
    """The longest wait."""
    due_seconds: float | None = None
    """When there will be work though nothing has come, if that is known."""
    idle: bool = True
    """Whether the step found nothing to do; a worker that parks may end when that was so for a while."""
    break_seconds: float | None = None
    """How long a worker that parks may end though there will be more to do before (`breaks`)."""


AT_ONCE = Rest(0.0, idle=False)
"""Returned by a step when there is more to do."""


def seconds_until(at_ns: int | None) -> float | None:
    """Return how long it is until the wall clock has passed `at_ns` (ns since the Unix epoch); None if that is None."""
    return None if at_ns is None else max(0.0, (at_ns - time.time_ns()) / 1e9) + 0.001


async def repeat(
    ctx: Context, step: Callable[[], Awaitable[Rest]], *, prepare: Callable[[], Awaitable[object]] | None = None
) -> None:
    """Run `prepare`, if given, until it succeeds once, then `step` until the worker must stop.

    A step is a bounded piece of work.
    """
    backoff, prepared = RetryBackoff(ctx), prepare is None
    while not ctx.stopping.is_set():
        began = time.monotonic()
        try:
            with backoff.watching():
                if prepare is not None and not prepared:
                    await prepare()
                    prepared = True
                rest = await step()
        except RETRIED as error:
            await backoff.wait(error)
            continue
        backoff.recovered()
        seconds = rest.seconds if rest.due_seconds is None else min(rest.seconds, rest.due_seconds)
        if rest.break_seconds is not None:
            await ctx.nudged(ctx.parking.take_break(began, seconds, rest.break_seconds))
        elif rest.idle:
            await ctx.nudged(ctx.parking.rest(began, seconds, rest.due_seconds))
        else:
            ctx.parking.worked()
            await ctx.nudged(seconds)
