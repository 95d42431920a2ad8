# SPDX-License-Identifier: MIT
"""What is remembered of tests is what the rules say, in whichever order events come and whatever was forgotten."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from uuid import uuid5

import pytest
from msgspec.structs import replace

from decnet_core.events.catalogue import CommandRun, LoginAttempt, Payload
from decnet_core.events.envelope import Event
from decnet_models.events.queries import StoredEvent
from decnet_models.ttp.queries import tag_of
from decnet_workers.ttp import matching
from decnet_workers.ttp.library import SHIPPED, load
from decnet_workers.ttp.matching import RulesOfKind
from decnet_workers.ttp.sigma.view import View
from decnet_workers.ttp.tagging import NAMESPACE, tags_of
from decnet_workers.ttp.trial import read_events

Stored = Callable[..., StoredEvent]
RECORDED = Path(__file__).parent / "recorded"


def events() -> list[Event]:
    """Return three events of each file, and single commands and guesses that differ in one attribute."""
    found = [line.event for file in sorted(RECORDED.glob("*.jsonl")) for line in read_events(file)[0][:3]]
    logins = [one for one in found if isinstance(one.payload, LoginAttempt)]
    names = [one.payload.username for one in logins if isinstance(one.payload, LoginAttempt)]
    return found + [
        replace(one, payload=replace(one.payload, password=name))
        for one, name in zip(logins, [*names[1:], "root"], strict=True)
    ]


def remembering(kind: type[Payload]) -> RulesOfKind:
    return load([SHIPPED])._by_kind[kind]


def test_what_is_remembered_is_what_the_rules_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_VALUES", 200)
    monkeypatch.setattr(matching, "MOST_RESULTS", 40)
    library, dice = load([SHIPPED]), random.Random(5)
    once = [one for one in events() if one.payload.occurrences == 1]
    expected = {}
    for one in once:
        rules = library._by_kind.get(type(one.payload))
        view = View(one)
        expected[id(one)] = [] if rules is None else [bound.rule for bound in rules.rules if bound.rule.matches(view)]
    shuffled = once * 3
    dice.shuffle(shuffled)
    for one in shuffled:
        assert [match.rule for match in library.matching(one)] == expected[id(one)], one
    assert sum(map(bool, expected.values())) > len(once) / 4


def test_the_kind_with_most_values_forgets_first(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_VALUES", 50)
    rules = remembering(LoginAttempt)
    for number in range(500):
        rules.matching(stored(number, LoginAttempt("ssh", "root", success=False, password=f"p{number}")).event)
        assert sum(len(tests.passed) for tests in rules._tests) <= 50
    few = [tests for tests in rules._tests if 0 < len(tests.passed) <= 2]
    assert few, "those of service, method and success never were the most"


def test_long_values_are_not_remembered(stored: Stored) -> None:
    rules = remembering(CommandRun)
    rules.matching(stored(1, CommandRun("ssh", "x" * (matching.LONGEST_VALUE + 1))).event)
    assert sorted(len(tests.passed) for tests in rules._tests) == [0, 1], "only the service"


def test_the_id_of_a_tag_is_that_of_its_name(stored: Stored) -> None:
    one = stored(1, CommandRun("ssh", "wget http://192.0.2.1/x"))
    for bound in remembering(CommandRun).matching(one.event):
        about = bound.rule.about
        for tag in map(tag_of, tags_of(one, "192.0.2.1", about)):
            assert tag.id == uuid5(NAMESPACE, f"{about.id}|{one.event.id}|{tag.technique}")
            assert (tag.id.version, str(tag.id.variant)) == (5, "specified in RFC 4122")
            assert (tag.rule_id, tag.event_id) == (about.id, one.event.id)
