# SPDX-License-Identifier: MIT
"""How clients of HTTP/2 begin: their settings, windows, priorities and the order of their fields."""

from __future__ import annotations

from hpack import Encoder
from tests.decnet_decoys.https.http2.dialogues import PREFACE, encoded, frame

HOST = "www.example.org"
_CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"


def settings(*pairs: tuple[int, int]) -> bytes:
    """Return a SETTINGS frame of those identifiers and values, in that order."""
    return frame(4, 0, 0, b"".join(name.to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in pairs))


def window(stream: int, more: int) -> bytes:
    """Return a WINDOW_UPDATE frame."""
    return frame(8, 0, stream, more.to_bytes(4, "big"))


def pseudo(order: str, path: str = "/robots.txt", method: str = "GET") -> tuple[tuple[str, str], ...]:
    """Return the pseudo fields in an order of initials: `mpsa` is method, path, scheme, authority."""
    fields = {"m": (":method", method), "p": (":path", path), "s": (":scheme", "https"), "a": (":authority", HOST)}
    return tuple(fields[initial] for initial in order)


def blocks(*lists: tuple[tuple[str, str], ...]) -> list[bytes]:
    """Return the header blocks of several requests on one connection."""
    encoder = Encoder()
    return [encoder.encode(list(fields)) for fields in lists]


def _tree(*edges: tuple[int, int, int]) -> bytes:
    """Return PRIORITY frames of stream, parent and weight."""
    return b"".join(
        frame(2, 0, stream, parent.to_bytes(4, "big") + bytes((weight,))) for stream, parent, weight in edges
    )


_ACK = frame(4, 1, 0)
_CHROME_FIELDS = (
    ("sec-ch-ua", '"Chromium";v="124", "Not-A.Brand";v="99"'), ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", '"Linux"'), ("upgrade-insecure-requests", "1"), ("user-agent", _CHROME),
    ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"), ("sec-fetch-site", "none"),
    ("accept-encoding", "gzip, deflate, br, zstd"), ("accept-language", "en-US,en;q=0.9"), ("priority", "u=0, i"),
)  # fmt: skip
_CHROME_START = PREFACE + settings((1, 65536), (2, 0), (4, 6291456), (6, 262144)) + window(0, 15663105)
_CHROME_BLOCKS = blocks(
    (*pseudo("masp", "/"), *_CHROME_FIELDS),
    (*pseudo("masp", "/favicon.ico"), *_CHROME_FIELDS[:5], ("accept", "image/*"), ("referer", f"https://{HOST}/")),
)
_FIREFOX_TREE = _tree((3, 0, 200), (5, 0, 100), (7, 0, 0), (9, 7, 0), (11, 3, 0), (13, 0, 240))
_GO_BLOCKS = blocks(
    *(
        (*pseudo("amps", path), ("accept-encoding", "gzip"), ("user-agent", "Go-http-client/2.0"))
        for path in ("/", "/.env", "/.git/config", "/robots.txt")
    )
)
_PRIORITY = b"\x80\0\0\0\xff"

