# SPDX-License-Identifier: MIT
"""Starts one fleet, shows it until it is stopped, and stops it."""

import asyncio
import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from decnet.access import links
from decnet.canary.tokens import first_tokens
from decnet.cli.errors import OperatorError, RefusedError, UnavailableError
from decnet.cli.operator_name import operator
from decnet.fleet.bus_access import bus_client
from decnet.fleet.deployment import Deployment, transaction
from decnet.fleet.event_feed import EventFeed
from decnet.fleet.notice_feed import NoticeFeed
from decnet.swarm.listener_identity import create_if_listening
from decnet.up.figures import measure, memory_of_fleet
from decnet.up.guide import guide_to
from decnet.up.hosting import Hosting, environment, hosted
from decnet.up.view import View
from decnet_core.bus.client import Client
from decnet_core.runtime import worker_registry
from decnet_core.runtime.process import LIFELINE
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.state import SUPERVISORS
from decnet_core.supervise.fleet import Fleet
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.lock import FleetLock
from decnet_core.supervise.status_file import publish_status
from decnet_core.tasks import Tasks
from decnet_decoys.fleet import FleetError
from decnet_models.events.queries import last_seq
from decnet_models.notices import queries as notices

_STOPPED = (Phase.STOPPING, Phase.STOPPED)
_FIGURES_SECONDS = 2.0
_RETRY_SECONDS = 2.0


class RunOptions(msgspec.Struct, frozen=True):
    """What the operator asked for besides the fleet itself."""

    seconds: float | None = None
    """Stop by itself after this long."""
    ready_file: Path | None = None
    """Written, with `pid`, once every worker is ready or has failed."""
    pid: int = 0
    """The process to signal; it forks the workers, where they are forked."""


def prepare(deployment: Deployment) -> FleetLock:
    """Create the state directory, take its lock and migrate the database; raises RefusedError, StateError.

    A database that cannot be used now is no reason to leave the decoys down, which need none: see `_await_database`.
    """
    _refuse_that_of_units(deployment)
    deployment.state.create(SUPERVISORS)
    lock = FleetLock(deployment.state.supervisors)
    try:
        with contextlib.suppress(UnavailableError):
            _migrate(deployment)
        create_if_listening(deployment.settings, deployment.state.root)
    except BaseException:
        lock.release()
        raise
    return lock


def _refuse_that_of_units(deployment: Deployment) -> None:
    """Reject the units' state directory, whose accounts could not use our files; `decnet init` made `run` sticky."""
    run = deployment.state.run
    if run.is_dir() and run.stat().st_mode & stat.S_ISVTX:
        raise RefusedError(
            f"{deployment.state.root} is for the units that `decnet init` wrote; use `systemctl start decnet.target`, "
            "or another directory with --state DIR"
        )


def workers(deployment: Deployment) -> list[str]:
    """Return the names of the workers of this fleet, in the order of their start."""
    return [name for name in worker_registry.wanted(deployment.settings) if name != "bus" or deployment.embedded_bus]


async def run(
    deployment: Deployment, view: View, options: RunOptions, hosting: Hosting, zygote: socket.socket | None
) -> bool:
    """Run the fleet until a signal or the time is up; afterwards no process of it is left.

    `zygote` leads to the warm process that forks the workers, if there is one. Returns whether none was given up.
    """
    given_up: dict[str, bool] = {}
    with hosted(deployment, hosting, zygote) as fleet:
        fleet.on_change(view.changed)
        fleet.on_change(lambda status: _note_given_up(given_up, status))
        publish_status(fleet, deployment.state.supervisors, "up", hosting)
        await _run(deployment, fleet, view, options, hosting)
    return not any(given_up.values())


def _note_given_up(given_up: dict[str, bool], status: Status) -> None:
    if status.phase not in _STOPPED:  # what it was before the end of the fleet
        given_up[status.name] = status.phase in (Phase.REFUSED, Phase.CRASH_LOOP)


async def _run(deployment: Deployment, fleet: Fleet, view: View, options: RunOptions, hosting: Hosting) -> None:
    stopping = asyncio.Event()
    tasks = Tasks("up")
    bus: Client | None = None
    with _signals(fleet, stopping, view):
        try:
            tasks.spawn(fleet.failed(), name="supervision")
            bus = await bus_client(deployment, "decnet-up")
            tasks.spawn(_begin(deployment, fleet, options, stopping), name="begin", may_end=True)
            tasks.spawn(_show_database(tasks, deployment, bus, view), name="database")
            view.attend()
            if view.is_screen:
                tasks.spawn(_show_figures(deployment, bus, fleet, view), name="figures")
            with _lifeline(stopping):
                await tasks.until(stopping)
        finally:
            why = _unasked(options, hosting)
            view.message(f"stopping{why}")
            await tasks.close()  # first, so that nothing starts a worker any more
            await fleet.stop()
            if bus is not None:
                await bus.close()
            view.message(f"stopped{why}")


