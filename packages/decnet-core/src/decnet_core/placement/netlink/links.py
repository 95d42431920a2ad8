# SPDX-License-Identifier: MIT
"""Network interfaces (rtnetlink(7), linux/if_link.h)."""

import errno
import struct
from typing import NamedTuple

from decnet_core.placement.netlink.connection import Netlink, NetlinkError
from decnet_core.placement.netlink.message import (
    CREATE,
    EXCLUSIVE,
    attribute,
    attributes,
    nested,
    number,
    number_of,
    text,
    text_of,
)

_NEW, _DELETE, _GET = 16, 17, 18
_INFO = struct.Struct("=BxHiII")
_ADDRESS, _NAME, _PARENT, _MASTER, _ALIAS, _KIND_INFO, _NAMESPACE = 1, 3, 5, 10, 20, 18, 28
_KIND, _DATA = 1, 2
_VETH_PEER, _MACVLAN_MODE, _MACVLAN_BRIDGE = 1, 1, 4
_UP = 1
_LONGEST_NAME = 15
_NEW_NAMESPACE_NUMBER, _NUMBER, _DESCRIPTOR, _ANY_NUMBER = 88, 1, 3, 0xFFFFFFFF


class Link(NamedTuple):
    """An interface as it is."""

    number: int
    """Its index in the namespace."""
    name: str
    kind: str
    """veth, bridge, macvlan, ...; empty for hardware and the loopback."""
    mac: str
    alias: str
    up: bool
    parent: int
    """Index of what it is on: a macvlan's interface, a veth's peer; 0 without one."""
    master: int
    """Index of its bridge; 0 without one."""


def links(netlink: Netlink) -> dict[str, Link]:
    """Return the interfaces of the namespace by name."""
    return {link.name: link for link in map(_link, netlink.dump(_GET, _INFO.pack(0, 0, 0, 0, 0)))}


def named(netlink: Netlink, *names: str) -> dict[str, Link]:
    """Return those of these interfaces that there are, by name: as fast where the namespace has hundreds of others."""
    found = (_named(netlink, name) for name in names if 0 < len(name.encode()) <= _LONGEST_NAME)
    return {link.name: link for link in found if link is not None and link.name in names}  # not by another name


def add_bridge(netlink: Netlink, name: str) -> None:
    _add(netlink, text(_NAME, name), text(_KIND, "bridge"))


def add_macvlan(netlink: Netlink, name: str, *, parent: int, mac: str, namespace: int) -> None:
    """Make interface `name` in the namespace (a descriptor), with a MAC address of its own on the parent's network."""
    data = nested(_DATA, number(_MACVLAN_MODE, _MACVLAN_BRIDGE))
    body = [text(_NAME, name), number(_PARENT, parent), attribute(_ADDRESS, _mac(mac)), number(_NAMESPACE, namespace)]
    _add(netlink, b"".join(body), text(_KIND, "macvlan") + data)


def add_veth(netlink: Netlink, name: str, outside: str, *, bridge: int, mac: str, namespace: int) -> None:
    """Make interface `name` in the namespace (a descriptor) and its peer, `outside`, on the bridge.

    The peer's MAC address is a high one, because a bridge takes over the lowest of its ports.
    """
    inside = _INFO.pack(0, 0, 0, 0, 0) + text(_NAME, name) + attribute(_ADDRESS, _mac(mac))
    data = nested(_DATA, nested(_VETH_PEER, inside + number(_NAMESPACE, namespace)))
    body = text(_NAME, outside) + number(_MASTER, bridge) + attribute(_ADDRESS, b"\xfe" + _mac(mac)[1:])
    _add(netlink, body, text(_KIND, "veth") + data)


def number_namespace(netlink: Netlink, namespace: int) -> None:
    """Have the kernel give a namespace (a descriptor) a number here: events in it are told only then.

    Raises NetlinkError, EEXIST for one that has a number.
    """
    netlink.request(_NEW_NAMESPACE_NUMBER, bytes(4) + number(_NUMBER, _ANY_NUMBER) + number(_DESCRIPTOR, namespace))


def set_up(netlink: Netlink, link: Link, alias: str = "") -> None:
    """Bring an interface up, and mark it."""
    body = text(_ALIAS, alias) if alias else b""
    netlink.request(_NEW, _INFO.pack(0, 0, link.number, _UP, _UP) + body)


def remove(netlink: Netlink, link: Link) -> None:
    netlink.request(_DELETE, _INFO.pack(0, 0, link.number, 0, 0))


def _add(netlink: Netlink, body: bytes, kind: bytes) -> None:
    netlink.request(_NEW, _INFO.pack(0, 0, 0, 0, 0) + body + nested(_KIND_INFO, kind), CREATE | EXCLUSIVE)


def _named(netlink: Netlink, name: str) -> Link | None:
    try:
        (body,) = netlink.get(_GET, _INFO.pack(0, 0, 0, 0, 0) + text(_NAME, name))
    except NetlinkError as error:
        if error.errno == errno.ENODEV:
            return None
        raise
    return _link(body)


def _link(body: bytes) -> Link:
    _, _, index, flags, _ = _INFO.unpack_from(body)
    found = attributes(body[_INFO.size :])
    info = attributes(found.get(_KIND_INFO, b""))
    return Link(
        index,
        text_of(found.get(_NAME, b"")),
        text_of(info.get(_KIND, b"")),
        found.get(_ADDRESS, b"").hex(":"),
        text_of(found.get(_ALIAS, b"")),
        bool(flags & _UP),
        number_of(found.get(_PARENT, b"")),
        number_of(found.get(_MASTER, b"")),
    )


def _mac(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))
