# SPDX-License-Identifier: MIT
"""Closes the incidents of a source that turned out to be the operator's own, and says why in each."""

import time

from sqlalchemy import Connection

from decnet_core.net.addresses import parse_address, parse_network
from decnet_models.attackers.tables import attacker
from decnet_models.database.addresses_in import addresses_in
from decnet_models.incidents import keeping, queries
from decnet_models.incidents.queries import Selection
from decnet_models.incidents.values import ACKNOWLEDGED, ATTACKER, CLOSED, NEW
from decnet_models.known.queries import KnownSource

_ADDRESSES = 100
_INCIDENTS = 100
"""Of one address."""


def close_incidents(connection: Connection, source: KnownSource, who: str) -> list[int]:
    """Close the open incidents of which all addresses are the source's; return their numbers.

    Only for a source that is to be forgotten, which covers all that its addresses ever do; of another one, what was
    found out before it became known is to stay.
    """
    if not source.forget or source.until is not None:
        return []
    found: set[int] = set()
    for address in _addresses(connection, source.network):
        selection = Selection(states=(NEW, ACKNOWLEDGED), attacker=address)
        found |= {one.incident.id for one in queries.incidents(connection, _INCIDENTS, selection)}
    numbers = [number for number in sorted(found) if _is_all_of(connection, number, source.network)]
    note = f"known source {source.id}{': ' * bool(source.label)}{source.label}"
    for number in numbers:
        queries.act(connection, number, CLOSED, who, note, now_ns=time.time_ns())
    return numbers


def _addresses(connection: Connection, network: str) -> list[str]:
    wanted = parse_network(network)
    if wanted.prefixlen == wanted.max_prefixlen:
        return [str(wanted.network_address)]
    return addresses_in(connection, attacker.c.ip, network, _ADDRESSES)


def _is_all_of(connection: Connection, number: int, network: str) -> bool:
    values = keeping.values_of(connection, [number], (ATTACKER,), _ADDRESSES + 1)
    attackers = [parse_address(one.value) for one in values]
    within = [one is not None and one in parse_network(network) for one in attackers]
    return 0 < len(attackers) <= _ADDRESSES and all(within)
