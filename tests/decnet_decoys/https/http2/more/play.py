# SPDX-License-Identifier: MIT
"""Holds these dialogues with a server and returns what it answers: a line for each frame, or the text of HTTP/1.1."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hpack import Decoder
from tests.decnet_decoys.http.dialogues import play as http
from tests.decnet_decoys.https.http2.dialogues import client_context
from tests.decnet_decoys.https.http2.more.choices import CHOICES
from tests.decnet_decoys.https.http2.more.clients import CLIENTS
from tests.decnet_decoys.https.http2.more.fields import FIELDS
from tests.decnet_decoys.https.http2.more.frames import FRAMES
from tests.decnet_decoys.services.dialogues import asking

DIALOGUES = {name: (("h2",), steps) for name, steps in (CLIENTS | FRAMES | FIELDS).items()} | CHOICES
_NAMES = ("DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH", "PING", "GOAWAY", "WINDOW_UPDATE")
_VARYING = (b"date", b"last-modified", b"etag")
_KINDS = ((0x80, 7, "indexed"), (0x40, 6, "kept"), (0x20, 5, "table"), (0x10, 4, "never"), (0, 4, "literal"))


def _integer(data: bytes, at: int, bits: int) -> tuple[int, int]:
    value, shift = data[at] & ((1 << bits) - 1), 0
    at += 1
    if value == (1 << bits) - 1:
        while True:
            value += (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 128:
                break
    return value, at


def _string(data: bytes, at: int) -> tuple[str, int]:
    size, after = _integer(data, at, 7)
    return ("H" if data[at] & 128 else "-"), after + size


def representations(block: bytes) -> Iterator[str]:
    """Yield how each field of a block is written: its kind, the name's index, and which strings are Huffman's."""
    at = 0
    while at < len(block):
        _mask, bits, kind = next(each for each in _KINDS if block[at] & each[0] == each[0])
        index, at = _integer(block, at, bits)
        strings = 0 if kind in ("indexed", "table") else 2 - bool(index)
        coded = ""
        for _ in range(strings):
            flag, at = _string(block, at)
            coded += flag
        yield f"{kind} {index}{coded}"


def _fields(decoder: Decoder, block: bytes) -> tuple[str, bool]:
    """Return the fields of a block as text, and whether the body is gzip's."""
    fields = [(bytes(field[0]), bytes(field[1])) for field in decoder.decode(block, raw=True)]
    packed = (b"content-encoding", b"gzip") in fields
    hidden = (*_VARYING, b"content-length") if packed else _VARYING
    told = [name if name in hidden else name + b": " + value for name, value in fields]
    written = [word for word in representations(block) if not word.startswith("table")]
    return "".join(f"\n  {field.decode('latin-1')} [{word}]" for field, word in zip(told, written, strict=True)), packed


def frames(data: bytes) -> Iterator[str]:
    """Yield a line for each whole frame."""
    decoder, packed = Decoder(), set()
    bodies: dict[int, bytes] = {}
    while len(data) >= 9:
        size, kind, flags, stream = int.from_bytes(data[:3], "big"), data[3], data[4], int.from_bytes(data[5:9], "big")
        payload, data = data[9 : 9 + size], data[9 + size :]
        if len(payload) < size:
            return
        told = payload.hex(" ", 4)
        if kind == 1:
            told, gzip = _fields(decoder, payload)
            packed |= {stream} if gzip else set()
        elif kind == 0 and stream in packed:
            bodies[stream] = bodies.get(stream, b"") + payload
            if not flags & 1:
                continue
            told = "<gzip>" + zlib.decompressobj(wbits=31).decompress(bodies[stream]).decode("latin-1")
        elif kind == 0:
            told = payload.decode("latin-1")
        name = _NAMES[kind] if kind < len(_NAMES) else str(kind)
        yield f"{name} {flags} {stream} {told}"


def shown(data: bytes) -> str:
    """Return what a server said as text, without what varies."""
    if data.startswith((b"HTTP/", b"<")) or not data:
        return asking.alike(http.unpacked(data), http._VARIES)
    return asking.alike("\n".join(frames(data)).encode("latin-1"), http._VARIES)


async def _more(reader: asyncio.StreamReader, data: bytes, expected: str | None, quiet: float) -> tuple[bytes, bool]:
    """Read until all is said that is expected, or nothing has come for `quiet` seconds; also, whether it is open."""
    while expected is None or shown(data) != expected:
        try:
            async with asyncio.timeout(quiet):
                piece = await reader.read(1 << 16)
        except TimeoutError:
            return data, True
        except OSError:
            return data, False
        if not piece:
            return data, False
        data += piece
    return data, True


async def answers(address: str, port: int, name: str, quiet: float, expected: Sequence[str] | None) -> list[str]:
    """Hold one dialogue: what was chosen by ALPN, what was said after each step, and how the connection is left."""
    protocols, steps = DIALOGUES[name]
    context = client_context(*protocols) if protocols else client_context()
    try:
        reader, writer = await asyncio.open_connection(address, port, ssl=context)
    except OSError as error:
        return [type(error).__name__]
    said = [f"{writer.get_extra_info('ssl_object').selected_alpn_protocol()}"]
    data, is_open, told = b"", True, ""
    for number, step in enumerate(steps, 1):
        if is_open:
            writer.write(step)
            last = number == len(steps)
            wanted = expected[number] if expected and not last else None
            data, is_open = await _more(reader, data, wanted and told + wanted, quiet)
        everything = shown(data)
        said.append(everything.removeprefix(told).replace(str(port), "PORT").replace(address, "ADDRESS"))
        told = everything
    writer.transport.abort()
    return [*said, "<open>" if is_open else "<closed>"]


async def all_answers(
    address: str, port: int, names: Iterable[str], quiet: float, real: Mapping[str, Sequence[str]] | None = None
) -> dict[str, list[str]]:
    """Hold the dialogues of those names, a few at once."""
    return await asking.at_once(lambda name: answers(address, port, name, quiet, (real or {}).get(name)), names, 8)


async def differing(
    address: str, port: int, real: Mapping[str, list[str]], waits: Sequence[float]
) -> dict[str, list[str]]:
    """Return the answers that are not the real ones; asked again, with more time, where they are not."""
    return await asking.differing(lambda names, quiet: all_answers(address, port, names, quiet, real), real, waits)
