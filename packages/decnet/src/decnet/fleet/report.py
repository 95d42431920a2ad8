# SPDX-License-Identifier: MIT
"""What the workers, their supervisors and the database say of the fleet: what is wrong, and how every worker is."""

import asyncio
import time
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection

from decnet.access import links
from decnet.cli.errors import OperatorError
from decnet.fleet.bus_access import processes_of, query_all_health, reachable_bus, shown_bus_url
from decnet.fleet.deployment import Deployment, transaction
from decnet.fleet.lag import FOLLOW_NOTICES, Progress, read_progress
from decnet.fleet.processes import fleet_processes, pss_of, total_pss
from decnet.incidents.rows import open_by_severity
from decnet.show.times import moment
from decnet_core.bus.interface import Bus
from decnet_core.bus.subjects import Health
from decnet_core.runtime import worker_registry
from decnet_core.runtime.shares.share import worker_of
from decnet_core.settings import SettingsError
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import read_status_files
from decnet_core.text import for_terminal
from decnet_models.fleet.queries import Decky
from decnet_models.fleet.states import State, all_states
from decnet_models.troubles.queries import told as told_troubles


class Report(msgspec.Struct, frozen=True):
    """The result of `decnet status`."""

    bus: str
    bus_reached: bool
    database: str
    database_error: str | None
    workers: dict[str, Health | None]
    progress: Progress | None
    supervised: dict[str, Status] = {}
    """What the running supervisors report of their workers."""
    off: dict[str, str] = {}
    """Workers that are off, each with the setting of its section that switches it on."""
    deckies: tuple[tuple[Decky, State | None], ...] = ()
    """The desired deckies of this host, each with what reconciler found when it last looked; and those of the settings,
    which `decoys` plays."""
    pss: dict[str, int] = {}
    """Bytes of memory that each worker takes, as far as they may be read."""
    fleet_pss: int | None = None
    """Bytes that the whole fleet takes, with supervisors and what they fork from; None if some may not be read."""
    incidents: dict[str, int] = {}
    """Incidents that nobody has closed, by severity, most severe first."""
    troubles: tuple[tuple[str, str, int], ...] = ()
    """What the fleet has told of itself and has not ended: kind of notice, subject, since when."""
    next_looks: dict[str, int] = {}
    """When parked workers look for work by themselves, in ns since the Unix epoch."""
    dashboard: str = ""
    """Where a browser finds the dashboard; empty: none is installed and on."""

    @property
    def decoys_answers(self) -> bool:
        """Whether the deckies of the settings are played, as far as it is known."""
        return any(health for name, health in self.workers.items() if worker_of(name) == "decoys")

    @property
    def wrong(self) -> list[str]:
        """What an operator must look at, one sentence each; without any all is well."""
        found = [self._what_is_down] if self.down else []
        failed = [state for _, state in self.deckies if state is not None and state.phase == "failed"]
        found += [f"failed: {state.decky}: {for_terminal(state.error or 'no reason is known')}" for state in failed]
        found += [
            f"not offered: {int(number)} deckies wait for a port that another program has; the log of {name} names them"
            for name, number in self._counted("decoys_ports_taken")
        ]
        found += [
            f"disk full: {int(number)} events of {name} wait in memory; free space where the state directory is"
            for name, number in self._counted("spool_backlog")
        ]
        letters = self.progress.dead_letters if self.progress else {}
        found += [
            f"set aside: {name} could not handle {number} of its events; `decnet replay {name}` retries them"
            for name, number in letters.items()
            if name not in FOLLOW_NOTICES  # no replay ends that; what enrich set aside it tries again by itself
        ]
        told = [one for one in self.troubles if one[0] != "worker.down"]  # those are above
        return found + [f"{kind}: {for_terminal(subject)} since {moment(since)}" for kind, subject, since in told]

    @property
    def _what_is_down(self) -> str:
        """One sentence where nothing runs at all: a list of every worker would hide that."""
        if any(self.workers.values()) or self.bus_reached or self.supervised:
            return f"down: {', '.join(self.down)}"
        return "down: the whole fleet; start it with `decnet up`, or name another with --state DIR"

    def _counted(self, counter: str) -> Iterator[tuple[str, float]]:
        """Yield the workers with which a counter is not zero."""
        for name, health in self.workers.items():
            if health is not None and (number := health.counters.get(counter)):
                yield name, number

    @property
    def down(self) -> list[str]:
        """What does not work: names of workers, `bus`, `database`."""
        silent = [name for name, health in self.workers.items() if health is None]
        if not self.bus_reached and "bus" not in silent:
            silent.insert(0, "bus")
        return [*silent, *(["database"] if self.database_error else [])]


