# SPDX-License-Identifier: MIT
"""QUIC's long-header packets, decrypted, and the CRYPTO frames in them (RFC 9000, 12, 17 and 19; RFC 9369).

Of a datagram with several packets (RFC 9000, 12.2) each is returned. Nothing here raises for any bytes: what cannot be
parsed ends the iteration.
"""

from collections.abc import Iterator
from typing import NamedTuple

from decnet_sniff.sniff.quic.aes import Aes
from decnet_sniff.sniff.quic.initial_keys import DRAFTS, VERSION_1, VERSION_2, Keys

INITIAL, RETRY, OTHER = "initial", "retry", "other"

MAX_CONNECTION_ID = 20
"""Bytes, in versions 1 and 2 (RFC 9000, 17.2)."""

_TYPES = {
    **{version: {0: INITIAL, 3: RETRY} for version in (VERSION_1, *DRAFTS)},
    VERSION_2: {1: INITIAL, 0: RETRY},  # RFC 9369, 3.2
}
_VERSION_BYTES = frozenset(version.to_bytes(4, "big") for version in _TYPES)
_NEGOTIATION = b"\0\0\0\0"
_SMALLEST_CLIENT_DATAGRAM = 1200
"""Bytes (RFC 9000, 14.1)."""
_SMALLEST_FIRST_ID = 8
"""Bytes of the first destination connection id (RFC 9000, 7.2)."""

_PADDING, _PING, _ACK, _ACK_ECN, _CRYPTO = 0x00, 0x01, 0x02, 0x03, 0x06


class Packet(NamedTuple):
    """The position of a packet in its datagram, and its connection ids; offsets are of the whole datagram."""

    kind: str
    version: int
    destination: bytes
    source: bytes
    begin: int
    number_at: int
    """Offset of the packet number."""
    end: int


def may_be_quic(datagram: bytes) -> bool:
    """Return, quickly, whether the datagram can begin with a long header of a version that is read.

    The second bit is not looked at: peers may agree to set it at random (RFC 9287).
    """
    return len(datagram) > 20 and datagram[0] >= 0x80 and datagram[1:5] in _VERSION_BYTES


def unread_version(datagram: bytes) -> str | None:
    """Return "negotiation" or "other" for a long header of a version that is not read, None for anything else.

    A long header has no mark of its own and other protocols set its bit as well. So it counts when its version is zero
    and its length fits (RFC 8999, 6), or when it is as long as a client's first datagram must be.
    """
    if len(datagram) < 7 or datagram[0] < 0x80 or datagram[1:5] in _VERSION_BYTES:
        return None
    size = datagram[5]
    if datagram[1:5] == _NEGOTIATION:
        at = 6 + size
        at += 1 + datagram[at] if at < len(datagram) else len(datagram)
        return "negotiation" if len(datagram) >= at + 4 and (len(datagram) - at) % 4 == 0 else None
    first = len(datagram) >= _SMALLEST_CLIENT_DATAGRAM and _SMALLEST_FIRST_ID <= size <= MAX_CONNECTION_ID
    return "other" if first else None


def packets(datagram: bytes) -> Iterator[Packet]:
    """Yield the long-header packets of a datagram, up to the first that cannot be parsed."""
    at = 0
    try:
        while at < len(datagram):
            packet = _packet(datagram, at)
            if packet is None or packet.end > len(datagram):
                return
            yield packet
            at = packet.end
    except IndexError:
        return


def opened(datagram: bytes, packet: Packet, keys: Keys, aes: Aes) -> bytes | None:
    """Return the payload of a protected packet, None if these are not its keys (RFC 9001, 5.3 and 5.4)."""
    at = packet.number_at
    sample = datagram[at + 4 : at + 20]
    if at + 20 > packet.end:
        return None
    mask = aes.encrypt_block(keys.header, sample)
    first = datagram[packet.begin] ^ (mask[0] & 0x0F)
    size = (first & 0x03) + 1
    # The number is not restored from its last bytes (RFC 9000, A.3): Initial packets are the first few of a connection.
    number = int.from_bytes(datagram[at : at + size], "big") ^ int.from_bytes(mask[1 : 1 + size], "big")
    header = bytes([first]) + datagram[packet.begin + 1 : at] + number.to_bytes(size, "big")
    nonce = (int.from_bytes(keys.iv, "big") ^ number).to_bytes(12, "big")
    return aes.open_gcm(keys.key, nonce, datagram[at + size : packet.end], header)


def crypto_frames(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of each CRYPTO frame of an Initial's payload, up to a frame that is not allowed there."""
    at = 0
    try:
        while at < len(payload):
            kind = payload[at]
            if kind == _PADDING:
                at = len(payload) - len(payload[at:].lstrip(b"\0"))
            elif kind == _PING:
                at += 1
            elif kind == _CRYPTO:
                offset, at = _varint(payload, at + 1)
                length, at = _varint(payload, at)
                if at + length > len(payload):
                    return
                yield offset, payload[at : at + length]
                at += length
            elif kind in (_ACK, _ACK_ECN):
                at = _behind_ack(payload, at)
            else:
                return
    except IndexError:
        return


def _packet(data: bytes, begin: int) -> Packet | None:
    """Return the packet at `begin`, None for a short header or another version; raises IndexError if truncated."""
    version = int.from_bytes(data[begin + 1 : begin + 5], "big")
    types = _TYPES.get(version)
    if data[begin] < 0x80 or types is None:
        return None
    kind = types.get(data[begin] >> 4 & 0x03, OTHER)
    destination, at = _connection_id(data, begin + 5)
    source, at = _connection_id(data, at)
    if kind == RETRY:
        return Packet(kind, version, destination, source, begin, len(data), len(data))
    if kind == INITIAL:
        length, at = _varint(data, at)
        at += length  # the token
    length, at = _varint(data, at)
    return Packet(kind, version, destination, source, begin, at, at + length)


def _connection_id(data: bytes, at: int) -> tuple[bytes, int]:
    size = data[at]
    end = at + 1 + size
    if size > MAX_CONNECTION_ID or end > len(data):
        raise IndexError
    return data[at + 1 : end], end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length integer (RFC 9000, 16) and the offset behind it."""
    first = data[at]
    size = 1 << (first >> 6)
    if size == 1:
        return first, at + 1
    if at + size > len(data):
        raise IndexError
    return int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size


def _behind_ack(payload: bytes, at: int) -> int:
    ecn = payload[at] == _ACK_ECN
    _, at = _varint(payload, at + 1)  # largest acknowledged
    _, at = _varint(payload, at)  # delay
    ranges, at = _varint(payload, at)
    _, at = _varint(payload, at)  # first range
    if ranges > len(payload):
        raise IndexError
    for _ in range(2 * ranges + (3 if ecn else 0)):
        _, at = _varint(payload, at)
    return at
