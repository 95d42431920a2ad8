# SPDX-License-Identifier: MIT
"""Queries of personas and synthetic actions; times are ns since the Unix epoch."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias, get_args
from uuid import UUID

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from decnet_core.text import for_column
from decnet_models.database.rows.keyset import in_order
from decnet_models.database.statements import insert_into, parts
from decnet_models.realism.tables import persona, synthetic_action

State: TypeAlias = Literal["planned", "running", "done", "failed"]


class Persona(msgspec.Struct, frozen=True):
    """A synthetic user; `work_from`, `work_until` minutes of the day, `work_days` bits from Monday."""

    name: str
    os: str
    body: dict[str, Any] = {}
    timezone: str = "UTC"
    work_from: int = 8 * 60
    work_until: int = 17 * 60
    work_days: int = 0b0011111
    version: int = 0
    updated_at: int = 0


class Action(msgspec.Struct, frozen=True):
    """Something that a persona does on `decky`, coming from `peer`."""

    id: UUID
    kind: Literal["session", "file", "mail"]
    decky: str
    peer: str | None
    persona: str
    protocol: str | None
    token: str | None
    body: dict[str, Any]
    due_at: int
    state: State = "planned"
    started_at: int | None = None
    ended_at: int | None = None
    error: str | None = None


def write_persona(connection: Connection, new: Persona, *, now_ns: int) -> Persona | None:
    """Write a persona whose `version` is the one that was read (0: a new one); None when it has changed since."""
    values = {**_encoded(new), "version": new.version + 1, "updated_at": now_ns}
    if new.version == 0:
        statement = insert_into(connection, persona).values(**values)
        fresh = statement.on_conflict_do_nothing(index_elements=["name"]).returning(persona.c.name)
        written = connection.execute(fresh).first() is not None
    else:
        same = (persona.c.name == new.name) & (persona.c.version == new.version)
        written = connection.execute(update(persona).where(same).values(**values)).rowcount > 0
    return msgspec.structs.replace(new, version=new.version + 1, updated_at=now_ns) if written else None


def personas(connection: Connection) -> list[Persona]:
    return [_persona(row) for row in connection.execute(select(persona).order_by(persona.c.name))]


def persona_named(connection: Connection, name: str) -> Persona | None:
    row = connection.execute(select(persona).where(persona.c.name == name)).one_or_none()
    return _persona(row) if row else None


def remove_persona(connection: Connection, name: str) -> bool:
    """Remove a persona; IntegrityError while a decky or an action has it, False when there is none of that name."""
    return connection.execute(delete(persona).where(persona.c.name == name)).rowcount > 0


def plan(connection: Connection, actions: Iterable[Action]) -> int:
    """Write what is to be done; return how many of these were not there yet."""
    statement = insert_into(connection, synthetic_action).on_conflict_do_nothing(index_elements=["id"])
    fresh = statement.returning(synthetic_action.c.id)
    return sum(connection.execute(fresh.values(**_encoded(one))).first() is not None for one in actions)


def known(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these are ids of actions, in whatever state."""
    query = select(synthetic_action.c.id)
    return {
        id_ for part in parts(ids) for id_ in connection.execute(query.where(synthetic_action.c.id.in_(part))).scalars()
    }


def due(connection: Connection, limit: int, *, now_ns: int) -> list[Action]:
    """Return up to `limit` planned actions that are due, earliest first."""
    c = synthetic_action.c
    query = _actions().where(c.state == "planned", c.due_at <= now_ns).order_by(c.due_at, c.id).limit(limit)
    return [_action(row) for row in connection.execute(query)]


def next_due(connection: Connection) -> int | None:
    """Return when the next planned action is due, None when nothing is planned."""
    c = synthetic_action.c
    due_at: int | None = connection.execute(select(func.min(c.due_at)).where(c.state == "planned")).scalar()
    return due_at