def _unasked(options: RunOptions, hosting: Hosting) -> str:
    """Return why the fleet stops unless it was asked to: its zygote, which the shell waited for, was killed."""
    if hosting is not Hosting.FORK or os.getppid() == options.pid:
        return ""
    return f": the process that forks the workers (pid {options.pid}) was killed; start the fleet again"


async def _begin(deployment: Deployment, fleet: Fleet, options: RunOptions, stopping: asyncio.Event) -> None:
    try:
        await fleet.start(workers(deployment))
    except OSError as error:
        raise OperatorError(f"the fleet cannot start: {error}; see {deployment.state.root / 'log'}") from error
    if options.ready_file is not None:
        options.ready_file.write_text(f"{options.pid}\n", encoding="ascii")
    if options.seconds is not None:
        await asyncio.sleep(options.seconds)
        stopping.set()


async def _show_database(tasks: Tasks, deployment: Deployment, bus: Client, view: View) -> None:
    """Show what only the database knows, once it can be used: where to attack, and what happens."""
    found = await _await_database(deployment, view)
    _show_guide(deployment, view, found.canaries, found.dashboard)
    feed = EventFeed(deployment, bus)
    feed.seq = found.last_event
    if view.is_screen:
        tasks.spawn(_show_alerts(NoticeFeed(deployment, bus, found.last_notice), view), name="alerts")
    async for batch in feed.batches():
        view.happened(batch)


async def _show_alerts(feed: NoticeFeed, view: View) -> None:
    async for batch in feed.batches():
        view.alerted(batch)


class _Found(msgspec.Struct, frozen=True):
    """What was in the database when the fleet began."""

    canaries: tuple[str, ...]
    """Where canary tokens are reached."""
    dashboard: str
    """Where to open the dashboard; empty: it is off."""
    last_event: int
    last_notice: int


async def _await_database(deployment: Deployment, view: View) -> _Found:
    """Migrate the database if that is still to be done; return what is in it.

    While it cannot be used, the fleet runs: decoys spool what happens, and the workers of the database wait, too.
    """
    waiting = False
    while True:
        try:
            found = await asyncio.to_thread(_read_database, deployment)
        except UnavailableError as error:
            if not waiting:
                _show_guide(deployment, view, ())
                view.message(f"{error}; what happens is kept in the spools until it can be")
            waiting = True
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            if waiting:
                view.message("the database can be used again")
            return found


def _read_database(deployment: Deployment) -> _Found:
    _migrate(deployment)
    canaries = tuple(token.place for token in first_tokens(deployment))
    dashboard = links.entrance(deployment, operator())
    with transaction(deployment) as connection:
        return _Found(canaries, dashboard, last_seq(connection), notices.last_seq(connection))


async def _show_figures(deployment: Deployment, bus: Client, fleet: Fleet, view: View) -> None:
    while True:
        total = await asyncio.to_thread(memory_of_fleet, fleet)
        view.measured(await measure(deployment, bus, fleet.status()), total)
        await asyncio.sleep(_FIGURES_SECONDS)


def _show_guide(deployment: Deployment, view: View, canaries: tuple[str, ...], dashboard: str = "") -> None:
    try:
        view.guide(guide_to(deployment.settings, canaries, dashboard))
    except FleetError as error:  # the decoys worker refuses to start and says the same
        view.message(str(error))


@contextlib.contextmanager
def _signals(fleet: Fleet, stopping: asyncio.Event, view: View) -> Iterator[None]:
    """Stop at the first signal, kill at the second."""

    def asked() -> None:
        if stopping.is_set():
            view.message("killing what still runs")
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


def _migrate(deployment: Deployment) -> None:
    """Upgrade the database in a process of its own: Alembic is needed once and would stay in memory."""
    try:
        with transaction(deployment):
            return  # it has this version's tables
    except UnavailableError:
        raise
    except RefusedError:
        pass
    done = subprocess.run(
        [sys.executable, "-c", "from decnet_models.command import main; main()", "upgrade"],
        env={**environment(deployment), "DECNET_DATABASE_URL": deployment.database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise RefusedError(lines[-1] if lines else f"the database cannot be upgraded (exit code {done.returncode})")
