# SPDX-License-Identifier: MIT
"""Plays a world through the workers and reads what they made of it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from decnet_core.events.envelope import Event
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import insert_events
from decnet_models.grouping.shape import Grouping
from decnet_models.identities.tables import IDENTITIES
from decnet_models.migrations.upgrade import upgrade
from planted.files import Truth
from planted.given import give
from planted.work import Costs, worker_class

WORKERS = ("profiler", "ttp", "clusterer", "campaign-clusterer")
INSERTED = 5000
"""Events inserted in one transaction."""


class Outcome(msgspec.Struct):
    """What came of a world."""

    events: int = 0
    costs: dict[str, Costs] = {}
    identities: dict[str, str] = {}
    """By address, the identity."""
    campaigns: dict[str, str] = {}
    """By address, the campaign of its identity."""


class Child:
    """A worker's process."""

    def __init__(self, name: str, url: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
        command = [sys.executable, "-m", "planted.work", name, url]
        self._name = name
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        assert self._process.stdin
        assert self._process.stdout
        self._input, self._output = self._process.stdin, self._process.stdout
        self._line()

    def work(self) -> Costs:
        """Let it work until nothing is left; RuntimeError when it dies of that."""
        self._input.write(b"\n")
        self._input.flush()
        return msgspec.json.decode(self._line(), type=Costs)

    def end(self) -> None:
        self._input.close()
        self._output.close()
        self._process.wait()

    def _line(self) -> bytes:
        if line := self._output.readline():
            return line
        raise RuntimeError(f"{self._name} ended with {self._process.wait()}")


def play(folder: Path, events: Iterable[Event], *, rounds: int, total: int, given: Truth | None = None) -> Outcome:
    """Insert the events into a new database in so many rounds, and let the workers catch up after each.

    `total` is about how many events there are; `given` replaces the clusterer.
    """
    url = f"sqlite:///{folder / 'decnet.db'}"
    upgrade(url)
    outcome, rest = Outcome(), iter(events)
    with ExitStack() as stack:
        children = {name: Child(name, url) for name in WORKERS if worker_class(name)}
        if given is not None:
            children.pop("clusterer", None)
        for child in children.values():
            stack.callback(child.end)
        for left in range(rounds, 0, -1):
            part = itertools.islice(rest, -(-total // rounds)) if left > 1 else rest
            outcome.events += insert(url, part, given)
            for name, child in children.items():
                outcome.costs[name] = child.work()
    engine = open_engine(url)
    with reading(engine) as connection:
        outcome.identities, outcome.campaigns = found(connection)
    engine.dispose()
    return outcome


def insert(url: str, events: Iterable[Event], given: Truth | None = None) -> int:
    """Insert events as ingest does, and the identities of those who did it if they are given; return how many."""
    engine, number, rest = open_engine(url), 0, iter(events)
    while batch := list(itertools.islice(rest, INSERTED)):
        with writing(engine) as connection:
            number += insert_events(connection, batch)
        if given is not None:
            give(engine, given, batch)
    engine.dispose()
    return number


def found(connection: Connection) -> tuple[dict[str, str], dict[str, str]]:
    """Return the identity of each address, and the campaign of each that has one."""
    identities = _groups(connection, IDENTITIES)
    campaigns = _groups(connection, CAMPAIGNS)
    by_address = {address: campaigns[identity] for address, identity in identities.items() if identity in campaigns}
    alone = {address: f"none: {identity}" for address, identity in identities.items()}
    return identities, alone | by_address


def _groups(connection: Connection, g: Grouping[Any]) -> dict[str, str]:
    c = g.member.c
    return {str(subject): str(group) for subject, group in connection.execute(select(c[g.subject], c[g.key]))}
