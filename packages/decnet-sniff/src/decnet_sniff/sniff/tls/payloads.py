# SPDX-License-Identifier: MIT
"""The event payload of a hello, with its fingerprints.

Most hellos are the same few over and over, from the same tools: what depends only on the lists of a hello is cached.
"""

from functools import lru_cache
from typing import Final

from decnet_core.events.catalogue import TlsClient, TlsServer
from decnet_core.text import from_wire
from decnet_sniff.sniff.tls import ja3, ja4
from decnet_sniff.sniff.tls.hello import ClientHello, Hello, ServerHello, without_grease

MAX_TEXT = 2048
"""Characters; a longer JA3 text is not reported, only its digest."""

MAX_ALPN = 16
"""How many of the protocols that a client offers are reported."""

MAX_VERSIONS = 16
"""How many of the versions that a client offers are reported."""

MAX_REMEMBERED = 300
"""Size limit (numbers in its lists) for caching a hello's fingerprints: about 3 KiB each, 256 of them."""

_JA4_LETTER: Final = {"tcp": ja4.TCP, "quic": ja4.QUIC, "dtls": ja4.DTLS}


def tls_payload(hello: Hello, transport: str) -> TlsClient | TlsServer:
    """Return the payload for `hello`, seen once; `transport` is tcp, quic or dtls."""
    if isinstance(hello, ServerHello):
        return _server(hello, transport)
    small = len(hello.ciphers) + len(hello.extensions) + len(hello.signatures) + len(hello.groups) <= MAX_REMEMBERED
    prints = _remembered if small else _prints
    digest, text, fingerprint = prints(
        hello._replace(server_name=None, alpn=hello.alpn[:1], end=0), _JA4_LETTER[transport]
    )
    return TlsClient(
        transport=transport,
        ja3=digest,
        ja3_text=text,
        ja4=fingerprint,
        version=hello.version,
        versions=tuple(without_grease(hello.versions)[:MAX_VERSIONS]),
        sni=None if hello.server_name is None else from_wire(hello.server_name, 255),
        alpn=tuple(from_wire(name, 255) for name in hello.alpn[:MAX_ALPN]),
    )


def _prints(hello: ClientHello, letter: str) -> tuple[str, str | None, str]:
    """Return JA3, its text if it is short enough, and JA4."""
    text = ja3.ja3_text(hello)
    return ja3.digest(text), _short(text), ja4.ja4(hello, letter)


_remembered = lru_cache(maxsize=256)(_prints)


def _server(hello: ServerHello, transport: str) -> TlsServer:
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


def _short(text: str) -> str | None:
    return text if len(text) <= MAX_TEXT else None
