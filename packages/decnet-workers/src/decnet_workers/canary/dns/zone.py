# SPDX-License-Identifier: MIT
"""The canary's zone: its own SOA, NS and addresses, and an address for every name with a token; pure.

A name below the zone without a token does not exist (NXDOMAIN). A resolver that minimises query names (RFC 9156) still
works: it asks for labels left of a token only when the token's own name has answered.
"""

import struct

import msgspec

from decnet_core.canary import Slug
from decnet_core.net.addresses import Address
from decnet_workers.canary.dns.wire import (
    AAAA,
    ANY,
    AXFR,
    BADVERS,
    HEADER_BYTES,
    IN,
    NOERROR,
    NS,
    NXDOMAIN,
    REFUSED,
    SOA,
    A,
    Query,
    ResourceRecord,
    label,
    pointer,
    respond,
)
from decnet_workers.canary.find import in_name, labels_below

NEGATIVE_TTL_SECONDS = 60
_SERIAL, _REFRESH, _RETRY, _EXPIRE = 1, 3600, 600, 604800
_NAME_SERVER, _MAILBOX = "ns1", "hostmaster"


class Zone(msgspec.Struct, frozen=True):
    """What the server is authoritative for."""

    name: str
    addresses: tuple[Address, ...]
    ttl_seconds: int
    key: bytes


class Reply(msgspec.Struct, frozen=True):
    """The response on the wire, its code, and the token in the question."""

    message: bytes
    rcode: int
    slug: Slug | None


def reply_to(query: Query, zone: Zone) -> Reply:
    """Answer `query` for `zone`."""
    slug = in_name(zone.key, query.name, zone.name)
    if query.edns_version != 0:
        return _bare(query, BADVERS, slug)
    apex = query.name.lower() == zone.name.strip(".").lower()
    below = labels_below(zone.name, query.name)
    if not (apex or below) or query.qclass != IN or query.qtype == AXFR:
        return _bare(query, REFUSED, slug)
    if not (apex or slug or below == [_NAME_SERVER]):
        return Reply(_negative(query, NXDOMAIN, zone), NXDOMAIN, slug)
    answers = _apex_records(query, zone) if apex else _addresses(query, zone)
    if answers:
        return Reply(respond(query, NOERROR, answers=answers, authorities=[]), NOERROR, slug)
    return Reply(_negative(query, NOERROR, zone), NOERROR, slug)


def _bare(query: Query, rcode: int, slug: Slug | None) -> Reply:
    return Reply(respond(query, rcode, authoritative=False, answers=[], authorities=[]), rcode, slug)


def _negative(query: Query, rcode: int, zone: Zone) -> bytes:
    """Return NXDOMAIN or NODATA, with the SOA for negative caching (RFC 2308)."""
    ttl = min(NEGATIVE_TTL_SECONDS, zone.ttl_seconds)
    return respond(query, rcode, answers=[], authorities=[_soa(query, zone, ttl)])


def _apex_records(query: Query, zone: Zone) -> list[ResourceRecord]:
    apex = _apex(query, zone)
    match query.qtype:
        case value if value == SOA:
            return [_soa(query, zone, zone.ttl_seconds)]
        case value if value == NS:
            return [ResourceRecord(apex, NS, zone.ttl_seconds, label(_NAME_SERVER) + apex)]
    return _addresses(query, zone)


def _addresses(query: Query, zone: Zone) -> list[ResourceRecord]:
    """Yield the addresses of the requested type; ANY gets them all, a subset as RFC 8482 allows."""
    owner = pointer(HEADER_BYTES)
    records = [
        ResourceRecord(owner, A if address.version == 4 else AAAA, zone.ttl_seconds, address.packed)
        for address in zone.addresses
    ]
    return [record for record in records if query.qtype in (record.rtype, ANY)]


def _soa(query: Query, zone: Zone, ttl: int) -> ResourceRecord:
    apex = _apex(query, zone)
    times = struct.pack("!5I", _SERIAL, _REFRESH, _RETRY, _EXPIRE, min(NEGATIVE_TTL_SECONDS, zone.ttl_seconds))
    return ResourceRecord(apex, SOA, ttl, label(_NAME_SERVER) + apex + label(_MAILBOX) + apex + times)


def _apex(query: Query, zone: Zone) -> bytes:
    """Return a pointer to the zone's own labels, the end of the question's name."""
    own = sum(1 + len(part) for part in zone.name.strip(".").split(".")) + 1
    return pointer(HEADER_BYTES + len(query.question) - 4 - own)
