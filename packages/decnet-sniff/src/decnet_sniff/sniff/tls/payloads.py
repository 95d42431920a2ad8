# SPDX-License-Identifier: MIT
"""The event payload of a hello, with its fingerprints.

Most hellos are the same few over and over, from the same tools: all but the name of the server is remembered.
"""

from functools import lru_cache
from typing import Final

from decnet_core.events.catalogue import TlsClient, TlsServer
from decnet_core.text import from_wire
from decnet_sniff.sniff.tls import ja3, ja4
from decnet_sniff.sniff.tls.hello import (
    MAX_REMEMBERED,
    MOST_REMEMBERED,
    Chosen,
    ClientHello,
    Hello,
    Offered,
    ServerHello,
    without_grease,
)

MAX_TEXT = 2048
"""Characters; a longer JA3 text is not reported, only its digest."""

MAX_ALPN = 16
"""How many of the protocols that a client offers are reported."""

MAX_VERSIONS = 16
"""How many of the versions that a client offers are reported."""

_JA4_LETTER: Final = {"tcp": ja4.TCP, "quic": ja4.QUIC, "dtls": ja4.DTLS}


def tls_payload(hello: Hello, transport: str) -> TlsClient | TlsServer:
    """Return the payload for `hello`, seen once; `transport` is tcp, quic or dtls."""
    if isinstance(hello, ServerHello):
        return (_known_server if len(hello.extensions) <= MAX_REMEMBERED else _server)(hello[:-1], transport)
    payload = (_known_client if _is_small(hello) else _client)(hello[:-2], transport)
    if hello.server_name is None:
        return payload
    return TlsClient(
        transport,
        payload.ja3,
        payload.ja4,
        payload.version,
        payload.versions,
        from_wire(hello.server_name, 255),
        payload.alpn,
        payload.ja3_text,
    )


def _is_small(hello: ClientHello) -> bool:
    numbers = len(hello.ciphers) + len(hello.extensions) + len(hello.signatures) + len(hello.groups)
    return numbers + sum(map(len, hello.alpn)) <= MAX_REMEMBERED


def _client(offered: Offered, transport: str) -> TlsClient:
    """Return the payload of a client that names no server."""
    hello = ClientHello(*offered)
    text = ja3.ja3_text(hello)
    return TlsClient(
        transport=transport,
        ja3=ja3.digest(text),
        ja3_text=_short(text),
        ja4=ja4.ja4(hello, _JA4_LETTER[transport]),
        version=hello.version,
        versions=tuple(without_grease(hello.versions)[:MAX_VERSIONS]),
        alpn=tuple(from_wire(name, 255) for name in hello.alpn[:MAX_ALPN]),
    )


def _server(chosen: Chosen, transport: str) -> TlsServer:
    hello = ServerHello(*chosen)
    text = ja3.ja3s_text(hello)
    return TlsServer(
        transport=transport,
        ja3s=ja3.digest(text),
        ja3s_text=_short(text),
        version=hello.chosen,
        cipher=hello.cipher,
        alpn=None if hello.alpn is None else from_wire(hello.alpn, 255),
        retry=hello.retry,
    )


_known_client = lru_cache(maxsize=MOST_REMEMBERED)(_client)
_known_server = lru_cache(maxsize=MOST_REMEMBERED)(_server)


def _short(text: str) -> str | None:
    return text if len(text) <= MAX_TEXT else None
