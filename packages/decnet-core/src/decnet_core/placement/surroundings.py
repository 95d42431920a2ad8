# SPDX-License-Identifier: MIT
"""What deckies need of this host's network: when it changes, those that failed are tried again at once."""

from collections.abc import Hashable, Sequence

from decnet_core.placement.desired import DesiredDecky
from decnet_core.placement.netlink import addresses, links
from decnet_core.placement.netlink.connection import Netlink


def surroundings(deckies: Sequence[DesiredDecky]) -> dict[str, Hashable]:
    """Return, by decky, its interface as it is and those of its addresses that this host has.

    Nothing where the kernel does not tell.
    """
    try:
        with Netlink() as netlink:
            there = {name: (link.number, link.up) for name, link in links.links(netlink).items()}
            own = {one.address.ip for one in addresses.assigned(netlink)}
    except OSError:
        return {}
    return {
        one.name: (there.get(one.interface or ""), frozenset(own.intersection(each.ip for each in one.addresses)))
        for one in deckies
    }
