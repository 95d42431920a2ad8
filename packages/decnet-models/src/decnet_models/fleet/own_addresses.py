# SPDX-License-Identifier: MIT
"""Which addresses are deckies'."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from decnet_models.database.statements import parts
from decnet_models.fleet.tables import decky_address


def of_deckies(connection: Connection, addresses: Iterable[str]) -> set[str]:
    """Return those of the addresses that are deckies'."""
    query = select(decky_address.c.address)
    return {
        address
        for part in parts(addresses)
        for address in connection.execute(query.where(decky_address.c.address.in_(part))).scalars()
    }
