# SPDX-License-Identifier: MIT
"""A canary that runs on free ports of loopback, and what it recorded."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from decnet_core.bus.memory import MemoryBus
from decnet_core.canary import Slug, SlugKind, mint
from decnet_core.events.codec import decode
from decnet_core.events.envelope import Event
from decnet_core.keys import read_or_create
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import open_context
from decnet_core.settings import Settings
from decnet_workers.canary.settings import CanarySettings
from decnet_workers.canary.worker import Canary


class RunningCanary:
    """A started worker with its addresses."""

    def __init__(self, worker: Canary, ctx: Context) -> None:
        self.ctx = ctx
        self.key = read_or_create(ctx.state.keys / "canary.key")
        self.http = worker.http_address
        self.dns = worker.dns_address
        self.https = worker.https_address
        self.wireguard = worker.wireguard_address

    def token(self, kind: SlugKind = SlugKind.URL) -> Slug:
        return mint(self.key, kind)

    def events(self) -> list[Event]:
        """Every event in the spool, as ingest would read it."""
        segments = sorted((self.ctx.state.spool / "canary").glob("*.jsonl"))
        return [decode(line) for segment in segments for line in segment.read_bytes().splitlines()]


@pytest.fixture
async def start_canary(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[RunningCanary]]]:
    async with AsyncExitStack() as stack:
        started = itertools.count()

        async def start(**changes: Any) -> RunningCanary:
            """Start a canary with a state directory of its own."""
            settings = CanarySettings(**{"http_listen": "127.0.0.1:0", "dns_listen": "127.0.0.1:0", **changes})
            document = {"state": {"dir": str(tmp_path / str(next(started))), "sensor": "lab"}}
            ctx = await open_context(Canary, Settings(document, {}, "test"), MemoryBus())
            stack.push_async_callback(ctx.close)
            worker = Canary(settings)
            stack.push_async_callback(worker.stop, ctx)
            await worker.start(ctx)
            return RunningCanary(worker, ctx)

        yield start
