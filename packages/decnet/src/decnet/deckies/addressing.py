# SPDX-License-Identifier: MIT
"""Whether a decky can have the addresses that it is to have, by runtime; pure."""

import ipaddress
from collections.abc import Iterable, Iterator, Set
from typing import TypeAlias

import msgspec

from decnet.cli.errors import CommandError
from decnet.deckies.host_network import HostNetwork, Ip
from decnet.deckies.wanted import Wanted
from decnet_models.fleet.queries import Address, Decky

DHCP = "dhcp"
"""In place of an address: a DHCP server gives the decky one."""

Subnet: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Refused(CommandError):
    """It cannot be; the message says why, without naming the decky."""


class Addressing(msgspec.Struct, frozen=True):
    """Where a decky is to be."""

    interface: str | None
    addresses: tuple[Address, ...]
    dhcp: bool = False


class Segment(msgspec.Struct, frozen=True):
    """The network by which the deckies of an interface are reached."""

    interface: str
    subnets: tuple[Subnet, ...]
    gateways: dict[int, Ip]
    """By version of the protocol."""

    def prefix_length(self, address: Ip, given: int | None) -> int:
        """Return the length of the address's network; raises Refused for an address of another one."""
        subnet = next((each for each in self.subnets if address in each), None)
        known = ", ".join(str(each) for each in self.subnets if each.version == address.version)
        if subnet is None and (known or given is None):
            raise Refused(
                f"address {address} is outside the network of {self.interface} ({known})"
                if known
                else f"{self.interface} has no IPv{address.version} network here; name it with subnets"
            )
        subnet = subnet or ipaddress.ip_interface((address.packed, given or 0)).network
        ends = (subnet.network_address, subnet.broadcast_address)
        if subnet.version == 4 and subnet.prefixlen < 31 and address in ends:
            raise Refused(f"address {address} is the network's or its broadcast address in {subnet}")
        if self.gateways.get(address.version) == address:
            raise Refused(f"address {address} is the gateway's")
        return given or subnet.prefixlen


def addressing(wanted: Wanted, current: Decky | None, host: HostNetwork, macs: Set[str]) -> Addressing:
    """Return interface and addresses of a decky; raises Refused.

    `current` is the row that it replaces: an address that it has already is not looked for on the network. `macs` are
    those of all deckies, which may answer for their own addresses.
    """
    if DHCP in wanted.addresses:
        return _leased(wanted, current, host)
    given = [parsed(text) for text in wanted.addresses]
    if not given:
        raise Refused("give it an address, or dhcp in place of one")
    if wanted.runtime == "loopback":
        return Addressing(None, tuple(refuse_no_loopback(wanted, each) for each in given))
    segment = _segment(wanted, given, host)
    kept = {each.address: each for each in current.addresses} if current else {}
    for address, _ in given:
        if str(address) not in kept:
            _refuse_taken(address, wanted.runtime, host, macs)
    made = [_placed(address, length, kept.get(str(address)), segment, host) for address, length in given]
    return Addressing(segment.interface, tuple(sorted(made, key=lambda each: ":" in each.address)))


def _leased(wanted: Wanted, current: Decky | None, host: HostNetwork) -> Addressing:
    """Return the place of a decky whose address is leased; it keeps the lease that it has on that interface."""
    if len(wanted.addresses) > 1:
        raise Refused("dhcp stands alone: a decky has a leased address or others")
    if wanted.runtime != "netns":
        raise Refused(f"the runtime {wanted.runtime} has no leased addresses; choose netns")
    if wanted.subnets or wanted.gateways:
        raise Refused("the DHCP server names network and router; omit subnets and gateways")
    interface = _interface(wanted, (), host)
    keeps = current is not None and current.dhcp and current.interface == interface
    return Addressing(interface, current.addresses if current is not None and keeps else (), dhcp=True)


def parsed(text: str) -> tuple[Ip, int | None]:
    address, slash, length = text.partition("/")
    try:
        parsed = ipaddress.ip_interface(text)
    except ValueError as error:
        raise Refused(f"address {text}: {error}") from error
    if "%" in address or parsed.ip.is_multicast or parsed.ip.is_unspecified:
        raise Refused(f"address {text} is none that a host can have")
    return parsed.ip, int(length) if slash else None


def refuse_no_loopback(wanted: Wanted, given: tuple[Ip, int | None]) -> Address:
    if wanted.interface or wanted.gateways:
        raise Refused(
            "the runtime loopback has neither interface nor gateway; omit them, or choose host, netns or container"
        )
    if given[0].version != 4 or not given[0].is_loopback:
        raise Refused(
            f"address {given[0]} is not in 127.0.0.0/8, the only network of the runtime loopback; "
            "use e.g. 127.77.0.20, or choose the runtime host or netns"
        )
    return Address(str(given[0]))


def _interface(wanted: Wanted, given: Iterable[tuple[Ip, int | None]], host: HostNetwork) -> str:
    """Return the interface; of the runtime `host` the one that has the address, when none is named."""
    name = wanted.interface
    if name is None and wanted.runtime == "host":
        name = next((found for address, _ in given if (found := host.interface_of(address))), None)
        if name is None:
            raise Refused("this host has none of its addresses: name the interface to which they are to be added")
    if name is None:
        raise Refused(f"the runtime {wanted.runtime} needs an interface; there are: {_list(host.interfaces)}")
    if name not in host.interfaces:
        raise Refused(f"there is no interface {name} on this host; there are: {_list(host.interfaces)}")
    return name


def _segment(wanted: Wanted, given: Iterable[tuple[Ip, int | None]], host: HostNetwork) -> Segment:
    interface = _interface(wanted, given, host)
    subnets = tuple(subnets_of(wanted.subnets)) or tuple(each.network for each in host.interfaces[interface])
    return Segment(interface, subnets, dict(_gateways(wanted.gateways, subnets)))


def subnets_of(given: Iterable[str]) -> Iterator[Subnet]:
    for text in given:
        try:
            yield ipaddress.ip_network(text)
        except ValueError as error:
            raise Refused(f"subnets: {error}") from error


def _gateways(given: Iterable[str], subnets: tuple[Subnet, ...]) -> Iterator[tuple[int, Ip]]:
    for text in given:
        try:
            gateway = ipaddress.ip_address(text)
        except ValueError as error:
            raise Refused(f"gateways: {error}") from error
        if subnets and not gateway.is_link_local and not any(gateway in subnet for subnet in subnets):
            raise Refused(f"gateway {text} is outside of {_list(map(str, subnets))}")
        yield gateway.version, gateway


def _refuse_taken(address: Ip, runtime: str, host: HostNetwork, macs: Set[str]) -> None:
    """Refuse an address that is this host's own, or that another machine has: reconciler asks the network itself."""
    if address.is_loopback:
        raise Refused(f"address {address} is a loopback one; choose the runtime loopback for it")
    own, mac = host.interface_of(address), host.neighbours.get(address)
    if own is not None and runtime in ("netns", "container"):
        raise Refused(f"address {address} is this host's own, on {own}; the runtime host can use it")
    if own is None and mac is not None and mac not in macs:
        raise Refused(f"address {address} is in use: {mac} answered for it lately")


def _placed(address: Ip, length: int | None, kept: Address | None, segment: Segment, host: HostNetwork) -> Address:
    """Return an address with its network, without one when the host has the address and not for this decky."""
    if host.interface_of(address) is not None and (kept is None or kept.prefix_length is None):
        return Address(str(address))
    gateway = segment.gateways.get(address.version)
    return Address(str(address), segment.prefix_length(address, length), str(gateway) if gateway else None)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
