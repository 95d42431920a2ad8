# SPDX-License-Identifier: MIT
"""A profiler on tables of its own, and events to give it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, event, select

from decnet_core.events.catalogue import (
    CanaryHit,
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    SessionClosed,
    SessionOpened,
)
from decnet_core.events.envelope import Event
from decnet_core.events.notices import Notice
from decnet_core.runtime.worker import NoSettings
from decnet_models.attackers.tables import metadata
from decnet_models.canary.tables import metadata as canary_metadata
from decnet_models.events.queries import StoredEvent
from decnet_models.following.cursor_worker import EventBatch
from decnet_models.intel.tables import metadata as intel_metadata
from decnet_workers.profiler.worker import Profiler

Tables = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def connection() -> Iterator[Connection]:
    """A database in memory with the tables of the domains attackers and canary."""
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
    with engine.connect() as made:
        metadata.create_all(made)
        canary_metadata.create_all(made)
        intel_metadata.create_all(made)
        made.commit()
        yield made
    engine.dispose()


@pytest.fixture
def profile(connection: Connection) -> Callable[[Sequence[Sequence[StoredEvent]]], tuple[Tables, dict[str, Notice]]]:
    """Handle batches from empty tables; return the rows of all tables, and the notices as the outbox keeps them."""

    def handle(batches: Sequence[Sequence[StoredEvent]]) -> tuple[Tables, dict[str, Notice]]:
        worker, outbox = Profiler(NoSettings()), dict[str, Notice]()
        try:
            for batch in batches:
                for key, notice in worker.handle(EventBatch(connection, batch)).notices:
                    outbox.setdefault(key, notice)
            return rows_of(connection), outbox
        finally:
            connection.rollback()

    return handle


def rows_of(connection: Connection) -> Tables:
    """Return every row of every table, in the order of the keys by code point, as no database's collation has it."""
    return {
        table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
        for table in metadata.sorted_tables
    }


@pytest.fixture
def stored() -> Callable[..., StoredEvent]:
    """Make an event of the log."""
    return make_stored


@pytest.fixture(scope="session")
def all_rows() -> Callable[[Connection], Tables]:
    """Read all tables of the domain."""
    return rows_of


def make_stored(seq: int, payload: Payload, *, ts: int | None = None, **envelope: Any) -> StoredEvent:
    """Return the event at `seq`; times are seconds unless given."""
    envelope = {"src_ip": "192.0.2.1", "decky": "web", **envelope}
    moment = seq * 1_000_000_000 if ts is None else ts
    return StoredEvent(seq, Event(id=UUID(int=seq), ts=moment, sensor="s", payload=payload, **envelope))


@pytest.fixture(scope="session")
def busy_log() -> list[Event]:
    """2100 events of every kind, by 40 attackers, not quite in the order of time; always the same."""
    dice = random.Random(11)

    def one(seq: int) -> Event:
        attacker = int(40 ** dice.random())
        session = f"s{attacker}-{seq // 500}"
        return Event(
            id=UUID(int=seq),
            ts=(seq + dice.randrange(30)) * 1_000_000_000,
            sensor="s",
            payload=_any_payload(dice),
            src_ip=f"198.18.0.{attacker}" if attacker % 3 else f"2001:db8::{attacker:x}",
            decky=dice.choice(["web", "db", None]),
            session=dice.choice([session, None]),
        )

    return [one(seq) for seq in range(1, 2101)]


def _any_payload(dice: random.Random) -> Payload:
    service, word = dice.choice(["ssh", "telnet"]), dice.choice(["root", "admin", "pi\0ng", "ü" * 300])
    found: list[Payload] = [
        ConnectionOpened(service),
        LoginAttempt(service, word, success=dice.random() < 0.1, password=f"p{dice.randrange(50)}"),
        LoginAttempt(service, word, success=False, method="publickey", public_key=f"SHA256:{word}"),
        ClientIdentified(service, dice.choice(["SSH-2.0-Go", "SSH-2.0-PuTTY_Release_0.81"])),
        SessionOpened(service, word, dice.choice(["xterm", None])),
        CommandRun(service, f"echo {word}"),
        SessionClosed(service, dice.randrange(9999), recording="a" * 64),
        HttpRequest("GET", f"/{word}", user_agent=dice.choice(["sqlmap/1.7", "curl/8", None])),
        FileCaptured(service, "b" * 64, 12),
        CanaryHit("slug", "dns", word),
        PortScan("syn", (22, 80)),
    ]
    return dice.choice(found)
