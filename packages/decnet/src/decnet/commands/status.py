# SPDX-License-Identifier: MIT
"""`decnet status`: asks every installed worker over the bus, and the database how far each has come."""

import asyncio
import time

import msgspec
import typer

from decnet.cli.errors import FAILED, OperatorError
from decnet.cli.options import Json, application
from decnet.fleet.bus_access import processes_of, query_all_health, reachable_bus, shown_bus_url
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet.fleet.lag import Progress, lag_text, read_progress
from decnet.fleet.processes import fleet_processes, pss_of, total_pss
from decnet.incidents.rows import open_by_severity
from decnet.show import documents
from decnet.show.columns import columns
from decnet.show.deckies import states_table
from decnet.show.times import clock, duration, moment, size
from decnet.show.troubles import troubles
from decnet_core.bus.subjects import Health
from decnet_core.runtime import worker_registry
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.runtime.shares.share import worker_of
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import read_status_files
from decnet_core.text import for_terminal
from decnet_models.database.shards import SHARDS
from decnet_models.fleet.queries import Decky
from decnet_models.fleet.states import State, states_on
from decnet_models.troubles.queries import told as told_troubles

app = application("Show the state of the fleet.")


_NOT_MEASURED = "memory: only root, or whoever runs the fleet, may read it"


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
    """The desired deckies of this host, each with what reconciler found when it last looked."""
    pss: dict[str, int] = {}
    """Bytes of memory that each worker takes, as far as they may be read."""
    fleet_pss: int | None = None
    """Bytes that the whole fleet takes, with supervisors and what they fork from; None if some may not be read."""
    incidents: dict[str, int] = {}
    """Incidents that nobody has closed, by severity, most severe first."""
    troubles: tuple[tuple[str, str, int], ...] = ()
    """What the fleet has told of itself and has not ended: kind of notice, subject, since when."""

    @property
    def wrong(self) -> list[str]:
        """What an operator must look at, one sentence each; without any all is well."""
        found = [f"down: {', '.join(self.down)}"] if self.down else []
        failed = [state for _, state in self.deckies if state is not None and state.phase == "failed"]
        found += [f"failed: {state.decky}: {for_terminal(state.error or 'no reason is known')}" for state in failed]
        told = [one for one in self.troubles if one[0] != "worker.down"]  # those are above
        return found + [f"{kind}: {for_terminal(subject)} since {moment(since)}" for kind, subject, since in told]

    @property
    def down(self) -> list[str]:
        """What does not work: names of workers, `bus`, `database`."""
        silent = [name for name, health in self.workers.items() if health is None]
        if not self.bus_reached and "bus" not in silent:
            silent.insert(0, "bus")
        return [*silent, *(["database"] if self.database_error else [])]


@app.command()
def status(as_json: Json = False) -> None:
    """Say first what is wrong, then how every worker is; exit code 1 when something is wrong."""
    report = look(find_deployment())
    typer.echo(
        documents.document({**msgspec.structs.asdict(report), "down": report.down, "wrong": report.wrong})
        if as_json
        else _page(report)
    )
    if report.wrong:
        raise typer.Exit(FAILED)


def look(deployment: Deployment) -> Report:
    """Ask the workers and the database; nothing that is down is an error here."""
    from decnet_models.database.engine import shown

    reached, workers = asyncio.run(_ask(deployment))
    progress, error = None, None
    deckies: tuple[tuple[Decky, State | None], ...] = ()
    open_incidents: dict[str, int] = {}
    told: tuple[tuple[str, str, int], ...] = ()
    try:
        with transaction(deployment) as connection:
            progress = read_progress(connection)
            deckies = tuple(states_on(connection, None))
            open_incidents = open_by_severity(connection)
            told = tuple((*key, since) for key, since in told_troubles(connection).items())
    except OperatorError as refused:
        error = str(refused)
    reports = tuple(read_status_files(deployment.state.supervisors))
    supervised = {status.name: status for each in reports for status in each.workers}
    answers = {name: health for name, health in workers.items() if health is not None}
    pss = {name: pss_of(health.pid) for name, health in answers.items()}
    return Report(
        shown_bus_url(deployment),
        reached,
        shown(deployment.database_url),
        error,
        workers,
        progress,
        supervised,
        worker_registry.off(deployment.settings),
        deckies,
        {name: taken for name, taken in pss.items() if taken is not None},
        total_pss(fleet_processes(reports, answers).values()),
        open_incidents,
        told,
    )


