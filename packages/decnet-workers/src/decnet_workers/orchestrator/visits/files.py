# SPDX-License-Identifier: MIT
"""A visit to a decky's FTP server (RFC 959, 2428): directories are listed, files of them read; nothing is written."""

import asyncio
import re
import secrets
import socket
from collections.abc import Awaitable, Callable

from decnet_workers.orchestrator.scripts import FilesScript
from decnet_workers.orchestrator.visits.announced import SessionError
from decnet_workers.orchestrator.visits.lines import REPLY_SECONDS, Lines

LARGEST_FILE = 1 << 20
"""Bytes of a transfer that are read; of a longer file the connection is closed then."""
_ENTRY = re.compile(r"(?m)^(?P<kind>[-d])\S{9}\s+\S+\s+\S+\s+\S+\s+\d+\s+\S+\s+\S+\s+\S+ (?P<name>[^\r\n]+)\r?$")
_PORT = re.compile(r"\(\|\|\|(\d{1,5})\|\)")

Connect = Callable[[int], Awaitable[socket.socket]]


async def visit(sock: socket.socket, connect: Connect, script: FilesScript) -> int:
    """Log in over the connection, which is closed then, and return how many files were read.

    `connect` opens another one to a port of the same host. Raises SessionError, OSError, TimeoutError, HandoverError.
    """
    with sock:
        lines, read = Lines(sock), 0
        await lines.reply("220")
        await lines.ask(f"USER {script.user}", "331")
        await lines.ask(f"PASS {secrets.token_hex(6)}", "230")
        await lines.ask("TYPE I", "200")
        files: list[str] = []
        for pause, choice in zip(script.pauses, script.choices, strict=True):
            await asyncio.sleep(pause)
            if files:
                await _transferred(lines, connect, f"RETR {files[int(choice * len(files))]}")
                read += 1
            else:
                files = await _listed(lines, connect, choice)
        await lines.ask("QUIT", "221")
    return read


async def _listed(lines: Lines, connect: Connect, choice: float) -> list[str]:
    """Return the files of the directory; where it has only others, one of them is entered."""
    found = entries(await _transferred(lines, connect, "LIST"))
    files = [name for kind, name in found if kind == "-"]
    directories = [name for kind, name in found if kind == "d"]
    if directories and not files:
        await lines.ask(f"CWD {directories[int(choice * len(directories))]}", "")  # or it stays where it is
    return files


def entries(listing: bytes) -> list[tuple[str, str]]:
    """Return kind (`-` or `d`) and name of what a listing in the form of `ls -l` has."""
    return [(found["kind"], found["name"]) for found in _ENTRY.finditer(listing.decode("utf-8", "replace"))]


async def _transferred(lines: Lines, connect: Connect, command: str) -> bytes:
    """Return what a command sends over a data connection; nothing when it is refused, as for want of permission."""
    opened = _PORT.search(await lines.ask("EPSV", "229"))
    if opened is None:
        raise SessionError("the server told no port for data")
    loop, content = asyncio.get_running_loop(), bytearray()
    with await connect(int(opened[1])) as data:
        if not (await lines.ask(command, "")).startswith("150"):
            return b""
        async with asyncio.timeout(REPLY_SECONDS):
            while len(content) < LARGEST_FILE and (piece := await loop.sock_recv(data, 16 * 1024)):
                content += piece
    await lines.reply("226" if len(content) < LARGEST_FILE else "")  # which may say that the connection was closed
    return bytes(content)
