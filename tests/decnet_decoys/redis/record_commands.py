# SPDX-License-Identifier: MIT
"""Records what Debian's redis-server says of its commands: `python -m tests.decnet_decoys.redis.record_commands`.

It answers on a UNIX socket in a directory of its own, and ends with the block.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from decnet_decoys.redis.about import command_table

_BEGIN = 20
"""Tries, of which each waits for a quarter of a second in redis-cli, until the server answers."""


@contextmanager
def server() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="decnet-redis-") as directory:
        socket = Path(directory) / "socket"
        command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--dir", directory, "--save", ""]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                yield socket
            finally:
                server.terminate()


def asked(socket: Path, *words: str) -> str:
    command = ["redis-cli", "-s", str(socket), *words]
    for _ in range(_BEGIN):
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
        if said.stdout and "Could not connect" not in said.stderr:
            return said.stdout
        subprocess.run(
            ["redis-cli", "-s", socket, "-i", "0.25", "-r", "2", "PING"], check=False, stdout=subprocess.DEVNULL
        )
    raise RuntimeError(f"redis-server does not answer {words}: {said.stderr}")


async def raw(socket: Path, *words: bytes) -> bytes:
    """Return what the server answers within a tenth of a second, as it sends it."""
    reader, writer = await asyncio.open_unix_connection(str(socket))
    writer.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(one), one) for one in words))
    said = await reader.read(1)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            while piece := await reader.read(65536):
                said += piece
    writer.close()
    return said


def _help(socket: Path, name: str) -> list[str]:
    """Return the lines of a help; of a container that answers with an error, none."""
    said = asked(socket, name, "HELP")
    return [] if said.startswith("ERR") else said.splitlines()


def recorded() -> bytes:
    """Return the lines of the table: a command's details in the form of COMMAND INFO, and of a container its help.

    Commands and subcommands, which have no order there, are in that of the alphabet.
    """
    with server() as socket:
        lines = []
        for details in sorted(json.loads(asked(socket, "--json", "COMMAND"))):
            details[9].sort()
            has_help = details[9] and any(one[0] == f"{details[0]}|help" for one in details[9])
            said = _help(socket, details[0]) if has_help else []
            lines.append(json.dumps([*details, said], separators=(",", ":")))
    return "".join(f"{line}\n" for line in lines).encode()


def main() -> None:
    Path(sys.modules[command_table.__name__].__file__ or "").with_name("commands.jsonl").write_bytes(recorded())


if __name__ == "__main__":
    main()
