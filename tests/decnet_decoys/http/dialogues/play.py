# SPDX-License-Identifier: MIT
"""Sends the requests to a server, and returns what it answers, but for what differs between two of its kind."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence

from tests.decnet_decoys.http.dialogues.catalogue import REQUESTS
from tests.decnet_decoys.http.dialogues.smuggling import ENDED
from tests.decnet_decoys.services.dialogues import asking
from tests.decnet_decoys.services.dialogues.asking import alike, at_once, heard

_VARIES = (
    (re.compile(rb"Date: [^\r]*"), b"Date: now"),
    (re.compile(rb"(Apache|lighttpd|nginx)/[0-9.]+( \([A-Za-z]+\))?"), rb"\1/version"),
    (re.compile(rb'ETag: "\d+"'), b'ETag: "number"'),  # lighttpd's, of the file's inode
    (re.compile(rb"[0-9a-f]{13,}"), b"boundary"),
)


def unpacked(data: bytes) -> bytes:
    """Return what was answered, with a body that is compressed as it was before: libraries compress otherwise."""
    head, blank, body = data.partition(b"\r\n\r\n")
    if b"Content-Encoding: gzip" not in head or not body:
        return data
    pieces = b""
    while b"Transfer-Encoding: chunked" in head and body:
        size, _, body = body.partition(b"\r\n")
        pieces, body = pieces + body[: int(size, 16)], body[int(size, 16) + 2 :]
    text = zlib.decompressobj(wbits=31).decompress(pieces or body)
    return re.sub(rb"Content-Length: \d+", b"Content-Length: of gzip", head) + blank + b"<gzip>" + text


async def answer(address: str, port: int, request: bytes, quiet: float, ends: bool = False) -> str:
    """Return all that a server answers until it closes, or `quiet` seconds; `ends`: the client sends no more."""
    data, left = await heard(address, port, request, quiet, ends=ends)
    data = unpacked(data)
    data = data.replace(b"%d" % port, b"PORT").replace(address.encode(), b"ADDRESS")
    data = re.sub(rb"Allow: ([A-Z,]+)", lambda found: b"Allow: " + b",".join(sorted(found[1].split(b","))), data)
    return alike(data, _VARIES) + f"<{left}>"


async def answers(address: str, port: int, names: Iterable[str], quiet: float) -> dict[str, str]:
    """Return the answers to the requests of those names; a few are asked at once."""
    return await at_once(lambda name: answer(address, port, REQUESTS[name], quiet, name in ENDED), names, 12)


async def differing(address: str, port: int, real: Mapping[str, str], waits: Sequence[float]) -> dict[str, str]:
    """Return the answers that are not the real ones; asked again, with more time, where they are not."""
    return await asking.differing(lambda names, quiet: answers(address, port, names, quiet), real, waits)
