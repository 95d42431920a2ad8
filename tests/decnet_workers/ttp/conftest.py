# SPDX-License-Identifier: MIT
"""Rules from text, events of the log, and the tables of the ttp domain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine

from decnet_core.events.catalogue import CommandRun, Payload
from decnet_core.events.envelope import Event
from decnet_models.events.queries import StoredEvent
from decnet_models.ttp.tables import metadata
from decnet_workers.ttp.library import Library, load
from decnet_workers.ttp.sigma.document import documents
from decnet_workers.ttp.sigma.rule import Rule, parse
from decnet_workers.ttp.sigma.view import View

HEAD = """\
title: A rule
id: 6f1b2f3e-93ab-4c1c-9c38-1f6b0a1f9d10
tags: [attack.t1059.004]
logsource: {product: decnet, category: %s}
detection:
"""


def make_event(payload: Payload, number: int = 1, **envelope: Any) -> Event:
    envelope = {"ts": number * 1_000_000_000, "src_ip": "192.0.2.1", "decky": "web", **envelope}
    return Event(id=UUID(int=number), sensor="sensor", payload=payload, **envelope)


def make_stored(seq: int, payload: Payload, **envelope: Any) -> StoredEvent:
    return StoredEvent(seq, make_event(payload, seq, **envelope))


def make_rule(detection: str, category: str = "session.command") -> Rule:
    indented = "\n".join("  " + line for line in detection.strip("\n").splitlines())
    (document,) = documents(HEAD % category + indented + "\n")
    rule = parse(document)
    assert isinstance(rule, Rule)
    return rule


@pytest.fixture(scope="session")
def stored() -> Callable[..., StoredEvent]:
    """Make an event of the log: its row number, its payload, and what else the envelope says."""
    return make_stored


@pytest.fixture(scope="session")
def matches() -> Callable[..., bool]:
    """Whether a detection, as YAML, matches a command line or a payload."""

    def check(detection: str, payload: str | Payload, category: str = "session.command", **envelope: Any) -> bool:
        if isinstance(payload, str):
            payload = CommandRun(service="ssh", command=payload)
        return make_rule(detection, category).matches(View(make_event(payload, **envelope)))

    return check


@pytest.fixture
def library_of(tmp_path: Path) -> Callable[[str], Library]:
    """Load rules from the text of one file."""

    def read(text: str) -> Library:
        (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
        return load([tmp_path])

    return read


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A database in memory with the tables of the domain."""
    engine = create_engine("sqlite://")
    with engine.connect() as made:
        metadata.create_all(made)
        yield made
    engine.dispose()
