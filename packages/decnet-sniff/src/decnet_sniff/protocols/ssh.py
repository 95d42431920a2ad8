# SPDX-License-Identifier: MIT
"""The plaintext beginning of an SSH connection: identification line and KEXINIT (RFC 4253 §4.2, §6, §7.1).

A server may send lines of text before its identification. Few do, and every text protocol begins with such a line, so
the limit is low: `MAX_PREAMBLE` bytes, and only while they are printable.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from decnet_sniff.protocols.verdict import NEED_MORE, NOTHING, Verdict

MAX_PREAMBLE = 1024
"""Bytes of other lines before the identification."""
MAX_IDENTIFICATION = 1024
"""Bytes of the identification with its line end. RFC 4253 §4.2 allows 255, but servers take longer ones."""
MAX_PACKET = 60_000
"""Bytes of a packet. Every implementation must accept 35,000 (RFC 4253 §6.1), and most accept more; this fits a
stream."""

KEXINIT = 20
SMALL_TALK = (1, 2, 3, 4)
"""Disconnect, ignore, unimplemented, debug: may stand before KEXINIT."""
MAX_SMALL_TALK = 4

_LIST_COUNT = 10
_COOKIE = 16
_REMEMBERED_BYTES = 4096
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Kexinit(NamedTuple):
    """The ten name-lists of a KEXINIT, each as on the wire: names joined with commas."""

    key_exchange: bytes
    host_key: bytes
    encryption_to_server: bytes
    encryption_to_client: bytes
    mac_to_server: bytes
    mac_to_client: bytes
    compression_to_server: bytes
    compression_to_client: bytes
    languages_to_server: bytes
    languages_to_client: bytes


class Ssh(NamedTuple):
    """One side's greeting."""

    identification: bytes
    """Without its line end, e.g. `SSH-2.0-OpenSSH_9.2p1 Debian-2`."""
    kex: Kexinit


def identification(data: bytes, *, lines_before: bool = True) -> bytes | None:
    """Return the identification line, of whatever version, of a direction that begins with `data`, if it is there."""
    found = _identification(data, lines_before=lines_before)
    return None if isinstance(found, Verdict) else found[0]


def recognise(data: bytes, *, lines_before: bool = True) -> Ssh | Verdict:
    """Return the greeting at the beginning of `data`, one direction of a TCP flow, if it is SSH 2.

    `lines_before`: it may be a server, which may send other lines first.
    """
    found = _identification(data, lines_before=lines_before)
    if isinstance(found, Verdict):
        return found
    line, end = found
    if not line.startswith((b"SSH-2.0-", b"SSH-1.99-")):
        return NOTHING  # SSH 1 has no KEXINIT
    kex = _kexinit(data, end)
    return kex if isinstance(kex, Verdict) else Ssh(line, kex)


def _identification(data: bytes, *, lines_before: bool) -> tuple[bytes, int] | Verdict:
    """Return the identification without its line end, and the offset behind that."""
    start = _start(data, lines_before=lines_before)
    if isinstance(start, Verdict):
        return start
    end = data.find(b"\n", start, start + MAX_IDENTIFICATION)
    if end < 0:
        return NEED_MORE if len(data) - start < MAX_IDENTIFICATION else NOTHING
    return data[start:end].removesuffix(b"\r"), end + 1


def _start(data: bytes, *, lines_before: bool) -> int | Verdict:
    """Return where the identification begins."""
    if data.startswith(b"SSH-"):
        return 0
    if b"SSH-".startswith(data):
        return NEED_MORE
    if not lines_before:
        return NOTHING
    seen = data[: MAX_PREAMBLE + 5]
    at = seen.find(b"\nSSH-")
    preamble = seen if at < 0 else seen[:at]
    if _CONTROL.search(preamble):
        return NOTHING
    if at >= 0:
        return at + 1
    return NEED_MORE if len(data) < MAX_PREAMBLE else NOTHING


def _kexinit(data: bytes, offset: int) -> Kexinit | Verdict:
    """Return the KEXINIT among the first packets from `offset`; they are not encrypted and have no MAC yet."""
    for _ in range(MAX_SMALL_TALK + 1):
        if len(data) < offset + 6:
            return NEED_MORE
        length = int.from_bytes(data[offset : offset + 4], "big")
        padding, message = data[offset + 4], data[offset + 5]
        if not padding + 2 <= length <= MAX_PACKET:
            return NOTHING
        end = offset + 4 + length
        if message == KEXINIT:
            return NEED_MORE if len(data) < end else _lists(data[offset + 6 + _COOKIE : end - padding])
        if message not in SMALL_TALK:
            return NOTHING
        offset = end
    return NOTHING


def _lists(payload: bytes) -> Kexinit | Verdict:
    """Return the name-lists of a KEXINIT whose bytes behind the cookie are `payload`."""
    return (_known if len(payload) <= _REMEMBERED_BYTES else _split)(payload)


def _split(payload: bytes) -> Kexinit | Verdict:
    lists: list[bytes] = []
    at = 0
    for _ in range(_LIST_COUNT):
        begin = at + 4
        at = begin + int.from_bytes(payload[at:begin], "big")
        if begin > len(payload) or at > len(payload):
            return NOTHING
        lists.append(payload[begin:at])
    return Kexinit(*lists)


_known = lru_cache(maxsize=32)(_split)
"""Programs offer the same lists each time."""
