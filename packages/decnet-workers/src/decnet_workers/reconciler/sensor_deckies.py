# SPDX-License-Identifier: MIT
"""The deckies of sensor hosts: orders them, as files that `listener` signs and sends, and records what sensors report.

Blocking, for the worker's thread. An order is a file that is replaced whole; so it may be written again at any time.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, Engine

from decnet_core.deckies.orders import (
    Assignment,
    Contact,
    Phase,
    Standing,
    Standings,
    contacts,
    ordered_file,
    reported,
)
from decnet_core.durable import make_directory, replace_file
from decnet_core.events.notices import DeckyDrifted, DeckyFailed, DeckyRepaired, Notice, notice_kind
from decnet_core.text import for_column
from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import reading, writing
from decnet_models.fleet.change_log import ChangeInfo, ChangeKind, history
from decnet_models.fleet.queries import Decky, erase
from decnet_models.fleet.states import State, record_state, states_on_sensors
from decnet_models.notices import queries as notices
from decnet_models.realism.queries import personas
from decnet_workers.reconciler.records import ACTOR, MOST_ERASED
from decnet_workers.reconciler.rows import order

log = logging.getLogger(__name__)

Rows = list[tuple[Decky, State | None]]
News: TypeAlias = tuple[Decky, State | None, State, Standing | None]
"""A decky, its state before and now, and what its sensor reported."""

MOST_CHANGES, CHANGES_NS = 20, 3600 * SECOND_NS
"""Changes of one decky that are recorded in that time: a stolen sensor may report another state without end."""
NOTICE_NS = 300 * SECOND_NS
"""Of what one decky does there is one notice of a kind in so long, by the clock of this host."""
MOST_DRIFT = 100
"""Sentences of what a sensor found wrong with a decky."""


class Round(msgspec.Struct, frozen=True):
    """What a look at the sensors' deckies did."""

    ordered: int = 0
    """For how many sensors there is another order."""
    recorded: int = 0
    """Of how many deckies there is another state."""
    notices: dict[str, int] = {}
    """Kinds of notices that were written, and the number of the newest one."""
    withheld: int = 0
    """Changes that were not recorded, because there had been too many of that decky."""


class SensorDeckies:
    def __init__(self, engine: Engine, state: Path, clock: Callable[[], int] = time.time_ns) -> None:
        """`clock` tells the time in ns."""
        self._engine = engine
        self._clock = clock
        self._state = state
        self._complaint = ""
        self._warned_at = -CHANGES_NS

    def run(self) -> Round:
        """Order and record; raises DBAPIError."""
        rows, ordered = self._order()
        news = self._news(rows) if rows else []
        if not news:
            return Round(ordered)
        now = self._clock()
        with writing(self._engine) as connection:
            kinds, withheld = _record(connection, news, now)
            newest = notices.last_seq(connection) if kinds else 0
        if any(after.phase == "absent" for _, _, after, _ in news):  # what is erased now is to be ordered no more
            ordered = max(ordered, self._order()[1])
        self._warn(withheld, now)
        return Round(ordered, len(news), dict.fromkeys(kinds, newest), len(withheld))

    def _warn(self, withheld: list[str], now_ns: int) -> None:
        """Log which sensors report too many changes, once in CHANGES_NS."""
        if withheld and not 0 <= now_ns - self._warned_at < CHANGES_NS:
            self._warned_at = now_ns
            names = ", ".join(sorted(set(withheld)))
            log.warning("changes of deckies are not recorded, their sensors report too many: %s", names)

    def _order(self) -> tuple[Rows, int]:
        """Write what is ordered of each sensor that has deckies, or had some; return all, and how many are news."""
        with reading(self._engine) as connection:
            rows = states_on_sensors(connection)
            bodies = {one.name: one.body for one in personas(connection)} if rows else {}
        by_sensor: dict[str, list[Decky]] = {path.stem: [] for path in self._folder.glob("*.json")}
        for row, _ in rows:
            by_sensor.setdefault(row.sensor or "", []).append(row)
        try:
            return rows, sum(self._write(name, deckies, bodies) for name, deckies in sorted(by_sensor.items()))
        except OSError as error:
            if str(error) != self._complaint:
                log.error("deckies of sensors cannot be ordered: %s", error)  # noqa: TRY400  # said
            self._complaint = str(error)
            return rows, 0

    def _write(self, sensor: str, deckies: list[Decky], bodies: Mapping[str, dict[str, Any]]) -> bool:
        used = {row.persona: bodies[row.persona] for row in deckies if row.persona in bodies}
        content = msgspec.json.encode(Assignment(sensor, tuple(map(order, deckies)), used), order="sorted")
        path = ordered_file(self._state, sensor)
        if path.exists() and path.read_bytes() == content:
            return False
        make_directory(path.parent, 0o750)
        replace_file(path, content)
        return True

    @property
    def _folder(self) -> Path:
        return ordered_file(self._state, "").parent

    def _news(self, rows: Rows) -> list[News]:
        """Return the deckies whose state is another one now, with the state before and now."""
        known = contacts(self._state)
        asked = known.keys() & {row.sensor for row, _ in rows}
        reports = {sensor: report for sensor in asked if (report := reported(self._state, sensor)) is not None}
        standings = {(sensor, one.name): one for sensor, report in reports.items() for one in report.deckies}
        found: list[News] = []
        for row, before in rows:
            sensor = row.sensor or ""
            standing = standings.get((sensor, row.name))
            now = _state(row, before, known.get(sensor), reports.get(sensor), standing, now_ns=self._clock())
            if now is None or (before and msgspec.structs.replace(before, checked_at=now.checked_at) == now):
                continue
            found.append((row, before, now, standing))
        return found


