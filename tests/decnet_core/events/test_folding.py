# SPDX-License-Identifier: MIT
"""Folding alike events: totals are those of the events, whatever their order."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import (
    PAYLOADS,
    CommandRun,
    HttpRequest,
    LoginAttempt,
    Repeatable,
    SessionOpened,
)
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_core.events.folding import MAX_SAMPLES, SAMPLES_BYTES, Fold, key_of, values_of
from decnet_core.events.ids import uuid7


def event(payload: Repeatable | SessionOpened, ts: int = 1_000, source: str | None = "192.0.2.1") -> Event:
    return Event(id=uuid7(ts), ts=ts, sensor="s", payload=payload, src_ip=source, session="a1")


def login(password: str, *, success: bool = False, ts: int = 1_000) -> Event:
    return event(LoginAttempt(service="ssh", username="root", password=password, success=success), ts)


def folded(events: list[Event]) -> Event:
    fold = Fold(events[0])
    for one in events:
        assert isinstance(one.payload, Repeatable)
        fold.add(one.ts, len(encode(one)), values_of(one.payload))
    return fold.event()


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "ü" * 600, "d"]), st.integers(0, 10**18)), min_size=2), st.randoms()
)
def test_totals_are_those_of_the_events_in_any_order(parts: list[tuple[str, int]], chance: object) -> None:
    events = [login(password, ts=ts) for password, ts in parts]
    chance.shuffle(events)  # type: ignore[attr-defined]
    found = folded(events).payload
    assert isinstance(found, LoginAttempt)
    assert found.repeats is not None
    assert found.occurrences == len(events)
    assert found.repeats.bytes == sum(len(encode(one)) for one in events)
    assert found.repeats.last_ts == max(one.ts for one in events)
    counts = Counter(password[:512] for password, _ in parts)
    assert found.repeats.distinct == len(counts)
    assert {one.password: count for one, count in found.variants()} == counts
    assert found.counts() == {"logins": len(events), "logins_accepted": 0}


def test_a_folded_event_is_the_first_with_totals_and_travels_as_a_line() -> None:
    events = [login("a", ts=5), login("b", ts=9)]
    found = folded(events)
    assert (found.id, found.ts) == (events[0].id, 5)
    assert decode(encode(found)) == found


def test_one_event_alone_stays_as_it_is() -> None:
    alone = login("a")
    assert folded([alone]) == alone


def test_more_values_than_it_keeps_are_still_counted_exactly() -> None:
    events = [login(f"{number:05}") for number in range(3 * MAX_SAMPLES)] * 2
    found = folded(events).payload
    assert isinstance(found, LoginAttempt)
    assert found.repeats is not None
    assert (found.occurrences, found.repeats.distinct) == (len(events), 3 * MAX_SAMPLES)
    assert [sample.count for sample in found.repeats.samples] == [2] * MAX_SAMPLES


def test_a_folded_event_is_bounded_whatever_the_attacker_sends() -> None:
    requests = [
        event(HttpRequest(method="GET", target="/" + "a" * 8000 + str(number), body="b" * 8000))
        for number in range(200)
    ]
    assert len(encode(folded(requests))) < len(encode(requests[0])) + 2 * SAMPLES_BYTES


@pytest.mark.parametrize(
    "kind", [kind for kind in PAYLOADS if issubclass(kind, Repeatable)], ids=lambda kind: kind.__name__
)
def test_each_repeatable_kind_names_its_own_fields(kind: type[Repeatable]) -> None:
    assert kind.alike
    assert {*kind.alike, *kind.sampled} <= {*kind.__struct_fields__, "service"}
    assert not {*kind.alike} & {*kind.sampled}


def test_sources_outcomes_and_sessions_of_commands_are_not_mixed() -> None:
    assert key_of(login("a")) == key_of(login("b"))
    assert key_of(login("a")) != key_of(login("a", success=True))
    assert key_of(event(CommandRun(service="ssh", command="id"))) != key_of(
        Event(id=UUID(int=1), ts=1, sensor="s", payload=CommandRun(service="ssh", command="id"), src_ip="192.0.2.1")
    )


def test_sessions_and_events_without_a_source_are_never_folded() -> None:
    assert key_of(event(SessionOpened(service="ssh"))) is None
    assert key_of(event(LoginAttempt(service="ssh", username="a", success=False), source=None)) is None
    assert key_of(folded([login("a"), login("b")])) is None
