# SPDX-License-Identifier: MIT
"""When an incident is told, without a database."""

from __future__ import annotations

import msgspec
import pytest

from decnet_models.incidents.tables import incident
from decnet_models.incidents.values import ACKNOWLEDGED, CLOSED, COLUMNS, NEW, Incident
from decnet_workers.webhook.incidents import policy as policies
from decnet_workers.webhook.incidents.policy import BY_SIZE, GREW, OPENED, Policy

MINUTE = 60 * 10**9
POLICY = Policy(wait=MINUTE // 4, longest_wait=MINUTE, silence=60 * MINUTE, window=30 * MINUTE, acknowledge=60 * MINUTE)
BEGUN = Incident(1, "192.0.2.1", None, None, 1, 0, 0, 0, 0, 0, 1, 1, {}, "", "", 0)


def followed(minutes: int, state: str, each_minute: int = 1) -> list[tuple[int, str, int]]:
    """Let notices come every minute; return when what was told, in minutes, and of how many new ones."""
    one, told = msgspec.structs.replace(BEGUN, counts={}), []
    for minute in range(minutes):
        now = minute * MINUTE
        one.notices += each_minute
        one.touched_at = now
        one.due_at = policies.touched(one, POLICY, now)
        while one.due_at is not None and one.due_at < now + MINUTE:
            now = max(now, one.due_at)
            fresh, what = one.fresh, policies.decide(one, state, POLICY, now)
            policies.told(one, what, state, POLICY, now)
            if what is not None:
                told.append((now // MINUTE, what, fresh))
            elif state != NEW:
                break
    return told


def test_more_of_the_same_is_told_once_per_growing_window() -> None:
    assert followed(600, NEW) == [(0, OPENED, 2), (30, GREW, 30), (90, GREW, 60), (210, GREW, 120), (450, GREW, 240)]


def test_ten_times_as_much_is_an_escalation() -> None:
    assert [what for _, what, _ in followed(100, NEW, each_minute=50)] == [OPENED, BY_SIZE, GREW]


@pytest.mark.parametrize(("state", "told"), [(ACKNOWLEDGED, [OPENED]), (CLOSED, [])])
def test_what_is_in_hands_does_not_grow(state: str, told: list[str]) -> None:
    assert [what for _, what, _ in followed(300, state)] == told


def test_the_fields_of_an_incident_are_the_columns_of_its_table_in_their_order() -> None:
    assert tuple(column.name for column in incident.columns) == COLUMNS
