# SPDX-License-Identifier: MIT
"""The order in which a fleet's workers start and stop, however they are hosted.

The bus starts first, so that all others find it; until `ingest` has started, spools keep what comes. The workers of
`worker_registry.FLOW` stop last, in the opposite order: so what the others send until their end is still delivered and
stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from decnet_core.runtime.worker_registry import FLOW


async def start(names: Iterable[str], begin: Callable[[str], asyncio.Event]) -> None:
    """Call `begin` for every worker; the event that it returns is set when the worker is ready or has failed."""
    first, others = _split(names)
    settling = []
    for name in (*first, *others):
        settling.append(begin(name))
        if name == FLOW[0]:
            await settling[0].wait()
    await asyncio.gather(*(settled.wait() for settled in settling))


async def stop(names: Iterable[str], end: Callable[[str], Awaitable[None]]) -> None:
    """Call `end`, which returns when a worker is gone, for every worker."""
    first, others = _split(names)
    await asyncio.gather(*(end(name) for name in others))
    for name in reversed(first):
        await end(name)


def _split(names: Iterable[str]) -> tuple[list[str], list[str]]:
    wanted = list(names)
    return [name for name in FLOW if name in wanted], [name for name in wanted if name not in FLOW]
