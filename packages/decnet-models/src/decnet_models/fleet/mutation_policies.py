# SPDX-License-Identifier: MIT
"""How mutate may change deckies, and when each is due; times in ns."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, Exists, Select, cast, delete, exists, select, update

from decnet_core.timing.durations import DAY_NS, SECOND_NS
from decnet_models.database.statements import insert_into, parts
from decnet_models.fleet.queries import Decky, Service, columns, deckies_of
from decnet_models.fleet.tables import decky, decky_policy


class Policy(msgspec.Struct, frozen=True):
    """How mutate may change a decky: how often (s), when (minutes of the UTC day), and its choices.

    `services` are those that may come and go, at these ports; others stay. Without `personas` it keeps its own.
    `consistent`: its operating system stays as it is, and once somebody has logged in to it, its persona.
    """

    decky: str
    every_seconds: int
    window_from: int = 0
    window_until: int = 1440
    services: tuple[Service, ...] = ()
    personas: tuple[str, ...] = ()
    consistent: bool = True


class BadPolicy(msgspec.Struct, frozen=True):
    """A policy that this version cannot read, and why."""

    decky: str
    reason: str


def set_policy(connection: Connection, policy: Policy, *, now_ns: int) -> None:
    """Set how mutate may change a decky; mutate draws the time anew."""
    values = {
        **msgspec.structs.asdict(policy),
        "services": msgspec.json.encode(policy.services).decode(),
        "personas": msgspec.json.encode(policy.personas).decode(),
        "updated_at": now_ns,
    }
    statement = insert_into(connection, decky_policy).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["decky"], set_=values))
    _set_time(connection, policy.decky, None)


def policy_of(connection: Connection, name: str) -> Policy | BadPolicy | None:
    """Return how mutate may change a decky, None when it may not."""
    return policies(connection, [name]).get(name)


def drop_policy(connection: Connection, name: str) -> bool:
    """Delete a decky's policy, so that mutate does not change it; False without one."""
    _set_time(connection, name, None)
    return connection.execute(delete(decky_policy).where(decky_policy.c.decky == name)).rowcount > 0


def policies(connection: Connection, names: Iterable[str] | None = None) -> dict[str, Policy | BadPolicy]:
    """Return the policies of these deckies, or of all, by name of the decky."""
    if names is None:
        return {row.decky: _policy(row) for row in connection.execute(_policies())}
    found: dict[str, Policy | BadPolicy] = {}
    for part in parts(names):
        for row in connection.execute(_policies().where(decky_policy.c.decky.in_(part))):
            found[row.decky] = _policy(row)
    return found


def due_for_mutation(connection: Connection, limit: int, *, now_ns: int) -> list[tuple[Decky, Policy | BadPolicy]]:
    """Return up to `limit` deckies that are due for a change, with their policies, longest due first."""
    time = decky.c.mutate_at
    query = columns().where(time <= now_ns, _is_changeable(), _has_policy()).order_by(time)
    return _with_policies(connection, query.limit(limit))


def without_mutation_time(connection: Connection, limit: int, *, now_ns: int) -> list[tuple[Decky, Policy | BadPolicy]]:
    """Return up to `limit` deckies with a policy whose time is to be drawn.

    That is: none is set, or one that is later than an interval and a day from now, by a clock that was ahead.
    """
    latest = now_ns + DAY_NS + cast(decky_policy.c.every_seconds, BigInteger) * SECOND_NS
    time = decky.c.mutate_at
    query = columns().join(decky_policy, decky_policy.c.decky == decky.c.name)
    return _with_policies(connection, query.where(time.is_(None) | (time > latest), _is_changeable()).limit(limit))


def next_mutation_at(connection: Connection) -> int | None:
    """Return when the next decky is due for a change, None without any."""
    query = select(decky.c.mutate_at).where(decky.c.mutate_at.is_not(None), _is_changeable(), _has_policy())
    at: int | None = connection.execute(query.order_by(decky.c.mutate_at).limit(1)).scalar()
    return at


def schedule_mutation(connection: Connection, one: Decky, at: int) -> bool:
    """Set when mutate changes a decky, which is no change of it; False when it is no longer the one that was read."""
    return _set_time(connection, one.name, at, version=one.version)


def _policies() -> Select[Any]:
    return select(*(decky_policy.c[name] for name in Policy.__struct_fields__))


def _is_changeable() -> ColumnElement[bool]:
    """A decky that is wanted; one that runs an image stays what it is."""
    return decky.c.wanted.is_(True) & decky.c.image.is_(None)


def _has_policy() -> Exists:
    return exists().where(decky_policy.c.decky == decky.c.name)


def _with_policies(connection: Connection, query: Select[Any]) -> list[tuple[Decky, Policy | BadPolicy]]:
    found = deckies_of(query, connection)
    known = policies(connection, [one.name for one in found])
    return [(one, known[one.name]) for one in found if one.name in known]


def _set_time(connection: Connection, name: str, at: int | None, *, version: int | None = None) -> bool:
    statement = update(decky).where(decky.c.name == name).values(mutate_at=at)
    if version is not None:
        statement = statement.where(decky.c.version == version)
    return connection.execute(statement).rowcount > 0


def _policy(row: Any) -> Policy | BadPolicy:
    given = dict(row._mapping)
    try:
        services = msgspec.json.decode(row.services, type=tuple[Service, ...])
        personas = msgspec.json.decode(row.personas, type=tuple[str, ...])
    except msgspec.DecodeError as error:
        return BadPolicy(row.decky, str(error))
    return Policy(**{**given, "services": services, "personas": personas})
