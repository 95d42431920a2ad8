# SPDX-License-Identifier: MIT
"""The fleet as it is: reconciler's side, what it found out and did, beside what should be; times in ns."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, Row, func, select

from decnet_core.text import for_column
from decnet_models.database.statements import commit_in_order, insert_into
from decnet_models.fleet.queries import Decky, Told, deckies_on, tell
from decnet_models.fleet.tables import decky, decky_change, decky_state

Phase: TypeAlias = Literal["absent", "starting", "running", "stopping", "failed"]


class State(msgspec.Struct, frozen=True):
    """A decky as it is. `version` was last carried out whole; `drift` says in what it is not as it should be."""

    decky: str
    version: int
    phase: Phase
    since: int
    checked_at: int
    drift: tuple[str, ...] = ()
    error: str | None = None
    attempts: int = 0
    retry_at: int | None = None


def record_state(connection: Connection, state: State, told: Told | None = None) -> None:
    """Write how a decky is; with `told`, tell of the change too."""
    if told:
        commit_in_order(connection, decky_change)
    before = state_of(connection, state.decky) if told else None
    values = {
        **msgspec.structs.asdict(state),
        "drift": msgspec.json.encode([for_column(sentence) for sentence in state.drift]).decode(),
        "error": for_column(state.error) if state.error else None,
    }
    statement = insert_into(connection, decky_state).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["decky"], set_=values))
    if told:
        was = msgspec.to_builtins(before) if before else None
        tell(connection, state.decky, state.version, told, before=was, after=msgspec.to_builtins(state))


def state_of(connection: Connection, name: str) -> State | None:
    """Return how a decky was when reconciler last looked, None when it never did."""
    row = connection.execute(select(decky_state).where(decky_state.c.decky == name)).one_or_none()
    return _state(row) if row else None


def states_on(connection: Connection, sensor: str | None) -> list[tuple[Decky, State | None]]:
    """Return every decky of a host (None: this one) as it should be and as it is, by name: what reconciler compares."""
    here = decky.c.sensor.is_(None) if sensor is None else decky.c.sensor == sensor
    query = select(decky_state).join(decky, decky.c.name == decky_state.c.decky).where(here)
    found = {row.decky: _state(row) for row in connection.execute(query)}
    return [(one, found.get(one.name)) for one in deckies_on(connection, sensor)]


def count_by_phase(connection: Connection) -> dict[str, int]:
    """Return the number of deckies in each phase."""
    query = select(decky_state.c.phase, func.count()).group_by(decky_state.c.phase)
    return dict(connection.execute(query.order_by(decky_state.c.phase)).all())


def _state(row: Row[Any]) -> State:
    return State(**{**row._mapping, "drift": msgspec.json.decode(row.drift, type=tuple[str, ...])})
