# SPDX-License-Identifier: MIT
"""DNS messages on the wire (RFC 1035 §4, EDNS0 of RFC 6891), as much as an authoritative server needs.

Nothing here raises. Answers repeat the question's bytes, and so its case (draft-vixie-dnsext-dns0x20). A compression
pointer in a question is rejected: nothing can precede it to point to, and so no loop is possible.
"""

import struct

import msgspec

from decnet_core.text import from_wire

HEADER_BYTES = 12
MAX_NAME_BYTES = 255
EDNS_UDP_BYTES = 1232
"""What fits any path unfragmented (DNS flag day 2020)."""

A, NS, CNAME, SOA, PTR, HINFO, MX, TXT, AAAA, SRV, OPT, AXFR, ANY = 1, 2, 5, 6, 12, 13, 15, 16, 28, 33, 41, 252, 255
IN = 1
NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 3, 4, 5, 16

_TYPE_NAMES = {
    A: "A", NS: "NS", CNAME: "CNAME", SOA: "SOA", PTR: "PTR", HINFO: "HINFO", MX: "MX", TXT: "TXT", AAAA: "AAAA",
    SRV: "SRV", AXFR: "AXFR", ANY: "ANY", 43: "DS", 48: "DNSKEY", 64: "SVCB", 65: "HTTPS", 257: "CAA",
}  # fmt: skip

_HEADER = struct.Struct("!6H")


class Query(msgspec.Struct, frozen=True):
    """One question; `name` is its labels joined by dots, in the case they were sent, without the root."""

    id: int
    recursion_desired: bool
    name: str
    qtype: int
    qclass: int
    question: bytes
    """The question section as it was sent."""
    edns: bool = False
    edns_version: int = 0

    @property
    def type_name(self) -> str:
        """The type's mnemonic, `TYPE65280` (RFC 3597) for one without."""
        return _TYPE_NAMES.get(self.qtype, f"TYPE{self.qtype}")


class Unanswerable(msgspec.Struct, frozen=True):
    """A message that gets only an error code, or, when `rcode` is None, no answer."""

    id: int
    rcode: int | None
    opcode: int = 0


class ResourceRecord(msgspec.Struct, frozen=True):
    """A resource record; `owner` and `data` are wire format, possibly with pointers into the question."""

    owner: bytes
    rtype: int
    ttl: int
    data: bytes


def parse_query(message: bytes) -> Query | Unanswerable:
    if len(message) < HEADER_BYTES:
        return Unanswerable(0, None)
    ident, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(message)
    opcode = flags >> 11 & 0xF
    if flags & 0x8000:
        return Unanswerable(ident, None)  # an answer: replying to it would be a loop
    if opcode != 0:
        return Unanswerable(ident, NOTIMP, opcode)
    found = _name(message, HEADER_BYTES)
    if questions != 1 or answers or authorities or found is None or found[1] + 4 > len(message):
        return Unanswerable(ident, FORMERR)
    name, after = found
    qtype, qclass = struct.unpack_from("!2H", message, after)
    edns = _edns_version(message, after + 4, additionals)
    question = message[HEADER_BYTES : after + 4]
    recursion = bool(flags & 0x0100)
    if edns is None:
        return Query(ident, recursion, name, qtype, qclass, question)
    return Query(ident, recursion, name, qtype, qclass, question, edns=True, edns_version=edns)


def _name(message: bytes, start: int) -> tuple[str, int] | None:
    """Return the uncompressed name at `start` and its end."""
    labels: list[str] = []
    at = start
    while at < len(message) and at - start < MAX_NAME_BYTES:
        length = message[at]
        if length == 0:
            return ".".join(labels), at + 1
        if length > 63 or at + 1 + length > len(message):
            return None
        labels.append(from_wire(message[at + 1 : at + 1 + length]))
        at += 1 + length
    return None


def _edns_version(message: bytes, at: int, additionals: int) -> int | None:
    """Return the version of the OPT record when it comes first, as it does in every query without TSIG."""
    if additionals and len(message) >= at + 11 and message[at] == 0:
        rtype, _, _, version = struct.unpack_from("!2H2B", message, at + 1)
        return int(version) if rtype == OPT else None
    return None


def respond(
    query: Query,
    rcode: int,
    *,
    authoritative: bool = True,
    answers: list[ResourceRecord],
    authorities: list[ResourceRecord],
) -> bytes:
    flags = 0x8000 | (0x0400 if authoritative else 0) | (0x0100 if query.recursion_desired else 0) | rcode & 0xF
    header = _HEADER.pack(query.id, flags, 1, len(answers), len(authorities), int(query.edns))
    option = struct.pack("!BHHBBHH", 0, OPT, EDNS_UDP_BYTES, rcode >> 4, 0, 0, 0) if query.edns else b""
    return header + query.question + b"".join(map(_pack, answers + authorities)) + option


def refuse(message: Unanswerable) -> bytes | None:
    """Return the bare error response, None if there must be no answer."""
    if message.rcode is None:
        return None
    return _HEADER.pack(message.id, 0x8000 | message.opcode << 11 | message.rcode, 0, 0, 0, 0)


def pointer(offset: int) -> bytes:
    """Return a compression pointer to `offset` of the message (RFC 1035 §4.1.4)."""
    return struct.pack("!H", 0xC000 | offset)


def label(text: str) -> bytes:
    """Return one label; `text` is at most 63 ASCII characters."""
    raw = text.encode("ascii")
    return bytes([len(raw)]) + raw


def _pack(record: ResourceRecord) -> bytes:
    return record.owner + struct.pack("!2HIH", record.rtype, IN, record.ttl, len(record.data)) + record.data
