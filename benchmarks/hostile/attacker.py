# SPDX-License-Identifier: MIT
"""The attacking process: `python -m hostile.attacker NAME ADDRESS SSH_PORT HTTP_PORT SECONDS` prints its tally as JSON.

It runs at the lowest priority: real attackers do not take the decoys' processor.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import sys
import warnings

import msgspec

from hostile.attack import EXPECTED, Target
from hostile.catalogue import ATTACKS

GRACE_SECONDS = 20.0
"""An attack that has not ended this long after its time is cancelled."""


async def attack(name: str, target: Target) -> None:
    """Play the attack; what the decky refuses is no error."""
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    with contextlib.suppress(*EXPECTED):
        await asyncio.wait_for(ATTACKS[name].play(target), target.left + GRACE_SECONDS)


def main() -> None:
    """Attack as the command line says."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # of what is sent to a connection that the decky has closed
    warnings.simplefilter("ignore")  # about old methods of key exchange, which are what is attacked with
    name, address, ssh, http, seconds = sys.argv[1:]
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    target = Target(address, int(ssh), int(http), float(seconds))
    asyncio.run(attack(name, target))
    print(msgspec.json.encode(target.tally).decode())


if __name__ == "__main__":
    main()
