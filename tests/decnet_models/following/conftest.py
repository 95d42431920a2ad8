# SPDX-License-Identifier: MIT
"""A context without a worker around it, for what workers are made of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from decnet_core.bus.memory import MemoryBus
from decnet_core.runtime.context import Context
from decnet_core.settings import Settings
from decnet_core.state import State

MakeContext = Callable[..., Context]


@pytest_asyncio.fixture
async def make_context(tmp_path: Path) -> AsyncIterator[MakeContext]:
    """Return a maker of contexts on one state directory; `document` are settings as in the file."""
    made: list[Context] = []
    state = State(tmp_path)
    state.create()

    def make(document: dict[str, object] | None = None) -> Context:
        settings = Settings(document or {}, {}, "test")
        made.append(Context(worker="w", state=state, sensor="here", settings=settings, bus=MemoryBus()))
        return made[-1]

    yield make
    for ctx in made:
        ctx.stop()
        await ctx.close()
