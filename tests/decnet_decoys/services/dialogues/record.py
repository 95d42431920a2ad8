# SPDX-License-Identifier: MIT
"""Records what the real servers of this machine say: `python -m tests...dialogues.record NAME...`, as root."""

from __future__ import annotations

import asyncio
import sys

from tests.decnet_decoys.services.dialogues import asking
from tests.decnet_decoys.services.dialogues.kinds import KINDS, RECORDS, server_of
from tests.decnet_decoys.services.dialogues.real_servers import real_server
from tests.ports import free_port, own_address

QUIET = 1.5
TELNET_QUIET = 3.6
"""BusyBox's login waits for three seconds after a wrong password."""


async def record(name: str) -> None:
    """Record all dialogues with one server."""
    address = own_address(62)
    port = free_port(address)
    kind = KINDS[name]
    async with real_server(server_of(name), address, port):
        said = await kind.answers(address, port, kind.dialogues, TELNET_QUIET if "telnet" in name else QUIET)
    asking.record(RECORDS / f"{name}.json", said)


def main() -> None:
    for name in sys.argv[1:] or KINDS:
        asyncio.run(record(name))


if __name__ == "__main__":
    main()
