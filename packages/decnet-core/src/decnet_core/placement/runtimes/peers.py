# SPDX-License-Identifier: MIT
"""Which addresses a decky's marked sockets reach: those that other deckies of its fleet have in its network. Pure.

Of deckies on one interface only: elsewhere a network may have the same numbers and other machines. What is not up, or
differs from what it should be, has no address: another machine may have it.
"""

import ipaddress
from collections.abc import Collection, Iterable, Mapping

from decnet_core.placement.desired import Address, DesiredDecky

Network = tuple[str | None, ipaddress.IPv4Network | ipaddress.IPv6Network]
"""An interface of the host, and a network on it."""


def peers(up: Collection[DesiredDecky]) -> dict[str, frozenset[Address]]:
    """Return for each decky that may connect what it reaches, by its name; its own addresses are among that."""
    networks = {(one.interface, each.network) for one in up if one.clients for each in one.addresses}
    found = {
        (interface, network): frozenset(
            each.ip for one in up if one.interface == interface for each in one.addresses if each.ip in network
        )
        for interface, network in networks
    }
    return {one.name: _of(one, found) for one in up if one.clients}


def _of(one: DesiredDecky, found: Mapping[Network, frozenset[Address]]) -> frozenset[Address]:
    parts = [found[one.interface, network] for network in {each.network for each in one.addresses}]
    return parts[0] if len(parts) == 1 else frozenset[Address]().union(*parts)


def changed(
    names: Iterable[str], wanted: Mapping[str, frozenset[Address]], known: Mapping[str, frozenset[Address]]
) -> dict[str, frozenset[Address]]:
    """Return what is to be written: of each namespace, also of one that nothing may leave any more."""
    nothing = frozenset[Address]()
    return {name: wanted.get(name, nothing) for name in names if known.get(name) != wanted.get(name, nothing)}
