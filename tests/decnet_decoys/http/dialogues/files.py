# SPDX-License-Identifier: MIT
"""Requests for parts of files, for files under conditions, and for files as a client prefers them."""

from __future__ import annotations

from tests.decnet_decoys.http.dialogues.requests import DATE, get

_ROBOTS = b"/robots.txt"
_LATER = b"Fri, 14 Jun 2024 08:00:01 GMT"
_EARLIER = b"Wed, 12 Jun 2024 08:00:01 GMT"


def part(*ranges: bytes, method: bytes = b"GET", target: bytes = _ROBOTS) -> bytes:
    return get(target, *(b"Range: " + one for one in ranges), method=method)


RANGES: dict[str, bytes] = {
    "a part of everything": part(b"bytes=0-"),
    "a part beyond the last byte": part(b"bytes=5-9999"),
    "a part's head": part(b"bytes=0-3", method=b"HEAD"),
    "parts that overlap": part(b"bytes=0-5,3-9"),
    "parts in another order": part(b"bytes=8-9,0-1"),
    "parts, one of them beyond": part(b"bytes=0-1,900-901"),
    "parts that are everything": part(b"bytes=0-,0-,0-"),
    "six parts": part(b"bytes=0-0,2-2,4-4,6-6,8-8,10-10"),
    "the end, too long": part(b"bytes=-9999"),
    "the end, of nothing": part(b"bytes=-0"),
    "a part backwards": part(b"bytes=5-3"),
    "a part of another unit": part(b"lines=0-1"),
    "a part in capitals": part(b"BYTES=0-1"),
    "a part with spaces": part(b"bytes= 0 - 1 , 3 - 4"),
    "a part of letters": part(b"bytes=a-b"),
    "a part of CVE-2017-7529": part(b"bytes=-9223372036854775608,-9223372036854775608"),
    "a part too large": part(b"bytes=0-18446744073709551616"),
    "a part of an empty file": part(b"bytes=0-1", target=b"/empty.txt"),
    "a part of what is absent": part(b"bytes=0-1", target=b"/nope"),
    "a part of a page": part(b"bytes=0-9", target=b"/"),
    "a part by HTTP/1.0": b"GET /robots.txt HTTP/1.0\r\nRange: bytes=0-3\r\n\r\n",
    "a part if it is of that date": get(_ROBOTS, b"Range: bytes=0-3", b"If-Range: " + DATE),
    "a part if it is of another date": get(_ROBOTS, b"Range: bytes=0-3", b"If-Range: " + _EARLIER),
    "a part if it has another tag": get(_ROBOTS, b"Range: bytes=0-3", b'If-Range: "x"'),
    "a part by an old name": get(_ROBOTS, b"Request-Range: bytes=0-3"),
}
CONDITIONS: dict[str, bytes] = {
    "if modified since later": get(_ROBOTS, b"If-Modified-Since: " + _LATER),
    "if modified since earlier": get(_ROBOTS, b"If-Modified-Since: " + _EARLIER),
    "if modified since nonsense": get(_ROBOTS, b"If-Modified-Since: nonsense"),
    "if modified since by RFC 850": get(_ROBOTS, b"If-Modified-Since: Thursday, 13-Jun-24 08:00:01 GMT"),
    "if modified since by asctime": get(_ROBOTS, b"If-Modified-Since: Thu Jun 13 08:00:01 2024"),
    "if modified, the head": get(_ROBOTS, b"If-Modified-Since: " + DATE, method=b"HEAD"),
    "if unmodified since earlier": get(_ROBOTS, b"If-Unmodified-Since: " + _EARLIER),
    "if unmodified since then": get(_ROBOTS, b"If-Unmodified-Since: " + DATE),
    "if another tag": get(_ROBOTS, b'If-None-Match: "x"'),
    "if none of any tag": get(_ROBOTS, b"If-None-Match: *"),
    "if any tag": get(_ROBOTS, b"If-Match: *"),
    "if none match, but later": get(_ROBOTS, b'If-None-Match: "x"', b"If-Modified-Since: " + _LATER),
    "if modified, of nothing": get(b"/nope", b"If-Modified-Since: " + DATE),
    "if none match, of nothing": get(b"/nope", b"If-None-Match: *"),
    "if match, and a part": get(_ROBOTS, b'If-Match: "x"', b"Range: bytes=0-3"),
    "if modified, by POST": get(b"/nope", b"If-None-Match: *", b"Content-Length: 0", method=b"POST"),
}
PREFERENCES: dict[str, bytes] = {
    "gzip of a page": get(b"/", b"Accept-Encoding: gzip"),
    "gzip of a long file": get(b"/long.txt", b"Accept-Encoding: gzip, deflate, br"),
    "gzip of a style": get(b"/style.css", b"Accept-Encoding: gzip"),
    "gzip of nothing there": get(b"/nope", b"Accept-Encoding: gzip"),
    "gzip, the head": get(b"/", b"Accept-Encoding: gzip", method=b"HEAD"),
    "gzip by HTTP/1.0": b"GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n",
    "gzip not wanted": get(b"/", b"Accept-Encoding: gzip;q=0"),
    "gzip through a proxy": get(b"/", b"Accept-Encoding: gzip", b"Via: 1.1 x"),
    "gzip, and a part": get(b"/", b"Accept-Encoding: gzip", b"Range: bytes=0-3"),
    "a style": get(b"/style.css"),
    "a picture of no type": get(b"/data.bin"),
    "an empty file": get(b"/empty.txt"),
    "an empty file's head": get(b"/empty.txt", method=b"HEAD"),
    "nothing acceptable": get(b"/", b"Accept: application/nonsense"),
    "another language": get(b"/", b"Accept-Language: de", b"Accept-Charset: nonsense"),
    "credentials unasked": get(b"/", b"Authorization: Basic YTpi"),
    "a cookie": get(b"/", b"Cookie: a=b; c", b"Referer: x", b"Origin: null"),
    "a shell in the agent": get(b"/", b"User-Agent: () { :;}; /bin/id"),
}
