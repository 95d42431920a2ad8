# SPDX-License-Identifier: MIT
"""A session by SSH: the client is a short-lived process, for its library takes 30 MiB and belongs to decoys."""

import asyncio
import contextlib
import socket
import sys

import msgspec

from decnet_workers.orchestrator.scripts import ShellScript
from decnet_workers.orchestrator.visits.announced import SessionError

CLIENT = "decnet_decoys.ssh.synthetic_client"


async def visit(sock: socket.socket, script: ShellScript) -> None:
    """Log in over the connection and do what the script says; then it is closed. Raises SessionError, OSError."""
    with sock:
        client = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", CLIENT, str(sock.fileno())),
            pass_fds=(sock.fileno(),),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, complaint = await client.communicate(msgspec.json.encode(script))
        finally:
            if client.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    client.kill()
                await client.wait()
    if client.returncode:
        last = complaint.decode(errors="replace").strip().splitlines() or [f"exit code {client.returncode}"]
        raise SessionError(f"the SSH client failed: {last[-1]}")
