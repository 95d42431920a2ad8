# SPDX-License-Identifier: MIT
"""The place of a decky that a sensor host plays; pure.

Nothing is known here of that host's interfaces and neighbours. So the order must say what is looked up for a decky of
this host, and the sensor's own reconciler reports an interface that is missing or an address that is taken.
"""

import ipaddress

from decnet.deckies.addressing import DHCP, Addressing, Refused, parsed, refuse_no_loopback, subnets_of
from decnet.deckies.host_network import Ip
from decnet.deckies.wanted import Wanted
from decnet_models.fleet.queries import Address


def elsewhere(wanted: Wanted) -> Addressing:
    """Return interface and addresses of a decky of a sensor; raises Refused."""
    if DHCP in wanted.addresses:
        raise Refused("leases are asked for on this host only; give a decky of a sensor an address")
    given = [parsed(text) for text in wanted.addresses]
    if not given:
        raise Refused("give it an address")
    if wanted.runtime == "loopback":
        return Addressing(None, tuple(refuse_no_loopback(wanted, each) for each in given))
    made = [_placed(wanted, address, length) for address, length in given]
    if wanted.interface is None and any(one.prefix_length is not None for one in made):
        raise Refused(f"name the interface of {wanted.sensor} on which it is to be")
    return Addressing(wanted.interface, tuple(sorted(made, key=lambda each: ":" in each.address)))


def _placed(wanted: Wanted, address: Ip, length: int | None) -> Address:
    if address.is_loopback:
        raise Refused(f"address {address} is a loopback one; choose the runtime loopback for it")
    subnet = next((each for each in subnets_of(wanted.subnets) if address in each), None)
    prefix_length = length if length is not None else subnet.prefixlen if subnet else None
    if prefix_length is None:
        if wanted.runtime == "host":
            return Address(str(address))
        raise Refused(f"write {address}/PREFIX, or name its network with subnets: {wanted.sensor}'s is not known here")
    network = ipaddress.ip_network((address, prefix_length), strict=False)
    return Address(str(address), prefix_length, _gateway(wanted, network))


def _gateway(wanted: Wanted, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str | None:
    for text in wanted.gateways:
        try:
            gateway = ipaddress.ip_address(text)
        except ValueError as error:
            raise Refused(f"gateways: {error}") from error
        if gateway in network or (gateway.is_link_local and gateway.version == network.version):
            return str(gateway)
    return None