def _state(
    row: Decky,
    before: State | None,
    contact: Contact | None,
    report: Standings | None,
    standing: Standing | None,
    *,
    now_ns: int,
) -> State | None:
    """Return how the decky stands, None while nothing is known."""
    error = ""
    if contact is None:
        error = f"no sensor {row.sensor} has enrolled: decnet swarm token {row.sensor}"
    elif contact.revoked:
        error = f"the sensor {row.sensor} was revoked: give the decky another, or enrol it again"
    elif report is not None and report.error:
        error = for_column(report.error)
    if error:
        gone = not row.wanted and (contact is None or contact.revoked)
        phase: Phase = "absent" if gone else "failed" if row.wanted else "stopping"
        since = before.since if before and before.phase == phase else now_ns
        version = before.version if before else 0
        return State(row.name, version, phase, since, now_ns, error=None if gone else error)
    if standing is None:
        return None
    return State(
        decky=row.name,
        version=standing.version,
        phase=standing.phase,
        since=standing.since,
        checked_at=now_ns,
        drift=standing.drift[:MOST_DRIFT] if standing.error else (),
        error=for_column(standing.error) if standing.error else None,
        attempts=standing.attempts,
        retry_at=standing.retry_at,
    )


def _record(connection: Connection, news: Iterable[News], now_ns: int) -> tuple[set[str], list[str]]:
    """Store states, changes and notices; return the kinds of new notices, and the sensors of changes left out."""
    told: list[tuple[str, Notice]] = []
    withheld: list[str] = []
    for row, before, after, standing in news:
        kind = _kind(before, after)
        if kind and _changes_too_often(connection, row.name, now_ns):
            kind = None
            withheld.append(row.sensor or "")
        reason = after.error or f"reported by the sensor {row.sensor}"
        record_state(connection, after, ChangeInfo(kind, ACTOR, reason, now_ns) if kind else None)
        told += _notices(before, after, standing)
    erase(connection, MOST_ERASED, ChangeInfo("gone", ACTOR, "nothing is left of it", now_ns))
    return notices.add_all(connection, told, now_ns), withheld


def _changes_too_often(connection: Connection, name: str, now_ns: int) -> bool:
    """Return whether the newest changes of a decky, as many as are recorded, all came from its sensor of late."""
    newest = history(connection, name, MOST_CHANGES)
    recent = [one for one in newest if one.actor == ACTOR and now_ns - CHANGES_NS < one.ts <= now_ns]
    return len(recent) == MOST_CHANGES


def _kind(before: State | None, after: State) -> ChangeKind | None:
    if after.phase in ("failed", "stopping"):
        return None if before and before.error == after.error else "failed"
    if after.phase == "absent":
        return "stopped"
    return None if before and (before.phase, before.version) == ("running", after.version) else "started"


def _notices(before: State | None, after: State, standing: Standing | None) -> list[tuple[str, Notice]]:
    """Return the notices of a decky, with keys by which those that follow soon are the same."""
    found: list[Notice] = []
    name, at = after.decky, after.checked_at
    if standing is not None and standing.drift and before is not None and before.phase == "running":
        drift = standing.drift[:MOST_DRIFT]
        found.append(DeckyDrifted(at, name, drift))
        if after.phase == "running":
            found.append(DeckyRepaired(at, name, drift))
    if after.error and not (before and before.error):
        found.append(DeckyFailed(at, name, after.error))
    return [(f"{notice_kind(one)}:{name}:sensor:{at // NOTICE_NS}", one) for one in found]
