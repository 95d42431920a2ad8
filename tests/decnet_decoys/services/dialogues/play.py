# SPDX-License-Identifier: MIT
"""Sends what a dialogue lists to a server, and returns what came after each step and how the connection was left."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from tests.decnet_decoys.services.dialogues.asking import Varies, alike, at_once, differing

END: Literal["end"] = "end"
"""A step: the client closes its side (shutdown(2)) and listens on."""
Step: TypeAlias = "bytes | Literal['end'] | Callable[[bytes], bytes]"
"""Bytes, END, or what makes the bytes of all that the server has said."""
Answers: TypeAlias = list[str]
"""The greeting, the answer to each step, and <open> or <closed>."""


def lines(*each: bytes) -> tuple[Step, ...]:
    """Return lines to send, one after the other."""
    return tuple(line + b"\r\n" for line in each)


class _Client:
    def __init__(self, reader: asyncio.StreamReader, shown: Callable[[bytes], str], quiet: float) -> None:
        self._reader, self._shown, self._quiet = reader, shown, quiet
        self.seen = b""
        self.ended = False

    async def answer(self, expected: str | None) -> str:
        """Return what comes until it is what is expected, or nothing has come for a while."""
        data = b""
        try:
            while not self.ended and (expected in (None, "") or self._shown(data) != expected):
                async with asyncio.timeout(self._quiet):
                    piece = await self._reader.read(1 << 16)
                data += piece
                self.ended = not piece
        except TimeoutError:
            pass
        except ConnectionError:
            self.ended = True
        self.seen += data
        return self._shown(data)


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
        if step == END:
            with contextlib.suppress(OSError):
                writer.write_eof()
        else:
            writer.write(step(client.seen) if callable(step) else step)
        wanted = expected[number] if expected and number < len(expected) - 1 else None
        answers.append("" if client.ended else await client.answer(wanted))
    if not client.ended:
        answers[-1] += await client.answer(None)
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
