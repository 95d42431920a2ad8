# SPDX-License-Identifier: MIT
"""Sends the first bytes to a server of TLS, and returns what it answers: of what differs each time, what it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.decnet_decoys.http.dialogues import play as http
from tests.decnet_decoys.https.dialogues.hellos import BYTES, OFFERS
from tests.decnet_decoys.services.dialogues import asking
from tests.decnet_decoys.services.dialogues.asking import alike, at_once, heard

DIALOGUES = OFFERS | BYTES
_HEAD = 5
_KINDS = {20: "change", 21: "alert", 22: "handshake", 23: "data"}
_SERVER_HELLO, _CERTIFICATE, _KEY_EXCHANGE = 2, 11, 12


def _extensions(data: bytes) -> Iterator[str]:
    while len(data) >= 4:
        kind, size = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
        told = data[4 : 4 + size].hex() if kind in (16, 43) else ""  # the protocol, the version
        yield f"{kind}={told}" if kind != 51 else f"51={data[4:6].hex()}"
        data = data[4 + size :]


def _messages(data: bytes) -> Iterator[str]:
    while len(data) >= 4:
        kind, size = data[0], int.from_bytes(data[1:4], "big")
        body, data = data[4 : 4 + size], data[4 + size :]
        told = ""
        if kind == _SERVER_HELLO:
            session = body[34]
            at = 35 + session
            retry = " retry" if body[2:6] == b"\xcf\x21\xad\x74" else ""
            told = f"{retry} {body[:2].hex()} session {session} {body[at : at + 2].hex()} "
            told += ",".join(_extensions(body[at + 5 :]))
        if kind == _KEY_EXCHANGE:
            told = f" {body[:3].hex()}" if body[0] == 3 else " finite field"
        yield f"message {kind}{told}"


def lines(data: bytes) -> Iterator[str]:
    """Yield a line for each message and record of a server; bytes that are no TLS, as they are."""
    messages = b""
    while data:
        if data[0] not in _KINDS or data[1:2] != b"\3":
            yield alike(data, http._VARIES)
            return
        size = int.from_bytes(data[3:5], "big")
        body, kind = data[_HEAD : _HEAD + size], _KINDS[data[0]]
        if kind == "handshake":
            messages += body
        elif kind == "alert":
            yield from _messages(messages)
            messages = b""
            yield f"alert {body.hex()}" if len(body) == 2 else "alert, sealed"
        elif kind == "change":
            yield from _messages(messages)
            messages = b""
            yield "change"
        data = data[_HEAD + size :]
        if kind == "data":
            yield "data"
            return
    yield from _messages(messages)


async def answer(address: str, port: int, sent: bytes, quiet: float) -> str:
    """Return what a server answers until it closes, or says nothing for `quiet` seconds."""
    data, left = await heard(address, port, sent, quiet)
    data = data.replace(b"%d" % port, b"PORT").replace(address.encode(), b"ADDRESS")
    return "\n".join((*lines(data), f"<{left}>"))


async def answers(address: str, port: int, names: Iterable[str], quiet: float) -> dict[str, str]:
    """Return the answers in the dialogues of those names; a few are played at once."""
    return await at_once(lambda name: answer(address, port, DIALOGUES[name], quiet), names, 8)


async def differing(address: str, port: int, real: Mapping[str, str], waits: Sequence[float]) -> dict[str, str]:
    """Return the answers that are not the real ones; asked again, with more time, where they are not."""
    return await asking.differing(lambda names, quiet: answers(address, port, names, quiet), real, waits)
