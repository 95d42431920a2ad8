# SPDX-License-Identifier: MIT
"""The SSH client of `orchestrator`'s sessions: a process that gets a connection, and on stdin what to do with it.

It belongs here because of its library. A decky accepts any password on a connection that was announced to it.
"""

import asyncio
import secrets
import socket
import sys

import asyncssh
import msgspec

VERSION = "OpenSSH_9.2p1 Debian-2+deb12u3"
"""What it says that it is."""
LOGIN_SECONDS = 20
_MOST_BYTES = 64 * 1024


class Script(msgspec.Struct, frozen=True):
    """Lines typed at a prompt, or if it is one, a command without a terminal; pauses in seconds before each."""

    user: str
    lines: tuple[str, ...]
    pauses: tuple[float, ...]


async def work(sock: socket.socket, script: Script) -> None:
    """Log in and do what the script says. Raises OSError, asyncssh.Error."""
    connecting = asyncssh.connect(
        sock=sock,
        username=script.user,
        password=secrets.token_hex(6),
        client_version=VERSION,
        known_hosts=None,
        client_keys=None,
        agent_path=None,
        config=None,
        login_timeout=LOGIN_SECONDS,
    )
    async with connecting as client:
        if len(script.lines) == 1:
            await client.run(script.lines[0])
            return
        async with client.create_process(term_type="xterm-256color", term_size=(120, 32), encoding=None) as shell:
            await asyncio.gather(_type_all(shell.stdin, script), _read_all(shell.stdout))


async def _type_all(writer: asyncssh.SSHWriter[bytes], script: Script) -> None:
    for line, pause in zip((*script.lines, "exit"), (*script.pauses, 0.5), strict=True):
        await asyncio.sleep(pause)
        writer.write(line.encode() + b"\n")


async def _read_all(reader: asyncssh.SSHReader[bytes]) -> None:
    while await reader.read(_MOST_BYTES):
        pass


def main() -> int:
    """Read a Script as JSON from stdin; the connection is the descriptor named on the command line."""
    script = msgspec.json.decode(sys.stdin.buffer.read(), type=Script)
    try:
        asyncio.run(work(socket.socket(fileno=int(sys.argv[1])), script))
    except (OSError, asyncssh.Error) as error:
        sys.stderr.write(f"{error or type(error).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
