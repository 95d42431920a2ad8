# SPDX-License-Identifier: MIT
"""One pass over the fleet: read the rows, look, carry out some steps, record; blocking, for the worker's thread."""

import time
from collections.abc import Callable, Hashable, Iterable, Sequence

import msgspec
from sqlalchemy import Engine

from decnet_core.durations import SECOND_NS
from decnet_models.database.engine import reading, writing
from decnet_models.fleet.queries import Decky
from decnet_models.fleet.states import State, states_on
from decnet_models.notices import queries as notices
from decnet_models.realism.queries import Persona, personas
from decnet_workers.reconciler import plan
from decnet_workers.reconciler.desired import DesiredDecky
from decnet_workers.reconciler.leases import Leases
from decnet_workers.reconciler.plan import Actual, Task
from decnet_workers.reconciler.reconciliation import Outcome, Reconciliation
from decnet_workers.reconciler.records import needs_record, record
from decnet_workers.reconciler.retry import Failure, Retries
from decnet_workers.reconciler.rows import BadRow, desired, placeholder
from decnet_workers.reconciler.runtimes.runtime import Observed
from decnet_workers.reconciler.surroundings import surroundings

MOST_TASKS = 50
"""Deckies of one pass: after it the worker hears whether it must stop, and others may write to the database."""
UNREACHABLE_SECONDS = 2.0
"""How soon to look again when `decoys` did not answer; the pause is doubled each time."""


class Report(msgspec.Struct, frozen=True):
    """What a pass did."""

    deckies: int = 0
    failing: int = 0
    done: int = 0
    """Deckies of which steps were carried out, successfully or not."""
    more: bool = False
    """Whether there is more to do at once."""
    unreachable: bool = False
    """Whether deckies wait because `decoys` does not answer."""
    due_seconds: float | None = None
    """When there will be more to do."""
    on_network: bool = False
    """Whether what happens to interfaces and addresses concerns any decky."""
    notices: dict[str, int] = {}
    """Kinds of notices that were written, and the number of the newest one."""


