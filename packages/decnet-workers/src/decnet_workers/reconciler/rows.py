# SPDX-License-Identifier: MIT
"""Orders from the rows of the database. Pure."""

from decnet_core.deckies.assignment import AssignedService
from decnet_core.deckies.orders import Order, OrderedAddress
from decnet_models.fleet.queries import Decky


def order(row: Decky) -> Order:
    """Return what must be for the decky of a row."""
    return Order(
        name=row.name,
        host_name=row.host_name,
        runtime=row.runtime,
        addresses=tuple(OrderedAddress(one.address, one.prefix_length, one.gateway) for one in row.addresses),
        persona=row.persona,
        services=tuple(AssignedService(one.service, one.port, one.transport, one.settings) for one in row.services),
        version=row.version,
        wanted=row.wanted,
        interface=row.interface,
        mac=row.mac,
        seed=row.seed,
        image=row.image,
        dhcp=row.dhcp,
    )
