# SPDX-License-Identifier: MIT
"""What clients send first to a port of TLS: offers of versions, ciphers, names and protocols, and what is no TLS."""

from __future__ import annotations

from tests.decnet_decoys.http.dialogues.requests import get

SSL3, TLS10, TLS11, TLS12, TLS13 = 0x300, 0x301, 0x302, 0x303, 0x304
USUAL = (0x1301, 0x1302, 0xC02F, 0xC030, 0xC013, 0xC014, 0x9C, 0x9D, 0x2F, 0x35)
_KEY = b"\x09" + b"\0" * 31
_OTHER_KEY = b"\x04" + b"\x41" * 64


def number(value: int, size: int = 2) -> bytes:
    return value.to_bytes(size, "big")


def sized(data: bytes, size: int = 2) -> bytes:
    return number(len(data), size) + data


def extension(kind: int, data: bytes) -> bytes:
    return number(kind) + sized(data)


def record(kind: int, data: bytes, version: int = TLS10) -> bytes:
    return bytes((kind,)) + number(version) + sized(data)


def handshake(kind: int, data: bytes) -> bytes:
    return bytes((kind,)) + sized(data, 3)


def names(*hosts: bytes, kind: int = 0) -> bytes:
    return extension(0, sized(b"".join(bytes((kind,)) + sized(host) for host in hosts)))


def alpn(*protocols: bytes) -> bytes:
    return extension(16, sized(b"".join(sized(protocol, 1) for protocol in protocols)))


def groups(*codes: int) -> bytes:
    return extension(10, sized(b"".join(map(number, codes))))


def algorithms(*codes: int) -> bytes:
    return extension(13, sized(b"".join(map(number, codes))))


def shares(*keys: tuple[int, bytes]) -> bytes:
    return extension(51, sized(b"".join(number(group) + sized(key) for group, key in keys)))


GROUPS = groups(0x1D, 0x17, 0x18)
ALGORITHMS = algorithms(0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0403, 0x0201)
POINTS = extension(11, b"\1\0")
SECURE = extension(0xFF01, b"\0")
MODERN = extension(43, sized(number(TLS13) + number(TLS12), 1)) + shares((0x1D, _KEY))


def hello(
    more: bytes = b"",
    *,
    version: int = TLS12,
    ciphers: tuple[int, ...] = USUAL,
    usual: bytes = GROUPS + ALGORITHMS + POINTS + SECURE,
    compression: bytes = b"\0",
    session: bytes = b"",
    outer: int = TLS10,
) -> bytes:
    """Return a ClientHello in one record: `usual` extensions, and `more`."""
    body = number(version) + b"R" * 32 + sized(session, 1) + sized(b"".join(map(number, ciphers)))
    body += sized(compression, 1) + (sized(usual + more) if usual + more else b"")
    return record(22, handshake(1, body), outer)


