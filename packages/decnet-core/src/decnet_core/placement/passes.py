# SPDX-License-Identifier: MIT
"""One pass over the fleet: read what is wanted, look, do some steps, record; blocking, for a worker's thread."""

import contextlib
import itertools
import time
from collections.abc import Callable, Hashable, Iterable, Sequence

import msgspec

from decnet_core.placement import plan
from decnet_core.placement.desired import DesiredDecky
from decnet_core.placement.ledger import Ledger, Wanted
from decnet_core.placement.plan import Actual, Task
from decnet_core.placement.reconciliation import Outcome, Reconciliation
from decnet_core.placement.retry import Failure, Retries
from decnet_core.placement.runtimes.runtime import Observed
from decnet_core.placement.surroundings import surroundings
from decnet_core.timing.durations import SECOND_NS

MOST_TASKS = 500
"""Deckies of one pass, which begins with a look at all: with fewer a large fleet would be looked at many times while it
comes. That the worker must stop it hears after each of them."""
RECORDED_AT_ONCE = 50
"""Deckies of one transaction: so far it can be seen how many of a large fleet have come."""
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
        self, ledger: Ledger, reconciliation: Reconciliation, look_seconds: float, stopping: Callable[[], bool]
    ) -> None:
        """`stopping` returns whether the worker must stop: then no further decky is begun."""
        self._stopping = stopping
        self._ledger = ledger
        self._reconciliation = reconciliation
        self._look_seconds = look_seconds
        self._retries = Retries()
        self._unreachable_seconds = UNREACHABLE_SECONDS
        self._surroundings: dict[str, Hashable] = {}

    def run(self) -> Report:
        """Make one pass; raises what the ledger raises."""
        wanted = self._ledger.read(self._retries.waiting(time.time_ns()))
        self._retries.keep({one.name for one in wanted.deckies})
        self._retries.hasten(self._surrounded_anew(wanted.deckies))
        actual, unseen = self._look(wanted)
        errors = wanted.errors | unseen
        due = self._due(wanted.deckies, actual, errors)
        kinds = self._carry_out(due[:MOST_TASKS], errors)
        self._reconciliation.introduce()
        return self._report(wanted.deckies, actual, due, kinds, renew_at=wanted.renew_at)

    def _surrounded_anew(self, deckies: Sequence[DesiredDecky]) -> list[str]:
        """Return the deckies whose interface or addresses have changed since the last pass."""
        before, self._surroundings = self._surroundings, surroundings(deckies) if _on_network(deckies) else {}
        return [name for name, now in self._surroundings.items() if name in before and before[name] != now]

    def _look(self, wanted: Wanted) -> tuple[Actual, dict[str, str]]:
        """Return what is there, after what nobody wants has been removed."""
        deckies = wanted.deckies
        actual, unseen = self._reconciliation.look([one for one in deckies if one.name not in wanted.errors])
        self._reconciliation.introduce()  # before a decky goes, or its address
        for name in plan.strays(deckies, actual):
            self._reconciliation.withdraw(name)
        self._reconciliation.remove_orphans(deckies, wanted.spared)
        return actual, unseen

    def _due(self, deckies: Sequence[DesiredDecky], actual: Actual, errors: dict[str, str]) -> list[Task]:
        """Return what is to be done or recorded now."""
        waiting = self._retries.waiting(time.time_ns())
        found = plan.tasks(deckies, actual, waiting=waiting)
        busy = {task.decky.name for task in found}
        for one in deckies:
            if one.name in errors:
                task = Task(one, Observed(False), ())
                if waiting.get(one.name) != one.version and self._ledger.is_news(Outcome(task, errors[one.name])):
                    found.append(task)
            elif one.name not in busy and one.name not in waiting and _is_known(one, actual):
                task = Task(one, actual.observed[one.name], ())
                if self._ledger.is_news(Outcome(task)):
                    found.append(task)
        return found

    def _carry_out(self, tasks: Sequence[Task], errors: dict[str, str]) -> dict[str, int]:
        """Carry out tasks and record how they ended; return kinds of notices with the newest number."""
        wrong = [Outcome(task, errors[task.decky.name]) for task in tasks if task.decky.name in errors]
        others = [task for task in tasks if task.decky.name not in errors]
        kinds: dict[str, int] = {}
        with contextlib.closing(self._reconciliation.carry_out(others, self._stopping)) as carried_out:
            ended = itertools.chain(wrong, carried_out)
            while part := list(itertools.islice(ended, RECORDED_AT_ONCE)):
                now = time.time_ns()
                kinds |= self._ledger.record([(one, self._note(one, now)) for one in part], now)
        return kinds

    def _note(self, outcome: Outcome, now_ns: int) -> Failure | None:
        decky = outcome.task.decky
        if outcome.error is None:
            self._retries.succeeded(decky.name)
            return None
        return self._retries.failed(decky.name, decky.version, self._ledger.attempts(decky.name), now_ns)

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


def _is_known(decky: DesiredDecky, actual: Actual) -> bool:
    """Whether it is known how a decky is: of most only `decoys` can say."""
    observed = actual.observed.get(decky.name)
    return actual.played is not None or (observed is not None and observed.serves_itself)


def _on_network(deckies: Iterable[DesiredDecky]) -> bool:
    return any(one.runtime in ("host", "netns", "container") for one in deckies)
