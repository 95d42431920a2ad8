# SPDX-License-Identifier: MIT
"""Hosts one worker as a process of its own: signals, logging, lifeline, exit codes.

`DECNET_LIFELINE_FD` names the read end of a pipe whose write end only the parent holds. When the parent dies,
however it dies, the pipe ends and the worker stops. (PR_SET_PDEATHSIG would need ctypes, and it fires when the
thread that started the child ends.)
"""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from decnet_core.exits import Exit, StartupError
from decnet_core.runtime import idle_trim, logs
from decnet_core.runtime.context import Context
from decnet_core.runtime.handover import take_over
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.hosted import Hosted
from decnet_core.runtime.notify import Notifier
from decnet_core.runtime.settings import RuntimeSettings
from decnet_core.settings import Settings, SettingsError
from decnet_core.spool.writer import SpoolBusyError
from decnet_core.state import StateError

log = logging.getLogger(__name__)

LIFELINE = "DECNET_LIFELINE_FD"

REFUSALS = (StartupError, SettingsError, StateError, SpoolBusyError)
"""Errors with which a worker refuses to start; it is not restarted until something has changed."""


def run(
    worker: type[Hosted[Any]],
    file: Path | None = None,
    *,
    hosting: str = "process",
    prepare: Callable[[], None] | None = None,
) -> int:
    """Run `worker` until SIGTERM or SIGINT; return its exit code (see `Exit`).

    `prepare` is called first; what it raises is reported as the worker's own start-up error is.
    """
    notifier = Notifier.from_environment()
    logs.configure(worker.name, "info")
    try:
        if prepare is not None:
            prepare()
        settings = Settings.load(file)
        logs.configure(worker.name, settings.section("runtime", RuntimeSettings).log_level)
        instance = worker(settings.section(worker.name, worker.Settings))
        asyncio.run(serve(instance, settings, notifier, hosting))
    except REFUSALS as refusal:
        return _refused(refusal, notifier)
    except KeyboardInterrupt:
        return Exit.STOPPED
    except Exception:
        log.exception("crashed")
        return Exit.CRASHED
    return Exit.STOPPED


def refuse(name: str, refusal: StartupError) -> int:
    """Report why worker `name`, whose class cannot be loaded, does not start; return the exit code."""
    logs.configure(name, "info")
    return _refused(refusal, Notifier.from_environment())


def _refused(refusal: Exception, notifier: Notifier) -> int:
    log.error("cannot start: %s", refusal)
    notifier.send(f"STATUS={str(refusal).splitlines()[0]}")
    return Exit.STARTUP_FAILED


async def serve(worker: Hosted[Any], settings: Settings, notifier: Notifier, hosting: str) -> None:
    """Host the worker in the running loop, the only one of its process, until a signal says stop."""
    await take_over(notifier)
    ctx = await open_context(type(worker), settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ctx.stop)
    loop.add_signal_handler(signal.SIGHUP, ctx.reloading.set)
    _hold_lifeline(ctx)
    ctx.spawn(
        idle_trim.trim_when_idle(settings.section("runtime", RuntimeSettings).heartbeat_seconds), name="idle-trim"
    )
    # A start leaves much behind, and a busy worker never becomes idle. A forked one shares its start with the others.
    ready = _tidy if hosting == "process" else lambda: None
    await Host(worker, ctx, notifier=notifier, hosting=hosting).run(ready)


def _tidy() -> None:
    """Return what the start left behind, and spare later garbage collections what it made: 20 ms for nothing."""
    idle_trim.trim()
    gc.freeze()


def _hold_lifeline(ctx: Context) -> None:
    """Stop when the parent has ended."""
    number = os.environ.pop(LIFELINE, "")
    if not number.isdecimal():
        return
    descriptor = int(number)
    loop = asyncio.get_running_loop()

    def parent_gone() -> None:
        loop.remove_reader(descriptor)
        log.warning("the parent process is gone; stopping")
        ctx.stop()

    try:
        os.set_inheritable(descriptor, False)  # the signature of the standard library
        loop.add_reader(descriptor, parent_gone)
    except OSError as error:
        print(f"{LIFELINE}={number}: {error}", file=sys.stderr)  # noqa: T201  # logging may not be up
