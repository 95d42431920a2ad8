# SPDX-License-Identifier: MIT
"""What one enrolled sender can make the listener hold: memory is counted as it is taken, not as it came."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from decnet_core.runtime.counters import Counters
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_swarm.listener.plain import PlainSession
from decnet_swarm.listener.records import Records
from decnet_swarm.listener.settings import MIB, ListenerSettings
from decnet_swarm.listener.store import RejectedLine, Store, held_bytes
from decnet_swarm.pki.admission import Admitted
from decnet_swarm.pki.names import Role
from decnet_swarm.stream import Stream

SMALLEST = b"1 x" * 87_381
"""What one receive returns of the shortest messages there are."""
CONNECTIONS = 8


class Sender:
    """A peer that sends as fast as it is read from."""

    def __init__(self) -> None:
        self.taken = 0

    async def receive(self) -> bytes:
        self.taken += len(SMALLEST)
        await asyncio.sleep(0)
        return SMALLEST


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store whose disk takes nothing: what is put waits."""
    writer = SpoolWriter(tmp_path / "spool" / "listener", SpoolSettings())
    quarantine = Quarantine(tmp_path / "quarantine")
    yield Store(writer, tmp_path / "spool" / "listener", Records(tmp_path / "r.json"), quarantine, ListenerSettings())
    writer.close()


@pytest.mark.scale
async def test_a_flood_of_the_shortest_messages_is_held_within_what_may_wait(store: Store) -> None:
    sender = Sender()
    member = Admitted("berlin", Role.FORWARDER, "00", 1 << 40)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        sessions = [
            asyncio.ensure_future(PlainSession(cast("Stream", sender), member, store, Counters()).run())
            for _ in range(CONNECTIONS)
        ]
        async with asyncio.timeout(60):
            while store.counters()["waiting_bytes"] < 7 * MIB:
                await asyncio.sleep(0.01)
        for _ in range(100):
            await asyncio.sleep(0)  # all that could go on has
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    for session in sessions:
        session.cancel()
    await asyncio.gather(*sessions, return_exceptions=True)
    assert store.counters()["waiting_bytes"] <= 8 * MIB
    assert now - before < 16 * MIB
    assert peak - before < 20 * MIB


def test_what_a_batch_takes_in_memory_is_counted() -> None:
    lines = [b"x" * 240] * 100
    assert held_bytes(lines) > 100 * (240 + 100)
    assert held_bytes([], [RejectedLine("no event", b"<")] * 100) > 100 * 200
