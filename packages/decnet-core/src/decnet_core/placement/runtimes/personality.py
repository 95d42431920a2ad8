# SPDX-License-Identifier: MIT
"""A persona's TCP/IP personality as settings of the kernel and rules of a packet filter, for one namespace. Pure.

The same rules keep a decky from reaching anybody: what leaves is an answer, resolves a neighbour's address, or comes
from a socket that was marked for `orchestrator`, and goes to an address of another decky (`REACHED`, which the rules
look up and `Netns.introduce` fills).

The kernel cannot be told the order of TCP options, nor how it numbers IPv4 packets: rules rewrite both.
"""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from decnet_core.deckies.messages import CLIENT_MARK
from decnet_core.placement.desired import DesiredDecky, Stack, Transport
from decnet_core.placement.netlink import nftables as nft

TABLE = "decnet"
REACHED = (nft.AddressSet("deckies4", 4), nft.AddressSet("deckies6", 6))
"""Where a marked socket leads; empty until they are filled."""

_FILTER, _DESTINATION, _MANGLE, _RAW = 0, -100, -150, -300
_ACKNOWLEDGED, _FLAGS, _SYN, _RESET, _SYN_ACK = 8, 13, 0x02, 0x04, 0x12
_SYN_FIN, _SYN_FIN_RESET = 0x03, 0x07
_ONLY_SYN = b"\xf0\x02"
"""The length of the header, and the flag SYN."""
_WINDOW, _CHECKSUM = 14, 16
_MAXIMUM_SEGMENT = 2
_DATA_OFFSET, _FIRST_OPTION, _MSS_BYTES = 12, 20, 4
_WINDOW_SCALE = bytes([1, 3, 3])
"""A NOP, then kind and length of the option; the exponent follows."""
_PADDED_SACK, _SACK_PADDED = bytes([1, 1, 4, 2]), bytes([4, 2, 0, 0])
"""SACK permitted after two NOPs, and before the end of the options."""
_FRAGMENT_FIELD = 6
_ECHO_REPLY, _ECHO_REQUEST, _ECHO_REQUEST_6 = 0, 8, 128
_ICMP_CHECKSUM = 2
_NEIGHBOUR_MESSAGES = (135, 136, 143)
"""ICMPv6: neighbour solicitation and advertisement; listener report (RFC 3810), or switches would not forward them."""


@lru_cache(maxsize=16)
def kernel_settings(stack: Stack, interface: str, *, has_six: bool) -> Mapping[str, str]:
    """Return values by their path below /proc/sys/net, as proc(5) and the kernel's ip-sysctl name them.

    `has_six` is whether there are addresses of IPv6.
    """
    found = {
        "ipv4/ip_default_ttl": str(stack.ttl),
        "ipv4/tcp_timestamps": str(int(stack.timestamps)),
        "ipv4/tcp_sack": str(int(stack.sack)),
        "ipv4/tcp_ecn": "2" if stack.ecn else "0",
        "ipv4/ip_forward": "0",
    }
    if stack.window_scale is not None:
        found["ipv4/tcp_window_scaling"] = str(int(stack.window_scale > 0))
        found["ipv4/tcp_rmem"] = f"4096\t131072\t{max(131072, 1 << (15 + stack.window_scale))}"
    for scope in ("default", interface):
        found[f"ipv6/conf/{scope}/disable_ipv6"] = str(int(not has_six))
        found[f"ipv6/conf/{scope}/hop_limit"] = str(stack.ttl)
        found[f"ipv6/conf/{scope}/accept_ra"] = "0"
    return found


class PacketFilter(NamedTuple):
    """The chains of rules for a namespace, and what identifies them, to be kept in their table."""

    chains: Sequence[nft.Chain]
    note: bytes

    @property
    def table(self) -> nft.Table:
        """The table as the kernel shows it where it has these rules."""
        return nft.Table(self.note, sum(len(chain.rules) for chain in self.chains))


class _Port(NamedTuple):
    """A service's port."""

    transport: Transport
    port: int
    listens: int | None


class _Shape(NamedTuple):
    """What the rules depend on."""

    stack: Stack
    ports: tuple[_Port, ...]
    data_ports: tuple[int, ...]
    clients: frozenset[int]


def packet_filter(decky: DesiredDecky) -> PacketFilter:
    """Return the packet filter."""
    ports = tuple(_Port(one.transport, one.port, one.listens) for one in decky.services)
    return _packet_filter(_Shape(decky.stack, ports, decky.data_ports, frozenset(decky.clients)))


@lru_cache(maxsize=16)  # that of a persona's deckies is the same, and each look at them needs it
def _packet_filter(shape: _Shape) -> PacketFilter:
    rules = _chains(shape)
    return PacketFilter(rules, hashlib.sha256(repr(rules).encode()).digest()[:16])


