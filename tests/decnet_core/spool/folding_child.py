# SPDX-License-Identifier: MIT
"""A process that floods its spool as a worker does and tells each event on its standard output: for a test to kill."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from decnet_core.bus.memory import MemoryBus
from decnet_core.events.catalogue import LoginAttempt
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.worker import NoSettings, Worker
from decnet_core.settings import Settings


class Flooded(Worker[NoSettings]):
    """Records one login after the other."""

    name = "flooded"
    produces = (LoginAttempt,)

    async def run(self, ctx: Context) -> None:
        """Record until killed."""
        number = 0
        while not ctx.stopping.is_set():
            for _ in range(20):
                guess = LoginAttempt(service="ssh", username="root", password=f"p{number % 300}", success=False)
                ctx.emit(guess, decky="web-01", src=("192.0.2.1", 1024))
                os.write(1, b"x")
                number += 1
            await asyncio.sleep(0)


async def main(state: str) -> None:
    """Flood a spool in that state directory, with short windows."""
    settings = Settings(
        {"spool": {"folding": {"burst_bytes": 4096, "window_seconds": 0.1}}}, {"DECNET_STATE_DIR": state}, "test"
    )
    ctx = await open_context(Flooded, settings, MemoryBus())
    await Host(Flooded(NoSettings()), ctx).run()


if __name__ == "__main__":
    asyncio.run(main(str(Path(sys.argv[1]))))
