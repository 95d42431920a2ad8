# SPDX-License-Identifier: MIT
"""Starts one fleet, shows it until it is stopped, and stops it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec

from decnet.cli.errors import OperatorError
from decnet.fleet.bus_access import bus_client
from decnet.fleet.deployment import Deployment
from decnet.up.hosting import Hosting, hosted
from decnet.up.viewer.client import Viewer
from decnet.up.viewer.messages import Show
from decnet_core import library_pages
from decnet_core.bus.client import Client
from decnet_core.runtime import worker_registry
from decnet_core.runtime.process import LIFELINE
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.fleet import Fleet
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import publish_status
from decnet_core.tasks import Tasks
from decnet_models.database.quick_look import Ends

_STOPPED = (Phase.STOPPING, Phase.STOPPED)


class RunOptions(msgspec.Struct, frozen=True):
    """What the operator asked for besides the fleet itself."""

    show: Show
    ends: Ends | None = None
    """Where the logs ended before the fleet started, if that is known."""
    seconds: float | None = None
    """Stop by itself after this long."""
    ready_file: Path | None = None
    """Written, with `pid`, once every worker is ready or has failed."""
    pid: int = 0
    """The process to signal; it forks the workers, where they are forked."""


def workers(deployment: Deployment) -> list[str]:
    """Return the names of the workers of this fleet, in the order of their start."""
    return [name for name in worker_registry.wanted(deployment.settings) if name != "bus" or deployment.embedded_bus]


async def run(deployment: Deployment, options: RunOptions, hosting: Hosting, zygote: socket.socket | None) -> bool:
    """Run the fleet until a signal or the time is up; afterwards no process of it is left.

    `zygote` leads to the warm process that forks the workers, if there is one. Returns whether none was given up.
    """
    given_up: dict[str, bool] = {}
    viewer = Viewer(options.show, deployment, options.ends, inside=hosting is Hosting.TASKS)
    with hosted(deployment, hosting, zygote) as fleet:
        fleet.on_change(viewer.changed)
        fleet.on_change(lambda status: _note_given_up(given_up, status))
        publish_status(fleet, deployment.state.supervisors, "up", hosting)
        await _run(deployment, fleet, viewer, options, hosting)
    return not any(given_up.values())


def _note_given_up(given_up: dict[str, bool], status: Status) -> None:
    if status.phase not in _STOPPED:  # what it was before the end of the fleet
        given_up[status.name] = status.phase in (Phase.REFUSED, Phase.CRASH_LOOP)


async def _run(deployment: Deployment, fleet: Fleet, viewer: Viewer, options: RunOptions, hosting: Hosting) -> None:
    stopping = asyncio.Event()
    tasks = Tasks("up")
    bus: Client | None = None
    with _signals(fleet, stopping, viewer):
        try:
            tasks.spawn(fleet.failed(), name="supervision")
            tasks.spawn(viewer.failed(), name="viewer")
            bus = await bus_client(deployment, "decnet-up")
            started = asyncio.Event()
            tasks.spawn(_begin(deployment, fleet, options, started, stopping), name="begin", may_end=True)
            tasks.spawn(_view(viewer, fleet, bus, started, options.show), name="view")
            with _lifeline(stopping):
                await tasks.until(stopping)
        finally:
            why = _unasked(options, hosting)
            viewer.message(f"stopping{why}")
            await tasks.close()  # first, so that nothing starts a worker any more
            page = options.show is Show.PAGE
            if not page:
                await viewer.close()
            await fleet.stop()
            if bus is not None:
                await bus.close()
            viewer.message(f"stopped{why}")
            if page:
                await viewer.close()


def _unasked(options: RunOptions, hosting: Hosting) -> str:
    """Return why the fleet stops unless it was asked to: its zygote, which the shell waited for, was killed."""
    if hosting is not Hosting.FORK or os.getppid() == options.pid:
        return ""
    return f": the process that forks the workers (pid {options.pid}) was killed; start the fleet again"


async def _begin(
    deployment: Deployment, fleet: Fleet, options: RunOptions, started: asyncio.Event, stopping: asyncio.Event
) -> None:
    try:
        await fleet.start(workers(deployment))
    except OSError as error:
        raise OperatorError(f"the fleet cannot start: {error}; see {deployment.state.root / 'log'}") from error
    started.set()
    if options.ready_file is not None:
        options.ready_file.write_text(f"{options.pid}\n", encoding="ascii")
    library_pages.drop_clean_pages()
    if options.seconds is not None:
        await asyncio.sleep(options.seconds)
        stopping.set()


async def _view(viewer: Viewer, fleet: Fleet, bus: Client, started: asyncio.Event, show: Show) -> None:
    """Keep the viewer; that for a pipe comes after the workers, whose zygote forks it and which it must not delay."""
    if show is not Show.PAGE:
        await started.wait()
    await viewer.keep(fleet, bus)


@contextlib.contextmanager
def _signals(fleet: Fleet, stopping: asyncio.Event, viewer: Viewer) -> Iterator[None]:
    """Stop at the first signal, kill at the second."""

    def asked() -> None:
        if stopping.is_set():
            viewer.message("killing what still runs")
            fleet.kill()
        stopping.set()

    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, asked)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _lifeline(stopping: asyncio.Event) -> Iterator[None]:
    """Stop when the process that started this one, and holds the other end of a pipe, is gone."""
    number = os.environ.get(LIFELINE, "")
    if not number.isdecimal():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(int(number), stopping.set)
    try:
        yield
    finally:
        loop.remove_reader(int(number))
