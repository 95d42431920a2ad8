# SPDX-License-Identifier: MIT
"""Deckies with a network namespace each: `decnet-<fleet>-<name>`, with an interface `eth0` on another one's network.

On a bridge it is a veth, on any other interface a macvlan. The namespace's name marks it as this fleet's, and so does
the alias `decnet:<fleet>:<name>` of its interfaces (`fleet_id`). Removing a namespace removes all that is in it, so a
kill at any instruction leaves either a namespace, which the next look completes or removes, or nothing.

The addresses are those of the decky's row, which a DHCP server may have leased (`reconciler.leases`).
"""

import contextlib
import errno
import logging
import socket
import zlib
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from decnet_core.placement.desired import Address, DesiredDecky, Endpoint
from decnet_core.placement.netlink import addresses, links, nftables, routes, sets
from decnet_core.placement.netlink.connection import NETFILTER, Netlink, NetlinkError
from decnet_core.placement.netlink.links import Link
from decnet_core.placement.runtimes import kernel_settings, personality
from decnet_core.placement.runtimes.explanations import explained
from decnet_core.placement.runtimes.foreign_macs import dropped
from decnet_core.placement.runtimes.listening import served, served_of
from decnet_core.placement.runtimes.namespaces import Namespaces
from decnet_core.placement.runtimes.neighbours import in_use
from decnet_core.placement.runtimes.peers import changed, peers
from decnet_core.placement.runtimes.runtime import Observed, RuntimeFailed, opened

log = logging.getLogger(__name__)

INTERFACE = "eth0"
_LOOPBACK = "lo"
_MOST_OPEN = 64
"""Connections to packet filters at a time: closing one waits until what was removed by it is free, some 15 ms, which
comes for all at once."""