def _chains(shape: _Shape) -> list[nft.Chain]:
    led, raw = _redirections(shape), _before_tracking(shape.stack)
    return [
        *([nft.Chain("arriving", nft.PREROUTING, _RAW, accept=True, rules=raw)] if raw else ()),
        *([nft.Chain("redirections", nft.PREROUTING, _DESTINATION, accept=True, rules=led, kind="nat")] if led else ()),
        nft.Chain("incoming", nft.INPUT, _FILTER, accept=True, rules=_incoming(shape)),
        nft.Chain("personality", nft.OUTPUT, _MANGLE, accept=True, rules=_personality(shape.stack)),
        nft.Chain("outgoing", nft.OUTPUT, _FILTER, accept=False, rules=_outgoing(shape)),
    ]


def _before_tracking(stack: Stack) -> list[nft.Rule]:
    """Return what changes packets before conntrack sees them, to which a SYN with FIN belongs to no connection."""
    if not stack.syn_fin_answered:
        return []
    syn_fin = [*nft.protocol(nft.TCP), *_has_of(_SYN_FIN_RESET, _SYN_FIN)]
    return [[*syn_fin, *nft.keep_transport_bits(_DATA_OFFSET, _ONLY_SYN, _CHECKSUM)]]


def _incoming(shape: _Shape) -> list[nft.Rule]:
    found: list[nft.Rule] = []
    if shape.stack.mss_limited:
        syn = [*nft.protocol(nft.TCP), *_has_of(_SYN_ACK, _SYN)]
        found.append([*syn, *nft.note_tcp_option(_MAXIMUM_SEGMENT, 2, 2)])
    if shape.stack.echo_as_fragile:
        found.append([*nft.ipv4(), *_icmp(nft.ICMP, _ECHO_REQUEST), *nft.note_ipv4_fragility()])
    if not shape.stack.ping:
        for protocol, kind in ((nft.ICMP, _ECHO_REQUEST), (nft.ICMPV6, _ECHO_REQUEST_6)):
            found.append([*_icmp(protocol, kind), nft.drop()])
    if shape.stack.closed_ports == "silent":
        found.append([*nft.connection_state(nft.ESTABLISHED_OR_RELATED), nft.accept()])
        offered = {(one.transport, one.listens or one.port) for one in shape.ports}
        for transport, port in sorted({*offered, *(("tcp", port) for port in shape.data_ports)}):
            found.append([*_to_port(transport, port), nft.accept()])
        found += [[*nft.protocol(protocol), nft.drop()] for protocol in (nft.TCP, nft.UDP)]
    return found


def _redirections(shape: _Shape) -> list[nft.Rule]:
    """Lead the ports of services to where they listen, and what comes there directly to a port that is closed.

    So the kernel answers for it as for every other closed port.
    """
    led = {(one.transport, one.port): one.listens for one in shape.ports if one.listens not in (None, one.port)}
    offered = {(one.transport, one.port) for one in shape.ports}
    used = {one.port for one in shape.ports} | {one.listens for one in shape.ports}
    closed = next(port for port in range(1, 65536) if port not in used)
    found = {key: port for key, port in led.items() if port is not None}
    hidden = {(transport, port) for (transport, _), port in found.items()} - offered
    return [
        [*_to_port(transport, port), *nft.redirect(target)]
        for (transport, port), target in sorted({**found, **dict.fromkeys(hidden, closed)}.items())
    ]


def _personality(stack: Stack) -> list[nft.Rule]:
    """Return what changes a SYN+ACK, then what changes every packet."""
    syn_ack = [*nft.protocol(nft.TCP), *_has_flags(_SYN_ACK)]
    found: list[nft.Rule] = []
    if stack.window is not None:
        value = struct.pack(">H", stack.window)
        found.append([*syn_ack, *nft.write_transport_field(_WINDOW, value, _CHECKSUM)])
    if stack.mss is not None:
        found.append([*syn_ack, *nft.write_tcp_option(_MAXIMUM_SEGMENT, 2, struct.pack(">H", stack.mss))])
    if stack.mss_limited:
        found.append([*syn_ack, *nft.limit_tcp_option(_MAXIMUM_SEGMENT, 2, 2)])
    if stack.window_scale:
        found += [[*syn_ack, *_scale_told(words, stack.window_scale)] for words in (7, 8, 10)]
    if stack.option_order != "linux":
        found += [[*syn_ack, *_scale_first(words)] for words in (8, 10)]
    if stack.option_order == "bsd":
        found.append([*syn_ack, *_padded_at_its_end()])
    return found + _other_packets(stack)


