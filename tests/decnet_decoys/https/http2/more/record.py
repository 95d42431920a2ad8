# SPDX-License-Identifier: MIT
"""Records what the real server of this machine answers: `python -m tests...https.http2.more.record`, as root."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.decnet_decoys.https.dialogues.real_servers import real_server
from tests.decnet_decoys.https.http2.more.play import DIALOGUES, all_answers
from tests.decnet_decoys.services.dialogues import asking
from tests.ports import free_port, own_address

SERVERS = ("nginx",)
QUIET = 2.0


async def record(name: str) -> None:
    """Record all dialogues with one server."""
    address = own_address(66)
    port = free_port(address)
    async with real_server(name, address, port):
        said = await all_answers(address, port, DIALOGUES, QUIET)
    asking.record(Path(__file__).with_name(f"{name}.json"), said)


def main() -> None:
    for name in sys.argv[1:] or SERVERS:
        asyncio.run(record(name))


if __name__ == "__main__":
    main()
