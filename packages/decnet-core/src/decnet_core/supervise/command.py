# SPDX-License-Identifier: MIT
"""The console script `decnet-supervise`: hosts groups of workers until it is stopped.

argparse, not typer: this process stays, and its memory counts.
"""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

from decnet_core import library_pages
from decnet_core.bus.client import connect
from decnet_core.bus.settings import BusSettings
from decnet_core.exits import Exit
from decnet_core.runtime import logs, worker_registry
from decnet_core.runtime.notify import Notifier, watchdog_seconds
from decnet_core.runtime.settings import RuntimeSettings
from decnet_core.settings import Settings, SettingsError
from decnet_core.state import SUPERVISORS, State, StateError, StateSettings
from decnet_core.supervise import groups
from decnet_core.supervise.fleet import Fleet
from decnet_core.supervise.fork import cgroup, identity, secrets, zygote
from decnet_core.supervise.fork.group_lookup import groups_of
from decnet_core.supervise.fork.relayed_notifier import RelayedNotifier
from decnet_core.supervise.lock import FleetBusyError, FleetLock
from decnet_core.supervise.process_fleet import ProcessFleet
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.supervise.status_file import publish_status
from decnet_core.tasks import Tasks
from decnet_core.timing.heartbeat_clock import until_beat

log = logging.getLogger(__name__)

BUS_SECONDS = 1.0
"""How long a first connection to the bus may take before a worker that asked to be parked stays awake."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Host the workers of the groups on the command line; return the exit code (see `Exit`)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["init"]:
        from decnet_core.setup.command import main as init  # nothing of it stays in a supervisor

        return init(given[1:])
    asked = parser().parse_args(given)
    if asked.separate:
        secrets.set_aside()
    logs.configure("supervise", "info")
    try:
        if asked.settings is not None:
            os.environ["DECNET_SETTINGS"] = str(asked.settings.absolute())  # its children read the same
        if asked.state is not None:
            os.environ["DECNET_STATE_DIR"] = str(asked.state.absolute())
        settings = Settings.load()
        logs.configure("supervise", settings.section("runtime", RuntimeSettings).log_level)
        names = tuple(name for name in _workers(asked.group, settings) if name not in asked.omit)
        state = State.of(settings.section("state", StateSettings))
        settings.section("bus", BusSettings).client_url(state)  # refused now, not by each worker
        state.create(SUPERVISORS)
        if asked.separate:
            _separate(asked.mode)
        return _host(asked.mode, names, asked.group, settings)
    except (SettingsError, StateError, groups.UnknownGroup) as refusal:
        log.error("cannot start: %s", refusal)  # noqa: TRY400  # the operator needs the sentence, not our stack
        return Exit.STARTUP_FAILED


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; `init` has its own."""
    parser = argparse.ArgumentParser(
        prog="decnet-supervise",
        description="Host groups of workers: each a process on shared memory (fork), with an interpreter of its own "
        "(units), or all in one process (tasks).",
        epilog="decnet-supervise init sets this host up as a sensor. Groups: all; "
        + "; ".join(f"{name}: {meaning}" for name, meaning in groups.MEANING.items()),
    )
    parser.add_argument("group", nargs="+")
    parser.add_argument("--mode", choices=("fork", "tasks", "units"), default="fork")
    parser.add_argument(
        "--omit", metavar="WORKER", action="append", default=[], help="a worker that is hosted elsewhere"
    )
    parser.add_argument("--settings", type=Path, help="settings file (TOML)")
    parser.add_argument("--state", type=Path, help="the fleet's state directory")
    parser.add_argument(
        "--separate",
        action="store_true",
        help="give each worker its own user decnet-NAME, the capabilities that it declares and, "
        "where the control group is delegated, a memory limit of its own",
    )
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version and exit")
    return parser


class _ShowVersion(argparse.Action):
    """As argparse's own, but looks the version up only when it is asked for: that takes memory, which would stay."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"decnet-supervise {version('decnet-core')}\n")
        parser.exit()


def _separate(mode: str) -> None:
    """Have each child become its worker's own user, in its own control group; raises SettingsError for tasks."""
    if mode == "tasks":
        raise SettingsError("--separate needs a process per worker; omit --mode tasks")
    os.environ[identity.SEPARATE] = "1"
    group = cgroup.delegated(cgroup.ROOT, cgroup.path_in(Path("/proc/self/cgroup").read_text()))
    if group is None:
        log.info("no memory limit per worker: no control group (v2) is delegated; budgets are watched all the same")
        return
    try:
        cgroup.divide(group)
    except OSError as error:
        log.warning("no memory limit per worker: cannot divide %s: %s", group, error.strerror)
        return
    os.environ[cgroup.DIRECTORY] = str(group)


