# SPDX-License-Identifier: MIT
"""Finds out whether the network drops frames with MAC addresses that it did not give out, as virtual switches do.

A decky with a MAC address of its own would then be up and reached by nobody. So its router is asked by ARP or ND, once
with the interface's own MAC address and once with the decky's: it is the second question only that a switch drops.
"""

from collections.abc import Callable

from decnet_core.placement.desired import Address, DesiredDecky
from decnet_core.placement.netlink import routes
from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.netlink.links import Link
from decnet_core.placement.runtimes.neighbours import answers

HELP = (
    "the network drops frames with a MAC address that it did not give out: {0} answers this host, not the decky. Let "
    "the virtual switch allow them (forged transmits, MAC address spoofing), or use the runtime host"
)


def dropped(decky: DesiredDecky, parent: Link, interface: Link, inside: Callable[[Callable[[], bool]], bool]) -> str:
    """Return why nobody would reach the decky by its `interface`, "" when somebody does or it cannot be told.

    `inside` runs a function in the decky's namespace.
    """
    router = _router(decky)
    if router is None or not answers(parent.name, parent.mac, router):
        return ""
    return "" if inside(lambda: answers(interface.name, interface.mac, router)) else HELP.format(router)


def _router(decky: DesiredDecky) -> Address | None:
    """Return a router on the decky's network: its own, else this host's."""
    with Netlink() as netlink:
        known = [*decky.gateways, *sorted(routes.default_gateways(netlink), key=str)]
    networks = [one.network for one in decky.addresses]
    return next((one for one in known if any(one in network for network in networks)), None)
