# SPDX-License-Identifier: MIT
"""The loop of everything that works on the database: a step, then a nudge or the poll interval, then the next step.

The database is the truth and the bus a nudge (law 2): a step looks for committed rows by itself, whatever woke it, so
losing any message delays work by one poll interval at most. A step that fails because of the database has changed
nothing; it is retried, after a back-off, for as long as it takes. Any other error crashes the worker. While the worker
is paused no step begins.
"""

from collections.abc import Awaitable, Callable

from decnet_core.runtime.context import Context
from decnet_models.following.retry_backoff import RETRIED, RetryBackoff

AT_ONCE = 0.0
"""Returned by a step when there is more to do."""


async def repeat(
    ctx: Context, step: Callable[[], Awaitable[float]], *, prepare: Callable[[], Awaitable[object]]
) -> None:
    """Run `prepare` until it succeeds once, then `step` until the worker must stop.

    A step is a bounded piece of work. It returns the seconds until the next one, unless a nudge comes first.
    """
    backoff, prepared = RetryBackoff(ctx), False
    while not ctx.stopping.is_set():
        try:
            with backoff.watching():
                if not prepared:
                    await prepare()
                    prepared = True
                seconds = await step()
        except RETRIED as error:
            await backoff.wait(error)
            continue
        backoff.recovered()
        await ctx.nudged(seconds)
