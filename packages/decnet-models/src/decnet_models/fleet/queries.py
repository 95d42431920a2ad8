# SPDX-License-Identifier: MIT
"""The desired fleet: deckies, services and policies, changed by version, each change recorded; times in ns."""

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Exists,
    Select,
    cast,
    delete,
    exists,
    insert,
    select,
    update,
)

from decnet_core.text import for_column
from decnet_core.timing.durations import DAY_NS, SECOND_NS
from decnet_models.database.statements import commit_in_order, insert_into, parts
from decnet_models.fleet.tables import decky, decky_address, decky_change, decky_policy, decky_service, decky_state

Runtime: TypeAlias = Literal["loopback", "host", "netns", "container"]
ChangeKind: TypeAlias = Literal[
    "added", "changed", "mutated", "removed", "started", "stopped", "repaired", "failed", "gone"
]


_IN_OTHER_TABLES = frozenset({"addresses", "services"})


class Address(msgspec.Struct, frozen=True):
    """An address of a decky in canonical text form; without a prefix length it is one that the host has."""

    address: str
    prefix_length: int | None = None
    gateway: str | None = None


class Service(msgspec.Struct, frozen=True):
    """A service of a decky; `settings` where it differs from the service's defaults."""

    service: str
    port: int
    transport: Literal["tcp", "udp"] = "tcp"
    settings: dict[str, Any] = {}


class Decky(msgspec.Struct, frozen=True):
    """The desired state of a decky; `version` 0 is one not written yet.

    `interface` is the host's, by which all but `loopback` are reached; `image` is what a `container` runs. `addresses`
    has the one that the decky shows as its own first; one that is to be removed may have none left, nor has one with
    `dhcp` before its first lease. From `seed` (below 2**53) everything is drawn in which deckies of one persona differ.
    """

    name: str
    addresses: tuple[Address, ...]
    host_name: str
    runtime: Runtime
    persona: str
    services: tuple[Service, ...] = ()
    mac: str | None = None
    interface: str | None = None
    sensor: str | None = None
    wanted: bool = True
    version: int = 0
    seed: int = 0
    mutate_at: int | None = None
    image: str | None = None
    dhcp: bool = False


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


class ChangeInfo(msgspec.Struct, frozen=True):
    """Actor, kind, reason and time of a change."""

    kind: ChangeKind
    actor: str
    reason: str
    now_ns: int


class Change(msgspec.Struct, frozen=True):
    """A change of a decky, with its state (desired, or actual) before and after."""

    id: int
    decky: str
    version: int
    kind: ChangeKind
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    actor: str
    reason: str
    ts: int


def write_decky(connection: Connection, new: Decky, info: ChangeInfo) -> Decky | None:
    """Write a decky with its services and record the change; None when `new.version` is not the current one.

    Raises sqlalchemy.exc.IntegrityError for an address, MAC or port that is taken, an unknown persona or sensor.
    """
    commit_in_order(connection, decky_change)
    before = decky_named(connection, new.name)
    if (before.version if before else 0) != new.version:
        return None
    after = msgspec.structs.replace(new, version=new.version + 1)
    if not _write(connection, before, after, info.now_ns):
        return None
    _write_addresses(connection, after)
    _write_services(connection, after)
    record_change(connection, after.name, after.version, info, before=_shown(before), after=_shown(after))
    return after


def lease_address(connection: Connection, name: str, address: Address, info: ChangeInfo) -> bool:
    """Give a decky with `dhcp` the address that was leased to it, and record the change.

    False when there is no such decky any more, or it has the address. Raises sqlalchemy.exc.IntegrityError for an
    address that another decky has.
    """
    commit_in_order(connection, decky_change)
    before = decky_named(connection, name)
    if before is None or not (before.wanted and before.dhcp):
        return False
    after = msgspec.structs.replace(before, addresses=(address,), version=before.version + 1)
    if before.addresses == after.addresses or not _write(connection, before, after, info.now_ns):
        return False
    _write_addresses(connection, after)
    record_change(connection, name, after.version, info, before=_shown(before), after=_shown(after))
    return True


def remove_decky(connection: Connection, name: str, info: ChangeInfo) -> bool:
    """Mark a decky for removal: reconciler stops it, then `erase` it. False when there is none of that name."""
    current = decky_named(connection, name)
    return current is not None and bool(write_decky(connection, msgspec.structs.replace(current, wanted=False), info))


