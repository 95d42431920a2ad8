# SPDX-License-Identifier: MIT
"""What all recorded dialogues share: how a server is asked, when a real one can be, and what it said then."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Varies: TypeAlias = Sequence[tuple[re.Pattern[bytes], bytes]]
"""What differs between two servers of a kind, and the words that stand for it."""


async def at_once(play: Callable[[str], Awaitable[T]], names: Iterable[str], most: int) -> dict[str, T]:
    """Play the dialogues of those names, no more than `most` at a time."""
    gate = asyncio.Semaphore(most)
    chosen = list(names)

    async def one(name: str) -> T:
        async with gate:
            return await play(name)

    return dict(zip(chosen, await asyncio.gather(*map(one, chosen)), strict=True))


async def heard(address: str, port: int, sent: bytes, quiet: float, *, ends: bool = False) -> tuple[bytes, str]:
    """Return all that a server answers until it closes, or `quiet` seconds, and whether it is "open" or "closed".

    `ends`: the client sends no more.
    """
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(sent)
    if ends:
        with contextlib.suppress(OSError):  # of a server that has closed already
            writer.write_eof()
    data, left = b"", "closed"
    try:
        async with asyncio.timeout(quiet):
            while piece := await reader.read(1 << 16):
                data += piece
    except TimeoutError:
        left = "open"
    except ConnectionError:
        pass
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return data, left


async def differing(
    ask: Callable[[list[str], float], Awaitable[Mapping[str, T]]], real: Mapping[str, T], waits: Sequence[float]
) -> dict[str, T]:
    """Return the answers that are not the real ones; asked again, with more time, where they are not."""
    wrong = dict(real)
    for quiet in waits:
        said = await ask(list(wrong), quiet)
        wrong = {name: answer for name, answer in said.items() if answer != real[name]}
    return wrong


def recorded(file: Path, names: Iterable[str]) -> dict[str, Any]:
    """Return what a real server said in the dialogues, which are those of the names."""
    said: dict[str, Any] = json.loads(file.read_text(encoding="ascii"))
    assert list(said) == list(names)
    return said


def record(file: Path, said: Mapping[str, object]) -> None:
    """Write what a real server said, and print in how many dialogues."""
    file.write_text(json.dumps(said, indent=1) + "\n", encoding="ascii")
    print(file.stem, len(said))  # noqa: T201  # what it is for


def alike(data: bytes, varies: Varies) -> str:
    """Return what was said with words for what varies."""
    for pattern, word in varies:
        data = pattern.sub(word, data)
    return data.decode("latin-1")


def not_installed(*programs: str) -> str:
    """Return which of these programs this machine lacks; empty: none."""
    absent = [name for name in programs if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


async def takes_connections(address: str, port: int) -> bool:
    """Return whether a server listens there."""
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    writer.close()
    return True
