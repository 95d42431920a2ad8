# SPDX-License-Identifier: MIT
"""Hosts one worker as a process of its own: signals, logging, lifeline, exit codes.

`DECNET_LIFELINE_FD` names the read end of a pipe whose write end only the parent holds. When the parent dies,
however it dies, the pipe ends and the worker stops. (PR_SET_PDEATHSIG would need ctypes, and it fires when the
thread that started the child ends.)
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from decnet_core.exits import Exit, RestartOrdered, StartupError
from decnet_core.net.descriptor_limit import allow_descriptors
from decnet_core.runtime import idle_trim, logs, stored_sockets
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.hosted import Hosted
from decnet_core.runtime.notify import REPLACE, Notifier
from decnet_core.runtime.parking import PARKS
from decnet_core.runtime.restarts.handover import take_over
from decnet_core.runtime.settings import RuntimeSettings
from decnet_core.runtime.shares.share import Share
from decnet_core.runtime.stored_sockets import StoredSockets
from decnet_core.settings import Settings, SettingsError
from decnet_core.spool.writer import SpoolBusyError
from decnet_core.state import StateError

log = logging.getLogger(__name__)

NICENESS = 5
"""Of workers that give way: a third of the processor time that others get beside them."""

LIFELINE = "DECNET_LIFELINE_FD"
_OTHER_FILES = 1024
"""Descriptors that a process may have beside stored sockets, such as those of its clients."""

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
    if worker.gives_way:
        _give_way()
    notifier = Notifier.from_environment()
    logs.configure(worker.name, "info")
    try:
        if prepare is not None:
            prepare()
        settings = Settings.load(file)
        logs.configure(worker.name, settings.section("runtime", RuntimeSettings).log_level)
        instance = worker(settings.section(worker.name, worker.Settings))
        count = worker.shares(instance.settings)
        if worker.stores_sockets:
            allow_descriptors(worker.stores_sockets + _OTHER_FILES)
            instance.stored = stored_sockets.receive()
    except Exception as error:
        return _failed(error, notifier)
    if count > 1:
        return _run_shares(instance, count, settings, notifier, hosting)
    return _run_one(instance, settings, notifier, hosting)


def _give_way() -> None:
    """Leave the processors to those for whom somebody waits, when there are not enough for all.

    A process's niceness counts among those of its session, where the kernel gives each session its share: then that of
    the session does (sched(7), autogroup), if it is the worker's and not that of a terminal. The sandbox of a worker's
    own unit refuses both: that unit has Nice=.
    """
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):  # a kernel without that
            Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")


def _run_one(worker: Hosted[Any], settings: Settings, notifier: Notifier, hosting: str) -> int:
    """Host the worker, or its share, in this process; return the exit code."""
    try:
        asyncio.run(serve(worker, settings, notifier, hosting))
    except KeyboardInterrupt:
        return Exit.STOPPED
    except Exception as error:
        return _failed(error, notifier)
    return Exit.STOPPED


def _run_shares(worker: Hosted[Any], count: int, settings: Settings, notifier: Notifier, hosting: str) -> int:
    """Host each share of the worker in a process of its own; return the exit code."""
    from decnet_core.runtime.shares.processes import ShareProcesses  # nothing that other workers should pay for

    runtime = settings.section("runtime", RuntimeSettings)

    def serve_share(notifier: Notifier, share: Share, lifeline: int) -> int:
        logs.configure(share.name, runtime.log_level)
        os.environ[LIFELINE] = str(lifeline)
        worker.share = share
        return _run_one(worker, settings, notifier, hosting)

    number = os.environ.pop(LIFELINE, "")
    try:
        worker.divide(count)
        gc.freeze()  # a collection would write to what the processes share
        return ShareProcesses(
            worker.name,
            count,
            serve_share,
            notifier,
            budget_bytes=worker.memory_budget,
            exposed=worker.exposed,
            stop_seconds=runtime.stop_seconds + 1,
            lifeline=int(number) if number.isdecimal() else None,
            stored=worker.stored,
        ).run()
    except Exception as error:
        return _failed(error, notifier)


def _failed(error: Exception, notifier: Notifier) -> int:
    """Report why the worker does not start, or crashed; return the exit code."""
    if isinstance(error, REFUSALS):
        return _refused(error, notifier)
    if isinstance(error, RestartOrdered):
        return Exit.RESTART
    log.error("crashed", exc_info=error)
    return Exit.CRASHED


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
    ctx = await open_context(type(worker), settings, name=worker.share.name)
    ctx.stored_sockets = StoredSockets(notifier, worker.stored)
    if os.environ.get(PARKS) == "1":  # a fork, not an interpreter
        ctx.ask_to_be_replaced = partial(notifier.send, f"{REPLACE}=1")
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