class Passes:
    """What is kept between passes: when deckies that failed are tried again."""

    def __init__(
        self, engine: Engine, reconciliation: Reconciliation, look_seconds: float, stopping: Callable[[], bool]
    ) -> None:
        """`stopping` returns whether the worker must stop: then no further decky is begun."""
        self._stopping = stopping
        self._engine = engine
        self._reconciliation = reconciliation
        self._look_seconds = look_seconds
        self._leases = Leases(engine)
        self._retries = Retries()
        self._unreachable_seconds = UNREACHABLE_SECONDS
        self._surroundings: dict[str, Hashable] = {}

    def run(self) -> Report:
        """Make one pass; raises DBAPIError."""
        rows, known = self._rows()
        renewed = self._leases.renew((row for row, _ in rows), self._retries.waiting(time.time_ns()))
        if renewed.changed:
            rows, known = self._rows()
        deckies, errors = _desired([row for row, _ in rows], known)
        errors |= renewed.errors
        self._retries.keep({one.name for one in deckies})
        self._retries.hasten(self._surrounded_anew(deckies))
        actual, unseen = self._look(deckies, {row.name: row for row, _ in rows if row.name in errors})
        due = self._due(deckies, actual, errors | unseen, dict(_states(rows)))
        kinds = self._carry_out(due[:MOST_TASKS], errors | unseen, dict(_states(rows)))
        return self._report(deckies, actual, due, kinds, renew_at=renewed.next_at)

    def _rows(self) -> tuple[list[tuple[Decky, State | None]], dict[str, Persona]]:
        with reading(self._engine) as connection:
            rows = states_on(connection, None)
            return rows, {one.name: one for one in personas(connection)} if rows else {}

    def _surrounded_anew(self, deckies: Sequence[DesiredDecky]) -> list[str]:
        """Return the deckies whose interface or addresses have changed since the last pass."""
        before, self._surroundings = self._surroundings, surroundings(deckies) if _on_network(deckies) else {}
        return [name for name, now in self._surroundings.items() if name in before and before[name] != now]

    def _look(self, deckies: Sequence[DesiredDecky], bad: dict[str, Decky]) -> tuple[Actual, dict[str, str]]:
        """Return what is there, after what nobody wants has been removed."""
        actual, unseen = self._reconciliation.look([one for one in deckies if one.name not in bad])
        for name in plan.strays(deckies, actual):
            self._reconciliation.withdraw(name)
        spared = {f"{one.address}/{one.prefix_length}" for row in bad.values() for one in row.addresses} | set(bad)
        self._reconciliation.remove_orphans(deckies, spared)
        return actual, unseen

    def _due(
        self, deckies: Sequence[DesiredDecky], actual: Actual, errors: dict[str, str], states: dict[str, State]
    ) -> list[Task]:
        """Return what is to be done or recorded now."""
        waiting = self._retries.waiting(time.time_ns())
        found = plan.tasks(deckies, actual, waiting=waiting)
        busy = {task.decky.name for task in found}
        for one in deckies:
            if one.name in errors:
                task = Task(one, Observed(False), ())
                if waiting.get(one.name) != one.version and needs_record(Outcome(task, errors[one.name]), states):
                    found.append(task)
            elif one.name not in busy and one.name not in waiting and _is_known(one, actual):
                task = Task(one, actual.observed[one.name], ())
                if needs_record(Outcome(task), states):
                    found.append(task)
        return found

    def _carry_out(self, tasks: Sequence[Task], errors: dict[str, str], states: dict[str, State]) -> dict[str, int]:
        """Carry out tasks and record how they ended; return kinds of notices with the newest number."""
        ended = [Outcome(task, errors[task.decky.name]) for task in tasks if task.decky.name in errors]
        ended += self._reconciliation.carry_out(
            [task for task in tasks if task.decky.name not in errors], self._stopping
        )
        if not ended:
            return {}
        now = time.time_ns()
        with writing(self._engine) as connection:
            noted = [(one, states.get(one.task.decky.name), self._note(one, states, now)) for one in ended]
            kinds = record(connection, noted, now)
            newest = notices.last_seq(connection) if kinds else 0
        return dict.fromkeys(kinds, newest)

    def _note(self, outcome: Outcome, states: dict[str, State], now_ns: int) -> Failure | None:
        decky = outcome.task.decky
        if outcome.error is None:
            self._retries.succeeded(decky.name)
            return None
        before = states.get(decky.name)
        return self._retries.failed(decky.name, decky.version, before.attempts if before else 0, now_ns)

    def _report(
        self,
        deckies: Sequence[DesiredDecky],
        actual: Actual,
        due: Sequence[Task],
        kinds: dict[str, int],
        *,
        renew_at: int | None,
    ) -> Report:
        dues = [self._look_seconds] if deckies else []
        unreachable = not all(_is_known(one, actual) for one in deckies)
        if unreachable:
            dues.append(self._unreachable_seconds)
        self._unreachable_seconds = 2 * self._unreachable_seconds if unreachable else UNREACHABLE_SECONDS
        times = (self._retries.next_at(), renew_at)
        dues += [max(0.0, (at - time.time_ns()) / SECOND_NS) for at in times if at is not None]
        return Report(
            deckies=len(deckies),
            failing=self._retries.count,
            done=min(len(due), MOST_TASKS),
            more=len(due) > MOST_TASKS,
            unreachable=unreachable,
            due_seconds=min(dues, default=None),
            on_network=_on_network(deckies),
            notices=kinds,
        )


def _desired(rows: Iterable[Decky], known: dict[str, Persona]) -> tuple[list[DesiredDecky], dict[str, str]]:
    """Return the deckies, and by name why rows cannot be one."""
    deckies: list[DesiredDecky] = []
    errors: dict[str, str] = {}
    for row in rows:
        try:
            deckies.append(desired(row, known.get(row.persona)))
        except BadRow as error:
            deckies.append(placeholder(row))
            errors[row.name] = str(error)
    return deckies, errors


def _is_known(decky: DesiredDecky, actual: Actual) -> bool:
    """Whether it is known how a decky is: of most only `decoys` can say."""
    observed = actual.observed.get(decky.name)
    return actual.played is not None or (observed is not None and observed.serves_itself)


def _on_network(deckies: Iterable[DesiredDecky]) -> bool:
    return any(one.runtime in ("host", "netns", "container") for one in deckies)


def _states(rows: Iterable[tuple[Decky, State | None]]) -> Iterable[tuple[str, State]]:
    return ((row.name, state) for row, state in rows if state is not None)
