# SPDX-License-Identifier: MIT
"""Records what the real servers of this machine say in dialogues that are not yet recorded, as root.

`python -m tests.decnet_decoys.ssh.dialogues.record [openssh] [dropbear]`; of one that it answers otherwise at a second
time it prints both answers, and keeps the first.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.decnet_decoys.ssh.dialogues.play import NAMES, played
from tests.decnet_decoys.ssh.dialogues.real_servers import real_server
from tests.ports import free_port, own_address

RECORDS = Path(__file__).parent
WAITS = (1.5, 3.0)


async def record(name: str) -> None:
    """Record what one server says."""
    file = RECORDS / f"{name}.json"
    known = json.loads(file.read_text(encoding="ascii"))
    names = [title for title in NAMES if title not in known]
    address = own_address(61)
    with tempfile.TemporaryDirectory(prefix="decnet-real-") as made:
        async with real_server(name, Path(made), address, free_port(address)) as server:
            said, again = [await played(server, names, quiet) for quiet in WAITS]
    for title in names:
        if said[title] != again[title]:
            print(f"{name}: {title}\n  {said[title]}\n  {again[title]}")  # noqa: T201  # what it is for
    known |= said
    text = json.dumps({title: known[title] for title in NAMES}, indent=1)
    file.write_text(text + "\n", encoding="ascii")
    print(name, len(names))  # noqa: T201  # likewise


def main() -> None:
    for name in sys.argv[1:] or ("openssh", "dropbear"):
        asyncio.run(record(name))


if __name__ == "__main__":
    main()
