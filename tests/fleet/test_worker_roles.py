# SPDX-License-Identifier: MIT
"""Each worker does its work as its own PostgreSQL role; what the server refuses is tested with decnet-models."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from tests.decnet_models.database.test_grants import refused

from decnet_core.runtime import worker_registry
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import last_seq
from decnet_models.following.batch_processor import BatchProcessor
from decnet_models.following.cursor_worker import CursorWorker
from decnet_models.following.shard_leases import ShardLeases
from decnet_models.progress import queries as progress
from decnet_workers.webhook.deliveries import Deliveries
from decnet_workers.webhook.settings import WebhookSettings

As = Callable[[str], str]


@pytest.mark.parametrize("name", ["profiler", "ttp"])
def test_a_cursor_worker_works_as_its_own_role(name: str, role: As, ingested: None) -> None:
    engine = open_engine(role(name))
    kind = worker_registry.load(name)
    assert issubclass(kind, CursorWorker)
    worker = kind._unstarted()
    leases = ShardLeases(engine, name, seconds=30, shared=worker.shared)
    with writing(engine) as connection:
        worker.prepare(connection)
    leases.keep()
    processor: BatchProcessor = worker._processor(engine, name, leases)
    assert processor.step().dead_letters == 0
    with reading(engine) as connection:
        assert progress.cursor_of(connection, name) == last_seq(connection) > 0
    leases.release()
    engine.dispose()


def test_the_outbox_is_read_and_followed_as_the_role_of_webhook(role: As, ingested: None) -> None:
    engine = open_engine(role("webhook"))
    deliveries = Deliveries(engine, WebhookSettings())
    deliveries.prepare()
    assert deliveries.poll().lag == 0
    engine.dispose()


def test_the_api_may_do_what_the_operator_may(role: As) -> None:
    engine = open_engine(role("api"))
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM webhook"))
        connection.execute(text("SELECT count(*) FROM api_token"))
    engine.dispose()
    assert refused(role("api"), "UPDATE attacker SET score = 0")
