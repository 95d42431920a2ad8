# SPDX-License-Identifier: MIT
"""Finds out whether another machine has an address, before it is used: by ARP (RFC 5227) and ND (RFC 4862).

The question comes from no address, so it changes nobody's tables. All addresses are asked for at once, twice.
"""

import ipaddress
import socket
import struct
import time
from collections.abc import Sequence

from decnet_core.placement.desired import Address, DesiredDecky
from decnet_core.placement.netlink import links
from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.runtimes.explanations import explained

PROBES, WAIT_SECONDS = 2, 0.4
"""A neighbour answers within milliseconds; the second probe is for one that was lost."""

_ARP, _IPV6 = 0x0806, 0x86DD
_REQUEST, _REPLY = 1, 2
_SOLICITATION, _ADVERTISEMENT, _ICMPV6 = 135, 136, 58
_BROADCAST = b"\xff" * 6
_ARP_PACKET = struct.Struct("!HHBBH6s4s6s4s")
_MOST_PACKETS = 10_000
"""Read while waiting for answers, whatever else the network says."""


def in_use(deckies: Sequence[DesiredDecky]) -> dict[str, str]:
    """Return, by decky, that another machine has one of its addresses; those whose interface is down are left out."""
    with Netlink() as netlink:
        there = links.links(netlink)
    found: dict[str, str] = {}
    for interface in sorted({one.interface or "" for one in deckies}):
        link = there.get(interface)
        if link is None or not link.up:
            continue
        asked = [one for one in deckies if one.interface == interface]
        with explained("ask whether its address is in use"):
            owners = _owners(interface, link.mac, {address.ip for decky in asked for address in decky.addresses})
        for decky in asked:
            for address in (each.ip for each in decky.addresses):
                if address in owners:
                    found[decky.name] = f"address {address} is in use: the machine with MAC {owners[address]} answers"
    return found


def answers(interface: str, mac: str, address: Address) -> bool:
    """Whether the machine with this address answers a question from `mac`, that of the interface; raises OSError."""
    return bool(_owners(interface, mac, {address}))


def _owners(interface: str, own_mac: str, wanted: set[Address]) -> dict[Address, str]:
    mac = bytes.fromhex(own_mac.replace(":", ""))
    owners: dict[Address, str] = {}
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC) as sock:
        sock.bind((interface, 0x0003))  # ETH_P_ALL
        for _ in range(PROBES):
            for address in wanted - set(owners):
                sock.send(_probe(mac, address))
            _receive(sock, mac, wanted, owners)
    return owners


def _receive(sock: socket.socket, mac: bytes, wanted: set[Address], owners: dict[Address, str]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    for _ in range(_MOST_PACKETS):
        left = until - time.monotonic()
        if left <= 0 or wanted == set(owners):
            return
        sock.settimeout(left)
        try:
            claimed = claim(sock.recv(128))
        except TimeoutError:
            return
        if claimed and claimed[0] in wanted and claimed[1] != mac:
            owners[claimed[0]] = claimed[1].hex(":")


def claim(frame: bytes) -> tuple[Address, bytes] | None:
    """Return whose address a frame tells, and the MAC address; None for any other frame."""
    kind = int.from_bytes(frame[12:14], "big")
    if kind == _ARP and len(frame) >= 14 + _ARP_PACKET.size:
        hardware, protocol, _, _, _, mac, address, _, _ = _ARP_PACKET.unpack_from(frame, 14)
        if (hardware, protocol) == (1, 0x0800) and any(address):
            return ipaddress.IPv4Address(address), mac
    if kind == _IPV6 and len(frame) >= 78 and (frame[20], frame[54]) == (_ICMPV6, _ADVERTISEMENT):
        return ipaddress.IPv6Address(frame[62:78]), frame[6:12]
    return None


def _probe(mac: bytes, address: Address) -> bytes:
    if address.version == 4:
        packet = _ARP_PACKET.pack(1, 0x0800, 6, 4, _REQUEST, mac, bytes(4), bytes(6), address.packed)
        return _BROADCAST + mac + _ARP.to_bytes(2, "big") + packet
    return _solicitation(mac, address)


def _solicitation(mac: bytes, address: ipaddress.IPv6Address) -> bytes:
    """Return a neighbour solicitation as of duplicate address detection."""
    group = ipaddress.IPv6Address("ff02::1:ff00:0").packed[:13] + address.packed[13:]
    message = struct.pack("!BBHI", _SOLICITATION, 0, 0, 0) + address.packed
    message = message[:2] + _checksum(bytes(16) + group, message).to_bytes(2, "big") + message[4:]
    header = struct.pack("!IHBB", 6 << 28, len(message), _ICMPV6, 255) + bytes(16) + group
    return b"\x33\x33" + group[12:] + mac + _IPV6.to_bytes(2, "big") + header + message


def _checksum(addresses: bytes, message: bytes) -> int:
    data = addresses + struct.pack("!II", len(message), _ICMPV6) + message
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF
