# SPDX-License-Identifier: MIT
"""The desired fleet: deckies with their addresses and services, changed by version; times in ns."""

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, Select, delete, insert, select, update

from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.statements import commit_in_order, insert_into, parts
from decnet_models.fleet.change_log import ChangeInfo, record_change
from decnet_models.fleet.tables import decky, decky_address, decky_change, decky_service, decky_state

Runtime: TypeAlias = Literal["loopback", "host", "netns", "container"]
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
    if before is None or before.addresses != after.addresses:
        _write_addresses(connection, before, after)
    if before is None or before.services != after.services:
        _write_services(connection, before, after)
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
    _write_addresses(connection, before, after)
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
    query = columns().join(decky_state, decky_state.c.decky == decky.c.name)
    gone = query.where(decky.c.wanted.is_(False), decky_state.c.phase == "absent").order_by(decky.c.name).limit(limit)
    erased = deckies_of(gone, connection)
    for one in erased:
        connection.execute(delete(decky).where(decky.c.name == one.name))
        record_change(connection, one.name, one.version, info, before=_shown(one))
    return [one.name for one in erased]


def decky_named(connection: Connection, name: str) -> Decky | None:
    matching = deckies_of(columns().where(decky.c.name == name), connection)
    return matching[0] if matching else None


def decky_at(connection: Connection, address: str) -> Decky | None:
    """Return the decky of that address (canonical text), or None."""
    query = columns().join(decky_address, decky_address.c.decky == decky.c.name)
    matching = deckies_of(query.where(decky_address.c.address == address), connection)
    return matching[0] if matching else None


def deckies(
    connection: Connection, limit: int = 1000, *, after: str | None = None, direction: Direction = "asc"
) -> list[Decky]:
    """Return deckies by name; page on with `after` = the last one's name."""
    query = in_order(columns(), (decky.c.name,), None if after is None else (after,), direction)
    return deckies_of(query.limit(limit), connection)


def all_deckies(connection: Connection) -> list[Decky]:
    """Return every decky of every host, by name, including those marked for removal."""
    return deckies_of(columns().order_by(decky.c.name), connection)


def is_mac_taken(connection: Connection, mac: str) -> bool:
    return connection.execute(select(decky.c.name).where(decky.c.mac == mac)).first() is not None


def _write(connection: Connection, before: Decky | None, after: Decky, now_ns: int) -> bool:
    values = {name: getattr(after, name) for name in Decky.__struct_fields__ if name not in _IN_OTHER_TABLES}
    values["updated_at"] = now_ns
    if before is None:
        statement = insert_into(connection, decky).values(**values, created_at=now_ns)
        new = statement.on_conflict_do_nothing(index_elements=["name"]).returning(decky.c.name)
        return connection.execute(new).first() is not None
    same = (decky.c.name == before.name) & (decky.c.version == before.version)
    return connection.execute(update(decky).where(same).values(**values)).rowcount > 0


def _write_addresses(connection: Connection, before: Decky | None, one: Decky) -> None:
    if before and before.addresses:
        connection.execute(delete(decky_address).where(decky_address.c.decky == one.name))
    rows = [
        {"decky": one.name, "position": at, **msgspec.structs.asdict(each)} for at, each in enumerate(one.addresses)
    ]
    if rows:
        connection.execute(insert(decky_address), rows)


def _write_services(connection: Connection, before: Decky | None, one: Decky) -> None:
    if before and before.services:
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


def columns() -> Select[Any]:
    """Select what `deckies_of` reads."""
    return select(*(decky.c[name] for name in Decky.__struct_fields__ if name not in _IN_OTHER_TABLES))


def deckies_of(query: Select[Any], connection: Connection) -> list[Decky]:
    """Return the deckies of a query that begins with `columns`, with their addresses and services."""
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


def _shown(one: Decky | None) -> dict[str, Any] | None:
    return msgspec.to_builtins(one) if one else None
