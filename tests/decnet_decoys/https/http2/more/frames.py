# SPDX-License-Identifier: MIT
"""Frames at odds with RFC 9113, floods that servers bound, and what a client does slowly."""

from __future__ import annotations

from hpack import Encoder
from tests.decnet_decoys.https.http2.dialogues import HELLO, PREFACE, encoded, frame, req
from tests.decnet_decoys.https.http2.more.clients import blocks, pseudo, settings, window

_PING = frame(6, 0, 0, b"pingping")
_RST = frame(3, 0, 1, b"\0\0\0\x08")
_ROBOTS = req()
_MANY = blocks(*(pseudo("mpsa") for _ in range(300)))
_WAITS = PREFACE + settings((4, 0))
"""A client whose streams have no window."""


def _streams(count: int, after: bytes = b"") -> bytes:
    return b"".join(
        frame(1, 5, 2 * number + 1, _MANY[number])
        + (after and after[:5] + (2 * number + 1).to_bytes(4, "big") + after[9:])
        for number in range(count)
    )


FRAMES: dict[str, tuple[bytes, ...]] = {
    "half a preface": (PREFACE[:12], PREFACE[12:] + settings()),
    "a preface that goes wrong": (PREFACE[:20] + b"XX\r\n",),
    "a preface in lower case": (PREFACE.lower(),),
    "a preface of HTTP/1.1": (b"PRI * HTTP/1.1\r\n\r\n",),
    "a preface, then text": (PREFACE + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",),
    "a preface and PING, no settings": (PREFACE + _PING,),
    "a preface and WINDOW_UPDATE": (PREFACE + window(0, 1000),),
    "a preface and GOAWAY": (PREFACE + frame(7, 0, 0, bytes(8)),),
    "a preface and an acknowledgement": (PREFACE + frame(4, 1, 0),),
    "two prefaces": (PREFACE + PREFACE,),
    "byte by byte": (*tuple(HELLO[at : at + 1] for at in range(6)), HELLO[6:] + frame(1, 5, 1, _ROBOTS)),
    "half a frame, then the rest": (HELLO + frame(1, 5, 1, _ROBOTS)[:12], frame(1, 5, 1, _ROBOTS)[12:]),
    "settings that nobody knows": (PREFACE + settings((8, 1), (9, 1), (0x1234, 5), (0, 0)) + frame(1, 5, 1, _ROBOTS),),
    "settings twice alike": (PREFACE + settings((4, 10), (4, 100000)) + frame(1, 5, 1, req("/long.txt")),),
    "settings again and again": (HELLO + settings((3, 100)) * 20 + frame(1, 5, 1, _ROBOTS),),
    "settings of a table of 0": (PREFACE + settings((1, 0)) + frame(1, 5, 1, _ROBOTS), frame(1, 5, 3, _ROBOTS)),
    "settings of a large frame": (PREFACE + settings((5, 16777215)) + frame(1, 5, 1, req("/long.txt")),),
    "settings of a frame too large": (PREFACE + settings((5, 16777216)),),
    "settings of a frame a byte too small": (PREFACE + settings((5, 16383)),),
    "settings of a small list": (PREFACE + settings((6, 10)) + frame(1, 5, 1, _ROBOTS),),
    "settings of no streams": (PREFACE + settings((3, 0)) + frame(1, 5, 1, _ROBOTS),),
    "settings of push": (PREFACE + settings((2, 1)) + frame(1, 5, 1, _ROBOTS),),
    "settings of a window of 2^31": (PREFACE + settings((4, 2**31)),),
    "settings of the largest window": (PREFACE + settings((4, 2**31 - 1)) + frame(1, 5, 1, req("/long.txt")),),
    "a window that grows too far by settings": (
        _WAITS + frame(1, 5, 1, _ROBOTS),
        window(1, 2**31 - 1),
        settings((4, 1)),
    ),
    "an acknowledgement too many": (HELLO + frame(4, 1, 0) * 3 + frame(1, 5, 1, _ROBOTS),),
    "no window, then some": (_WAITS + frame(1, 5, 1, _ROBOTS), window(1, 10), window(1, 1000)),
    "no window, then settings": (_WAITS + frame(1, 5, 1, _ROBOTS), settings((4, 20)), settings((4, 65535))),
    "no window, and the connection's": (_WAITS + frame(1, 5, 1, _ROBOTS), window(0, 100000)),
    "no window for an empty file": (_WAITS + frame(1, 5, 1, req("/empty.txt")),),
    "no window for HEAD": (_WAITS + frame(1, 5, 1, req(method="HEAD")),),
    "no window for an error": (_WAITS + frame(1, 5, 1, req("/nope")), window(1, 65535)),
    "a window for a stream that is over": (HELLO + frame(1, 5, 1, _ROBOTS), window(1, 100), window(1, 0)),
    "a window for an idle stream": (HELLO + window(7, 100),),
    "a window of 5 bytes": (HELLO + frame(8, 0, 0, b"\0\0\0\1\0"),),
    "a window's reserved bit": (HELLO + frame(8, 0, 0, b"\x80\0\0\1") + frame(1, 5, 1, _ROBOTS),),
    "reset after the answer": (HELLO + frame(1, 5, 1, _ROBOTS), _RST, frame(1, 5, 3, _ROBOTS)),
    "reset, then data": (HELLO + frame(1, 4, 1, req("/x", "POST")), _RST, frame(0, 1, 1, b"late")),
    "reset, then HEADERS": (_WAITS + frame(1, 5, 1, _ROBOTS), _RST, frame(1, 5, 1, _ROBOTS)),
    "reset of stream 0": (HELLO + frame(3, 0, 0, bytes(4)),),
    "reset of 5 bytes": (HELLO + frame(1, 5, 1, _ROBOTS), frame(3, 0, 1, bytes(5))),
    "rapid resets": (_WAITS + _streams(150, _RST),),
    "a hundred streams": (_WAITS + _streams(100),),
    "more streams than allowed": (_WAITS + _streams(140),),
    "a hundred pings": (HELLO + b"".join(frame(6, 0, 0, b"%08d" % number) for number in range(100)),),
    "an odd flag": (HELLO + frame(6, 0xFE, 0, b"pingping"),),
    "flags that mean nothing": (HELLO + frame(1, 0xD7 & ~8 & ~32, 1, _ROBOTS),),
    "a reserved bit": (HELLO + frame(1, 5, 0x80000001, _ROBOTS),),
    "ALTSVC and ORIGIN": (HELLO + frame(10, 0, 0, b"\0\0h2=x") + frame(12, 0, 0, b"\0\1x") + _PING,),
    "PRIORITY_UPDATE": (HELLO + frame(16, 0, 0, b"\0\0\0\1u=1") + frame(1, 5, 1, _ROBOTS),),
    "an unknown frame within a block": (HELLO + frame(1, 1, 1, _ROBOTS[:4]) + frame(99, 0, 0, b"x"),),
    "a frame of 16385 bytes": (HELLO + frame(99, 0, 0, bytes(16385)) + _PING,),
    "a SETTINGS frame of 16386 bytes": (HELLO + frame(4, 0, 0, bytes(16386)),),
    "GOAWAY with a text": (HELLO + frame(7, 0, 0, bytes(8) + b"bye") + frame(1, 5, 1, _ROBOTS),),
    "GOAWAY on a stream": (HELLO + frame(7, 0, 1, bytes(8)),),
    "GOAWAY of an error": (HELLO + frame(1, 5, 1, _ROBOTS), frame(7, 0, 0, b"\0\0\0\1\0\0\0\1")),
    "PRIORITY of a stream that is over": (HELLO + frame(1, 5, 1, _ROBOTS), frame(2, 0, 1, b"\0\0\0\0\x10")),
    "a tree of loops": (
        HELLO + frame(2, 0, 3, b"\0\0\0\5\1") + frame(2, 0, 5, b"\0\0\0\3\1") + frame(1, 5, 7, _ROBOTS),
    ),
    "PUSH_PROMISE of 3 bytes": (HELLO + frame(5, 4, 1, b"\0\0\0"),),
    "DATA without its request's end": (
        HELLO + frame(1, 4, 1, req("/nope", "POST")) + frame(0, 0, 1, b"a"),
        frame(0, 0, 1, b"b"),
        frame(0, 1, 1, b"c"),
    ),
    "empty DATA, many": (HELLO + frame(1, 4, 1, req("/nope", "POST")) + frame(0, 0, 1) * 60 + frame(0, 1, 1),),
    "DATA of padding alone": (HELLO + frame(1, 4, 1, req("/nope", "POST")) + frame(0, 9, 1, b"\5" + bytes(5)),),
    "DATA after the end": (HELLO + frame(1, 4, 1, req("/nope", "POST")) + frame(0, 1, 1, b"a") + frame(0, 1, 1, b"b"),),
    "HEADERS after the end": (HELLO + frame(1, 5, 1, _ROBOTS), frame(1, 5, 1, _ROBOTS)),
    "more bytes than announced": (
        HELLO + frame(1, 4, 1, req("/nope", "POST", (("content-length", "2"),))) + frame(0, 1, 1, b"abcdef"),
    ),
    "fewer bytes than announced": (HELLO + frame(1, 5, 1, req("/nope", "POST", (("content-length", "2"),))),),
    "a length that is no number": (HELLO + frame(1, 4, 1, req("/nope", "POST", (("content-length", "x"),))),),
    "two lengths": (
        HELLO
        + frame(1, 4, 1, req("/nope", "POST", (("content-length", "1"), ("content-length", "1"))))
        + frame(0, 1, 1, b"a"),
    ),
    "100-continue": (
        HELLO + frame(1, 4, 1, req("/nope", "POST", (("expect", "100-continue"), ("content-length", "1")))),
        frame(0, 1, 1, b"a"),
    ),
    "trailers without an end": (
        HELLO + frame(1, 4, 1, req("/nope", "POST")) + frame(0, 0, 1, b"abc") + frame(1, 4, 1, encoded(("x", "y"))),
    ),
    "trailers with pseudo fields": (
        HELLO
        + frame(1, 4, 1, req("/nope", "POST"))
        + frame(0, 0, 1, b"abc")
        + frame(1, 5, 1, encoded((":path", "/"), ("x", "y"))),
    ),
    "CONTINUATIONs, empty": (HELLO + frame(1, 1, 1, _ROBOTS) + frame(9, 0, 1) * 60 + frame(9, 4, 1),),
    "CONTINUATIONs, a byte each": (
        HELLO
        + frame(1, 1, 1, _ROBOTS[:1])
        + b"".join(frame(9, 0, 1, _ROBOTS[at : at + 1]) for at in range(1, len(_ROBOTS)))
        + frame(9, 4, 1),
    ),
    "CONTINUATIONs without an end": (
        HELLO + frame(1, 1, 1, _ROBOTS) + frame(9, 0, 1, Encoder().encode([("x", "a" * 4000)])) * 40,
    ),
    "a HEADERS frame of 16384 bytes": (HELLO + frame(1, 5, 1, _ROBOTS + b"\0\1x\x7f\xae\x7e" + b"y" * 16301),),
}
