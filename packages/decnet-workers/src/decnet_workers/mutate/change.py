# SPDX-License-Identifier: MIT
"""Reads what a change of one decky depends on, and writes it; in the caller's transaction, for worker and operator."""

from collections.abc import Iterable
from functools import partial

import msgspec
from sqlalchemy import Connection

from decnet_core.timing.durations import SECOND_NS
from decnet_models.attackers.clues import active_deckies, entered_deckies
from decnet_models.events.unhandled import unhandled
from decnet_models.fleet import queries
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.mutation_policies import Policy
from decnet_models.fleet.queries import Decky
from decnet_models.progress.queries import cursor_of
from decnet_models.realism.queries import persona_named
from decnet_workers.mutate.schedule import next_at
from decnet_workers.mutate.variant import Character, Circumstances, UnchangeableError, character, variant

_PROFILER = "profiler"
_MOST_UNHANDLED = 20_000
"""Events: with the profiler further behind nobody knows where somebody is, and nothing is changed."""


class Activity(msgspec.Struct, frozen=True):
    """The deckies that somebody has touched lately; not `known` while the profiler is too far behind."""

    deckies: frozenset[str] = frozenset()
    known: bool = True

    def is_on(self, name: str) -> bool:
        return not self.known or name in self.deckies


def activity(connection: Connection, quiet_seconds: float, now: int) -> Activity:
    """Return where somebody was within `quiet_seconds`: by the profiler, and by what it has not handled yet."""
    recent = active_deckies(connection, now - int(quiet_seconds * SECOND_NS))
    rest = unhandled(connection, cursor_of(connection, _PROFILER), _MOST_UNHANDLED)
    return Activity(rest.deckies | recent, rest.complete)


def next_of(connection: Connection, one: Decky, policy: Policy) -> Decky:
    """Return what a decky is to be next, its version and time as they are; raises UnchangeableError."""
    given = Circumstances(
        personas=dict(_characters(connection, {one.persona, *policy.personas})),
        entered=bool(policy.consistent and policy.personas and entered_deckies(connection, [one.name])),
        is_taken=partial(queries.is_mac_taken, connection),
    )
    return variant(one, policy, given)


def change(connection: Connection, one: Decky, policy: Policy, info: ChangeInfo) -> Decky | None:
    """Change a decky, and draw the time of its next change; None when somebody else has changed it since it was read.

    Raises UnchangeableError.
    """
    made = next_of(connection, one, policy)
    written = msgspec.structs.replace(made, version=one.version + 1)
    return queries.write_decky(
        connection, msgspec.structs.replace(made, mutate_at=next_at(written, policy, info.now_ns)), info
    )


def _characters(connection: Connection, names: Iterable[str]) -> Iterable[tuple[str, Character]]:
    """Yield the personas that there are; one that cannot be read is none."""
    for name in sorted(names):
        row = persona_named(connection, name)
        if row is not None:
            try:
                yield name, character(row.body)
            except UnchangeableError:
                continue