def release_addresses(connection: Connection, names: Iterable[str]) -> None:
    """Free the addresses of these deckies: others, or they, can be written with them in the same transaction."""
    for part in parts(names):
        connection.execute(delete(decky_address).where(decky_address.c.decky.in_(part)))


def erase(connection: Connection, limit: int, info: ChangeInfo) -> list[str]:
    """Delete up to `limit` removed deckies that no longer run; return their names. Their changes stay."""
    commit_in_order(connection, decky_change)
    query = _columns().join(decky_state, decky_state.c.decky == decky.c.name)
    gone = query.where(decky.c.wanted.is_(False), decky_state.c.phase == "absent").order_by(decky.c.name).limit(limit)
    erased = _deckies(connection, gone)
    for one in erased:
        connection.execute(delete(decky).where(decky.c.name == one.name))
        record_change(connection, one.name, one.version, info, before=_shown(one))
    return [one.name for one in erased]


def decky_named(connection: Connection, name: str) -> Decky | None:
    matching = _deckies(connection, _columns().where(decky.c.name == name))
    return matching[0] if matching else None


def decky_at(connection: Connection, address: str) -> Decky | None:
    """Return the decky of that address (canonical text), or None."""
    query = _columns().join(decky_address, decky_address.c.decky == decky.c.name)
    matching = _deckies(connection, query.where(decky_address.c.address == address))
    return matching[0] if matching else None


def deckies(connection: Connection, limit: int = 1000, *, after: str = "") -> list[Decky]:
    """Return deckies by name; page on with `after` = the last one's name."""
    return _deckies(connection, _columns().where(decky.c.name > after).order_by(decky.c.name).limit(limit))


def deckies_on(connection: Connection, sensor: str | None) -> list[Decky]:
    """Return every decky of a host (None: this one), by name, including those marked for removal."""
    here = decky.c.sensor.is_(None) if sensor is None else decky.c.sensor == sensor
    return _deckies(connection, _columns().where(here).order_by(decky.c.name))


def all_deckies(connection: Connection) -> list[Decky]:
    """Return every decky of every host, by name, including those marked for removal."""
    return _deckies(connection, _columns().order_by(decky.c.name))


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
    query = _columns().where(time <= now_ns, _is_changeable(), _has_policy()).order_by(time)
    return _with_policies(connection, query.limit(limit))


def without_mutation_time(connection: Connection, limit: int, *, now_ns: int) -> list[tuple[Decky, Policy | BadPolicy]]:
    """Return up to `limit` deckies with a policy whose time is to be drawn.

    That is: none is set, or one that is later than an interval and a day from now, by a clock that was ahead.
    """
    latest = now_ns + DAY_NS + cast(decky_policy.c.every_seconds, BigInteger) * SECOND_NS
    time = decky.c.mutate_at
    query = _columns().join(decky_policy, decky_policy.c.decky == decky.c.name)
    return _with_policies(connection, query.where(time.is_(None) | (time > latest), _is_changeable()).limit(limit))


def next_mutation_at(connection: Connection) -> int | None:
    """Return when the next decky is due for a change, None without any."""
    query = select(decky.c.mutate_at).where(decky.c.mutate_at.is_not(None), _is_changeable(), _has_policy())
    at: int | None = connection.execute(query.order_by(decky.c.mutate_at).limit(1)).scalar()
    return at


def is_mac_taken(connection: Connection, mac: str) -> bool:
    return connection.execute(select(decky.c.name).where(decky.c.mac == mac)).first() is not None


def schedule_mutation(connection: Connection, one: Decky, at: int) -> bool:
    """Set when mutate changes a decky, which is no change of it; False when it is no longer the one that was read."""
    return _set_time(connection, one.name, at, version=one.version)


