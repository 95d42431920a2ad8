# SPDX-License-Identifier: MIT
"""Every shipped rule has recorded events that fire it, and others like them that do not (see recorded/README.md)."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest

from decnet_core.events.codec import decode
from decnet_core.events.envelope import Event
from decnet_workers.ttp.library import SHIPPED, Library, load
from decnet_workers.ttp.sigma.correlation import Window, counted
from decnet_workers.ttp.tagging import counted_values

RECORDED = Path(__file__).parent / "recorded"
STEMS = sorted(file.stem for file in SHIPPED.glob("*.yml"))
LIBRARY = load([SHIPPED])
COUNTED = {stem for stem in STEMS if "\ncorrelation:" in (SHIPPED / f"{stem}.yml").read_text()}


def recorded(stem: str, outcome: str) -> list[Event]:
    lines = (RECORDED / f"{stem}.{outcome}.jsonl").read_bytes().splitlines()
    assert lines
    return [decode(line) for line in lines]


def rule_id(stem: str) -> UUID:
    found = re.search(r"^id: (\S+)$", (SHIPPED / f"{stem}.yml").read_text(), re.MULTILINE)
    assert found is not None
    return UUID(found[1])


def fires(library: Library, stem: str, event: Event) -> bool:
    return rule_id(stem) in {match.rule.about.id for match in library.matching(event)}


def times_counted(library: Library, stem: str, events: list[Event]) -> int:
    """Count how often the correlation over the rule of `stem` fires on a sequence of events of one address."""
    (counting,) = library.countings[rule_id(stem)]
    window: Window = ()
    times = 0
    for event in events:
        if not fires(library, stem, event):
            continue
        for value in counted_values(counting.field.read(event) if counting.field else (event.id,)):
            window, full = counted(window, event.ts, value, counting.rule.count)
            times += full
    return times


def test_no_shipped_rule_is_refused() -> None:
    assert LIBRARY.refused == ()
    assert len(STEMS) >= 24


@pytest.mark.parametrize("stem", [stem for stem in STEMS if stem not in COUNTED])
def test_each_recorded_attack_fires_its_rule(stem: str) -> None:
    missed = [event.payload for event in recorded(stem, "fires") if not fires(LIBRARY, stem, event)]
    assert missed == []


@pytest.mark.parametrize("stem", [stem for stem in STEMS if stem not in COUNTED])
def test_no_recorded_bystander_fires_the_rule(stem: str) -> None:
    wrong = [event.payload for event in recorded(stem, "passes") if fires(LIBRARY, stem, event)]
    assert wrong == []


@pytest.mark.parametrize("stem", sorted(COUNTED))
def test_a_counted_attack_fires_once_and_a_slow_or_narrow_one_never(stem: str) -> None:
    assert times_counted(LIBRARY, stem, recorded(stem, "fires")) == 1
    assert times_counted(LIBRARY, stem, recorded(stem, "passes")) == 0


def test_every_recording_belongs_to_a_shipped_rule() -> None:
    assert {file.name.partition(".")[0] for file in RECORDED.glob("*.jsonl")} == set(STEMS)
