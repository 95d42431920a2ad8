# SPDX-License-Identifier: MIT
"""Plays these sessions with an SSH server, and returns what it shows after each step, and how the session ends."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
from tests.decnet_decoys.services.dialogues import asking
from tests.decnet_decoys.ssh.dialogues.play import Server
from tests.decnet_decoys.ssh.dialogues.real_servers import real_server
from tests.decnet_decoys.terminal.dialogues.sessions import END, SESSIONS, Session

_HOST = re.compile(rb"root@[A-Za-z0-9.-]+:")
_VARIES = (
    (_HOST, b"root@web-01:"),
    (re.compile(rb"\[(\d+)\] \d+"), rb"[\1] PID"),
    (re.compile(rb"\A(?:(?!\x1b|root@|\$ |# ).*\n)+"), b""),  # what is said before the first prompt
)


class _Shown:
    def __init__(self, reader: Any, *, is_shell: bool) -> None:
        self._reader = reader
        self._varies = _VARIES if is_shell else _VARIES[:2]
        self.ended = False

    async def next(self, expected: str | None, quiet: float) -> str:
        """Return what comes until it is what is expected, or nothing more for a while."""
        data = b""
        while not self.ended and (not expected or asking.alike(data, self._varies) != expected):
            try:
                async with asyncio.timeout(quiet):
                    piece = await self._reader.read(1 << 16)
            except TimeoutError:
                break
            self.ended = not piece
            data += piece
        shown = asking.alike(data, self._varies)
        self._varies = _VARIES[:2]
        return shown


async def played(server: Server, session: Session, quiet: float, expected: Sequence[str] | None) -> list[str]:
    """Play one session."""
    options: dict[str, Any] = {"known_hosts": None, "config": None, "client_keys": None}
    async with asyncssh.connect(
        server.address, server.port, username=server.user.decode(), password=server.password.decode(), **options
    ) as connection:
        process: Any = await connection.create_process(
            session.command,
            term_type=session.terminal,
            term_size=session.size,
            term_modes=dict(session.modes),
            encoding=None,
            stderr=asyncssh.STDOUT,
        )
        shown = _Shown(process.stdout, is_shell=session.command is None and session.terminal is not None)
        said = [await shown.next(expected[0] if expected else None, quiet)]
        for number, step in enumerate(session.steps, 1):
            if not shown.ended:
                if isinstance(step, bytes):
                    process.stdin.write(step)
                elif step == END:
                    process.stdin.write_eof()
                else:
                    process.change_terminal_size(*step)
            said.append(await shown.next(expected[number] if expected else None, quiet))
        if not shown.ended:
            said[-1] += await shown.next(None, quiet)
        if shown.ended:
            await process.wait_closed()
            said.append(f"<{process.exit_status} {process.exit_signal and process.exit_signal[0]}>")
        else:
            said.append("<open>")
        process.close()
        return said


@asynccontextmanager
async def shell_of_root(directory: Path, address: str, port: int) -> AsyncIterator[Server]:
    """Run OpenSSH with a home of root's as Debian makes it, without the prompts of other accounts."""
    async with real_server("openssh", directory, address, port) as server:
        await played(server, Session((), "cp /usr/share/base-files/dot.bashrc ~/.bashrc", None), 5.0, None)
        yield server


async def answers(
    server: Server, names: Iterable[str], quiet: float, real: Mapping[str, Sequence[str]] | None = None
) -> dict[str, list[str]]:
    """Play the sessions of those names, a few at once."""
    return await asking.at_once(lambda name: played(server, SESSIONS[name], quiet, (real or {}).get(name)), names, 8)


async def differing(server: Server, real: Mapping[str, list[str]], waits: Sequence[float]) -> dict[str, list[str]]:
    """Return what is not shown as by the real server; played again, with more time, where it is not."""
    return await asking.differing(lambda names, quiet: answers(server, names, quiet, real), real, waits)
