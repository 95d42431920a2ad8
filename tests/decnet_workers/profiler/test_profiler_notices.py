# SPDX-License-Identifier: MIT
"""What the profiler tells the world, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from decnet_core.events.catalogue import CanaryHit, CommandRun, ConnectionOpened, LoginAttempt, SessionClosed
from decnet_core.events.notices import AttackerObserved, CanaryTriggered, CredentialCaptured, SessionEnded
from decnet_core.runtime.worker import NoSettings
from decnet_models.events.queries import StoredEvent
from decnet_models.following.cursor_worker import EventBatch
from decnet_workers.profiler.logins import digest_of
from decnet_workers.profiler.worker import Profiler

Stored = Callable[..., StoredEvent]


def test_an_attacker_is_observed_once_with_where_it_began(profile: Any, stored: Stored) -> None:
    _, notices = profile([[stored(1, ConnectionOpened("ssh"))], [stored(2, ConnectionOpened("http"), decky="db")]])
    assert notices == {
        "attacker.observed:192.0.2.1": AttackerObserved(
            ts=1_000_000_000, attacker="192.0.2.1", decky="web", service="ssh"
        )
    }


def test_known_attacker_and_credential_are_not_announced_again(connection: Connection, stored: Stored) -> None:
    worker = Profiler(NoSettings())
    login = LoginAttempt("ssh", "root", success=False, password="123456")
    try:
        assert len(worker.handle(EventBatch(connection, [stored(1, login)])).notices) == 2
        assert worker.handle(EventBatch(connection, [stored(2, login, decky="db")])).notices == []
        other = LoginAttempt("telnet", "root", success=True, password="123456")
        ((key, notice),) = worker.handle(EventBatch(connection, [stored(3, other)])).notices
    finally:
        connection.rollback()
    assert key == f"credential.captured:192.0.2.1:{digest_of(login)}:telnet"
    assert isinstance(notice, CredentialCaptured)
    assert (notice.username, notice.password, notice.accepted) == ("root", "123456", True)


def test_session_end_is_announced_once_with_its_recording(profile: Any, stored: Stored) -> None:
    closed = SessionClosed("ssh", 4200, commands=3, recording="ab" * 32)
    log = [stored(1, CommandRun("ssh", "id"), session="S"), stored(2, closed, session="S")]
    _, notices = profile([log, [stored(3, closed, session="S")]])
    assert notices["session.ended:192.0.2.1:S"] == SessionEnded(
        ts=2_000_000_000,
        attacker="192.0.2.1",
        session="S",
        service="ssh",
        duration_ms=4200,
        commands=3,
        decky="web",
        recording="ab" * 32,
    )
    assert len(notices) == 2


def test_every_canary_hit_is_announced_and_an_unplanted_token_is_unknown(profile: Any, stored: Stored) -> None:
    hit = CanaryHit("slug", "dns", "slug.canary.test")
    _, notices = profile([[stored(1, hit), stored(2, hit)]])
    found = [notice for notice in notices.values() if isinstance(notice, CanaryTriggered)]
    assert [(one.token, one.label, one.ts) for one in found] == [
        ("slug", "unknown", 1_000_000_000),
        ("slug", "unknown", 2_000_000_000),
    ]
    assert f"canary.hit:{UUID(int=1)}" in notices


def test_keys_fit_the_outbox_whatever_the_attacker_sends(profile: Any, stored: Stored) -> None:
    long = "n" * 5000
    _, notices = profile(
        [
            [
                stored(1, LoginAttempt(long, long, success=False, password=long), decky="d" * 255),
                stored(2, SessionClosed(long, 1), session="\0" * 255, src_ip="2001:db8:1111:2222:3333:4444:5555:6666"),
            ]
        ]
    )
    assert len(notices) == 4
    assert all(len(key) <= 512 and "\0" not in key for key in notices)


def test_events_without_an_attacker_are_counted_and_leave_nothing(connection: Connection, stored: Stored) -> None:
    worker = Profiler(NoSettings())
    log = [stored(1, ConnectionOpened("ssh"), src_ip=None), stored(2, ConnectionOpened("ssh"), src_ip="host")]
    assert worker.handle(EventBatch(connection, log)).notices == ()
    assert worker._passed_over == 2
