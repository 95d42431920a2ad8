# SPDX-License-Identifier: MIT
"""Times in the JSON that commands print: readable, whole, and as they were when they are read again."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from decnet_core.events.catalogue import LoginAttempt
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_core.timing.timestamps import as_recorded, json_with_times, rfc3339

TS = 1_795_922_467_425_544_533


def test_a_time_is_printed_with_all_its_nanoseconds_and_as_a_number_in_text() -> None:
    printed = msgspec.json.decode(json_with_times({"ts": TS, "rows": [{"first_seen": TS + 1, "planted_at": None}]}))
    assert printed == {
        "ts": "2026-11-29T03:21:07.425544533Z",
        "ts_ns": str(TS),
        "rows": [{"first_seen": "2026-11-29T03:21:07.425544534Z", "first_seen_ns": str(TS + 1), "planted_at": None}],
    }


@pytest.mark.parametrize("name", ["size", "seq", "duration_ns", "attempts", "that"])
def test_other_numbers_stay_numbers(name: str) -> None:
    assert msgspec.json.decode(json_with_times({name: TS})) == {name: TS}


@pytest.mark.parametrize("value", [True, False, 1.5, "now", 1_700_000, 10**12, None])
def test_what_is_no_time_in_nanoseconds_stays_as_it_is(value: object) -> None:
    assert msgspec.json.decode(json_with_times({"ts": value})) == {"ts": value}


@pytest.mark.parametrize("value", [1_700_000_000, 1_700_000_000.5])
def test_a_time_in_seconds_is_printed_like_the_others(value: float) -> None:
    printed = msgspec.json.decode(json_with_times({"expires_at": value}))
    assert printed["expires_at_ns"] == str(int(value * 10**9))
    assert printed["expires_at"].startswith("2023-11-14T22:13:20.")


def test_what_was_recorded_stays_as_it_was() -> None:
    assert msgspec.json.decode(json_with_times({"payload": {"not_after": TS}})) == {"payload": {"not_after": TS}}


def test_a_span_without_ends_has_none() -> None:
    assert msgspec.json.decode(json_with_times({"since": 0, "until": 2**63 - 1})) == {"since": None, "until": None}


def test_a_time_beyond_the_calendar_is_its_end() -> None:
    assert rfc3339(2**63 - 1) == "2262-04-11T23:47:16.854775807Z"
    assert rfc3339(10**21).startswith("9999-12-31T23:59:59.")


def test_a_printed_event_is_read_as_it_was_recorded() -> None:
    event = Event(
        id=UUID(int=1),
        ts=TS,
        sensor="s",
        payload=LoginAttempt("ssh", "root", success=False, password="x"),
        src_ip="::1",
    )
    assert decode(as_recorded(json_with_times({"seq": 7, "kind": "x", **msgspec.structs.asdict(event)}))) == event
    assert decode(as_recorded(encode(event))) == event
    for line in (b"", b"[" * 100_000, b'{"ts_ns": "x"}', b'{"ts_ns": [1]}', b"\xff"):
        assert as_recorded(line) == line