CLIENTS: dict[str, tuple[bytes, ...]] = {
    "curl 7.88": (
        PREFACE
        + settings((3, 100), (4, 33554432), (2, 0))
        + window(0, 33488897)
        + frame(1, 5, 1, encoded(*pseudo("mpsa"), ("user-agent", "curl/7.88.1"), ("accept", "*/*"))),
        _ACK,
    ),
    "curl 8, HEAD": (
        PREFACE
        + settings((3, 100), (4, 10485760), (2, 0))
        + window(0, 1048510465)
        + frame(1, 5, 1, encoded(*pseudo("msap", "/", "HEAD"), ("user-agent", "curl/8.5.0"), ("accept", "*/*"))),
        _ACK,
    ),
    "curl posts": (
        PREFACE
        + settings((3, 100), (4, 33554432), (2, 0))
        + window(0, 33488897)
        + frame(
            1,
            4,
            1,
            encoded(
                *pseudo("mpsa", "/login", "POST"),
                ("user-agent", "curl/7.88.1"),
                ("accept", "*/*"),
                ("content-length", "19"),
                ("content-type", "application/x-www-form-urlencoded"),
            ),
        )
        + frame(0, 1, 1, b"user=admin&pass=123"),
        _ACK,
    ),
    "nghttp": (
        PREFACE
        + settings((3, 100), (4, 65535))
        + _tree((3, 0, 200), (5, 0, 100), (7, 0, 0), (9, 7, 0), (11, 3, 0))
        + frame(
            1,
            37,
            13,
            b"\0\0\0\x0b\x0f"
            + encoded(
                *pseudo("mpsa"),
                ("accept", "*/*"),
                ("accept-encoding", "gzip, deflate"),
                ("user-agent", "nghttp2/1.52.0"),
            ),
        ),
        _ACK + frame(7, 0, 0, bytes(8)),
    ),
    "h2load": (
        PREFACE
        + settings((2, 0), (4, 1073741823))
        + window(0, 1073676288)
        + frame(1, 5, 1, encoded(*pseudo("psam", "/robots.txt"), ("user-agent", "h2load nghttp2/1.52.0"))),
        _ACK,
    ),
    "Chrome": (_CHROME_START + frame(1, 37, 1, _PRIORITY + _CHROME_BLOCKS[0]), _ACK),
    "Chrome, then its icon": (
        _CHROME_START + frame(1, 37, 1, _PRIORITY + _CHROME_BLOCKS[0]),
        _ACK,
        frame(1, 37, 3, b"\x80\0\0\0\xdb" + _CHROME_BLOCKS[1]),
    ),
    "Firefox": (
        PREFACE
        + settings((1, 65536), (4, 131072), (5, 16384))
        + window(0, 12517377)
        + _FIREFOX_TREE
        + frame(
            1,
            37,
            15,
            b"\0\0\0\x0d\x29"
            + encoded(
                *pseudo("mpas", "/"),
                ("user-agent", _FIREFOX),
                ("accept", "text/html,*/*;q=0.8"),
                ("accept-language", "en-US,en;q=0.5"),
                ("accept-encoding", "gzip, deflate, br"),
                ("upgrade-insecure-requests", "1"),
                ("te", "trailers"),
            ),
        ),
        _ACK,
    ),
    "Safari": (
        PREFACE
        + settings((4, 2097152), (3, 100))
        + window(0, 10485760)
        + frame(1, 37, 1, b"\0\0\0\0\xfe" + encoded(*pseudo("mspa"), ("accept", "*/*"))),
        _ACK,
    ),
    "Go": (
        PREFACE + settings((2, 0), (4, 4194304), (6, 10485760)) + window(0, 1073741824),
        _ACK + frame(1, 5, 1, _GO_BLOCKS[0]),
    ),
    "Go, one after the other": (
        PREFACE + settings((2, 0), (4, 4194304), (6, 10485760)) + window(0, 1073741824),
        _ACK + frame(1, 5, 1, _GO_BLOCKS[0]),
        frame(1, 5, 3, _GO_BLOCKS[1]),
        frame(1, 5, 5, _GO_BLOCKS[2]),
        frame(1, 5, 7, _GO_BLOCKS[3]),
    ),
    "Go, all at once": (
        PREFACE
        + settings((2, 0), (4, 4194304), (6, 10485760))
        + window(0, 1073741824)
        + b"".join(frame(1, 5, 2 * number + 1, block) for number, block in enumerate(_GO_BLOCKS)),
        _ACK,
    ),
    "httpx of Python": (
        PREFACE
        + settings((1, 4096), (2, 0), (3, 100), (4, 65535), (5, 16384), (6, 65536))
        + window(0, 16777216)
        + frame(
            1,
            5,
            1,
            encoded(
                *pseudo("masp"),
                ("accept", "*/*"),
                ("accept-encoding", "gzip, deflate"),
                ("user-agent", "python-httpx/0.27.0"),
            ),
        ),
        _ACK,
    ),
    "okhttp": (
        PREFACE
        + settings((4, 16777216))
        + window(0, 16711681)
        + frame(1, 5, 1, encoded(*pseudo("mpas"), ("accept-encoding", "gzip"), ("user-agent", "okhttp/4.12.0"))),
        _ACK,
    ),
    "node": (
        PREFACE + settings((2, 0)),
        _ACK + frame(1, 37, 1, b"\0\0\0\0\x0f" + encoded(*pseudo("amps"))),
    ),
    "Java": (
        PREFACE
        + settings((1, 16384), (2, 1), (3, 100), (4, 16777216), (5, 16384))
        + window(0, 33488897)
        + frame(1, 5, 1, encoded(*pseudo("msap"), ("user-agent", "Java-http-client/17.0.9"))),
        _ACK,
    ),
    ".NET": (
        PREFACE + settings((2, 0), (4, 65535), (6, 65536)) + window(0, 67043329),
        _ACK + frame(1, 5, 1, encoded(*pseudo("msap", "/"))),
    ),
    "an API's client": (
        PREFACE
        + settings((4, 65535))
        + frame(
            1,
            4,
            1,
            encoded(
                (":method", "POST"),
                (":scheme", "https"),
                (":path", "/grpc.health.v1.Health/Check"),
                (":authority", HOST),
                ("te", "trailers"),
                ("content-type", "application/grpc"),
                ("user-agent", "grpc-go/1.60.0"),
            ),
        )
        + frame(0, 1, 1, bytes(5)),
        _ACK,
    ),
    "a probe of settings alone": (PREFACE + settings(),),
    "a probe that says nothing": (b"",),
}
