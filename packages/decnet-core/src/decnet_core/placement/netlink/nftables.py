# SPDX-License-Identifier: MIT
"""Tables of packet filters (linux/netfilter/nf_tables.h): a table is replaced whole, in one transaction.

An expression works on register 1: it loads something into it, compares it, writes it into the packet or ends the rule.
All numbers of the protocol are big-endian; what is compared is in the order in which the kernel loads it.
"""

import struct
from collections.abc import Sequence
from typing import Literal, NamedTuple

from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.netlink.message import (
    APPEND,
    CREATE,
    attribute,
    attributes,
    nested,
    text,
    text_of,
)

SUBSYSTEM = 10
_NEW_TABLE, _GET_TABLE, _DELETE_TABLE, _NEW_CHAIN, _NEW_RULE, _GET_RULE, _NEW_SET = (
    (SUBSYSTEM << 8) | number for number in (0, 1, 2, 3, 6, 7, 9)
)
_BEGIN, _END = 0x10, 0x11
_INET = 1
_TABLE_NAME, _TABLE_USERDATA = 1, 6
_CHAIN_TABLE, _CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY, _CHAIN_TYPE = 1, 3, 4, 5, 7
_RULE_TABLE, _RULE_CHAIN, _RULE_EXPRESSIONS = 1, 2, 4
_SET_TABLE, _SET_NAME, _SET_KEY_TYPE, _SET_KEY_LENGTH, _SET_ID = 1, 2, 4, 5, 10
_DROP, _ACCEPT = 0, 1
_REGISTER = 1
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_IPV4, _IPV6 = 2, 10
_MARK = 3
"""Of a connection, among what `ct` can load."""
_DONT_FRAGMENT = bytes([0, 0, 0x40, 0])
"""Of the 32 bits of an IPv4 header that begin with its identification."""

TCP, ICMP, UDP, ICMPV6 = 6, 1, 17, 58
PREROUTING, INPUT, OUTPUT = 0, 1, 3
ESTABLISHED_OR_RELATED = 0x6

HEAD = struct.pack(">BBH", _INET, 0, 0)
"""What begins the body of each message about tables of IPv4 and IPv6."""

Expression = bytes
Rule = Sequence[Expression]


class Chain(NamedTuple):
    """A chain of rules at a hook; what no rule decides is accepted or dropped."""

    name: str
    hook: int
    priority: int
    accept: bool
    rules: Sequence[Rule]
    kind: str = "filter"


class AddressSet(NamedTuple):
    """A named set of addresses, which may change while the rules stay (`sets`); it is empty when its table is made."""

    name: str
    version: Literal[4, 6]
    """Of IP."""

    @property
    def length(self) -> int:
        """Bytes of an address."""
        return 4 if self.version == 4 else 16


class Table(NamedTuple):
    """A table as it is in the kernel: what we noted in it, and how many rules it has."""

    note: bytes
    rules: int


def protocol(number: int) -> list[Expression]:
    """Match the transport protocol, in IPv4 and IPv6."""
    return [_meta(16), equals(bytes([number]))]


def ipv4() -> list[Expression]:
    return _family(_IPV4)


def leaves_by_loopback() -> list[Expression]:
    return [_meta(9), equals(struct.pack("=H", 772))]  # ARPHRD_LOOPBACK


def connection_state(bits: int) -> list[Expression]:
    """Match packets whose connection is in one of the states."""
    state = _expression("ct", _be32(1, _REGISTER), attribute(2, struct.pack(">I", 0)))
    return [state, masked(struct.pack("=I", bits)), _compare(1, struct.pack("=I", 0))]


def transport_field(offset: int, length: int) -> Expression:
    """Load bytes of the transport header."""
    return _expression("payload", _be32(1, _REGISTER), _be32(2, _TRANSPORT_HEADER), _be32(3, offset), _be32(4, length))


def marked(mark: int) -> list[Expression]:
    """Match packets of a socket with this mark (SO_MARK, socket(7))."""
    return [_meta(3), equals(struct.pack("=I", mark))]


def to_one_of(addresses: AddressSet) -> list[Expression]:
    """Match packets to an address that is in the set."""
    number, offset = (_IPV4, 16) if addresses.version == 4 else (_IPV6, 24)
    load = _network_field(offset, addresses.length)
    return [*_family(number), load, _expression("lookup", text(1, addresses.name), _be32(2, _REGISTER))]


def masked(mask: bytes) -> Expression:
    """Keep the bits of the mask."""
    zero = bytes(len(mask))
    return _expression(
        "bitwise", _be32(1, _REGISTER), _be32(2, _REGISTER), _be32(3, len(mask)), _value(4, mask), _value(5, zero)
    )


def equals(value: bytes) -> Expression:
    return _compare(0, value)


def write_transport_field(offset: int, value: bytes, checksum: int) -> list[Expression]:
    """Write bytes of the transport header, and correct its checksum."""
    place = [_be32(2, _TRANSPORT_HEADER), _be32(3, offset), _be32(4, len(value)), _be32(5, _REGISTER)]
    return [_load(value), _expression("payload", *place, _be32(6, 1), _be32(7, checksum))]