class Netns:
    """Namespaces, made from that of the thread that calls."""

    several_at_once: ClassVar[bool] = True

    def __init__(self, directory: Path, fleet: str) -> None:
        """`directory` is where namespaces have their names, such as /run/netns; `fleet` is the fleet's identifier."""
        self._namespaces = Namespaces(directory, f"decnet-{fleet}-")
        self._fleet = fleet
        self._up: dict[str, DesiredDecky] = {}
        self._introduced: dict[str, frozenset[Address]] = {}

    def inspect(self, deckies: Sequence[DesiredDecky]) -> dict[str, Observed]:
        there, whole = set(self._namespaces.names()), self._namespaces.all_whole()
        outside = _links()
        found = {one.name: _BROKEN if one.name in there else _ABSENT for one in deckies}
        found |= self._looked_into({one.name: one for one in deckies if one.name in whole}, outside)
        self._up = {one.name: one for one in deckies if one.wanted and not found[one.name].drift}
        return found

    def introduce(self) -> None:
        news = [*changed(self._namespaces.all_whole(), peers(self._up.values()), self._introduced).items()]
        for first in range(0, len(news), _MOST_OPEN):
            with contextlib.ExitStack() as still_open:
                for name, reached in news[first : first + _MOST_OPEN]:
                    self._introduce(name, reached, still_open)

    def _introduce(self, name: str, reached: frozenset[Address], still_open: contextlib.ExitStack) -> None:
        known = self._introduced.pop(name, None)
        try:
            self._namespaces.enter(name, lambda: _reach(reached, known, still_open))
        except OSError as error:
            # A packet filter without sets lets nothing out until it is replaced.
            if known is not None or error.errno != errno.ENOENT:
                log.warning("whom decky %s reaches cannot be changed: %s", name, error.strerror)
                return
        self._introduced[name] = reached

    def conflicts(self, deckies: Sequence[DesiredDecky]) -> dict[str, str]:
        return in_use(deckies)

    def start(self, decky: DesiredDecky) -> None:
        self._forget(decky.name)
        with explained("make its network namespace"):
            outside = _links(decky.interface or "", self._outside(decky))
            parent = _parent(decky, outside)
            if not self._namespaces.whole(decky.name):
                self._refuse_unseen()
                self._namespaces.remove(decky.name)
                self._namespaces.create(decky.name)
                self._listen_to(decky)
            self._namespaces.enter(decky.name, lambda: self._remove_if_other(decky, outside))
            is_new = self._connect(decky, parent)
            self._namespaces.enter(decky.name, lambda: _configure(decky, self._alias(decky)))
            if is_new and parent.kind != "bridge":  # whose new port may not forward yet (spanning tree)
                self._refuse_unreached(decky, parent)
        self._up[decky.name] = decky

    def stop(self, decky: DesiredDecky) -> None:
        self.remove(decky.name)

    def sockets(self, decky: DesiredDecky, kept: Container[Endpoint]) -> list[socket.socket | None]:
        with explained("open its ports"):
            return self._namespaces.enter(decky.name, lambda: opened(decky, kept))

    def path(self, name: str) -> Path:
        """Return where the namespace of a decky of that name is, or would be."""
        return self._namespaces.path(name)

    def listening(self, name: str) -> set[Endpoint]:
        """Return what is listened on in a decky's namespace; nothing without one."""
        try:
            return self._namespaces.enter(name, served)
        except OSError:
            return set()

    def orphans(self, deckies: Sequence[DesiredDecky]) -> list[str]:
        return sorted(set(self._namespaces.names()) - {one.name for one in deckies})

    def remove(self, mark: str) -> None:
        self._forget(mark)
        with explained("remove its network namespace"):
            if self._namespaces.whole(mark):
                self._namespaces.enter(mark, _remove_interface)  # sockets may keep the namespace for a while
            self._namespaces.remove(mark)

    def _forget(self, name: str) -> None:
        """Take a decky for one that is not up, and whose packet filter is to be written."""
        self._up.pop(name, None)
        self._introduced.pop(name, None)

    def _looked_into(self, deckies: Mapping[str, DesiredDecky], outside: dict[str, Link]) -> dict[str, Observed]:
        def look(name: str) -> Observed:
            decky = deckies[name]
            drift = tuple(_drift(decky, outside, self._outside(decky)))
            return Observed(True, drift, served_of(decky.endpoints()))

        found = self._namespaces.enter_each(deckies, look)
        return {name: _unseen(one) if isinstance(one, OSError) else one for name, one in found.items()}

    def _refuse_unseen(self) -> None:
        if not self._namespaces.are_seen_by_the_host():
            raise RuntimeFailed(
                "its network namespace would be lost with this process, which has a file system view of its own: run "
                "`decnet init` again, which writes a unit without one when [reconciler] runtimes names netns"
            )

    def _refuse_unreached(self, decky: DesiredDecky, parent: Link) -> None:
        """Remove a decky again that nobody would reach; raises RuntimeFailed."""
        own = self._namespaces.enter(decky.name, _links)[INTERFACE]
        reason = dropped(decky, parent, own, lambda ask: self._namespaces.enter(decky.name, ask))
        if reason:
            self.remove(decky.name)
            raise RuntimeFailed(reason)

    def _connect(self, decky: DesiredDecky, parent: Link) -> bool:
        """Make the interface, unless it is there; return whether it is new."""
        if self._namespaces.enter(decky.name, lambda: _links(INTERFACE)):
            return False
        with self._namespaces.opened(decky.name) as namespace, Netlink() as netlink:
            mac = decky.mac or _mac(decky)
            if parent.kind != "bridge":
                links.add_macvlan(netlink, INTERFACE, parent=parent.number, mac=mac, namespace=namespace)
                return True
            outside = self._outside(decky)
            left = links.named(netlink, outside).get(outside)
            if left is not None and left.alias == self._alias(decky):  # of a namespace that lost its name
                links.remove(netlink, left)
            links.add_veth(netlink, INTERFACE, outside, bridge=parent.number, mac=mac, namespace=namespace)
            links.set_up(netlink, links.named(netlink, outside)[outside], self._alias(decky))
        return True

    def _listen_to(self, decky: DesiredDecky) -> None:
        """Have the kernel tell of what changes in the namespace (`network_events`), which a macvlan alone does not."""
        with (
            self._namespaces.opened(decky.name) as namespace,
            Netlink() as netlink,
            contextlib.suppress(NetlinkError),  # it has a number already
        ):
            links.number_namespace(netlink, namespace)

    def _alias(self, decky: DesiredDecky) -> str:
        """Return what marks the decky's interfaces."""
        return f"decnet:{self._fleet}:{decky.name}"

    def _outside(self, decky: DesiredDecky) -> str:
        """Return what the peer of a decky's veth is called; an interface's name has at most 15 characters."""
        return f"decnet-{zlib.crc32(self._alias(decky).encode()):08x}"

    def _remove_if_other(self, decky: DesiredDecky, outside: dict[str, Link]) -> None:
        """Remove the interface if it is on another network or has another MAC address."""
        link = _links(INTERFACE).get(INTERFACE)
        if link is not None and _is_other(decky, link, outside, self._outside(decky)):
            _remove(link)


_ABSENT = Observed(False, ("its network namespace is missing",))
_BROKEN = Observed(True, ("its network namespace is not mounted",))


def _unseen(error: OSError) -> Observed:
    return Observed(True, (f"its network namespace cannot be looked into: {error.strerror}",))


def _parent(decky: DesiredDecky, outside: dict[str, Link]) -> Link:
    if not decky.interface:
        raise RuntimeFailed("it has no interface: name the one whose network it is to be on")
    parent = outside.get(decky.interface)
    if parent is None:
        raise RuntimeFailed(f"this host has no interface {decky.interface}")
    if not parent.up:
        raise RuntimeFailed(f"interface {decky.interface} is down")
    return parent


