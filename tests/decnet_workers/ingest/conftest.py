# SPDX-License-Identifier: MIT
"""Spools, a migrated database and events for the tests of ingest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.decnet_models.migrated import migrated_database

from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_models.database.engine import open_engine

START_NS = 1_700_000_000_000_000_000


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a migrated database and room for spools."""
    migrated_database(tmp_path / "decnet.db")
    (tmp_path / "spool").mkdir()
    return tmp_path


@pytest.fixture
def engine(state: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{state / 'decnet.db'}")
    yield opened
    opened.dispose()


@pytest.fixture
def open_spool(state: Path) -> Iterator[Callable[..., SpoolWriter]]:
    """Return an opener of spools; they are closed at the end."""
    opened: list[SpoolWriter] = []

    def open_one(name: str, **settings: Any) -> SpoolWriter:
        spool = SpoolWriter(state / "spool" / name, SpoolSettings(fsync="off", **settings))
        opened.append(spool)
        return spool

    yield open_one
    for spool in opened:
        spool.close()


@pytest.fixture
def make_events() -> Callable[..., list[Event]]:
    def make(number: int, **fields: Any) -> list[Event]:
        return [
            Event(
                **{
                    "id": uuid7(START_NS + n),
                    "ts": START_NS + n,
                    "sensor": "here",
                    "payload": CommandRun("ssh", f"echo {n}"),
                    **fields,
                }
            )
            for n in range(number)
        ]

    return make
