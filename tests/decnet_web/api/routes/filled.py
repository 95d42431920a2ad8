# SPDX-License-Identifier: MIT
"""A small fleet's findings, made by the real workers; whatever an attacker can write wants to act."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from uuid import UUID

import msgspec
from tests.decnet_workers.clusterer.scenes import Follower

from decnet.fleet.deployment import Deployment, transaction
from decnet_core.events.catalogue import (
    CanaryHit,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    Payload,
    SessionClosed,
    SessionOpened,
)
from decnet_core.events.envelope import Event
from decnet_core.events.notices import CanaryTriggered, Notice, TechniqueTagged
from decnet_core.runtime.worker import NoSettings
from decnet_models.artifacts.queries import Artifact, Sighting, register
from decnet_models.database.engine import open_engine, writing
from decnet_models.events.queries import events_after, insert_events
from decnet_models.following.cursor_worker import EventBatch
from decnet_models.intel.queries import Finding, keep
from decnet_models.known import queries as known
from decnet_models.notices import queries as outbox
from decnet_models.progress.queries import begin_cursor
from decnet_models.ttp.queries import Tag, add_tags
from decnet_workers.history.settings import HistorySettings
from decnet_workers.history.worker import History
from decnet_workers.profiler.worker import Profiler
from decnet_workers.webhook.incidents.incidents import Incidents
from decnet_workers.webhook.settings import WebhookSettings

NASTY = '=cmd|"/c calc"!A1 <img src=x onerror=alert(1)> %_\\ \x1b[2J \u202egnp'
A, B, C, OURS, SIX = "192.0.2.7", "192.0.2.8", "198.51.100.9", "10.0.0.5", "2001:db8::7"
SESSION = "session-a"
CONTENT = b"#!/bin/sh\nrm -rf /\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
CAST = (
    b'{"version": 2, "width": 80, "height": 24, "timestamp": 1795478400}\n'
    b'[0.5, "o", "<script>alert(1)</script>\\u001b[2J"]\n'
)
RECORDING = hashlib.sha256(CAST).hexdigest()
START = 1_795_478_400_123_456_789
"""2026-11-24T00:00:00.123456789Z."""
SECOND = 1_000_000_000
KEY = "SHA256:shared"


class Filled(msgspec.Struct, frozen=True):
    """What was written."""

    events: list[Event]


def _events() -> list[Event]:
    scenes: list[tuple[str, str | None, Payload]] = [
        (A, None, ConnectionOpened("ssh")),
        (A, None, LoginAttempt("ssh", NASTY, success=False, password=NASTY)),
        (A, None, LoginAttempt("ssh", "root", success=False, method="publickey", public_key=KEY)),
        (A, None, LoginAttempt("ssh", "root", success=True, password="toor")),
        (A, SESSION, SessionOpened("ssh", "root")),
        (A, SESSION, CommandRun("ssh", f"cat /etc/shadow; echo {NASTY}")),
        (
            A,
            SESSION,
            FileCaptured("ssh", sha256=SHA256, size=len(CONTENT), name=NASTY, url=f"http://e.example/{NASTY}"),
        ),
        (A, SESSION, SessionClosed("ssh", duration_ms=4200, commands=1, recording=RECORDING)),
        (B, None, HttpRequest(method="GET", target=f"/{NASTY}")),
        (B, None, LoginAttempt("ssh", "root", success=False, method="publickey", public_key=KEY)),
        (C, None, CanaryHit("sharepoint", "http", target=f"/{NASTY}", user_agent=NASTY)),
        (SIX, None, LoginAttempt("ssh", "admin", success=False, password="toor")),
        (OURS, None, ConnectionOpened("http")),
    ]
    return [
        Event(
            id=UUID(int=number),
            ts=START + number * SECOND,
            sensor="sensor-1",
            payload=payload,
            decky="web-1" if source != B else "db-1",
            src_ip=source,
            src_port=40_000,
            dst_port=22,
            session=session,
        )
        for number, (source, session, payload) in enumerate(scenes, 1)
    ]


def fill(deployment: Deployment) -> Filled:
    """Write events, and have the workers find in them what they find."""
    events, now = _events(), time.time_ns()
    with transaction(deployment, write=True) as connection:
        known.add(connection, "10.0.0.0/8", "our scanner")
        insert_events(connection, events)
        stored = events_after(connection, 0, 100)
        theirs = [one for one in stored if one.event.src_ip != OURS]  # which a processor would have left out
        Profiler(NoSettings()).handle(EventBatch(connection, theirs))
        tagged = [stored[5], stored[7]]
        add_tags(connection, [_tag(one.seq, one.event, number) for number, one in enumerate(tagged, 1)])
        files = [(one, one.event.payload) for one in stored if isinstance(one.event.payload, FileCaptured)]
        for one, payload in files:
            artifact = Artifact(SHA256, "file", len(CONTENT), one.event.ts, one.event.ts, stored_at=one.event.ts)
            named = (A, SESSION, "web-1", payload.name, payload.url)
            register(connection, [(artifact, Sighting(one.event.id, SHA256, one.event.ts, "ssh", *named))])
        detail = {"country": "DE", "asn": 64500, "organisation": NASTY}
        keep(connection, [Finding(A, "mmdb", "unknown", (), detail, now, now + SECOND)])
        keep(connection, [Finding(A, "feodo", "malicious", (NASTY,), {}, now, now + SECOND)])
        _incidents(deployment, connection, now)
    _keep(deployment.state.artifact(SHA256), CONTENT)
    _keep(deployment.state.artifact(RECORDING), CAST)
    _follow(deployment)
    return Filled(events)


def _incidents(deployment: Deployment, connection: object, now: int) -> None:
    notices: tuple[Notice, ...] = (
        TechniqueTagged(START, A, "T1003.008", "r", NASTY, "high", None, "web-1", action=NASTY),
        CanaryTriggered(START + SECOND, C, "sharepoint", NASTY, "http", f"/{NASTY}"),
    )
    for number, notice in enumerate(notices):
        outbox.add(connection, str(number), notice, now)  # type: ignore[arg-type]  # a connection
    Incidents(WebhookSettings()).take(connection, outbox.lines_after(connection, 0, 10), now)  # type: ignore[arg-type]  # as above


def _follow(deployment: Deployment) -> None:
    engine = open_engine(deployment.database_url)
    try:
        Follower(engine).run()
        with writing(engine) as connection:
            begin_cursor(connection, "history", now_ns=1)
        processor = History(HistorySettings())._processor(engine, "history")
        while processor.step().lag:
            pass
    finally:
        engine.dispose()


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _tag(seq: int, event: Event, number: int) -> Tag:
    named = ("T1003.008" if number == 1 else "T1070", UUID(int=100 + number), NASTY, "high", event.src_ip or "")
    return Tag(seq, UUID(int=50 + number), *named, event.id, event.ts, event.session, event.decky)
