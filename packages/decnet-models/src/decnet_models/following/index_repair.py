# SPDX-License-Identifier: MIT
"""Lets a short-lived child rebuild damaged indexes when a worker meets a damaged SQLite database.

Every worker that meets the damage starts a child; the first has the lock, and the others end at once. One that has
failed is not followed by another (`decnet_models.repair.attempts`).
"""

import asyncio
import contextlib
import logging
import sys

import msgspec

from decnet_core.runtime.context import Context
from decnet_core.text import for_terminal
from decnet_models.database.engine import sqlite_file
from decnet_models.database.settings import database_url
from decnet_models.errors import is_damage
from decnet_models.repair.outcome import RepairOutcome

log = logging.getLogger(__name__)


async def repair_indexes(ctx: Context, error: BaseException) -> None:
    """Rebuild what can be rebuilt, and tell the operator; does nothing unless SQLite says that the file is damaged."""
    file = sqlite_file(database_url(ctx.settings, ctx.state)) if is_damage(error) else None
    if file is None or not await ctx.in_thread(file.exists):
        return
    outcome = await _in_child(ctx, str(file))
    if outcome.failure:
        ctx.counters.set("database_repair_failed", 1)
        log.error("the damage is not one of indexes only, or they cannot be rebuilt: %s", for_terminal(outcome.failure))
    elif outcome.indexes:
        ctx.counters.add("indexes_rebuilt", len(outcome.indexes))
        vacuum = "" if outcome.vacuumed else "; `decnet-db vacuum` frees the pages of the old ones"
        log.warning(
            "damaged indexes of the database were rebuilt, no row is lost: %s; the damaged file is kept as %s%s",
            ", ".join(outcome.indexes),
            outcome.copy,
            vacuum,
        )


async def _in_child(ctx: Context, file: str) -> RepairOutcome:
    command = (sys.executable, "-P", "-m", "decnet_models.repair.child", file)
    try:
        child = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        return RepairOutcome(failure=f"no process could be started: {error.strerror}")
    output, complaint = await _until_stopped(ctx, child)
    if ctx.stopping.is_set():
        return RepairOutcome(busy=True)
    with contextlib.suppress(msgspec.DecodeError):
        return msgspec.json.decode(output, type=RepairOutcome)
    last = (complaint.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
    return RepairOutcome(failure=f"exit code {child.returncode}: {last}")


async def _until_stopped(ctx: Context, child: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """Return what the child writes; it is terminated, and undoes what it has begun, when the worker must stop."""
    talking = asyncio.ensure_future(child.communicate())
    stopping = asyncio.ensure_future(ctx.stopping.wait())
    try:
        await asyncio.wait((talking, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not talking.done():
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        return await talking
    finally:
        stopping.cancel()
