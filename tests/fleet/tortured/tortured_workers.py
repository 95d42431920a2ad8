# SPDX-License-Identifier: MIT
"""Workers with a fault each, which the torture of the fleet installs beside the real ones."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, NoSettings, Worker


class Hog(Worker[NoSettings]):
    """Takes twice the memory that it declares when a file asks for it, and tells in another when it left in order."""

    name = "hog"
    memory_budget = 48 * MIB

    def __init__(self, settings: NoSettings) -> None:
        super().__init__(settings)
        self._held = b""

    async def run(self, ctx: Context) -> None:
        """Wait to be asked."""
        while not ctx.stopping.is_set():
            with contextlib.suppress(FileNotFoundError):
                (ctx.state.root / "hog.please").unlink()
                self._held = b"\1" * (2 * self.memory_budget)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ctx.stopping.wait(), 0.2)

    async def stop(self, ctx: Context) -> None:
        """Tell that it was asked to leave."""
        _tell(ctx.state.root / "hog.left")


class Refusing(Worker[NoSettings]):
    """Tells that it was started, and refuses."""

    name = "refusing"

    async def start(self, ctx: Context) -> None:
        """Never succeed."""
        _tell(ctx.state.root / "refusing.started")
        raise StartupError("this worker never starts")


def _tell(path: Path) -> None:
    with path.open("a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
