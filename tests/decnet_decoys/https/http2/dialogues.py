# SPDX-License-Identifier: MIT
"""First exchanges in HTTP/2: what clients send after TLS, and what comes back as lines.

A PING ends each dialogue: by its answer, or by the end of the connection, all that was to come has come.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from pathlib import Path

from hpack import Decoder, Encoder
from tests.decnet_decoys.decky_host import DEADLINE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
RECORD = Path(__file__).with_name("nginx.json")
_LAST = b"the last"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def encoded(*fields: tuple[str, str]) -> bytes:
    block: bytes = Encoder().encode(list(fields))
    return block


def req(
    path: str = "/robots.txt", method: str = "GET", extra: tuple[tuple[str, str], ...] = (), host: str = "web-01"
) -> bytes:
    pseudo = ((":method", method), (":path", path), (":scheme", "https"), (":authority", host))
    return encoded(*pseudo, *extra)


HELLO = PREFACE + frame(4, 0, 0)
DIALOGUES: dict[str, bytes] = {
    "get": HELLO + frame(1, 5, 1, req()),
    "head": HELLO + frame(1, 5, 1, req(method="HEAD")),
    "404": HELLO + frame(1, 5, 1, req("/nope")),
    "post": HELLO + frame(1, 4, 1, req(method="POST")) + frame(0, 1, 1, b"a=b"),
    "post unfinished": HELLO + frame(1, 4, 1, req(method="POST")) + frame(0, 0, 1, b"a=b"),
    "post 404": HELLO + frame(1, 4, 1, req("/nope", "POST")) + frame(0, 1, 1, b"a=b"),
    "post bad length": HELLO
    + frame(1, 4, 1, req("/nope", "POST", (("content-length", "10"),)))
    + frame(0, 1, 1, b"a=b"),
    "post too large": HELLO + frame(1, 4, 1, req("/nope", "POST", (("content-length", "10000000"),))),
    "get with body": HELLO + frame(1, 4, 1, req()) + frame(0, 1, 1, b"a=b"),
    "no settings": PREFACE + frame(1, 5, 1, req()),
    "http1": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "garbage": b"\xff" * 100,
    "even stream": HELLO + frame(1, 5, 2, req()),
    "stream 0": HELLO + frame(1, 5, 0, req()),
    "same stream": HELLO + frame(1, 5, 1, req()) + frame(1, 5, 1, req()),
    "lower stream": HELLO + frame(1, 5, 5, req()) + frame(1, 5, 3, req()),
    "ping": HELLO + frame(6, 0, 0, b"12345678"),
    "ping ack": HELLO + frame(6, 1, 0, b"12345678"),
    "ping short": HELLO + frame(6, 0, 0, b"1234567"),
    "ping on stream": HELLO + frame(6, 0, 3, b"12345678"),
    "push": HELLO + frame(5, 4, 1, b"\0\0\0\2"),
    "unknown": HELLO + frame(77, 4, 1, b"xyz") + frame(6, 0, 0, b"12345678"),
    "settings ack len": HELLO + frame(4, 1, 0, b"123456"),
    "settings len": HELLO + frame(4, 0, 0, b"12345"),
    "settings push 2": PREFACE + frame(4, 0, 0, b"\0\2\0\0\0\2"),
    "settings window": PREFACE + frame(4, 0, 0, b"\0\4\xff\xff\xff\xff"),
    "settings frame": PREFACE + frame(4, 0, 0, b"\0\5\0\0\0\1"),
    "settings table": PREFACE + frame(4, 0, 0, b"\0\1\0\0\x10\0") + frame(1, 5, 1, req()),
    "settings stream": PREFACE + frame(4, 0, 1, b""),
    "window 0": HELLO + frame(8, 0, 0, b"\0\0\0\0"),
    "window 0 stream": HELLO + frame(8, 0, 1, b"\0\0\0\0"),
    "window over": HELLO + frame(8, 0, 0, b"\x7f\xff\xff\xff"),
    "window len": HELLO + frame(8, 0, 0, b"\0\0\0"),
    "window small": PREFACE + frame(4, 0, 0, b"\0\4\0\0\0\5") + frame(1, 5, 1, req()),
    "window small then more": PREFACE
    + frame(4, 0, 0, b"\0\4\0\0\0\5")
    + frame(1, 5, 1, req())
    + frame(8, 0, 1, b"\0\0\0\2")
    + frame(4, 0, 0, b"\0\4\0\0\0\7"),
    "window over stream": PREFACE
    + frame(4, 0, 0, b"\0\4\0\0\0\5")
    + frame(1, 5, 1, req())
    + frame(8, 0, 1, b"\x7f\xff\xff\xff"),
    "rst idle": HELLO + frame(3, 0, 1, b"\0\0\0\0") + frame(6, 0, 0, b"12345678"),
    "rst len": HELLO + frame(3, 0, 1, b"\0\0\0"),
    "rst": PREFACE
    + frame(4, 0, 0, b"\0\4\0\0\0\5")
    + frame(1, 5, 1, req())
    + frame(3, 0, 1, b"\0\0\0\x08")
    + frame(8, 0, 1, b"\0\0\1\0")
    + frame(6, 0, 0, b"12345678"),
    "data idle": HELLO + frame(0, 1, 1, b"abc") + frame(6, 0, 0, b"12345678"),
    "data 0": HELLO + frame(0, 1, 0, b"abc") + frame(6, 0, 0, b"12345678"),
    "data closed": HELLO + frame(1, 5, 1, req()) + frame(0, 1, 1, b"abc") + frame(6, 0, 0, b"12345678"),
    "data padded": HELLO + frame(1, 4, 1, req(method="POST")) + frame(0, 9, 1, b"\3a=b\0\0\0"),
    "data pad over": HELLO + frame(1, 4, 1, req(method="POST")) + frame(0, 9, 1, b"\x09a=b"),
    "headers padded": HELLO + frame(1, 13, 1, b"\2" + req() + b"\0\0"),
    "headers pad over": HELLO + frame(1, 13, 1, b"\xff" + req()),
    "headers priority": HELLO + frame(1, 37, 1, b"\0\0\0\0\x10" + req()),
    "headers self": HELLO + frame(1, 37, 1, b"\0\0\0\1\x10" + req()) + frame(6, 0, 0, b"12345678"),
    "headers short": HELLO + frame(1, 37, 1, b"\0\0\0"),
    "priority": HELLO + frame(2, 0, 1, b"\0\0\0\0\x10") + frame(6, 0, 0, b"12345678"),
    "priority self": HELLO + frame(2, 0, 1, b"\0\0\0\1\x10") + frame(6, 0, 0, b"12345678"),
    "priority 0": HELLO + frame(2, 0, 0, b"\0\0\0\1\x10") + frame(6, 0, 0, b"12345678"),
    "priority len": HELLO + frame(2, 0, 1, b"\0\0\0\1"),
    "many priorities": HELLO + frame(2, 0, 1, b"\0\0\0\0\x10") * 200 + frame(6, 0, 0, b"12345678"),
    "continuation": HELLO + frame(1, 1, 1, req()[:5]) + frame(9, 4, 1, req()[5:]),
    "continuation other stream": HELLO + frame(1, 1, 1, req()[:5]) + frame(9, 4, 3, req()[5:]),
    "continuation alone": HELLO + frame(9, 4, 1, req()[5:]),
    "continuation ping": HELLO + frame(1, 1, 1, req()[:5]) + frame(6, 0, 0, b"12345678"),
    "continuation empty": HELLO + frame(1, 1, 1, req()[:5]) + frame(9, 0, 1, b"") * 5 + frame(9, 4, 1, req()[5:]),
    "empty headers": HELLO + frame(1, 5, 1, b""),
    "bad index": HELLO + frame(1, 5, 1, b"\xff\xff\xff\x7f"),
    "index 0": HELLO + frame(1, 5, 1, b"\x80"),
    "index 70": HELLO + frame(1, 5, 1, b"\xc6"),
    "truncated block": HELLO + frame(1, 5, 1, req()[:-2]),
    "table size": HELLO + frame(1, 5, 1, b"\x20" + req()),
    "table size large": HELLO + frame(1, 5, 1, b"\x3f\xff\xff\x7f" + req()),
    "uppercase": HELLO + frame(1, 5, 1, req(extra=(("X-Y", "1"),))),
    "pseudo late": HELLO
    + frame(
        1, 5, 1, encoded((":method", "GET"), ("a", "b"), (":path", "/"), (":scheme", "https"), (":authority", "x"))
    ),
    "pseudo unknown": HELLO + frame(1, 5, 1, req(extra=((":foo", "1"),))),
    "pseudo twice": HELLO + frame(1, 5, 1, req(extra=((":path", "/x"),))),
    "no method": HELLO + frame(1, 5, 1, encoded((":path", "/"), (":scheme", "https"), (":authority", "x"))),
    "no path": HELLO + frame(1, 5, 1, encoded((":method", "GET"), (":scheme", "https"), (":authority", "x"))),
    "no scheme": HELLO + frame(1, 5, 1, encoded((":method", "GET"), (":path", "/robots.txt"), (":authority", "x"))),
    "no authority": HELLO + frame(1, 5, 1, encoded((":method", "GET"), (":path", "/robots.txt"), (":scheme", "https"))),
    "host only": HELLO
    + frame(1, 5, 1, encoded((":method", "GET"), (":path", "/robots.txt"), (":scheme", "https"), ("host", "x"))),
    "bad host": HELLO + frame(1, 5, 1, req(host="a b")),
    "host differs": HELLO + frame(1, 5, 1, req(extra=(("host", "other"),))),
    "path relative": HELLO + frame(1, 5, 1, req("robots.txt")),
    "path space": HELLO + frame(1, 5, 1, req("/a b")),
    "path escape": HELLO + frame(1, 5, 1, req("/%zz")),
    "path up": HELLO + frame(1, 5, 1, req("/../../etc/passwd")),
    "path star": HELLO + frame(1, 5, 1, req("*", "OPTIONS")),
    "options": HELLO + frame(1, 5, 1, req("/", "OPTIONS")),
    "trace": HELLO + frame(1, 5, 1, req("/", "TRACE")),
    "connect": HELLO + frame(1, 5, 1, encoded((":method", "CONNECT"), (":authority", "x:443"))),
    "delete": HELLO + frame(1, 5, 1, req("/", "DELETE")),
    "lower method": HELLO + frame(1, 5, 1, req("/", "get")),
    "odd method": HELLO + frame(1, 5, 1, req("/", "FOO")),
    "range": HELLO + frame(1, 5, 1, req(extra=(("range", "bytes=0-3"),))),
    "if none match": HELLO + frame(1, 5, 1, req(extra=(("if-modified-since", "Thu, 13 Jun 2024 08:00:01 GMT"),))),
    "connection header": HELLO + frame(1, 5, 1, req(extra=(("connection", "close"),))),
    "te": HELLO
    + frame(
        1,
        5,
        1,
        req(
            extra=(
                ("te", "gzip"),
                ("transfer-encoding", "chunked"),
            )
        ),
    ),
    "value nul": HELLO + frame(1, 5, 1, req(extra=(("x", "a\0b"),))),
    "value utf8": HELLO + frame(1, 5, 1, req(extra=(("x", "\u00e9"),))),
    "underscore": HELLO + frame(1, 5, 1, req(extra=(("x_y", "b"),))),
    "empty name": HELLO + frame(1, 5, 1, req(extra=(("", "b"),))),
    "field 9k": HELLO + frame(1, 5, 1, req(extra=(("x", "\x01" * 9000),))),
    "fields 40k": HELLO
    + frame(1, 1, 1, req(extra=tuple((f"x{i}", "x" * 5000) for i in range(4))))
    + frame(9, 4, 1, encoded(*((f"y{i}", "y" * 5000) for i in range(8)))),
    "goaway": HELLO + frame(7, 0, 0, b"\0\0\0\0\0\0\0\0") + frame(6, 0, 0, b"12345678"),
    "goaway short": HELLO + frame(7, 0, 0, b"\0\0\0\0"),
    "two": HELLO + frame(1, 5, 1, req()) + frame(1, 5, 3, req("/nope")),
    "frame 20k": HELLO + frame(1, 4, 1, req("/nope", "POST")) + frame(0, 1, 1, b"a" * 20000),
    "trailers": HELLO
    + frame(1, 4, 1, req("/nope", "POST"))
    + frame(0, 0, 1, b"abc")
    + frame(1, 5, 1, encoded(("x", "y"))),
}


def client_context(*protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    return context


async def said(address: str, port: int, sent: bytes, context: ssl.SSLContext) -> list[str]:
    """Return what a server answers in a dialogue, a line for each frame."""
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection(address, port, ssl=context)
        try:
            writer.write(sent + frame(6, 0, 0, _LAST))
            data = b""
            while frame(6, 1, 0, _LAST) not in data:
                try:
                    more = await reader.read(1 << 16)
                except ConnectionError:
                    more = b""
                if not more:
                    return [*transcript(data), "closed"]
                data += more
            return transcript(data)
        finally:
            writer.transport.abort()


def transcript(data: bytes) -> list[str]:
    decoder, lines = Decoder(), []
    while data:
        size, kind, flags, stream = int.from_bytes(data[:3], "big"), data[3], data[4], int.from_bytes(data[5:9], "big")
        payload, data = data[9 : 9 + size], data[9 + size :]
        shown = payload.hex()
        if kind == 1:
            shown = "; ".join(f"{field[0]!s}={field[1]!s}" for field in decoder.decode(payload))
            shown = re.sub(r"(date|last-modified|etag)=[^;]*", r"\1", shown)
            coded = bytes(byte & 0xF0 for byte in payload[:2]).hex()  # how nginx encodes what comes first
            shown = f"{coded} {shown}"
        elif kind == 0:
            shown = re.sub(r"nginx/[0-9.]+", "nginx", payload.decode("latin-1"))
        lines.append(f"{kind} {flags} {stream} {shown}")
    return lines


def recorded() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found
