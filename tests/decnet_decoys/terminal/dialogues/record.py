# SPDX-License-Identifier: MIT
"""Records what OpenSSH and bash of this machine show: `python -m tests...terminal.dialogues.record`, as root."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.decnet_decoys.services.dialogues import asking
from tests.decnet_decoys.terminal.dialogues.play import answers, shell_of_root
from tests.decnet_decoys.terminal.dialogues.sessions import SESSIONS
from tests.ports import free_port, own_address

QUIET = 1.5


async def record() -> None:
    """Record all sessions."""
    address = own_address(69)
    with tempfile.TemporaryDirectory(prefix="decnet-") as directory:
        async with shell_of_root(Path(directory), address, free_port(address)) as server:
            said = await answers(server, SESSIONS, QUIET)
    asking.record(Path(__file__).with_name("bash.json"), said)


if __name__ == "__main__":
    asyncio.run(record())