HELLO12, HELLO13 = hello(), hello(MODERN)
OFFERS: dict[str, bytes] = {
    "TLS 1.2": HELLO12,
    "TLS 1.3": HELLO13,
    "TLS 1.1": hello(version=TLS11),
    "TLS 1.0": hello(version=TLS10),
    "SSL 3": hello(version=SSL3, outer=SSL3),
    "a later version": hello(version=0x305),
    "version 2.0": hello(version=0x200),
    "a record of another version": hello(outer=0x404),
    "a record of SSL 2": hello(outer=0x200),
    "TLS 1.3 only": hello(extension(43, sized(number(TLS13), 1)) + shares((0x1D, _KEY))),
    "TLS 1.1 among versions": hello(extension(43, sized(number(TLS11), 1)) + shares((0x1D, _KEY))),
    "no version that is known": hello(extension(43, sized(number(0x7F1C), 1)) + shares((0x1D, _KEY))),
    "GREASE": hello(
        extension(0x1A1A, b"") + extension(43, sized(number(0x3A3A) + number(TLS13), 1)) + shares((0x1D, _KEY)),
        ciphers=(0x2A2A, *USUAL),
    ),
    "fallback": hello(ciphers=(*USUAL, 0x5600)),
    "fallback from TLS 1.1": hello(version=TLS11, ciphers=(*USUAL, 0x5600)),
    "HTTP's protocol": hello(alpn(b"http/1.1")),
    "HTTP/2's protocol": hello(alpn(b"h2")),
    "both protocols": hello(alpn(b"h2", b"http/1.1")),
    "both protocols, HTTP first": hello(alpn(b"http/1.1", b"h2")),
    "an unknown protocol": hello(alpn(b"spdy/3.1")),
    "an unknown protocol among others": hello(alpn(b"acme-tls/1", b"http/1.1")),
    "an unknown protocol by TLS 1.3": hello(MODERN + alpn(b"mqtt")),
    "HTTP/1.0's protocol": hello(alpn(b"http/1.0")),
    "HTTP/0.9's protocol": hello(alpn(b"http/0.9")),
    "h2 of the clear port": hello(alpn(b"h2c")),
    "an empty list of protocols": hello(alpn()),
    "an empty protocol": hello(alpn(b"")),
    "NPN": hello(extension(13172, b"")),
    "a name": hello(names(b"www.example.org")),
    "an empty name": hello(names(b"")),
    "a name with NUL": hello(names(b"a\0b")),
    "a name of 300 bytes": hello(names(b"a" * 300)),
    "a name of an address": hello(names(b"192.0.2.1")),
    "two names": hello(names(b"a.example", b"b.example")),
    "a name of another kind": hello(names(b"a.example", kind=7)),
    "a name by TLS 1.3": hello(MODERN + names(b"www.example.org")),
    "no extensions": hello(usual=b""),
    "no extensions, TLS 1.3's ciphers": hello(usual=b"", ciphers=(0x1301,)),
    "export ciphers": hello(ciphers=(0x3, 0x6, 0x8, 0x14)),
    "RC4 and 3DES": hello(ciphers=(0x4, 0x5, 0xA)),
    "anonymous ciphers": hello(ciphers=(0x18, 0x34, 0xC018)),
    "ciphers of ECDSA": hello(ciphers=(0xC02B, 0xC02C)),
    "ciphers of DHE": hello(ciphers=(0x9E, 0x9F, 0x33)),
    "Camellia": hello(ciphers=(0x41, 0x84)),
    "ARIA": hello(ciphers=(0xC050, 0xC051, 0xC060)),
    "CCM": hello(ciphers=(0xC09C, 0xC09E)),
    "a weaker cipher first": hello(ciphers=(0x2F, 0xC030)),
    "no ciphers": hello(ciphers=()),
    "TLS 1.3's ciphers for TLS 1.2": hello(ciphers=(0x1301, 0x1302)),
    "TLS 1.2's ciphers for TLS 1.3": hello(MODERN, ciphers=(0xC02F,)),
    "ChaCha20 first": hello(MODERN, ciphers=(0x1303, 0x1301, 0x1302)),
    "no groups in common": hello(usual=groups(0x13) + ALGORITHMS + SECURE),
    "groups without a share": hello(extension(43, sized(number(TLS13), 1)) + shares()),
    "a share of another group": hello(extension(43, sized(number(TLS13), 1)) + shares((0x18, _OTHER_KEY))),
    "a share that is none": hello(extension(43, sized(number(TLS13), 1)) + shares((0x1D, b"\0" * 5))),
    "P-256 only": hello(usual=groups(0x17) + ALGORITHMS + SECURE),
    "X448 only": hello(usual=groups(0x1E) + ALGORITHMS + SECURE),
    "signatures by SHA-1": hello(usual=GROUPS + algorithms(0x0201) + SECURE),
    "signatures by ECDSA": hello(usual=GROUPS + algorithms(0x0403) + SECURE),
    "tickets": hello(extension(35, b"")),
    "a ticket that is none": hello(extension(35, b"t" * 100)),
    "a session": hello(session=b"s" * 32),
    "a session too long": hello(session=b"s" * 33),
    "extended master secret": hello(extension(23, b"")),
    "encrypt then MAC": hello(extension(22, b""), ciphers=(0x2F,)),
    "status of certificates": hello(extension(5, b"\1\0\0\0\0")),
    "a heartbeat": hello(extension(15, b"\1")),
    "renegotiation with data": hello(usual=GROUPS + ALGORITHMS + extension(0xFF01, b"\x04abcd")),
    "the same extension twice": hello(extension(35, b"") + extension(35, b"")),
    "compression": hello(compression=b"\1\0"),
    "compression only": hello(compression=b"\1"),
    "a longest fragment": hello(extension(1, b"\1")),
    "early data": hello(MODERN + extension(42, b"")),
    "a shared key that is none": hello(
        MODERN + extension(45, b"\1\1") + extension(41, sized(sized(b"id") + b"\0\0\0\0") + sized(sized(b"b" * 32, 1)))
    ),
}
BYTES: dict[str, bytes] = {
    "HTTP": get(),
    "HTTP/1.0": b"GET / HTTP/1.0\r\n\r\n",
    "HTTP by HEAD": get(method=b"HEAD"),
    "HTTP by POST": get(b"/login", b"Content-Length: 3", method=b"POST") + b"a=b",
    "HTTP by PUT": get(b"/x", b"Content-Length: 1", method=b"PUT") + b"a",
    "HTTP by OPTIONS": get(method=b"OPTIONS"),
    "HTTP by CONNECT": b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP without a Host": b"GET / HTTP/1.1\r\n\r\n",
    "HTTP that is none": b"GET /\r\n\r\n",
    "half of HTTP": b"GET / HTTP/1.1\r\nHost: a\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "SSH": b"SSH-2.0-x\r\n",
    "empty lines": b"\r\n\r\n",
    "RDP": b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00",
    "SSL 2": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80\0\0\4" + b"C" * 32,
    "a hello of SSL 2 for TLS": b"\x80\x1f\x01\x03\x03\x00\x06\x00\x00\x00\x10\x00\x00\x2f\x00\x00\x35" + b"C" * 16,
    "an alert": record(21, b"\x02\x28"),
    "a warning": record(21, b"\x01\x00"),
    "an alert of no level": record(21, b"\x07\x28"),
    "an empty record": record(22, b""),
    "data first": record(23, b"hello"),
    "a change of keys first": record(20, b"\1"),
    "a heartbeat first": record(24, b"\1\x40\0"),
    "a record of no kind": record(99, b"hello"),
    "a record too long": b"\x16\x03\x01\x48\x01" + b"a" * 0x4801,
    "a hello that is not finished": HELLO12[:60],
    "a hello in two records": record(22, HELLO12[5:40]) + record(22, HELLO12[40:]),
    "a hello of bytes": b"".join(record(22, HELLO12[at : at + 1]) for at in range(5, len(HELLO12))),
    "a hello cut short": record(22, handshake(1, HELLO12[9:60])),
    "a hello with more after it": record(22, handshake(1, HELLO12[9:] + b"more")),
    "another message first": record(22, handshake(16, b"\0" * 20)),
    "a finished first": record(22, handshake(20, b"\0" * 12)),
    "a hello's request": record(22, handshake(0, b"")),
    "a message of no kind": record(22, handshake(77, b"abc")),
    "two hellos": HELLO12 + HELLO12,
    "two hellos of TLS 1.3": HELLO13 + HELLO13,
    "a hello, then HTTP": HELLO12 + get(),
    "a hello, then data": HELLO12 + record(23, b"hello", TLS12),
    "a hello, then a change of keys": HELLO12 + record(20, b"\1", TLS12),
    "a hello, then a finished": HELLO12 + record(22, handshake(20, b"\0" * 12), TLS12),
    "a hello, then an alert": HELLO12 + record(21, b"\2\x28", TLS12),
    "a hello, then a warning": HELLO12 + record(21, b"\1\0", TLS12),
    "a hello of TLS 1.3, then data": HELLO13 + record(20, b"\1", TLS12) + record(23, b"\0" * 60, TLS12),
    "a hello of TLS 1.3, then an alert": HELLO13 + record(21, b"\2\x28", TLS12),
    "a hello of 20000 bytes": hello(extension(21, b"\0" * 14000)) + b"",
}