def _scale_told(words: int, exponent: int) -> list[nft.Expression]:
    """Write the window scale. The kernel's own is never smaller, so all that this changes is that windows look so.

    It is larger where net.core.rmem_max asks for that, which no namespace has of its own.
    """
    told = nft.write_transport_field(4 * words - 2, bytes([_WINDOW_SCALE[-1], exponent]), _CHECKSUM)
    return [*_scale_is_last(words), *told]


def _scale_first(words: int) -> list[nft.Expression]:
    """Move the window scale right after the MSS."""
    return [*_scale_is_last(words), *nft.move_transport_bytes(_FIRST_OPTION + _MSS_BYTES, 4 * words, 4)]


def _padded_at_its_end() -> list[nft.Expression]:
    """Move what pads SACK permitted, in a header of 8 words that ends with it, behind it, where its name is another."""
    own = [nft.transport_field(_DATA_OFFSET, 1), nft.masked(b"\xf0"), nft.equals(bytes([8 << 4]))]
    last = [nft.transport_field(28, 4), nft.equals(_PADDED_SACK)]
    return [*own, *last, *nft.write_transport_field(28, _SACK_PADDED, _CHECKSUM)]


def _scale_is_last(words: int) -> list[nft.Expression]:
    """Match a header of so many words of 32 bits that ends with the window scale.

    Linux sends it after SACK permitted or two NOPs (8 words) and the timestamps (10), or after the MSS alone (7).
    """
    length = [nft.transport_field(_DATA_OFFSET, 1), nft.masked(b"\xf0"), nft.equals(bytes([words << 4]))]
    return [*length, nft.transport_field(4 * words - 4, 3), nft.equals(_WINDOW_SCALE)]


def _other_packets(stack: Stack) -> list[nft.Rule]:
    """Return what changes answers to pings, resets, and all IPv4 packets."""
    found: list[nft.Rule] = []
    if not stack.echo_code_kept:
        code_zero = nft.write_transport_field(0, bytes([_ECHO_REPLY, 0]), _ICMP_CHECKSUM)
        found.append([*nft.ipv4(), *_icmp(nft.ICMP, _ECHO_REPLY), *code_zero])
    if not stack.reset_ack_zero:
        reset = [nft.transport_field(_FLAGS, 1), nft.equals(bytes([_RESET]))]
        found.append([*nft.protocol(nft.TCP), *reset, *nft.randomise_transport_field(_ACKNOWLEDGED, _CHECKSUM)])
    if stack.echo_as_fragile:
        found.append([*nft.ipv4(), *_icmp(nft.ICMP, _ECHO_REPLY), *nft.be_as_fragile()])
    may_fragment = nft.write_ipv4_field(_FRAGMENT_FIELD, bytes(2))
    if not stack.dont_fragment:
        found.append([*nft.ipv4(), *may_fragment])
    elif stack.resets_may_fragment:
        found.append([*nft.ipv4(), *nft.protocol(nft.TCP), *_has_flags(_RESET), *may_fragment])
    if stack.ip_id != "zero":
        numbered = nft.number_ipv4(random=stack.ip_id == "random", swapped=stack.ip_id == "swapped")
        found.append([*nft.ipv4(), *numbered])
    return found


def _outgoing(shape: _Shape) -> list[nft.Rule]:
    answers = [*nft.connection_state(nft.ESTABLISHED_OR_RELATED), nft.accept()]
    # To a packet that belongs to no connection (FIN, PSH and URG alone), which conntrack calls invalid.
    resets = [*nft.protocol(nft.TCP), *_has_flags(_RESET), nft.accept()]
    within = [*nft.leaves_by_loopback(), nft.accept()]
    neighbours = [[*_icmp(nft.ICMPV6, kind), nft.accept()] for kind in _NEIGHBOUR_MESSAGES]
    visits = [*nft.protocol(nft.TCP), *nft.marked(CLIENT_MARK)]
    reached = [one for one in REACHED if one.version in shape.clients]
    return [answers, resets, within, *neighbours, *([*visits, *nft.to_one_of(one), nft.accept()] for one in reached)]


def _has_flags(flags: int) -> list[nft.Expression]:
    """Match TCP segments that have all of these, whatever else they have."""
    return _has_of(flags, flags)


def _has_of(looked_at: int, flags: int) -> list[nft.Expression]:
    """Match TCP segments that have these of the flags that are looked at, and no other of them."""
    return [nft.transport_field(_FLAGS, 1), nft.masked(bytes([looked_at])), nft.equals(bytes([flags]))]


def _icmp(protocol: int, kind: int) -> list[nft.Expression]:
    return [*nft.protocol(protocol), nft.transport_field(0, 1), nft.equals(bytes([kind]))]


def _to_port(transport: str, port: int) -> list[nft.Expression]:
    protocol = nft.TCP if transport == "tcp" else nft.UDP
    return [*nft.protocol(protocol), nft.transport_field(2, 2), nft.equals(struct.pack(">H", port))]
