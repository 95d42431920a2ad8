# SPDX-License-Identifier: MIT
"""When leases are kept: before a batch when a third of their time is over; by a standby, ten times in that time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from decnet_core.runtime.context import Context
from decnet_models.errors import LeaseLostError
from decnet_models.following import lease_keeper
from decnet_models.following.lease_keeper import LeaseKeeper
from decnet_models.following.shard_leases import ShardLeases

MakeContext = Callable[..., Context]
SECONDS = 30.0


class Clock:
    """Stands until a test moves it; waits on it pass at once and are remembered."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def wait_for(self, waiting: object, timeout: float) -> None:
        waiting.close()  # type: ignore[attr-defined]
        self.waited.append(timeout)
        raise TimeoutError


class ScriptedLeases(ShardLeases):
    """Leases of which each `keep` finds what the test says next, and takes a second for it."""

    def __init__(self, clock: Clock, *found: int) -> None:
        self.clock = clock
        self.found = list(found)
        self.kept = 0
        self._held = {}

    def keep(self) -> None:
        self.kept += 1
        self.clock.now += 1
        self._held = dict.fromkeys(range(self.found.pop(0)), 1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(lease_keeper, "time", made)
    return made


@pytest_asyncio.fixture
async def ctx(make_context: MakeContext) -> AsyncIterator[Context]:
    yield make_context()


def keeper_of(ctx: Context, leases: ShardLeases) -> LeaseKeeper:
    return LeaseKeeper(ctx, leases, SECONDS)


async def test_leases_are_kept_before_the_first_batch_and_when_a_third_of_their_time_is_over(
    ctx: Context, clock: Clock
) -> None:
    leases = ScriptedLeases(clock, 16, 16)
    keeper = keeper_of(ctx, leases)
    assert keeper.due_seconds() == 0
    assert await keeper.held()
    assert (leases.kept, keeper.due_seconds()) == (1, 9)  # from before the second that it took
    clock.now += 8.5
    assert await keeper.held()
    assert (leases.kept, keeper.due_seconds()) == (1, 0.5)
    clock.now += 0.5
    assert await keeper.held()
    assert leases.kept == 2
    clock.now += 100
    assert keeper.due_seconds() == 0


async def test_what_is_held_is_shown(ctx: Context, clock: Clock) -> None:
    keeper = keeper_of(ctx, ScriptedLeases(clock, 5))
    await keeper.held()
    assert ctx.counters.snapshot() == {"shards": 5, "standby": 0}


async def test_a_standby_looks_ten_times_in_the_time_of_a_lease_and_says_once_that_it_stands_by(
    ctx: Context, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(asyncio, "wait_for", clock.wait_for)
    leases = ScriptedLeases(clock, 0, 0, 3, 0)
    keeper = keeper_of(ctx, leases)
    assert [await keeper.held() for _ in range(3)] == [False, False, True]
    assert clock.waited == [3.0, 3.0]
    assert ctx.counters.snapshot() == {"shards": 3, "standby": 0}
    clock.now += 10
    assert not await keeper.held()
    assert ctx.counters.snapshot() == {"shards": 0, "standby": 1}
    assert [record.getMessage() for record in caplog.records] == ["other instances hold everything; standing by"] * 2


async def test_a_standby_that_must_stop_waits_no_longer(ctx: Context, clock: Clock) -> None:
    waiting = asyncio.ensure_future(LeaseKeeper(ctx, ScriptedLeases(clock, 0), 36_000).held())
    async with asyncio.timeout(120):
        while not ctx.counters.snapshot().get("standby"):
            await asyncio.sleep(0.001)
    ctx.stop()
    assert await asyncio.wait_for(waiting, 120) is False


async def test_after_a_loss_what_is_left_is_found_out_before_the_next_batch(ctx: Context, clock: Clock) -> None:
    leases = ScriptedLeases(clock, 16, 8)
    keeper = keeper_of(ctx, leases)
    await keeper.held()
    keeper.lost(LeaseLostError("shard 1 of w is held by another in epoch 2"))
    assert keeper.due_seconds() == 0
    assert await keeper.held()
    assert (leases.kept, keeper.due_seconds()) == (2, 9)
    assert ctx.counters.snapshot() == {"shards": 8, "standby": 0, "leases_lost": 1}
