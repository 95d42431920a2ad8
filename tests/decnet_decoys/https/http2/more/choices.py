# SPDX-License-Identifier: MIT
"""What clients choose by ALPN, and what they say then."""

from __future__ import annotations

from tests.decnet_decoys.https.http2.dialogues import HELLO, PREFACE, frame, req

_GET = b"GET /robots.txt HTTP/1.1\r\nHost: www.example.org\r\n\r\n"
_H2C = (
    b"GET /robots.txt HTTP/1.1\r\nHost: www.example.org\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
)
_TLS_UPGRADE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n"
_ASKED = HELLO + frame(1, 5, 1, req())

CHOICES: dict[str, tuple[tuple[str, ...], tuple[bytes, ...]]] = {
    "no ALPN, HTTP/1.1": ((), (_GET, _GET)),
    "no ALPN, the preface": ((), (PREFACE,)),
    "no ALPN, a request": ((), (_ASKED,)),
    "http/1.1, HTTP/1.1": (("http/1.1",), (_GET,)),
    "http/1.1, the preface": (("http/1.1",), (PREFACE,)),
    "http/1.1, a request": (("http/1.1",), (_ASKED,)),
    "http/1.1, an upgrade to h2c": (("http/1.1",), (_H2C,)),
    "http/1.1, an upgrade to h2c, and the preface": (("http/1.1",), (_H2C + HELLO,)),
    "http/1.1, an upgrade to TLS": (("http/1.1",), (_TLS_UPGRADE,)),
    "http/1.0": (("http/1.0",), (b"GET / HTTP/1.0\r\n\r\n",)),
    "http/1.1 before h2": (("http/1.1", "h2"), (_GET,)),
    "h2 before http/1.1": (("h2", "http/1.1"), (_ASKED,)),
    "h2, HTTP/1.1": (("h2",), (_GET,)),
    "h2, HTTP/1.0": (("h2",), (b"GET / HTTP/1.0\r\n\r\n",)),
    "h2, TLS again": (("h2",), (b"\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03" + bytes(20),)),
    "h2, SSH": (("h2",), (b"SSH-2.0-Go\r\n",)),
    "h2c alone": (("h2c",), (_GET,)),
    "h3": (("h3",), (_GET,)),
    "an unknown one": (("acme-tls/1",), (_GET,)),
    "h2-14": (("h2-14", "spdy/3.1"), (_GET,)),
}
"""The protocols that are offered, and what is sent, step by step."""
