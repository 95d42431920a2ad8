# SPDX-License-Identifier: MIT
"""The rows that say how the deckies are: state, changes, notices, in one transaction. Times in ns."""

from collections.abc import Iterable

from sqlalchemy import Connection

from decnet_core.events.notices import DeckyDrifted, DeckyFailed, DeckyRepaired, Notice
from decnet_core.placement.ledger import phase
from decnet_core.placement.reconciliation import Outcome
from decnet_core.placement.retry import Failure
from decnet_models.fleet.change_log import ChangeInfo, ChangeKind
from decnet_models.fleet.queries import erase
from decnet_models.fleet.states import State, record_state
from decnet_models.notices import queries as notices

ACTOR = "reconciler"
MOST_ERASED = 100


def record(
    connection: Connection,
    ended: Iterable[tuple[Outcome, State | None, Failure | None]],
    now_ns: int,
) -> set[str]:
    """Record outcomes, each with the state before and the failure, if it is one; return the kinds of new notices."""
    news: list[tuple[str, Notice]] = []
    for outcome, before, failure in ended:
        after = _after(outcome, before, failure, now_ns)
        kind = _kind(outcome, before, after)
        record_state(connection, after, ChangeInfo(kind, ACTOR, _reason(outcome), now_ns) if kind else None)
        news += _notices(outcome, before, after, now_ns)
    erase(connection, MOST_ERASED, ChangeInfo("gone", ACTOR, "nothing is left of it", now_ns))
    return notices.add_all(connection, news, now_ns)


def _after(outcome: Outcome, before: State | None, failure: Failure | None, now_ns: int) -> State:
    now = phase(outcome)
    decky = outcome.task.decky
    return State(
        decky=decky.name,
        version=decky.version if outcome.error is None else before.version if before else 0,
        phase=now,
        since=before.since if before and before.phase == now else now_ns,
        checked_at=now_ns,
        drift=outcome.task.observed.drift if outcome.error else (),
        error=outcome.error,
        attempts=failure.attempts if failure else 0,
        retry_at=failure.retry_at if failure else None,
    )


def _kind(outcome: Outcome, before: State | None, after: State) -> ChangeKind | None:
    """Return what the change is called; None for one that is no news."""
    if after.phase in ("failed", "stopping"):
        return None if before and before.error == after.error else "failed"
    if after.phase == "absent":
        return "stopped"
    again = before is not None and (before.phase, before.version) == ("running", after.version)
    if again and not outcome.task.steps:
        return None
    return "repaired" if again else "started"


def _reason(outcome: Outcome) -> str:
    if outcome.error:
        return outcome.error
    return "; ".join(outcome.task.observed.drift) or ", ".join(step.value for step in outcome.task.steps) or "found so"


def _notices(outcome: Outcome, before: State | None, after: State, now_ns: int) -> list[tuple[str, Notice]]:
    """Return the news of a decky that ran: that it drifted, was repaired, or failed."""
    name, drift = after.decky, outcome.task.observed.drift
    found: list[tuple[str, Notice]] = []
    ran = before is not None and (before.phase, before.version) == ("running", outcome.task.decky.version)
    if ran and drift:
        found.append((f"decky.drifted:{name}:{now_ns}", DeckyDrifted(now_ns, name, drift)))
        if after.phase == "running":
            found.append((f"decky.repaired:{name}:{now_ns}", DeckyRepaired(now_ns, name, drift)))
    if after.error and not (before and before.error):
        found.append((f"decky.failed:{name}:{now_ns}", DeckyFailed(now_ns, name, after.error)))
    return found