def latest_due(connection: Connection, decky: str) -> int | None:
    """Return when the last of a decky's actions is or was due, None when it has none."""
    c = synthetic_action.c
    latest: int | None = connection.execute(select(func.max(c.due_at)).where(c.decky == decky)).scalar()
    return latest


def start(connection: Connection, action: UUID, *, now_ns: int) -> bool:
    """Take a planned action; False when it is not planned any more."""
    c = synthetic_action.c
    statement = update(synthetic_action).where(c.id == action, c.state == "planned")
    return connection.execute(statement.values(state="running", started_at=now_ns)).rowcount > 0


def finish(connection: Connection, action: UUID, error: str | None = None, *, now_ns: int) -> None:
    """Write how a running action ended."""
    c = synthetic_action.c
    state, words = ("failed", for_column(error)) if error else ("done", None)
    statement = update(synthetic_action).where(c.id == action, c.state == "running")
    connection.execute(statement.values(state=state, ended_at=now_ns, error=words))


def keep_prose(connection: Connection, action: UUID, prose: str) -> None:
    """Write what an action adds to its document."""
    statement = update(synthetic_action).where(synthetic_action.c.id == action)
    connection.execute(statement.values(prose=for_column(prose)))


def prose(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what these actions added to their documents, as far as it was written."""
    c = synthetic_action.c
    query = select(c.id, c.prose).where(c.prose.is_not(None))
    return {row.id: row.prose for part in parts(ids) for row in connection.execute(query.where(c.id.in_(part)))}


def put_back(connection: Connection, action: UUID) -> None:
    """Have a running action carried out again."""
    c = synthetic_action.c
    statement = update(synthetic_action).where(c.id == action, c.state == "running")
    connection.execute(statement.values(state="planned", started_at=None))


def interrupted(connection: Connection) -> list[Action]:
    """Return the actions that were running when the orchestrator last ended."""
    c = synthetic_action.c
    return [_action(row) for row in connection.execute(_actions().where(c.state == "running").order_by(c.due_at))]


def actions_on(connection: Connection, decky: str, limit: int = 100, *, before: Action | None = None) -> list[Action]:
    """Return what was and will be done on a decky, latest first; page on with `before` = the last one."""
    c = synthetic_action.c
    last = None if before is None else (before.due_at, before.id)
    query = in_order(_actions().where(c.decky == decky), (c.due_at, c.id), last)
    return [_action(row) for row in connection.execute(query.limit(limit))]


def between(connection: Connection, start_ns: int, end_ns: int) -> list[Action]:
    """Return the actions that were or are due from `start_ns` on and before `end_ns`, earliest first."""
    c = synthetic_action.c
    query = _actions().where(c.due_at >= start_ns, c.due_at < end_ns).order_by(c.due_at)
    found = [_action(row) for state in get_args(State) for row in connection.execute(query.where(c.state == state))]
    return sorted(found, key=lambda action: (action.due_at, action.id))


def baits(connection: Connection, token: str) -> list[Action]:
    """Return the actions that plant a canary token: where a hit's token came from."""
    c = synthetic_action.c
    return [_action(row) for row in connection.execute(_actions().where(c.token == token).order_by(c.due_at))]


def forget(connection: Connection, due_before: int, limit: int) -> int:
    """Delete up to `limit` ended actions that were due before a time; return how many."""
    c = synthetic_action.c
    old = select(c.id).where(c.state.in_(("done", "failed")), c.due_at < due_before).limit(limit)
    return connection.execute(delete(synthetic_action).where(c.id.in_(old))).rowcount


def _encoded(one: Persona | Action) -> dict[str, Any]:
    values = msgspec.structs.asdict(one)
    return {**values, "body": msgspec.json.encode(one.body).decode()}


def _persona(row: Any) -> Persona:
    return Persona(**{**row._mapping, "body": msgspec.json.decode(row.body)})


def _actions() -> Any:
    return select(*(synthetic_action.c[name] for name in Action.__struct_fields__))


def _action(row: Any) -> Action:
    return Action(**{**row._mapping, "body": msgspec.json.decode(row.body)})
