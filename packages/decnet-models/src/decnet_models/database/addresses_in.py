# SPDX-License-Identifier: MIT
"""Which addresses of a network a column holds."""

from itertools import islice

from sqlalchemy import Column, Connection, select

from decnet_core.net.addresses import parse_address, parse_network


def addresses_in(connection: Connection, column: Column[str], network: str, limit: int) -> list[str]:
    """Return up to `limit` different addresses of a network that the indexed `column` holds."""
    wanted = parse_network(network)
    query = select(column).distinct()
    if wanted.prefixlen == wanted.max_prefixlen:
        return list(connection.execute(query.where(column == str(wanted.network_address))).scalars())
    within = (text for text in connection.execute(query).scalars() if parse_address(text) in wanted)
    return list(islice(within, limit))
