# SPDX-License-Identifier: MIT
"""74 raw requests, by which a visitor tells web servers apart, for a site of two files."""

from __future__ import annotations

HOST = b"Host: www.example.org\r\n"
DATE = b"Thu, 13 Jun 2024 08:00:01 GMT"
"""When the site's files were changed."""
MODIFIED = 1718265601


def get(target: bytes = b"/", *fields: bytes, method: bytes = b"GET", version: bytes = b"HTTP/1.1") -> bytes:
    """Return a request; each of `fields` is a header."""
    lines = b"".join(field + b"\r\n" for field in fields)
    return method + b" " + target + b" " + version + b"\r\n" + HOST + lines + b"\r\n"


REQUESTS: dict[str, bytes] = {
    "a page": get(),
    "a page, then close": get(b"/", b"Connection: close"),
    "a page, kept alive": get(b"/", b"Connection: keep-alive"),
    "HEAD": get(method=b"HEAD"),
    "a file": get(b"/robots.txt"),
    "a file's head": get(b"/robots.txt", method=b"HEAD"),
    "a page by its name": get(b"/index.html"),
    "a query": get(b"/robots.txt?a=1&b=2"),
    "nothing there": get(b"/nope"),
    "the head of nothing": get(b"/nope", method=b"HEAD"),
    "nothing there, then close": get(b"/nope", b"Connection: close"),
    "HTTP/1.0": b"GET / HTTP/1.0\r\n\r\n",
    "HTTP/1.0, kept alive": b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/0.9 with headers": b"GET / HTTP/0.9\r\nHost: h\r\n\r\n",
    "HTTP/1.2": get(version=b"HTTP/1.2"),
    "HTTP/2.0": get(version=b"HTTP/2.0"),
    "HTTP/3.0": get(version=b"HTTP/3.0"),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an offer of h2c": get(b"/", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
    "a version that is none": get(version=b"HTTP/x"),
    "a version in lower case": get(version=b"http/1.1"),
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": get(b"/", b"Host: other"),
    "an empty Host": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "a Host with a space": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a Host with two dots": b"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n",
    "a Host with a slash": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a Host of IPv6": b"GET /nope HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
    "a Host with a port": b"GET /nope HTTP/1.1\r\nHost: h:81\r\n\r\n",
    "garbage": b"garbage\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03" + bytes(20) + b"\r\n\r\n",
    "empty lines first": b"\r\n\r\n" + get(b"/robots.txt"),
    "lines ended by LF": b"GET /robots.txt HTTP/1.1\nHost: h\n\n",
    "OPTIONS": get(method=b"OPTIONS"),
    "OPTIONS of the server": get(b"*", method=b"OPTIONS"),
    "OPTIONS of nothing": get(b"/nope", method=b"OPTIONS"),
    "TRACE": get(method=b"TRACE"),
    "an unknown method": get(method=b"BREW"),
    "an unknown method of nothing": get(b"/nope", method=b"BREW"),
    "a method in lower case": get(method=b"get"),
    "DELETE": get(b"/robots.txt", method=b"DELETE"),
    "PROPFIND": get(method=b"PROPFIND"),
    "PUT": get(b"/x", b"Content-Length: 0", method=b"PUT"),
    "PUT of a file": get(b"/robots.txt", b"Content-Length: 1", method=b"PUT") + b"x",
    "POST": get(b"/", b"Content-Length: 3", method=b"POST") + b"a=b",
    "POST of nothing": get(b"/nope", b"Content-Length: 3", method=b"POST") + b"a=b",
    "POST without a length": get(method=b"POST"),
    "POST in chunks": get(b"/nope", b"Transfer-Encoding: chunked", method=b"POST") + b"3\r\na=b\r\n0\r\n\r\n",
    "POST that waits": get(b"/nope", b"Content-Length: 3", b"Expect: 100-continue", method=b"POST") + b"a=b",
    "an unknown expectation": get(b"/", b"Expect: nonsense"),
    "two lengths": get(b"/", b"Content-Length: 1", b"Content-Length: 2", method=b"POST"),
    "a length that is none": get(b"/", b"Content-Length: x", method=b"POST"),
    "an unknown coding": get(b"/", b"Transfer-Encoding: nonsense", method=b"POST"),
    "a header without a colon": get(b"/", b"Bad Header"),
    "a header with a space": get(b"/", b"Bad Header: x"),
    "a header of 9000 bytes": get(b"/", b"X: " + b"a" * 9000),
    "ten headers of 4000 bytes": get(b"/", *(b"X%d: %s" % (n, b"a" * 4000) for n in range(10))),
    "a target of 9000 bytes": get(b"/" + b"a" * 9000),
    "a target of 300 bytes": get(b"/" + b"a" * 300),
    "a target with an absolute URL": get(b"http://other.example/robots.txt"),
    "a target above the root": get(b"/../../etc/passwd"),
    "a target with dots": get(b"//a/../robots.txt"),
    "a target with NUL": get(b"/%00"),
    "a target with a bad escape": get(b"/%zz"),
    "a target with an encoded slash": get(b"/a%2frobots.txt"),
    "a name that is hidden": get(b"/.htaccess"),
    "a part": get(b"/robots.txt", b"Range: bytes=0-3"),
    "the end": get(b"/robots.txt", b"Range: bytes=-5"),
    "a part beyond the end": get(b"/robots.txt", b"Range: bytes=999-"),
    "two parts": get(b"/robots.txt", b"Range: bytes=0-1,4-5"),
    "if modified since then": get(b"/", b"If-Modified-Since: " + DATE),
    "if none match, and close": get(b"/", b"If-None-Match: *", b"Connection: close"),
    "if match": get(b"/", b'If-Match: "x"'),
}

assert len(REQUESTS) == 74
