# SPDX-License-Identifier: MIT
"""What the orchestrator reads from the database and writes to it: the fleet, the plan, and how each action ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine

from decnet_core.canary import SlugKind
from decnet_core.timing.durations import DAY_NS, SECOND_NS
from decnet_models.canary.queries import tokens
from decnet_models.database.engine import reading, writing
from decnet_models.fleet.states import states_on
from decnet_models.realism import queries
from decnet_models.realism.queries import Action, Persona
from decnet_workers.orchestrator.documents import documents_between
from decnet_workers.orchestrator.plan import Host, Rates, drawing_of, sessions_between
from decnet_workers.orchestrator.scripts import accounts
from decnet_workers.orchestrator.settings import OrchestratorSettings
from decnet_workers.orchestrator.working_hours import UnknownZoneError, local_day

log = logging.getLogger(__name__)

HORIZON_NS = DAY_NS
"""How far ahead actions are planned."""
REPLAN_NS = HORIZON_NS // 4
LATE_NS = 600 * SECOND_NS
"""A session that could not begin within this time is not made up for: people do not work off what they missed."""
STARTING_NS, FAILED_NS = 30 * SECOND_NS, 600 * SECOND_NS
"""When to look again whether a decky is played that was not yet, or failed: its becoming so is not announced."""
_FORGOTTEN_AT_ONCE = 2000
_PLANNED_AT_ONCE = 5
"""Deckies whose actions are drawn, and in memory, at a time: those of one may be hundreds."""


class Look(msgspec.Struct, frozen=True):
    """What there is to do."""

    due: tuple[Action, ...]
    next_due: int
    """When the next action is due, or there may be more to plan."""
    hosts: dict[str, Host]


class Schedule:
    """Blocking: for the worker's thread."""

    def __init__(self, engine: Engine, settings: OrchestratorSettings, clock: Callable[[], int] = time.time_ns) -> None:
        self._engine = engine
        self._settings = settings
        self._keep_ns = int(settings.keep_days * DAY_NS)
        self._clock = clock
        self._planned: tuple[object, ...] = ()

    def abandon_interrupted(self) -> int:
        """End the sessions that were under way when the orchestrator last ended, and have files written again.

        Return how many actions there were.
        """
        with reading(self._engine) as connection:
            left = queries.interrupted(connection)
        if not left:
            return 0
        with writing(self._engine) as connection:
            for action in left:
                if action.kind == "session":
                    queries.finish(connection, action.id, "the orchestrator was ended meanwhile", now_ns=self._clock())
                else:  # written twice it is the same file
                    queries.put_back(connection, action.id)
        return len(left)

    def look(self, limit: int) -> Look:
        """Plan what is not planned yet, and return up to `limit` actions that are due."""
        now = self._clock()
        with reading(self._engine) as connection:
            hosts, recheck_at = running_hosts(connection, self._settings), now + until_recheck(connection)
        self._plan(hosts, now)
        with reading(self._engine) as connection:
            due, next_due = queries.due(connection, limit, now_ns=now), queries.next_due(connection)
        next_due = min(next_due or recheck_at, recheck_at)
        return Look(tuple(due), next_due, {host.decky.name: host for host in hosts})

    def take(self, action: Action) -> bool:
        """Begin a planned action; False when it is not to be done any more."""
        now = self._clock()
        with writing(self._engine) as connection:
            if not queries.start(connection, action.id, now_ns=now):
                return False
            if late := action.kind == "session" and now - action.due_at > LATE_NS:
                queries.finish(connection, action.id, "missed: nothing ran at that time", now_ns=now)
            return not late

    def finish(self, action: UUID, error: str | None) -> None:
        """Write how an action that was begun ended."""
        with writing(self._engine) as connection:
            queries.finish(connection, action, error, now_ns=self._clock())

    def put_back(self, actions: Iterable[UUID]) -> None:
        """Have actions that were begun carried out again."""
        with writing(self._engine) as connection:
            for action in actions:
                queries.put_back(connection, action)

    def keep_prose(self, action: UUID, text: str) -> None:
        """Keep what an action adds to its document, for whenever that is written again."""
        with writing(self._engine) as connection:
            queries.keep_prose(connection, action, text)

    def prose(self, growths: Mapping[int, UUID]) -> dict[int, str]:
        """Return what was kept, by moment."""
        with reading(self._engine) as connection:
            found = queries.prose(connection, list(growths.values()))
        return {moment: found[action] for moment, action in growths.items() if action in found}

    def _plan(self, hosts: Sequence[Host], now: int) -> None:
        versions = tuple((host.decky.name, host.decky.version, host.persona.version) for host in hosts)
        if self._planned == (basis := (*versions, now // REPLAN_NS)):
            return
        with reading(self._engine) as connection:
            pending = sorted(self._pending(connection, hosts, now))
        for first in range(0, len(pending), _PLANNED_AT_ONCE):
            self._plan_for(frozenset(pending[first : first + _PLANNED_AT_ONCE]), hosts, now)
        self._planned = basis

    def _plan_for(self, deckies: Set[str], hosts: Sequence[Host], now: int) -> None:
        with reading(self._engine) as connection:
            new = unplanned(connection, hosts, self._settings, now, deckies)
        if new:
            with writing(self._engine) as connection:
                queries.plan(connection, new)
                queries.forget(connection, now - self._keep_ns, _FORGOTTEN_AT_ONCE)

    def _pending(self, connection: Connection, hosts: Sequence[Host], now: int) -> set[str]:
        """Return the deckies for which is to be planned: all now and then, else those that have no plan at all.

        A process that was just started, as after each parking, need not draw all again.
        """
        latest = {host.decky.name: queries.latest_due(connection, host.decky.name) for host in hosts}
        if self._planned or max((at or 0 for at in latest.values()), default=0) < now + HORIZON_NS - 2 * REPLAN_NS:
            return set(latest)
        return {name for name, at in latest.items() if at is None}


def running_hosts(connection: Connection, settings: OrchestratorSettings) -> list[Host]:
    """Return the deckies of this host that are played, each with its persona, by name."""
    personas = {persona.name: _in_zone(persona, settings.timezone) for persona in queries.personas(connection)}
    found = [
        Host(decky, personas[decky.persona])
        for decky, state in states_on(connection, None)
        if decky.wanted and decky.persona in personas and state is not None and state.phase == "running"
    ]
    return [host for host in found if _zone_is_known(host)]


def _in_zone(persona: Persona, default: str) -> Persona:
    return msgspec.structs.replace(persona, timezone=default) if persona.timezone == "UTC" else persona


def until_recheck(connection: Connection) -> int:
    """Return after how long there may be more to plan, in ns, though nothing was announced."""
    phases = [state and state.phase for decky, state in states_on(connection, None) if decky.wanted]
    waiting = [FAILED_NS if phase == "failed" else STARTING_NS for phase in phases if phase != "running"]
    return min(waiting, default=REPLAN_NS)


def unplanned(
    connection: Connection,
    hosts: Sequence[Host],
    settings: OrchestratorSettings,
    now: int,
    deckies: Set[str] | None = None,
) -> list[Action]:
    """Return the actions until the horizon that are not in the table yet, whatever became of those there.

    Of `deckies` only, unless it is None.
    """
    chosen = [host for host in hosts if deckies is None or host.decky.name in deckies]
    actions = sessions_between(chosen, hosts, Rates(settings.sessions_per_day), (now, now + HORIZON_NS))
    if settings.files:
        actions += documents_between(chosen, baits_of(connection, hosts, settings.token_url), now, now + HORIZON_NS)
    known = queries.known(connection, [action.id for action in actions])
    return [action for action in actions if action.id not in known]


def baits_of(connection: Connection, hosts: Sequence[Host], url: str) -> dict[str, tuple[str, str]]:
    """Return token and URL for each decky on which one is planted: each token on one decky, for good."""
    found: dict[str, tuple[str, str]] = {}
    inhabited = [host for host in hosts if accounts(host.persona)]
    for token in tokens(connection) if url else ():
        if token.kind != SlugKind.URL.value or token.disabled_at is not None:
            continue
        planted = {action.decky for action in queries.baits(connection, token.token)}
        free = [host.decky for host in inhabited if host.decky.name not in found]
        chosen = min(
            free, key=lambda decky: (decky.name not in planted, drawing_of(decky, token.token).random()), default=None
        )
        if chosen is not None and (not planted or chosen.name in planted):
            found[chosen.name] = (token.token, url.replace("{token}", token.token))
    return found


def _zone_is_known(host: Host) -> bool:
    try:
        local_day(host.persona, 0)
    except UnknownZoneError as error:
        log.warning("nobody works on decky %s: %s", host.decky.name, error)
        return False
    return True