def move_transport_bytes(start: int, end: int, last: int) -> list[Expression]:
    """Put the `last` bytes of a range of the transport header, `start` to `end`, before its other bytes: 16 at most.

    Whoever moves an even number of bytes changes no checksum.
    """
    first, registers = end - last - start, (1, 2)
    loads = [
        _expression("payload", _be32(1, register), _be32(2, _TRANSPORT_HEADER), _be32(3, offset), _be32(4, length))
        for register, offset, length in zip(registers, (start, end - last), (first, last), strict=True)
    ]
    stores = [
        _expression("payload", _be32(2, _TRANSPORT_HEADER), _be32(3, offset), _be32(4, length), _be32(5, register))
        for register, offset, length in zip(registers, (start + last, start), (first, last), strict=True)
    ]
    return loads + stores


def write_ipv4_field(offset: int, value: bytes) -> list[Expression]:
    """Write bytes of the IPv4 header, and correct its checksum."""
    return [_load(value), _store_ipv4(offset, len(value))]


def note_ipv4_fragility() -> list[Expression]:
    """Note with the connection (its mark) whether an IPv4 packet must not be fragmented."""
    return [_network_field(4, 4), masked(_DONT_FRAGMENT), _note()]


def be_as_fragile() -> list[Expression]:
    """Write what was noted so into an IPv4 packet, whose number becomes 0."""
    return [_noted(), _store_ipv4(4, 4)]


def number_ipv4(*, random: bool, swapped: bool = False) -> list[Expression]:
    """Number IPv4 packets by one counter for all that this rule sees, or at random.

    A `swapped` one is in the byte order of this host, as of machines whose makers forgot to turn it: little-endian.
    """
    numbers = _numbers(1 << 16, 0, random=random)
    if swapped:
        return [numbers, _store_ipv4(4, 2)]
    big_endian = _expression(
        "byteorder", _be32(1, _REGISTER), _be32(2, _REGISTER), _be32(3, 1), _be32(4, 2), _be32(5, 2)
    )
    return [numbers, big_endian, _store_ipv4(4, 2)]


def randomise_transport_field(offset: int, checksum: int) -> list[Expression]:
    """Write a random number of 32 bits that is not zero, and correct the checksum."""
    place = [_be32(2, _TRANSPORT_HEADER), _be32(3, offset), _be32(4, 4), _be32(5, _REGISTER)]
    numbers = _numbers((1 << 32) - 1, 1, random=True)
    return [numbers, _expression("payload", *place, _be32(6, 1), _be32(7, checksum))]


def _network_field(offset: int, length: int) -> Expression:
    """Load bytes of the IP header."""
    return _expression("payload", _be32(1, _REGISTER), _be32(2, _NETWORK_HEADER), _be32(3, offset), _be32(4, length))


def _note() -> Expression:
    """Note with the connection (its mark) what is loaded."""
    return _expression("ct", _be32(2, _MARK), _be32(4, _REGISTER))


def _noted() -> Expression:
    """Load what was noted with the connection."""
    return _expression("ct", _be32(1, _REGISTER), _be32(2, _MARK))


def _numbers(modulus: int, first: int, *, random: bool) -> Expression:
    return _expression("numgen", _be32(1, _REGISTER), _be32(2, modulus), _be32(3, int(random)), _be32(4, first))


def _store_ipv4(offset: int, length: int) -> Expression:
    place = [_be32(2, _NETWORK_HEADER), _be32(3, offset), _be32(4, length), _be32(5, _REGISTER)]
    return _expression("payload", *place, _be32(6, 1), _be32(7, 10))


def write_tcp_option(kind: int, offset: int, value: bytes) -> list[Expression]:
    """Write bytes of a TCP option, if the packet has it."""
    place = [attribute(2, bytes([kind])), _be32(3, offset), _be32(4, len(value))]
    return [_load(value), _expression("exthdr", *place, _be32(6, 1), _be32(7, _REGISTER))]


def note_tcp_option(kind: int, offset: int, length: int) -> list[Expression]:
    """Note bytes of a TCP option with the connection (its mark), if the packet has it."""
    place = [attribute(2, bytes([kind])), _be32(3, offset), _be32(4, length)]
    load = _expression("exthdr", _be32(1, _REGISTER), *place, _be32(6, 1))
    return [load, _note()]


def limit_tcp_option(kind: int, offset: int, length: int) -> list[Expression]:
    """Write what was noted with the connection into a TCP option; the kernel only ever makes a maximum segment smaller.

    It is let be where nothing was noted.
    """
    place = [attribute(2, bytes([kind])), _be32(3, offset), _be32(4, length)]
    store = _expression("exthdr", *place, _be32(6, 1), _be32(7, _REGISTER))
    return [_noted(), _compare(1, bytes(4)), store]


