# SPDX-License-Identifier: MIT
"""A worker that meets damage lets a child rebuild indexes, goes on, and shows what happened."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.decnet_models.salvage.filled import PAGE, fill, overwrite, pages_of

from decnet_core.runtime.context import Context
from decnet_models.database.engine import open_engine, writing
from decnet_models.following.retry_backoff import until_answered

MakeContext = Callable[..., Context]


@pytest.fixture
def ctx(make_context: MakeContext) -> Context:
    made = make_context()
    database = Path(made.state.database_url.removeprefix("sqlite:///"))
    database.parent.mkdir(parents=True, exist_ok=True)
    fill(database)
    return made


def database_of(ctx: Context) -> Path:
    return Path(ctx.state.database_url.removeprefix("sqlite:///"))


def garble(ctx: Context, tree: str) -> None:
    for page in pages_of(database_of(ctx), tree):
        overwrite(database_of(ctx), page, random.Random(1).randbytes(PAGE))


async def test_a_worker_goes_on_after_a_damaged_index(ctx: Context, caplog: pytest.LogCaptureFixture) -> None:
    garble(ctx, "ix_event_ts")
    engine = open_engine(ctx.state.database_url)

    def write() -> int:
        with writing(engine) as connection:
            return connection.execute(text("UPDATE event SET ts = ts + 1")).rowcount

    assert await asyncio.wait_for(until_answered(ctx, write), 60) == 700
    counters = ctx.counters.snapshot()
    assert counters["indexes_rebuilt"] >= 1
    assert counters["database_at_fault"] == 0
    assert "database_repair_failed" not in counters
    assert "ix_event_ts" in caplog.text
    assert list(database_of(ctx).parent.glob("*.damaged-*"))
    engine.dispose()


async def test_a_damaged_table_is_waited_for_and_shown(ctx: Context, caplog: pytest.LogCaptureFixture) -> None:
    garble(ctx, "event")
    engine = open_engine(ctx.state.database_url)

    def write() -> None:
        with writing(engine) as connection:
            connection.execute(text("UPDATE event SET ts = ts + 1"))

    waiting = asyncio.ensure_future(until_answered(ctx, write))
    async with asyncio.timeout(60):
        while not ctx.counters.snapshot().get("database_retries", 0) > 2:
            await asyncio.sleep(0.01)
    ctx.stop()
    await waiting
    assert ctx.counters.snapshot()["database_repair_failed"] == 1
    assert caplog.text.count("cannot be rebuilt") == 1
    assert "decnet-db salvage" in caplog.text
    engine.dispose()
