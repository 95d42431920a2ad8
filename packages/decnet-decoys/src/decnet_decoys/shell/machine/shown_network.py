# SPDX-License-Identifier: MIT
"""The network that a machine shows it is on."""

import ipaddress
from typing import NamedTuple


class ShownNetwork(NamedTuple):
    """An interface's address with its network, and the router."""

    interface: ipaddress.IPv4Interface | ipaddress.IPv6Interface
    router: str

    @property
    def prefix(self) -> str:
        """The network as `ip route` writes it."""
        return str(self.interface.network)

    @property
    def network(self) -> str:
        return str(self.interface.network.network_address)

    @property
    def netmask(self) -> str:
        return str(self.interface.netmask)

    @property
    def broadcast(self) -> str:
        return str(self.interface.network.broadcast_address)


def shown_network(address: str, prefix_length: int, router: str = "") -> ShownNetwork:
    """Return the network of an address; without a router that is its first address, as in most networks."""
    interface = ipaddress.ip_interface(f"{address}/{prefix_length}")
    network = interface.network
    first = network[1] if network.num_addresses > 1 else network[0]
    return ShownNetwork(interface, router or str(first))
