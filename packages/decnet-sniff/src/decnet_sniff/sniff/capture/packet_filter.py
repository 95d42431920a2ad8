# SPDX-License-Identifier: MIT
"""The packets that the kernel passes to the sniffer: TCP, UDP, tunnels and all fragments, except for ignored networks.

The content of a flow is not known from one packet, and a flow's timing counts all its packets, so nothing of a TCP
connection is filtered out. Filtered out are other protocols, and the networks in `ignore`, which is how a sensor keeps
its own traffic, backups and monitoring away from Python. Tunnels, MPLS and PPPoE are not inspected here.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Final

from decnet_sniff.sniff.capture.bpf import (
    AND,
    JA,
    JEQ,
    LD_B,
    LD_H,
    LD_W,
    OUTGOING,
    PACKET_TYPE,
    RET,
    WHOLE,
    Program,
    Statement,
    assemble,
)
from decnet_sniff.sniff.packets import link

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_IGNORED: Final = 16
"""Networks; the kernel runs the comparisons for every packet."""

IP4_PROTOCOLS: Final = (6, 17, 47, 4, 41)
IP6_PROTOCOLS: Final = (6, 17, 47, 4, 41, 44, 0, 43, 60, 51)
"""Including those of extension headers, whatever they lead to."""


def program(kind: int, ignore: Sequence[Network] = (), *, both_ways: bool = True) -> Program:
    """Return the filter for packets of link type `kind`; without `both_ways` outgoing packets are rejected.

    The loopback interface shows each packet twice, once as outgoing.
    """
    steps = list(_behind_link(kind, tuple(dict.fromkeys(ignore))))  # labels name networks: each only once
    if not both_ways:
        steps[0] = steps[0]._replace(label="came in")
        steps = [Statement(LD_B, PACKET_TYPE), Statement(JEQ, OUTGOING, false="came in"), Statement(RET, 0), *steps]
    return assemble(steps)


def _behind_link(kind: int, ignore: Sequence[Network]) -> Iterator[Statement]:
    """Yield instructions for each possible position of the IP header: offsets are constants."""
    if kind in {link.ETHERNET, link.SLL}:
        first = 12 if kind == link.ETHERNET else 14
        for depth in range(link.MOST_TAGS + 1):
            yield from _ethertype(f"{depth}", first + 4 * depth, ignore, last=depth == link.MOST_TAGS)
    elif kind == link.SLL2:
        yield from _ethertype("0", 0, ignore, last=True, header=20)
    elif kind in {link.NULL, link.LOOP}:
        yield from _bare(4, ignore)
    else:
        yield from _bare(0, ignore)


def _ethertype(
    name: str, at: int, ignore: Sequence[Network], *, last: bool, header: int | None = None
) -> Iterator[Statement]:
    """Match the EtherType at `at`; a VLAN tag leads to the instructions that follow."""
    start = at + 2 if header is None else header
    yield Statement(LD_H, at, label="" if name == "0" else f"depth{name}")
    yield from _when(link.IP4, f"other4_{name}")
    yield from _ip4(name, start, ignore)
    yield from _when(link.IP6, f"other{name}", label=f"other4_{name}")
    yield from _ip6(name, start, ignore)
    targets = dict.fromkeys(sorted(link.WRAPPED), f"take_{name}")
    if not last:
        targets |= dict.fromkeys(sorted(link.VLANS), f"depth{int(name) + 1}")
    for number, (ethertype, target) in enumerate(targets.items()):
        yield Statement(JEQ, ethertype, true=target, label=f"other{name}" if number == 0 else "")
    yield Statement(RET, 0)
    yield Statement(RET, WHOLE, label=f"take_{name}")


def _bare(at: int, ignore: Sequence[Network]) -> Iterator[Statement]:
    yield Statement(LD_B, at)
    yield Statement(AND, 0xF0)
    yield from _when(0x40, "not4")
    yield from _ip4("bare", at, ignore)
    yield from _when(0x60, "other", label="not4")
    yield from _ip6("bare", at, ignore)
    yield Statement(RET, 0, label="other")


def _when(value: int, otherwise: str, label: str = "") -> Iterator[Statement]:
    """Go on when A is `value`, else to `otherwise`, which may be further than a conditional jump reaches."""
    here = f"is {value} before {otherwise}"
    yield Statement(JEQ, value, true=here, label=label)
    yield Statement(JA, true=otherwise)
    yield Statement(AND, 0xFFFFFFFF, label=here)  # changes nothing: a place to jump to


def _ip4(name: str, at: int, ignore: Sequence[Network]) -> Iterator[Statement]:
    for network in (each for each in ignore if each.version == 4):
        for place in (at + 12, at + 16):
            yield from _in_network(f"{name}_{network}_{place}", place, network)
    yield from _protocol(f"4_{name}", at + 9, IP4_PROTOCOLS)


def _ip6(name: str, at: int, ignore: Sequence[Network]) -> Iterator[Statement]:
    for network in (each for each in ignore if each.version == 6):
        for place in (at + 8, at + 24):
            yield from _in_network(f"{name}_{network}_{place}", place, network)
    yield from _protocol(f"6_{name}", at + 6, IP6_PROTOCOLS)


def _in_network(name: str, at: int, network: Network) -> Iterator[Statement]:
    outside = f"outside_{name}"
    address, mask = network.network_address.packed, network.netmask.packed
    for word in range(0, len(mask), 4):
        bits = int.from_bytes(mask[word : word + 4], "big")
        if bits == 0 and word:
            break
        yield Statement(LD_W, at + word)
        if bits != 0xFFFFFFFF:
            yield Statement(AND, bits)
        yield Statement(JEQ, int.from_bytes(address[word : word + 4], "big"), false=outside)
    yield Statement(RET, 0)
    yield Statement(AND, 0xFFFFFFFF, label=outside)  # changes nothing: a place to jump to


def _protocol(name: str, at: int, protocols: Sequence[int]) -> Iterator[Statement]:
    yield Statement(LD_B, at)
    for number in protocols:
        yield Statement(JEQ, number, true=f"take_{name}")
    yield Statement(RET, 0)
    yield Statement(RET, WHOLE, label=f"take_{name}")