async def _ask(deployment: Deployment) -> tuple[bool, dict[str, Health | None]]:
    names = [name for name in worker_registry.wanted(deployment.settings) if name != "bus" or deployment.embedded_bus]
    names = processes_of(deployment.settings, names)
    async with reachable_bus(deployment, "decnet-status") as bus:
        if bus is None:
            return False, dict.fromkeys(names)
        return True, without_parts_of_tasks(await query_all_health(bus, names))


def without_parts_of_tasks(workers: dict[str, Health | None]) -> dict[str, Health | None]:
    """Return the workers without further processes of one that is hosted as a task, which has none."""
    tasks = {name for name, health in workers.items() if health is not None and health.hosting == "task"}
    return {name: health for name, health in workers.items() if name == worker_of(name) or worker_of(name) not in tasks}


def _page(report: Report) -> str:
    rows = [_row(name, health, report) for name, health in report.workers.items()]
    lines = [
        *(report.wrong or ["nothing is wrong"]),
        "",
        columns(("worker", "state", "pid", "up", "restarts", "PSS", "lag", "dead letters"), rows),
        "",
        f"the fleet takes {size(report.fleet_pss)} (PSS, supervisors included)" if report.fleet_pss else _NOT_MEASURED,
        f"bus: {report.bus}" + ("" if report.bus_reached else " cannot be reached; start the fleet with `decnet up`"),
    ]
    if report.database_error:
        lines.append(f"database: {report.database_error}")
    elif report.progress:
        lines.append(f"database: {report.database}, newest event {report.progress.last_seq}")
    lines += _events_and_leases(report.progress) if report.progress else []
    if report.deckies:
        lines += ["", states_table(report.deckies), ""]
    if problems := list(troubles(report.workers, report.supervised)):
        lines += ["", columns(("worker", "count", "trouble"), problems), ""]
    if report.incidents:
        counts = ", ".join(f"{number} {severity}" for severity, number in report.incidents.items())
        lines.append(f"open incidents: {counts}; `decnet incidents` lists them")
    if report.off:
        lines.append("off: " + ", ".join(f"{name} until [{name}] {key} is set" for name, key in report.off.items()))
    return "\n".join(lines)


def _events_and_leases(progress: Progress) -> list[str]:
    """Return the dead letters and (PostgreSQL) which instance holds which shards."""
    lines: list[str] = []
    if progress.newest_dead_letters:
        rows = [(one.worker, one.seq, moment(one.created_at), one.error) for one in progress.newest_dead_letters]
        lines += ["", columns(("dead letter of", "event", "when", "error"), rows)]
        lines.append("the newest of each; `decnet replay WORKER --since EVENT` retries them")
    if progress.holdings:
        held = [
            (one.worker, one.holder or "nobody", f"{one.shards} of {SHARDS}", duration(one.seconds_left))
            for one in progress.holdings
        ]
        lines += ["", columns(("worker", "held by", "shards", "for"), held)]
    return lines


def _phase(status: Status | None) -> str:
    """Return the supervisor's state of a worker that does not answer; a hung one may count as ready."""
    return "no answer" if status is None or status.phase is Phase.READY else status.phase.value


def _unheard(health: Health, status: Status | None) -> str:
    """Return the state of a worker for which its supervisor answered: when a parked one looks for work by itself."""
    if health.state != "parked" or status is None or status.due is None:
        return health.state
    due_ns = time.time_ns() + int((status.due - time.monotonic()) * 1e9)
    return f"parked, next look {clock(due_ns)}"


def _restarts(health: Health | None, status: Status | None) -> int | None:
    """Return how often a worker was started again, or, of one in several processes, this process."""
    alone = health.counters.get("decoys_process_restarts") if health else None
    return status.restarts + int(alone or 0) if status else (int(alone) if alone is not None else None)


def _row(name: str, health: Health | None, report: Report) -> tuple[object, ...]:
    dead = report.progress.dead_letters.get(name, 0) if report.progress else 0
    lag = lag_text(name, health, report.progress)
    status = report.supervised.get(worker_of(name))
    restarts = _restarts(health, status)
    if health is None:
        return name, _phase(status), None, None, restarts, None, lag, dead
    if not health.pid:
        return name, _unheard(health, status), None, None, restarts, None, lag, dead
    taken = report.pss.get(name)
    memory = size(taken) if taken else None
    return name, health.state, health.pid, duration(health.uptime_seconds), restarts, memory, lag, dead