def keep_transport_bits(offset: int, mask: bytes, checksum: int) -> list[Expression]:
    """Clear all other bits of these bytes of the transport header, and correct its checksum."""
    place = [_be32(2, _TRANSPORT_HEADER), _be32(3, offset), _be32(4, len(mask)), _be32(5, _REGISTER)]
    store = _expression("payload", *place, _be32(6, 1), _be32(7, checksum))
    return [transport_field(offset, len(mask)), masked(mask), store]


def redirect(port: int) -> list[Expression]:
    """Lead what comes to this port of the namespace, and its answers back; for a chain of the kind "nat"."""
    specified = 2  # NF_NAT_RANGE_PROTO_SPECIFIED
    return [_load(struct.pack(">H", port)), _expression("redir", _be32(1, _REGISTER), _be32(3, specified))]


def accept() -> Expression:
    return _verdict(_ACCEPT)


def drop() -> Expression:
    return _verdict(_DROP)


def replace(netlink: Netlink, name: str, chains: Sequence[Chain], note: bytes, sets: Sequence[AddressSet] = ()) -> None:
    """Make the table be this, at once; `note` is kept in it, and the sets are empty."""
    new = HEAD + text(_TABLE_NAME, name)
    changes = [
        (_NEW_TABLE, CREATE, new),  # so that there is one to be deleted
        (_DELETE_TABLE, 0, new),
        (_NEW_TABLE, CREATE, new + attribute(_TABLE_USERDATA, note)),
    ]
    changes += [(_NEW_SET, CREATE, _set(name, number, one)) for number, one in enumerate(sets, 1)]
    for chain in chains:
        changes.append((_NEW_CHAIN, CREATE, _chain(name, chain)))
        changes += [(_NEW_RULE, CREATE | APPEND, _rule(name, chain.name, rule)) for rule in chain.rules]
    commit(netlink, changes)


def commit(netlink: Netlink, changes: Sequence[tuple[int, int, bytes]]) -> None:
    """Have changes (kind, flags, body) made all together or not at all; raises NetlinkError."""
    netlink.transaction((_BEGIN, struct.pack(">BBH", 0, 0, SUBSYSTEM)), changes, _END)


def names(netlink: Netlink) -> list[str]:
    """Return the names of all tables of the family inet."""
    return [text_of(attributes(body[len(HEAD) :])[_TABLE_NAME]) for body in netlink.dump(_GET_TABLE, HEAD)]


def table(netlink: Netlink, name: str) -> Table | None:
    """Return the table of that name, None if there is none."""
    for body in netlink.dump(_GET_TABLE, HEAD):
        found = attributes(body[len(HEAD) :])
        if text_of(found.get(_TABLE_NAME, b"")) == name:
            rules = netlink.dump(_GET_RULE, HEAD + text(_RULE_TABLE, name))
            return Table(found.get(_TABLE_USERDATA, b""), len(rules))
    return None


def _chain(table_name: str, chain: Chain) -> bytes:
    hook = nested(_CHAIN_HOOK, _be32(1, chain.hook), attribute(2, struct.pack(">i", chain.priority)))
    policy = _be32(_CHAIN_POLICY, _ACCEPT if chain.accept else _DROP)
    return (
        HEAD
        + text(_CHAIN_TABLE, table_name)
        + text(_CHAIN_NAME, chain.name)
        + hook
        + policy
        + text(_CHAIN_TYPE, chain.kind)
    )


def _set(table_name: str, number: int, one: AddressSet) -> bytes:
    """Return what makes a set, as the one of that number in its transaction."""
    kind = 7 if one.version == 4 else 8  # nft(8) calls these types ipv4_addr and ipv6_addr
    key = _be32(_SET_KEY_TYPE, kind) + _be32(_SET_KEY_LENGTH, one.length)
    return HEAD + text(_SET_TABLE, table_name) + text(_SET_NAME, one.name) + key + _be32(_SET_ID, number)


def _rule(table_name: str, chain: str, rule: Rule) -> bytes:
    return (
        HEAD
        + text(_RULE_TABLE, table_name)
        + text(_RULE_CHAIN, chain)
        + nested(_RULE_EXPRESSIONS, *(nested(1, expression) for expression in rule))
    )


def _expression(name: str, *parts: bytes) -> Expression:
    return text(1, name) + nested(2, *parts)


def _meta(key: int) -> Expression:
    """Load what the kernel knows of a packet beside its bytes."""
    return _expression("meta", _be32(1, _REGISTER), _be32(2, key))


def _family(number: int) -> list[Expression]:
    return [_meta(15), equals(bytes([number]))]


def _compare(operation: int, value: bytes) -> Expression:
    return _expression("cmp", _be32(1, _REGISTER), _be32(2, operation), _value(3, value))


def _load(value: bytes) -> Expression:
    return _expression("immediate", _be32(1, _REGISTER), _value(2, value))


def _verdict(code: int) -> Expression:
    return _expression("immediate", _be32(1, 0), nested(2, nested(2, _be32(1, code))))


def _value(kind: int, value: bytes) -> bytes:
    return nested(kind, attribute(1, value))


def _be32(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack(">I", value))
