# SPDX-License-Identifier: MIT
"""Scenes: events of attackers, followed by the clusterer, and the identities that result."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID, uuid5

from sqlalchemy import Engine, select

from decnet_core.events.catalogue import (
    CommandRun,
    FileCaptured,
    LoginAttempt,
    Payload,
    SessionClosed,
    SshKex,
    TcpStack,
)
from decnet_core.events.envelope import Event
from decnet_core.events.typing_digest import TypingDigest
from decnet_models.database.domains import loaded_metadata
from decnet_models.database.engine import reading, warm_up_engine, writing
from decnet_models.events.queries import insert_events
from decnet_models.following.batch_processor import BatchProcessor, BatchResult
from decnet_models.identities.tables import IDENTITIES
from decnet_models.progress.queries import begin_cursor
from decnet_workers.clusterer.worker import Clusterer

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000

_NAMES = UUID(int=13)
_serial = itertools.count()


def event(attacker: str, payload: Payload, at: int = 0) -> Event:
    """Return an event `at` seconds after the start."""
    return Event(
        id=uuid5(_NAMES, str(next(_serial))),
        ts=START + at * SECOND,
        sensor="sensor",
        payload=payload,
        decky="decky",
        src_ip=attacker,
        session="session",
    )


def key(value: str) -> LoginAttempt:
    return LoginAttempt(service="ssh", username="root", success=False, method="publickey", public_key=f"SHA256:{value}")


def password(username: str, secret: str) -> LoginAttempt:
    return LoginAttempt(service="ssh", username=username, success=False, password=secret)


def command(text: str) -> CommandRun:
    return CommandRun(service="ssh", command=text)


def hassh(value: str) -> SshKex:
    return SshKex(role="client", software="SSH-2.0-Go", hassh=value, algorithms="")


def stack(value: str) -> TcpStack:
    return TcpStack(role="syn", signature="4:64:0:*:*,0::", muonfp=value)


def typing(rhythm: TypingDigest) -> SessionClosed:
    return SessionClosed(service="ssh", duration_ms=60_000, typing=rhythm)


def file(sha256: str) -> FileCaptured:
    return FileCaptured(service="ssh", sha256=sha256, size=1)


def processor(engine: Engine, limit: int = 1000) -> BatchProcessor:
    worker = Clusterer(Clusterer.Settings())
    made = worker._processor(engine, "clusterer")
    made._limit = limit
    return made


class Follower:
    """The clusterer without its process."""

    def __init__(self, engine: Engine, batch: int = 1000) -> None:
        self._engine = engine
        self._worker = Clusterer(Clusterer.Settings())
        self._worker._engine = engine
        self._processor = self._worker._processor(engine, "clusterer")
        self._processor._limit = batch
        with writing(engine) as connection:
            begin_cursor(connection, "clusterer", now_ns=1)

    def step(self) -> bool:
        """Handle a batch, or settle a part; return whether there was anything."""
        return self.followed() or self.settle()

    def followed(self) -> bool:
        """Handle a batch; return whether there was any."""
        done = self._processor.step()
        return bool(done.handled or done.lag)

    def settle(self) -> bool:
        return self.settled() is not None

    def settled(self) -> BatchResult | None:
        return self._worker.settled(self._processor)

    def run(self, events: Sequence[Event] = ()) -> Follower:
        """Log events and follow them to the end."""
        if events:
            with writing(self._engine) as connection:
                insert_events(connection, events)
        while self.step():
            pass
        return self


def partition(engine: Engine) -> dict[UUID, frozenset[str]]:
    """Return the identities with their members."""
    c = IDENTITIES.member.c
    found: dict[UUID, set[str]] = {}
    with reading(engine) as connection:
        for attacker, identity in connection.execute(select(c.attacker, c.identity)):
            found.setdefault(identity, set()).add(attacker)
    return {identity: frozenset(attackers) for identity, attackers in found.items()}


def several(engine: Engine) -> set[frozenset[str]]:
    """Return the identities of several attackers."""
    return {attackers for attackers in partition(engine).values() if len(attackers) > 1}


def groups(*names: Iterable[str]) -> set[frozenset[str]]:
    return {frozenset(each) for each in names}


@contextmanager
def in_memory() -> Iterator[Engine]:
    """Give a database in memory with the tables of all domains that are loaded."""
    with warm_up_engine() as engine:
        with writing(engine) as connection:
            for metadata in loaded_metadata():
                metadata.create_all(connection)
        yield engine
