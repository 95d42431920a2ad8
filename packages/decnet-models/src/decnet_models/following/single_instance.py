# SPDX-License-Identifier: MIT
"""One instance of a worker works, others stand by: an flock decides, which is released when its holder dies."""

import asyncio
import contextlib
import fcntl
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from decnet_core.durable import make_directory
from decnet_core.runtime.context import Context

log = logging.getLogger(__name__)

STANDBY_SECONDS = 1.0
"""How often a standby checks the lock."""


@asynccontextmanager
async def single_instance(ctx: Context) -> AsyncIterator[bool]:
    """Wait until no other instance of this worker runs on the state directory; False when it must stop before that."""
    descriptor = _open(ctx.state.run_of(ctx.worker) / "lock")
    try:
        yield await _taken(ctx, descriptor)
    finally:
        os.close(descriptor)


def _open(file: Path) -> int:
    make_directory(file.parent)
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o660)


async def _taken(ctx: Context, descriptor: int) -> bool:
    while not _try(descriptor):
        if not ctx.counters.snapshot().get("standby"):
            log.info("another instance is active; standing by")
        ctx.counters.set("standby", 1)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ctx.stopping.wait(), STANDBY_SECONDS)
        if ctx.stopping.is_set():
            return False
    ctx.counters.set("standby", 0)
    return True


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
