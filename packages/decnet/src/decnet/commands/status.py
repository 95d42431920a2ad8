# SPDX-License-Identifier: MIT
"""`decnet status`: asks every installed worker over the bus, and the database how far each has come."""

import msgspec
import typer

from decnet.cli.errors import FAILED
from decnet.cli.options import Json, application
from decnet.fleet.deployment import find_deployment
from decnet.fleet.lag import Progress, lag_text
from decnet.fleet.report import Report, look
from decnet.remote.current import master
from decnet.show import documents
from decnet.show.columns import columns
from decnet.show.deckies import states_table
from decnet.show.times import clock, duration, moment, size
from decnet.show.troubles import troubles
from decnet_core.bus.subjects import Health
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.runtime.shares.share import worker_of
from decnet_core.supervise.lifecycle import Status
from decnet_models.database.shards import SHARDS

app = application("Show the state of the fleet.")


_NOT_MEASURED = "memory: only root, or whoever runs the fleet, may read it"
_NOTHING_RUNS = "memory: no worker runs"


@app.command()
def status(as_json: Json = False) -> None:
    """Say first what is wrong, then how every worker is; exit code 1 when something is wrong."""
    if (remote := master()) is not None:
        from decnet.remote import fleet

        report = fleet.report(remote)
    else:
        report = look(find_deployment())
    typer.echo(
        documents.document({**msgspec.structs.asdict(report), "down": report.down, "wrong": report.wrong})
        if as_json
        else _page(report)
    )
    if report.wrong:
        raise typer.Exit(FAILED)


def _memory(report: Report) -> str:
    if report.fleet_pss:
        return f"the fleet takes {size(report.fleet_pss)} (PSS, supervisors included)"
    return _NOT_MEASURED if any(report.workers.values()) else _NOTHING_RUNS


def _page(report: Report) -> str:
    rows = [_row(name, health, report) for name, health in report.workers.items()]
    lines = [
        *(report.wrong or ["nothing is wrong"]),
        "",
        columns(("worker", "state", "pid", "up", "restarts", "PSS", "lag", "dead letters"), rows),
        "",
        _memory(report),
        f"bus: {report.bus}" + ("" if report.bus_reached else " cannot be reached; start the fleet with `decnet up`"),
    ]
    if report.dashboard:
        lines.append(f"dashboard: {report.dashboard} (a link that logs in: decnet user link NAME)")
    if report.database_error:
        lines.append(f"database: {report.database_error}")
    elif report.progress:
        lines.append(f"database: {report.database}, newest event {report.progress.last_seq}")
    lines += _events_and_leases(report.progress) if report.progress else []
    if report.deckies:
        lines += ["", states_table(report.deckies, played=report.decoys_answers), ""]
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
        lines.append("the newest of each; `decnet replay WORKER --since EVENT` retries them; enrich does so by itself")
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


def _unheard(health: Health, next_look: int | None) -> str:
    """Return the state of a worker for which its supervisor answered: when a parked one looks for work by itself."""
    if health.state != "parked" or next_look is None:
        return health.state
    return f"parked, next look {clock(next_look)}"


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
        return name, _unheard(health, report.next_looks.get(worker_of(name))), None, None, restarts, None, lag, dead
    taken = report.pss.get(name)
    memory = size(taken) if taken else None
    return name, health.state, health.pid, duration(health.uptime_seconds), restarts, memory, lag, dead