def _links(*names: str) -> dict[str, Link]:
    """Return the interfaces of this thread's namespace by name: all, or those of these names."""
    with Netlink() as netlink:
        return links.named(netlink, *names) if names else links.links(netlink)


def _mac(decky: DesiredDecky) -> str:
    """Return a locally administered MAC address that stays the same, for a decky without one."""
    return f"02:dc:{zlib.crc32(f'{decky.name} {decky.seed}'.encode()).to_bytes(4, 'big').hex(':')}"


def _is_other(decky: DesiredDecky, link: Link, outside: dict[str, Link], peer_name: str) -> str:
    """Return how the decky's interface is not the one that it should have, "" if it is.

    `peer_name` is what the other end of its veth is called.
    """
    parent = outside.get(decky.interface or "")
    if link.mac != (decky.mac or _mac(decky)):
        return f"its MAC address is {link.mac}"
    if parent is None:
        return f"the interface {decky.interface} is missing"
    if not parent.up:
        return f"the interface {decky.interface} is down"
    if parent.kind == "bridge":
        peer = outside.get(peer_name)
        attached = peer is not None and peer.up and peer.master == parent.number and link.kind == "veth"
    else:
        attached = link.kind == "macvlan" and link.parent == parent.number
    return "" if attached else f"it is not on {decky.interface}"


def _drift(decky: DesiredDecky, outside: dict[str, Link], peer_name: str) -> list[str]:
    """Return how the namespace of this thread differs from what the decky should have."""
    with Netlink() as netlink:
        link = links.named(netlink, INTERFACE).get(INTERFACE)
        if link is None:
            return ["its interface is missing"]
        found = [_is_other(decky, link, outside, peer_name), "" if link.up else "its interface is down"]
        there = {one.address for one in addresses.assigned(netlink, link.number)}
        gateways = routes.default_gateways(netlink)
    found += [f"address {one} is missing" for one in decky.addresses if one not in there]
    found += [f"address {one} is not wanted" for one in there - set(decky.addresses) if not one.ip.is_link_local]
    found += [f"the route by {one} is missing" for one in decky.gateways if one not in gateways]
    found += [f"{path} is not {value}" for path, value in kernel_settings.others(_settings(decky)).items()]
    return [sentence for sentence in (*found, _filter_drift(decky)) if sentence]


def _filter_drift(decky: DesiredDecky) -> str:
    with Netlink(NETFILTER) as netlink:
        there = nftables.table(netlink, personality.TABLE)
    if there is None:
        return "its packet filter is missing"
    return "" if there == personality.packet_filter(decky).table else "its packet filter is another one"


def _remove_interface() -> None:
    link = _links(INTERFACE).get(INTERFACE)
    if link is not None:
        _remove(link)


def _remove(link: Link) -> None:
    with Netlink() as netlink:
        links.remove(netlink, link)


def _configure(decky: DesiredDecky, alias: str) -> None:
    """Bring the namespace of this thread about: nothing leaves or enters it before its packet filter is there."""
    with Netlink(NETFILTER) as netlink:
        if _filter_drift(decky):
            wanted = personality.packet_filter(decky)
            nftables.replace(netlink, personality.TABLE, wanted.chains, wanted.note, personality.REACHED)
    for path, value in kernel_settings.others(_settings(decky)).items():
        kernel_settings.write(path, value)
    with Netlink() as netlink:
        there = links.links(netlink)
        links.set_up(netlink, there[_LOOPBACK])
        links.set_up(netlink, there[INTERFACE], alias)
        _assign(netlink, decky, there[INTERFACE])


def _assign(netlink: Netlink, decky: DesiredDecky, link: Link) -> None:
    there = {one.address for one in addresses.assigned(netlink, link.number)}
    for one in there - set(decky.addresses):
        if not one.ip.is_link_local:
            addresses.remove(netlink, link.number, one)
    for one in decky.addresses:
        if one not in there:
            addresses.add(netlink, link.number, one)
    gateways = routes.default_gateways(netlink)
    for gateway in decky.gateways:
        if gateway not in gateways:
            routes.set_default(netlink, link.number, gateway)


def _settings(decky: DesiredDecky) -> Mapping[str, str]:
    has_six = any(one.version == 6 for one in decky.addresses)
    return personality.kernel_settings(decky.stack, INTERFACE, has_six=has_six)


def _reach(addresses: frozenset[Address], known: frozenset[Address] | None, still_open: contextlib.ExitStack) -> None:
    """Let the marked sockets of this thread's namespace lead to these addresses, and nowhere else.

    Where they lead already is looked up unless it is `known`: of a large fleet that takes longer than all the rest.
    """
    netlink = still_open.enter_context(Netlink(NETFILTER))
    for each in personality.REACHED:
        if known is None:
            sets.fill(netlink, personality.TABLE, each, addresses)
        else:
            sets.change(netlink, personality.TABLE, each, known, addresses)
