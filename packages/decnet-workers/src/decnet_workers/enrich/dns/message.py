# SPDX-License-Identifier: MIT
"""Questions to a resolver and its answers (RFC 1035); pure.

What an attacker's own zone says comes through the resolver unchanged, so a name is kept only if it is a host name.
"""

import re
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from decnet_workers.errors import WorkersError

A, CNAME, PTR, AAAA = 1, 5, 12, 28
_IN = 1
_RESPONSE, _TRUNCATED, _RECURSE = 0x8000, 0x0200, 0x0100
NO_ERROR, NO_NAME = 0, 3
_MOST_RECORDS = 64
_MOST_JUMPS = 32

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*")


class DnsError(WorkersError):
    """No answer that can be used; the message says why."""


class Reply(NamedTuple):
    """What the question got: `values` are host names of PTR records, addresses of A and AAAA records."""

    truncated: bool
    values: tuple[str, ...]


def question(number: int, name: str, kind: int) -> bytes:
    """Return the message with id `number` that asks for the records of a name."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))
    return struct.pack("!6H", number, _RECURSE, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", kind, _IN)


def reply(message: bytes, asked: bytes, kind: int) -> Reply:
    """Return the answer in `message` to the question `asked`; raises DnsError, also for one to another question."""
    try:
        return _read(message, asked, kind)
    except (struct.error, IndexError, ValueError) as error:
        raise DnsError("the resolver's answer is malformed") from error


def _read(message: bytes, asked: bytes, kind: int) -> Reply:
    number, flags, questions, answers, _, _ = struct.unpack_from("!6H", message)
    echoed = message[12 : len(asked)].lower() == asked[12:].lower()
    if number != struct.unpack_from("!H", asked)[0] or not flags & _RESPONSE or questions != 1 or not echoed:
        raise DnsError("the resolver answered another question")
    code = flags & 0xF
    if code not in (NO_ERROR, NO_NAME):
        raise DnsError(f"the resolver failed (code {code})")
    return Reply(bool(flags & _TRUNCATED), tuple(dict.fromkeys(_values(message, len(asked), answers, kind))))


def _values(message: bytes, at: int, answers: int, kind: int) -> Iterator[str]:
    for _ in range(min(answers, _MOST_RECORDS)):
        _, at = _name(message, at)
        found, group, _, length = struct.unpack_from("!2HIH", message, at)
        at += 10
        data = message[at : at + length]
        if len(data) < length:
            raise ValueError("cut")
        if (found, group) == (kind, _IN):
            if kind == PTR:
                host = _name(message, at)[0].lower()
                if _HOST.fullmatch(host):
                    yield host
            else:
                yield str(IPv4Address(data) if kind == A else IPv6Address(data))
        at += length


def _name(message: bytes, at: int) -> tuple[str, int]:
    """Return the name at `at`, and where what follows it begins; pointers (§4.1.4) lead to earlier bytes only."""
    labels, end = list[str](), 0
    for _ in range(_MOST_JUMPS + 128):
        length = message[at]
        if length >= 0xC0:
            to = (length & 0x3F) << 8 | message[at + 1]
            if to >= at:
                raise ValueError("a pointer forwards")
            end, at = end or at + 2, to
        elif length > 63:
            raise ValueError("no label")
        elif not length:
            return ".".join(labels), end or at + 1
        else:
            label = message[at + 1 : at + 1 + length]
            labels.append(label.decode("ascii"))
            at += 1 + length
    raise ValueError("too long")
