# SPDX-License-Identifier: MIT
"""The actual state of the fleet, written by reconciler; times in ns."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, select

from decnet_core.deckies.orders import Phase
from decnet_core.text import for_column
from decnet_models.database.statements import commit_in_order, insert_into, parts
from decnet_models.fleet.change_log import ChangeInfo, record_change
from decnet_models.fleet.queries import Decky, all_deckies, columns, deckies_of
from decnet_models.fleet.tables import decky, decky_change, decky_state


class State(msgspec.Struct, frozen=True):
    """Actual state: `version` was the last to be applied fully; `drift` lists differences from the desired state."""

    decky: str
    version: int
    phase: Phase
    since: int
    checked_at: int
    drift: tuple[str, ...] = ()
    error: str | None = None
    attempts: int = 0
    retry_at: int | None = None


def record_state(connection: Connection, state: State, info: ChangeInfo | None = None) -> None:
    """Store a decky's state; with `info`, record the change too."""
    if info:
        commit_in_order(connection, decky_change)
    before = state_of(connection, state.decky) if info else None
    values = {
        **msgspec.structs.asdict(state),
        "drift": msgspec.json.encode([for_column(sentence) for sentence in state.drift]).decode(),
        "error": for_column(state.error) if state.error else None,
    }
    statement = insert_into(connection, decky_state).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["decky"], set_=values))
    if info:
        was = msgspec.to_builtins(before) if before else None
        record_change(connection, state.decky, state.version, info, before=was, after=msgspec.to_builtins(state))


def state_of(connection: Connection, name: str) -> State | None:
    """Return a decky's state when reconciler last looked, None if it never did."""
    row = connection.execute(select(decky_state).where(decky_state.c.decky == name)).one_or_none()
    return _state(row) if row else None


def states_of(connection: Connection, names: Iterable[str]) -> dict[str, State]:
    """Return the states of these deckies by name; those that reconciler never looked at have none."""
    found: dict[str, State] = {}
    for part in parts(names):
        for row in connection.execute(select(decky_state).where(decky_state.c.decky.in_(part))):
            found[row.decky] = _state(row)
    return found


def states_on(connection: Connection, sensor: str | None) -> list[tuple[Decky, State | None]]:
    """Return the desired and actual state of every decky of a host (None: this one), by name."""
    return _states_where(connection, decky.c.sensor.is_(None) if sensor is None else decky.c.sensor == sensor)


def states_on_sensors(connection: Connection) -> list[tuple[Decky, State | None]]:
    """Return the desired and actual state of every decky that is another host's, by name."""
    return _states_where(connection, decky.c.sensor.is_not(None))


def all_states(connection: Connection) -> list[tuple[Decky, State | None]]:
    """Return the desired and actual state of every decky, by name."""
    states = {row.decky: _state(row) for row in connection.execute(select(decky_state))}
    return [(one, states.get(one.name)) for one in all_deckies(connection)]


def count_by_phase(connection: Connection) -> dict[str, int]:
    query = select(decky_state.c.phase, func.count()).group_by(decky_state.c.phase)
    return dict(connection.execute(query.order_by(decky_state.c.phase)).all())


def _states_where(connection: Connection, here: ColumnElement[bool]) -> list[tuple[Decky, State | None]]:
    query = select(decky_state).join(decky, decky.c.name == decky_state.c.decky).where(here)
    states = {row.decky: _state(row) for row in connection.execute(query)}
    desired = deckies_of(columns().where(here).order_by(decky.c.name), connection)
    return [(one, states.get(one.name)) for one in desired]


def _state(row: Row[Any]) -> State:
    return State(**{**row._mapping, "drift": msgspec.json.decode(row.drift, type=tuple[str, ...])})