def record_change(
    connection: Connection,
    name: str,
    version: int,
    info: ChangeInfo,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Record a change; belongs in the transaction of the change.

    The operator, mutate and reconciler do so; a reader of `changes_after` must not skip the one that commits last. They
    take turns before they lock a decky, so that there is no deadlock.
    """
    commit_in_order(connection, decky_change)
    connection.execute(
        insert(decky_change).values(
            decky=name,
            version=version,
            kind=info.kind,
            before=msgspec.json.encode(before).decode() if before else None,
            after=msgspec.json.encode(after).decode() if after else None,
            actor=for_column(info.actor, 255),
            reason=for_column(info.reason),
            ts=info.now_ns,
        )
    )


def history(connection: Connection, name: str, limit: int = 100, *, before: int | None = None) -> list[Change]:
    """Return a decky's changes, newest first; page on with `before` = the last one's `id`."""
    c = decky_change.c
    query = select(decky_change).where(c.decky == name).order_by(c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(c.id < before)
    return [_change(row) for row in connection.execute(query)]


def changes_after(connection: Connection, last: int, limit: int = 1000) -> list[Change]:
    """Return the fleet's changes after number `last`, oldest first."""
    c = decky_change.c
    query = select(decky_change).where(c.id > last).order_by(c.id).limit(limit)
    return [_change(row) for row in connection.execute(query)]


def _write(connection: Connection, before: Decky | None, after: Decky, now_ns: int) -> bool:
    values = {name: getattr(after, name) for name in Decky.__struct_fields__ if name not in _IN_OTHER_TABLES}
    values["updated_at"] = now_ns
    if before is None:
        statement = insert_into(connection, decky).values(**values, created_at=now_ns)
        new = statement.on_conflict_do_nothing(index_elements=["name"]).returning(decky.c.name)
        return connection.execute(new).first() is not None
    same = (decky.c.name == before.name) & (decky.c.version == before.version)
    return connection.execute(update(decky).where(same).values(**values)).rowcount > 0


def _write_addresses(connection: Connection, one: Decky) -> None:
    connection.execute(delete(decky_address).where(decky_address.c.decky == one.name))
    rows = [
        {"decky": one.name, "position": at, **msgspec.structs.asdict(each)} for at, each in enumerate(one.addresses)
    ]
    if rows:
        connection.execute(insert(decky_address), rows)


def _write_services(connection: Connection, one: Decky) -> None:
    connection.execute(delete(decky_service).where(decky_service.c.decky == one.name))
    rows = [
        {
            "decky": one.name,
            "service": each.service,
            "transport": each.transport,
            "port": each.port,
            "settings": msgspec.json.encode(each.settings).decode(),
        }
        for each in one.services
    ]
    if rows:
        connection.execute(insert(decky_service), rows)


def _columns() -> Select[Any]:
    return select(*(decky.c[name] for name in Decky.__struct_fields__ if name not in _IN_OTHER_TABLES))


def _deckies(connection: Connection, query: Select[Any]) -> list[Decky]:
    rows = connection.execute(query).all()
    names = [row.name for row in rows]
    addresses, services = _addresses(connection, names), _services(connection, names)
    return [
        Decky(**row._mapping, addresses=tuple(addresses.get(row.name, ())), services=tuple(services.get(row.name, ())))
        for row in rows
    ]


def _addresses(connection: Connection, names: list[str]) -> dict[str, list[Address]]:
    found: dict[str, list[Address]] = {}
    c = decky_address.c
    for part in parts(names):
        for row in connection.execute(select(decky_address).where(c.decky.in_(part)).order_by(c.decky, c.position)):
            found.setdefault(row.decky, []).append(Address(row.address, row.prefix_length, row.gateway))
    return found


def _services(connection: Connection, names: list[str]) -> dict[str, list[Service]]:
    found: dict[str, list[Service]] = {}
    c = decky_service.c
    for part in parts(names):
        for row in connection.execute(select(decky_service).where(c.decky.in_(part)).order_by(c.decky, c.service)):
            settings = msgspec.json.decode(row.settings)
            found.setdefault(row.decky, []).append(Service(row.service, row.port, row.transport, settings))
    return found


def _policies() -> Select[Any]:
    return select(*(decky_policy.c[name] for name in Policy.__struct_fields__))


def _is_changeable() -> ColumnElement[bool]:
    """A decky that is wanted; one that runs an image stays what it is."""
    return decky.c.wanted.is_(True) & decky.c.image.is_(None)


def _has_policy() -> Exists:
    return exists().where(decky_policy.c.decky == decky.c.name)


def _with_policies(connection: Connection, query: Select[Any]) -> list[tuple[Decky, Policy | BadPolicy]]:
    found = _deckies(connection, query)
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


def _shown(one: Decky | None) -> dict[str, Any] | None:
    return msgspec.to_builtins(one) if one else None


def _change(row: Any) -> Change:
    before, after = (msgspec.json.decode(text) if text else None for text in (row.before, row.after))
    return Change(row.id, row.decky, row.version, row.kind, before, after, row.actor, row.reason, row.ts)