def _workers(wanted: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """Return the members of the groups that are not off; the broker only where the bus is embedded."""
    names = worker_registry.names()
    if set(wanted) != {groups.ALL}:
        names = groups.members(groups_of(names), wanted)
    idle = {*worker_registry.off(settings), *(() if settings.section("bus", BusSettings).embedded else ("bus",))}
    return tuple(name for name in names if name not in idle)


def _host(mode: str, names: Sequence[str], wanted: Sequence[str], settings: Settings) -> int:
    if mode == "tasks":
        return _host_tasks(names, wanted, settings)
    supervision = settings.section("supervise", SuperviseSettings)

    def supervise(channel: socket.socket | None) -> int:
        async def run() -> None:
            bus = settings.section("bus", BusSettings)
            state = State.of(settings.section("state", StateSettings))
            url = bus.client_url(state)
            fleet = ProcessFleet(
                supervision,
                logs=None,
                environment=os.environ,
                secrets=secrets.take(),
                zygote=channel,
                connect_bus=lambda: connect(url, name="supervise", wait=BUS_SECONDS, options=bus.client_options),
                spools=state.spool,
            )
            notifier = RelayedNotifier(channel) if channel is not None else Notifier.from_environment()
            await _run(fleet, names, wanted, mode, settings, notifier=notifier)

        return _outcome(run)

    if mode == "fork":
        return zygote.run_with_supervisor(worker_registry.first_zygotes(names), supervise)
    return supervise(None)


def _host_tasks(names: Sequence[str], wanted: Sequence[str], settings: Settings) -> int:
    from decnet_core.supervise.stalls import watched
    from decnet_core.supervise.task_fleet import TaskFleet

    async def run() -> None:
        with watched() as stalls:
            notifier = Notifier.from_environment()
            await _run(TaskFleet(settings, stalls), names, wanted, "tasks", settings, notifier=notifier)

    return _outcome(run)


def _outcome(run: Callable[[], Coroutine[None, None, None]]) -> int:
    try:
        asyncio.run(run())
    except FleetBusyError as refusal:
        log.error("cannot start: %s", refusal)  # noqa: TRY400  # the operator needs the sentence, not our stack
        return Exit.STARTUP_FAILED
    except Exception:
        log.exception("supervision failed")
        return Exit.CRASHED
    return Exit.STOPPED


async def _run(
    fleet: Fleet, names: Sequence[str], wanted: Sequence[str], mode: str, settings: Settings, *, notifier: Notifier
) -> None:
    """Host the fleet, unless another supervisor does already; raises FleetBusyError.

    The lock is this process's alone: workers are forked from the zygote, so none can hold it after our end.
    """
    directory = State.of(settings.section("state", StateSettings)).supervisors
    lock = FleetLock(directory, wanted)
    try:
        publish_status(fleet, directory, "-".join(wanted), mode)
        await _keep(fleet, names, notifier)
    finally:
        lock.release()


async def _keep(fleet: Fleet, names: Sequence[str], notifier: Notifier) -> None:
    """Start the fleet, report READY, and run until SIGTERM or SIGINT; SIGHUP replaces the workers one by one."""
    stopping, tasks = asyncio.Event(), Tasks("supervise")
    reloading = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, reloading.set)
    try:
        tasks.spawn(fleet.failed(), name="supervision")
        tasks.spawn(_begin(fleet, names, notifier), name="begin", may_end=True)
        tasks.spawn(_reload(fleet, reloading, notifier), name="reload")
        if (interval := watchdog_seconds()) is not None:
            tasks.spawn(_feed_watchdog(notifier, interval / 2), name="watchdog")
        await tasks.until(stopping)
    finally:
        notifier.send("STOPPING=1")
        await tasks.close()
        await fleet.stop()


async def _begin(fleet: Fleet, names: Sequence[str], notifier: Notifier) -> None:
    await fleet.start(names)
    await notifier.insist("READY=1")
    log.info("ready workers=%s", ",".join(names))
    library_pages.drop_clean_pages()


async def _reload(fleet: Fleet, asked: asyncio.Event, notifier: Notifier) -> None:
    while True:
        await asked.wait()
        asked.clear()
        notifier.send("RELOADING=1")
        try:
            await fleet.reload()
        except OSError as error:  # what runs keeps running
            log.error("not reloaded: %s", error)  # noqa: TRY400  # the operator needs the sentence, not our stack
        await notifier.insist("READY=1")


async def _feed_watchdog(notifier: Notifier, seconds: float) -> None:
    while True:
        notifier.send("WATCHDOG=1")
        await asyncio.sleep(until_beat(seconds))


if __name__ == "__main__":
    sys.exit(main())
