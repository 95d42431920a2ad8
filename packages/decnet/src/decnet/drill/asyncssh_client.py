# SPDX-License-Identifier: MIT
"""A small SSH client for where there is no `ssh`: standard input to a decky's shell, its output to standard output.

A process of its own, so that the drill attacks from outside in this case too. The password is read from DRILL_PASSWORD.
"""

import asyncio
import os
import sys
from typing import Any

import asyncssh

DENIED = 255
"""What ssh(1) exits with when it could not log in."""


async def log_in(address: str, port: int, source: str, user: str, **options: Any) -> asyncssh.SSHClientConnection:
    """Log in by password from the address `source`, with nothing of what the account that runs this has for SSH.

    `options` are asyncssh's, such as `password`. Raises asyncssh.Error, OSError.
    """
    return await asyncssh.connect(
        address,
        port,
        local_addr=(source, 0),
        username=user,
        known_hosts=None,
        client_keys=None,
        agent_path=None,
        config=None,
        preferred_auth="password",
        **options,
    )


async def _run(address: str, port: int, source: str, user: str, *, terminal: bool) -> int:
    try:
        connection = await log_in(address, port, source, user, password=os.environ.get("DRILL_PASSWORD", ""))
    except (OSError, asyncssh.Error):
        return DENIED
    async with connection:
        if not terminal:
            await connection.run("exit")
            return 0
        async with connection.create_process(
            term_type="xterm", term_size=(80, 24), stdin=sys.stdin, stdout=sys.stdout, stderr=asyncssh.STDOUT
        ) as shell:
            await shell.wait()
    return 0


def main() -> int:
    """Read `ADDRESS PORT SOURCE USER [--terminal]`; return the exit code."""
    address, port, source, user, *rest = sys.argv[1:]
    return asyncio.run(_run(address, int(port), source, user, terminal="--terminal" in rest))


if __name__ == "__main__":
    sys.exit(main())
