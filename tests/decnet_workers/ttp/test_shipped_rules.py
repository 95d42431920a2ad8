# SPDX-License-Identifier: MIT
"""Every shipped rule has recorded events that fire it, and others like them that do not (see recorded/README.md)."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection

from decnet_core.events.codec import decode
from decnet_core.events.envelope import Event
from decnet_models.events.queries import StoredEvent
from decnet_models.ttp.queries import tags
from decnet_workers.ttp.findings import Findings
from decnet_workers.ttp.library import SHIPPED, load

RECORDED = Path(__file__).parent / "recorded"
STEMS = sorted(file.stem for file in SHIPPED.glob("*.yml"))
LIBRARY = load([SHIPPED])
COUNTED = {stem for stem in STEMS if "\ncorrelation:" in (SHIPPED / f"{stem}.yml").read_text()}


def recorded(stem: str, outcome: str) -> list[Event]:
    lines = (RECORDED / f"{stem}.{outcome}.jsonl").read_bytes().splitlines()
    assert lines
    return [decode(line) for line in lines]


def rule_id(stem: str) -> UUID:
    """Return the id of the last rule of a file: what it counts stands before a correlation."""
    return UUID(re.findall(r"^id: (\S+)$", (SHIPPED / f"{stem}.yml").read_text(), re.MULTILINE)[-1])


def fires(stem: str, event: Event) -> bool:
    return rule_id(stem) in {match.rule.about.id for match in LIBRARY.matching(event)}


def times_counted(connection: Connection, stem: str, events: list[Event]) -> int:
    """Count how often the correlation of `stem` fires on a sequence of events."""
    findings = Findings(connection, LIBRARY)
    findings.look_at([StoredEvent(seq, event) for seq, event in enumerate(events, 1)])
    findings.prepared()(connection)
    found = {tag.seq for tag in tags(connection, limit=10_000) if tag.rule_id == rule_id(stem)}
    connection.rollback()
    return len(found)


def test_no_shipped_rule_is_refused() -> None:
    assert LIBRARY.refused == ()
    assert len(STEMS) >= 120


@pytest.mark.parametrize("stem", [stem for stem in STEMS if stem not in COUNTED])
def test_each_recorded_attack_fires_its_rule_and_no_recorded_bystander_does(stem: str) -> None:
    missed = [event.payload for event in recorded(stem, "fires") if not fires(stem, event)]
    wrong = [event.payload for event in recorded(stem, "passes") if fires(stem, event)]
    assert (missed, wrong) == ([], [])


@pytest.mark.parametrize("stem", sorted(COUNTED))
def test_a_counted_attack_fires_once_and_a_slow_or_narrow_one_never(connection: Connection, stem: str) -> None:
    assert times_counted(connection, stem, recorded(stem, "fires")) == 1
    assert times_counted(connection, stem, recorded(stem, "passes")) == 0


def test_every_recording_belongs_to_a_shipped_rule() -> None:
    assert {file.name.partition(".")[0] for file in RECORDED.glob("*.jsonl")} == set(STEMS)
