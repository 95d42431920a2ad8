# SPDX-License-Identifier: MIT
"""The ClientHello of SSL 2.0, in which old clients and scanners also offer SSL 3.0 and TLS (RFC 5246, E.2)."""

from decnet_sniff.protocols.verdict import NEED_MORE, NOTHING, Verdict
from decnet_sniff.sniff.tls.hello import CLIENT_HELLO, ClientHello, uint16

_HEADER_BYTES = 11
_VERSIONS = (0x0002, 0x0300, 0x0301, 0x0302, 0x0303)
_CIPHER_BYTES = 3
_SESSION_BYTES = (0, 16)
_CHALLENGE_BYTES = range(16, 33)


def recognise(data: bytes) -> ClientHello | Verdict:
    """Return the hello that a client begins with; of its ciphers those that TLS knows too, whose first byte is zero."""
    if data[0] < 0x80 or data[2:3] not in (b"", bytes([CLIENT_HELLO])):
        return NOTHING
    if len(data) < _HEADER_BYTES:
        return NEED_MORE
    ciphers, session, challenge = uint16(data, 5), uint16(data, 7), uint16(data, 9)
    end = 2 + (uint16(data, 0) & 0x7FFF)
    if (
        uint16(data, 3) not in _VERSIONS
        or ciphers % _CIPHER_BYTES
        or session not in _SESSION_BYTES
        or challenge not in _CHALLENGE_BYTES
        or end != _HEADER_BYTES + ciphers + session + challenge
    ):
        return NOTHING
    if len(data) < end:
        return NEED_MORE
    offered = range(_HEADER_BYTES, _HEADER_BYTES + ciphers, _CIPHER_BYTES)
    return ClientHello(uint16(data, 3), tuple(uint16(data, at + 1) for at in offered if data[at] == 0), end=end)
