# SPDX-License-Identifier: MIT
"""The addresses that DHCP servers leased to deckies; times are ns since the Unix epoch."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from decnet_models.database.statements import insert_into, parts
from decnet_models.fleet.tables import decky_lease


class Lease(msgspec.Struct, frozen=True):
    """What a server (an address) leased to a MAC address, and until when; from `renew_at` on it is asked again."""

    decky: str
    mac: str
    address: str
    prefix_length: int
    gateway: str | None
    server: str
    obtained_at: int
    renew_at: int
    expires_at: int


def leases_of(connection: Connection, names: Iterable[str]) -> dict[str, Lease]:
    """Return the leases of these deckies, by name of the decky."""
    columns = (decky_lease.c[name] for name in Lease.__struct_fields__)
    query = select(*columns)
    return {
        row.decky: Lease(**row._mapping)
        for part in parts(names)
        for row in connection.execute(query.where(decky_lease.c.decky.in_(part)))
    }


def record_lease(connection: Connection, lease: Lease) -> None:
    """Write a lease in place of the decky's last one."""
    values = msgspec.structs.asdict(lease)
    statement = insert_into(connection, decky_lease).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["decky"], set_=values))
