# SPDX-License-Identifier: MIT
"""Sends what a dialogue lists to a server, and returns what came after each step and how the connection was left."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.decnet_decoys.services.dialogues.asking import Varies, alike, at_once, differing

END: Literal["end"] = "end"
"""A step: the client closes its side (shutdown(2)) and listens on."""
TLS: Literal["tls"] = "tls"
"""A step: the client begins TLS on the connection."""


@dataclass(frozen=True)
class Transfer:
    """A step of FTP: connects to the port that was named last, sends a command, and sends or reads a file.

    What is read stands before what the server says on the control connection.
    """

    command: bytes
    upload: bytes | None = None


Step: TypeAlias = "bytes | Literal['end', 'tls'] | Transfer | Callable[[bytes], bytes]"
"""Bytes, END, TLS, a transfer, or what makes the bytes of all that the server has said."""
Answers: TypeAlias = list[str]
"""The greeting, the answer to each step, and <open> or <closed>."""
_SILENT_SECONDS = 0.3
"""For so long nothing comes where nothing is expected; what comes later stands in the answer to the next step."""


def lines(*each: bytes) -> tuple[Step, ...]:
    """Return lines to send, one after the other."""
    return tuple(line + b"\r\n" for line in each)


class _Client:
    def __init__(self, reader: asyncio.StreamReader, shown: Callable[[bytes], str], quiet: float) -> None:
        self._reader, self._shown, self._quiet = reader, shown, quiet
        self.seen = b""
        self.ended = False

    async def answer(self, expected: str | None, data: bytes = b"", *, ends: bool = False) -> str:
        """Return what comes after `data` until it is what is expected, or nothing has come for a while.

        `ends`: the server is to end the connection then, so that what is expected is not enough.
        """
        quiet = min(self._quiet, _SILENT_SECONDS) if expected == "" and not ends else self._quiet
        try:
            while not self.ended and (ends or expected in (None, "") or self._shown(data) != expected):
                async with asyncio.timeout(quiet):
                    piece = await self._reader.read(1 << 16)
                data += piece
                self.ended = not piece
        except TimeoutError:
            pass
        except OSError:  # also of TLS
            self.ended = True
        self.seen += data
        return self._shown(data)


_PORTS = re.compile(rb"\((?:\d+,){4}(\d+),(\d+)\)|\(\|\|\|(\d+)\|\)")


async def _transfer(address: str, step: Transfer, seen: bytes, send: Callable[[bytes], None], quiet: float) -> bytes:
    """Return what came over a data connection, between brackets."""
    named = list(_PORTS.finditer(seen))
    if not named:
        send(step.command)
        return b"[no port]"
    high, low, port = named[-1].groups()
    try:
        reader, writer = await asyncio.open_connection(address, int(port) if port else int(high) * 256 + int(low))
    except OSError:
        send(step.command)
        return b"[refused]"
    send(step.command)
    data = b""
    try:
        if step.upload is not None:
            writer.write(step.upload)
            await writer.drain()
        else:
            async with asyncio.timeout(quiet):
                data = await reader.read(-1)
    except (TimeoutError, OSError):
        data += b"[no end]"
    finally:
        writer.close()
    return b"[" + data + b"]"


def _says_no_more(expected: Answers | None, number: int) -> bool:
    """Return whether a server ends the connection after that answer: what is sent then may be echoed before the end."""
    return expected is not None and expected[-1] == "<closed>" and not any(expected[number + 1 : -1])


def _client_side() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _begun_tls(writer: asyncio.StreamWriter) -> bytes:
    try:
        async with asyncio.timeout(10):
            await writer.start_tls(_client_side())
    except (OSError, TimeoutError) as error:
        return f"[{type(error).__name__}]".encode()
    return b"[TLS]"


async def played(  # noqa: PLR0917  # one call
    address: str,
    port: int,
    steps: Sequence[Step],
    shown: Callable[[bytes], str],
    quiet: float,
    expected: Answers | None,
) -> Answers:
    """Play one dialogue; `shown` leaves out what differs between two servers of a kind."""
    reader, writer = await asyncio.open_connection(address, port)
    client = _Client(reader, shown, quiet)
    answers = [await client.answer(expected[0] if expected else None)]
    for number, step in enumerate(steps, 1):
        wanted = expected[number] if expected and number < len(expected) - 1 else None
        first = b""
        if client.ended:
            answers.append("")
            continue
        if step == END:
            with contextlib.suppress(OSError):
                writer.write_eof()
        elif step == TLS:
            first = await _begun_tls(writer)
        elif isinstance(step, Transfer):
            first = await _transfer(address, step, client.seen, writer.write, quiet)
        else:
            writer.write(step(client.seen) if callable(step) else step)
        answers.append(await client.answer(wanted, first, ends=_says_no_more(expected, number)))
    if not client.ended:
        answers[-1] += await client.answer("" if expected and expected[-1] == "<open>" else None)
    writer.transport.abort()
    return [*answers, "<closed>" if client.ended else "<open>"]


class Kind:
    """The dialogues with servers of one kind."""

    def __init__(self, dialogues: Mapping[str, Sequence[Step]], varies: Varies, most: int = 12) -> None:
        """Of the dialogues, `most` are played at a time."""
        self.dialogues = dialogues
        self._varies = varies
        self._most = most

    def shown(self, data: bytes) -> str:
        """Return what was said, without what differs between two servers of the kind."""
        return alike(data, self._varies)

    async def answers(
        self, address: str, port: int, names: Iterable[str], quiet: float, expected: Mapping[str, Answers] | None = None
    ) -> dict[str, Answers]:
        """Play those dialogues, a few at once."""

        async def one(name: str) -> Answers:
            wanted = expected[name] if expected else None
            return await played(address, port, self.dialogues[name], self.shown, quiet, wanted)

        return await at_once(one, names, self._most)

    async def differing(
        self, address: str, port: int, real: Mapping[str, Answers], waits: Sequence[float]
    ) -> dict[str, Answers]:
        """Return the answers that are not the real ones; asked again, with more time, where they are not."""
        return await differing(lambda names, quiet: self.answers(address, port, names, quiet, real), real, waits)
