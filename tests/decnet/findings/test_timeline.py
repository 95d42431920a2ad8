# SPDX-License-Identifier: MIT
"""What an attacker's timeline shows when the log no longer has his events."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from decnet.findings.timeline import timeline_of
from decnet_core.timing.durations import SECOND_NS
from decnet_models.attackers.tables import attacker_activity
from decnet_models.database.window import Window
from decnet_models.events.tables import event

MINUTE = 29_000_000
SPAN = Window(MINUTE * 60 * SECOND_NS, (MINUTE + 2) * 60 * SECOND_NS)


@pytest.mark.parametrize("step", [1, 15, 60])
def test_a_short_span_has_minutes_where_retention_took_the_events(step: int) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        attacker_activity.create(connection)
        event.create(connection)
        connection.execute(attacker_activity.insert().values(attacker="192.0.2.9", minute=MINUTE, events=40))
        found = timeline_of(connection, "192.0.2.9", SPAN, step)
    engine.dispose()
    assert (found.step_seconds, [one.events for one in found.buckets]) == (60, [40])
