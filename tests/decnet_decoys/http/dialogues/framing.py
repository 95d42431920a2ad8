# SPDX-License-Identifier: MIT
"""Requests that test how a server takes lines, heads, bodies and connections apart."""

from __future__ import annotations

from tests.decnet_decoys.http.dialogues.requests import HOST, get

_CHUNKED = b"Transfer-Encoding: chunked"
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def post(body: bytes, *fields: bytes, target: bytes = b"/nope") -> bytes:
    return get(target, *fields, method=b"POST") + body


VERSIONS: dict[str, bytes] = {
    "HTTP/9.9": get(version=b"HTTP/9.9"),
    "HTTP/1": get(version=b"HTTP/1"),
    "HTTP/1.10": get(version=b"HTTP/1.10"),
    "HTTP/01.1": get(version=b"HTTP/01.1"),
    "HTTP/1.1 with a word more": get(version=b"HTTP/1.1 x"),
    "HTTP/1.1 with a space after it": get(version=b"HTTP/1.1 "),
    "no version, and a head": b"GET /robots.txt\r\n" + HOST + b"\r\n",
    "another protocol": get(version=b"ICY/1.1"),
    "RTSP": b"OPTIONS / RTSP/1.0\r\n\r\n",
    "SIP": b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm\r\n\r\n",
    "HTTP/1.0 with a Host": b"GET /robots.txt HTTP/1.0\r\n" + HOST + b"\r\n",
    "HTTP/1.0 with a bad Host": b"GET / HTTP/1.0\r\nHost: a b\r\n\r\n",
    "the preface, and frames": _PREFACE + b"\0\0\0\4\0\0\0\0\0",
    "an upgrade to a WebSocket": get(
        b"/", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: AAAA", b"Sec-WebSocket-Version: 13"
    ),
    "an upgrade to TLS": get(b"/", b"Connection: Upgrade", b"Upgrade: TLS/1.0"),
}
LINES: dict[str, bytes] = {
    "LF after the first line": b"GET /robots.txt HTTP/1.1\n" + HOST + b"\r\n",
    "LF at the end": b"GET /robots.txt HTTP/1.1\r\n" + HOST + b"\n",
    "CR within a field": get(b"/", b"X: a\rb"),
    "NUL within a field": get(b"/", b"X: a\0b"),
    "NUL within a field's name": get(b"/", b"X\0Y: a"),
    "a field over two lines": get(b"/robots.txt", b"X: a\r\n b"),
    "a field without a name": get(b"/", b": x"),
    "a space before the first field": b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "a space before a colon": get(b"/robots.txt", b"X : a"),
    "two spaces in the first line": b"GET  /robots.txt  HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tab in the first line": b"GET\t/robots.txt\tHTTP/1.1\r\n" + HOST + b"\r\n",
    "a space first": b" GET / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the target": get(b"/a b"),
    "a field with an underscore": get(b"/robots.txt", b"X_Y: a"),
    "a field of bytes above ASCII": get(b"/robots.txt", b"X: \xff\xfe"),
    "a field's name above ASCII": get(b"/robots.txt", b"\xc3\xa4: x"),
    "a hundred and twenty fields": get(b"/robots.txt", *(b"X-%d: y" % n for n in range(120))),
    "a field of 20000 bytes": get(b"/", b"X: " + b"a" * 20000),
    "a target of 5000 bytes": get(b"/" + b"a" * 5000),
    "a query of 7000 bytes": get(b"/robots.txt?" + b"a" * 7000),
    "a hundred kilobytes of one line": b"A" * 100_000,
    "LF only": b"\n\n\n",
    "CR only": b"\r\r\r\r",
    "half a line": b"GET / HT",
    "a line of a mail client": b"EHLO example.org\r\n\r\n",
    "SSH": b"SSH-2.0-Go\r\n",
}
HOSTS: dict[str, bytes] = {
    "a Host with a bad port": b"GET /docs HTTP/1.1\r\nHost: h:port\r\n\r\n",
    "a Host with an empty port": b"GET /docs HTTP/1.1\r\nHost: h:\r\n\r\n",
    "a Host with a port too large": b"GET /docs HTTP/1.1\r\nHost: h:99999\r\n\r\n",
    "a Host with a user": b"GET /docs HTTP/1.1\r\nHost: u@h\r\n\r\n",
    "a Host in capitals": b"GET /docs HTTP/1.1\r\nHost: WWW.Example.ORG\r\n\r\n",
    "a Host with a last dot": b"GET /docs HTTP/1.1\r\nHost: h.example.\r\n\r\n",
    "a Host with an underscore": b"GET /docs HTTP/1.1\r\nHost: h_1\r\n\r\n",
    "a Host with markup": b"GET /docs HTTP/1.1\r\nHost: <script>\r\n\r\n",
    "a Host with a backslash": b"GET /docs HTTP/1.1\r\nHost: a\\b\r\n\r\n",
    "a Host of 300 bytes": b"GET /docs HTTP/1.1\r\nHost: " + b"a" * 300 + b"\r\n\r\n",
    "a Host of IPv6 without its end": b"GET /docs HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "the same Host twice": get(b"/robots.txt", b"Host: www.example.org"),
    "a Host of a bare dot": b"GET /docs HTTP/1.1\r\nHost: .\r\n\r\n",
}
BODIES: dict[str, bytes] = {
    "a chunk with an extension": post(b"3;a=b\r\na=b\r\n0\r\n\r\n", _CHUNKED),
    "a chunk's size in capitals": post(b"A\r\n0123456789\r\n0\r\n\r\n", _CHUNKED),
    "a chunk's size that is none": post(b"x\r\na=b\r\n0\r\n\r\n", _CHUNKED),
    "a chunk's size that is negative": post(b"-1\r\na=b\r\n0\r\n\r\n", _CHUNKED),
    "a chunk's size too large": post(b"fffffffffffffffff\r\na=b\r\n", _CHUNKED),
    "a chunk without its end": post(b"3\r\na=bXX0\r\n\r\n", _CHUNKED),
    "chunks with trailers": post(b"3\r\na=b\r\n0\r\nX: y\r\n\r\n", _CHUNKED),
    "chunks and a length": post(b"3\r\na=b\r\n0\r\n\r\n", _CHUNKED, b"Content-Length: 3"),
    "a length and chunks by HTTP/1.0": b"POST /nope HTTP/1.0\r\nContent-Length: 3\r\n" + _CHUNKED + b"\r\n\r\na=b",
    "chunked twice": post(b"3\r\na=b\r\n0\r\n\r\n", _CHUNKED, _CHUNKED),
    "gzip, chunked": post(b"0\r\n\r\n", b"Transfer-Encoding: gzip, chunked"),
    "identity": post(b"", b"Transfer-Encoding: identity"),
    "chunked in capitals": post(b"0\r\n\r\n", b"Transfer-Encoding: CHUNKED"),
    "a length with a plus": post(b"abc", b"Content-Length: +3"),
    "a length that is negative": post(b"", b"Content-Length: -1"),
    "a length too large": post(b"", b"Content-Length: 99999999999999999999"),
    "a length of a gigabyte": post(b"", b"Content-Length: 1073741824"),
    "an empty length": post(b"", b"Content-Length:"),
    "the same length twice": post(b"abc", b"Content-Length: 3", b"Content-Length: 3"),
    "lengths in one field": post(b"abc", b"Content-Length: 3, 3"),
    "a GET with a body": get(b"/robots.txt", b"Content-Length: 3") + b"abc",
    "a GET with chunks": get(b"/robots.txt", _CHUNKED) + b"3\r\nabc\r\n0\r\n\r\n",
    "a body cut short": post(b"ab", b"Content-Length: 3", target=b"/"),
    "100-continue without a body": get(b"/robots.txt", b"Expect: 100-continue"),
    "100-continue by HTTP/1.0": b"POST /nope HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
    "two requests": get(b"/robots.txt") + get(b"/nope"),
    "two requests, the first closes": get(b"/robots.txt", b"Connection: close") + get(b"/nope"),
    "a request after a bad one": get(b"/", b"Host: other") + get(b"/robots.txt"),
    "a request after a body": post(b"abc", b"Content-Length: 3") + get(b"/robots.txt"),
    "a request after a HEAD": get(method=b"HEAD") + get(b"/robots.txt", method=b"HEAD"),
    "an odd Connection": get(b"/robots.txt", b"Connection: x, Close"),
    "kept alive and closed": get(b"/robots.txt", b"Connection: keep-alive, close"),
    "kept alive by a proxy": b"GET /robots.txt HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n",
}
