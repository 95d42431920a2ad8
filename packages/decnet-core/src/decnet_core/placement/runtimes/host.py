# SPDX-License-Identifier: MIT
"""Deckies on addresses of this host: those that it has, or that are added to an interface and removed again.

What the reconciler added, the kernel knows as protocol 0xde (IFA_PROTO, Linux 5.18), and a file says which of it is
this fleet's (`added_addresses`); nothing else is removed. A decky without an interface uses only addresses that are
there.
"""

import contextlib
import socket
from collections.abc import Container, Sequence
from typing import ClassVar

from decnet_core.placement.desired import DesiredDecky, Endpoint, Interface
from decnet_core.placement.netlink import addresses, links
from decnet_core.placement.netlink.addresses import OURS, Assigned
from decnet_core.placement.netlink.connection import Netlink, NetlinkError
from decnet_core.placement.netlink.links import Link
from decnet_core.placement.runtimes.added_addresses import AddedAddresses
from decnet_core.placement.runtimes.explanations import explained
from decnet_core.placement.runtimes.listening import served
from decnet_core.placement.runtimes.neighbours import in_use
from decnet_core.placement.runtimes.runtime import Observed, RuntimeFailed, opened


class Host:
    """Addresses of the namespace of the thread that calls."""

    several_at_once: ClassVar[bool] = False

    def __init__(self, added: AddedAddresses) -> None:
        self._added = added
        with contextlib.suppress(OSError):  # a sandbox without netlink: `inspect` says so of each decky
            added.keep(one.address for one in _assigned() if one.protocol == OURS)

    def inspect(self, deckies: Sequence[DesiredDecky]) -> dict[str, Observed]:
        there, listened = _assigned(), served()
        found: dict[str, Observed] = {}
        for decky in deckies:
            missing = _missing(decky, there)
            found[decky.name] = Observed(
                present=any(one.address in decky.addresses for one in there if self._is_ours(one)),
                drift=tuple(f"address {one} is missing" for one in missing),
                served=frozenset(listened.intersection(decky.endpoints())),
            )
        return found

    def conflicts(self, deckies: Sequence[DesiredDecky]) -> dict[str, str]:
        there = _assigned()
        return in_use([one for one in deckies if not one.existing and _missing(one, there)])

    def start(self, decky: DesiredDecky) -> None:
        with explained("add its address"):
            for one in _missing(decky, _assigned()):
                self._add(decky, one)

    def stop(self, decky: DesiredDecky) -> None:
        with explained("remove its address"):
            for one in _assigned():
                if self._is_ours(one) and one.address in decky.addresses:
                    self._remove(one)

    def sockets(self, decky: DesiredDecky, kept: Container[Endpoint]) -> list[socket.socket | None]:
        return opened(decky, kept)

    def introduce(self) -> None:
        """Do nothing: nothing keeps this host's sockets from them."""

    def orphans(self, deckies: Sequence[DesiredDecky]) -> list[str]:
        wanted = {one for decky in deckies for one in decky.addresses}
        return sorted(str(one.address) for one in _assigned() if self._is_ours(one) and one.address not in wanted)

    def remove(self, mark: str) -> None:
        with explained(f"remove address {mark}"):
            for one in _assigned():
                if self._is_ours(one) and str(one.address) == mark:
                    self._remove(one)

    def _is_ours(self, one: Assigned) -> bool:
        return one.protocol == OURS and one.address in self._added

    def _add(self, decky: DesiredDecky, address: Interface) -> None:
        if address.ip in decky.existing or not decky.interface:
            raise RuntimeFailed(
                f"this host has no address {address.ip}: give it a prefix length and an interface that it is to be "
                "added to"
            )
        with Netlink() as netlink:
            link = _interface(links.links(netlink), decky.interface)
            self._added.add(address)
            try:
                addresses.add(netlink, link.number, address)
                _refuse_unmarked(netlink, link, address)
            except (NetlinkError, RuntimeFailed):
                self._added.discard(address)
                raise

    def _remove(self, one: Assigned) -> None:
        with Netlink() as netlink:
            addresses.remove(netlink, one.interface, one.address)
        self._added.discard(one.address)


def _assigned() -> list[Assigned]:
    with Netlink() as netlink:
        return addresses.assigned(netlink)


def _missing(decky: DesiredDecky, there: list[Assigned]) -> list[Interface]:
    """Return the addresses that this host does not have, whatever their prefix."""
    own = {one.address.ip for one in there}
    return [one for one in decky.addresses if one.ip not in own and not (one.version == 4 and one.ip.is_loopback)]


def _refuse_unmarked(netlink: Netlink, link: Link, address: Interface) -> None:
    """Remove the address again where the kernel does not note whose it is: it could not be told from the host's own."""
    there = [one for one in addresses.assigned(netlink) if one.address == address and one.interface == link.number]
    if any(one.protocol != OURS for one in there):
        addresses.remove(netlink, link.number, address)
        raise RuntimeFailed(
            f"this kernel cannot mark an address as ours (Linux 5.18 can): add {address} to {link.name}"
        )


def _interface(there: dict[str, Link], name: str) -> Link:
    if name not in there:
        raise RuntimeFailed(f"this host has no interface {name}")
    return there[name]