class Stored(msgspec.Struct, frozen=True):
    """What the database says of the fleet."""

    progress: Progress | None = None
    deckies: tuple[tuple[Decky, State | None], ...] = ()
    incidents: dict[str, int] = {}
    troubles: tuple[tuple[str, str, int], ...] = ()
    error: str | None = None
    """Why it says nothing."""


def look(deployment: Deployment) -> Report:
    """Ask the workers and the database; nothing that is down is an error here."""
    reached, workers = asyncio.run(ask(deployment))
    try:
        with transaction(deployment) as connection:
            found = stored(connection)
    except OperatorError as refused:
        found = Stored(error=str(refused))
    return put_together(deployment, workers, found, bus_reached=reached)


def stored(connection: Connection) -> Stored:
    """Read what the database says of the fleet."""
    told = told_troubles(connection)
    return Stored(
        read_progress(connection),
        tuple(all_states(connection)),
        open_by_severity(connection),
        tuple((*key, since) for key, since in told.items()),
    )


def put_together(
    deployment: Deployment, workers: dict[str, Health | None], found: Stored, *, bus_reached: bool
) -> Report:
    """Return the report of what was asked, with what supervisors and the kernel say."""
    from decnet.fleet.settings_deckies import deckies_of_settings
    from decnet_models.database.engine import shown

    try:
        of_settings = tuple((one, None) for one in deckies_of_settings(deployment))
    except SettingsError:  # for which `decoys` does not start, and says so
        of_settings = ()
    reports = tuple(read_status_files(deployment.state.supervisors))
    supervised = {status.name: status for each in reports for status in each.workers}
    answers = {name: health for name, health in workers.items() if health is not None}
    pss = {name: pss_of(health.pid) for name, health in answers.items()}
    now, clock = time.time_ns(), time.monotonic()
    return Report(
        bus=shown_bus_url(deployment),
        bus_reached=bus_reached,
        database=shown(deployment.database_url),
        database_error=found.error,
        workers=workers,
        progress=found.progress,
        supervised=supervised,
        off=worker_registry.off(deployment.settings),
        deckies=(*found.deckies, *of_settings),
        pss={name: taken for name, taken in pss.items() if taken is not None},
        fleet_pss=total_pss(fleet_processes(reports, answers).values()),
        incidents=found.incidents,
        troubles=found.troubles,
        dashboard=links.dashboard(deployment.settings),
        next_looks={
            name: now + int((status.due - clock) * 1e9) for name, status in supervised.items() if status.due is not None
        },
    )


async def ask(deployment: Deployment, bus: Bus | None = None) -> tuple[bool, dict[str, Health | None]]:
    """Ask the workers how they are, None: it does not answer; and return whether the bus could be reached.

    `bus` is a connection to it that the caller has.
    """
    names = [name for name in worker_registry.wanted(deployment.settings) if name != "bus" or deployment.embedded_bus]
    names = processes_of(deployment.settings, names)
    async with reachable_bus(deployment, "decnet-status", kept=bus) as reached:
        if reached is None:
            return False, dict.fromkeys(names)
        return True, without_parts_of_tasks(await query_all_health(reached, names))


def without_parts_of_tasks(workers: dict[str, Health | None]) -> dict[str, Health | None]:
    """Return the workers without further processes of one that is hosted as a task, which has none."""
    tasks = {name for name, health in workers.items() if health is not None and health.hosting == "task"}
    return {name: health for name, health in workers.items() if name == worker_of(name) or worker_of(name) not in tasks}
