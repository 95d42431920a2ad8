# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_workers.ingest.lines import not_from_future, sort_lines

Maker = Callable[..., list[Event]]


def test_events_and_rejects_keep_their_order(make_events: Maker) -> None:
    first, second = make_events(2)
    held = sort_lines([encode(first), b"{}", encode(second), b"\xff"])
    assert held.events == [first, second]
    assert [reject.line for reject in held.rejects] == [b"{}", b"\xff"]
    assert all(reject.reason for reject in held.rejects)


def test_an_unknown_kind_is_a_reject_that_says_so(make_events: Maker) -> None:
    line = encode(make_events(1)[0]).replace(b"session.command", b"session.nonsense")
    (reject,) = sort_lines([line]).rejects
    assert "session.nonsense" in reject.reason


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_are_events_or_rejects(lines: list[bytes]) -> None:
    held = sort_lines(lines)
    assert len(held.events) + len(held.rejects) == len(lines)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_any_json_is_an_event_or_a_reject(value: object) -> None:
    import json

    assert len(sort_lines([json.dumps(value).encode("utf-8", "surrogatepass")]).rejects) == 1


def test_only_an_event_from_the_future_is_dated_now(make_events: Maker) -> None:
    (event,) = make_events(1)
    second = 1_000_000_000
    assert not_from_future(event, event.ts - 60 * second, 60) is event
    assert not_from_future(event, event.ts + 60 * second, 60) is event
    now_ns = event.ts - 60 * second - 1
    assert not_from_future(event, now_ns, 60) == structs.replace(event, ts=now_ns)
