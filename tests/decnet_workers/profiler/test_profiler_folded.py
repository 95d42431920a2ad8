# SPDX-License-Identifier: MIT
"""A folded event counts as the events that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest

from decnet_core.events.catalogue import ClientIdentified, ConnectionOpened, HttpRequest, LoginAttempt, Repeatable
from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_core.events.folding import Fold, values_of
from decnet_core.events.notices import CredentialCaptured
from decnet_models.events.queries import StoredEvent

Profile = Callable[[Sequence[Sequence[StoredEvent]]], tuple[dict[str, list[tuple[Any, ...]]], dict[str, Any]]]
SECOND = 1_000_000_000

LOGINS = [LoginAttempt(service="ssh", username="root", password=word, success=True) for word in "abacabad"]
REQUESTS = [HttpRequest(method="GET", target=f"/{n}", status=404, user_agent=f"curl/{n % 3}") for n in range(9)]
CLIENTS = [ClientIdentified(service="ssh", software=name) for name in ("SSH-2.0-Go", "SSH-2.0-libssh2_1.10") * 3]
CONNECTIONS = [ConnectionOpened(service="ssh")] * 5


def event(payload: Repeatable, seq: int) -> StoredEvent:
    made = Event(
        id=UUID(int=seq), ts=(60 + seq) * SECOND, sensor="s", payload=payload, src_ip="192.0.2.1", decky="web-01"
    )
    return StoredEvent(seq, made)


def folded(events: Sequence[StoredEvent]) -> StoredEvent:
    fold = Fold(events[0].event)
    for stored in events:
        assert isinstance(stored.event.payload, Repeatable)
        fold.add(stored.event.ts, len(encode(stored.event)), values_of(stored.event.payload))
    return StoredEvent(events[0].seq, fold.event())


def without_seq(tables: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """All tables but for the row number of what was reported first: `credential` is (digest, ..., first_seq, ...)."""
    return {name: rows for name, rows in tables.items() if name != "credential"}


@pytest.mark.parametrize("payloads", [LOGINS, REQUESTS, CLIENTS, CONNECTIONS], ids=lambda some: type(some[0]).__name__)
def test_tables_are_those_of_the_events_one_by_one(payloads: Sequence[Repeatable], profile: Profile) -> None:
    events = [event(payload, seq) for seq, payload in enumerate(payloads, 1)]
    one_by_one, notices = profile([events])
    at_once, notices_at_once = profile([[folded(events)]])
    # A row has one first and one last time: of values in one folded event they are those of the event.
    times = {60 * SECOND + n * SECOND for n in range(1, 10)}

    def counts(tables: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
        return {
            name: sorted((tuple(None if value in times else value for value in row) for row in rows), key=repr)
            for name, rows in without_seq(tables).items()
        }

    assert counts(at_once) == counts(one_by_one)
    assert notices_at_once.keys() == notices.keys()


def test_each_credential_of_a_folded_login_is_announced(profile: Profile) -> None:
    _, notices = profile([[folded([event(payload, seq) for seq, payload in enumerate(LOGINS, 1)])]])
    told = {notice.password for notice in notices.values() if isinstance(notice, CredentialCaptured)}
    assert told == set("abcd")
