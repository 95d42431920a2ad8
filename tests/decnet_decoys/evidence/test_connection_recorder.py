# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
from tests.decnet_decoys.event_log import EventLog

from decnet_core.events.catalogue import ConnectionOpened, Payload
from decnet_core.events.codec import BadEventError
from decnet_decoys.evidence.connection_recorder import ConnectionInfo, ConnectionRecorder, text

INFO = ConnectionInfo("web-01", "telnet", ("192.0.2.1", 4000), ("127.77.0.10", 2323))


def test_the_service_of_an_event_is_that_of_the_connection() -> None:
    log = EventLog()
    ConnectionRecorder(log, INFO).opened()
    assert log.payloads == [ConnectionOpened(service="telnet")]


def test_connections_differ_in_their_session() -> None:
    log = EventLog()
    first, second = ConnectionRecorder(log, INFO), ConnectionRecorder(log, INFO)
    for recorder in (first, second, first.again("another")):
        recorder.opened()
    assert log.sessions == [first.session, second.session, "another"]
    assert first.session != second.session


def test_an_event_that_cannot_be_encoded_is_counted_and_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog()

    def refuse(_payload: Payload, **_: object) -> None:
        raise BadEventError("too long")

    monkeypatch.setattr(log, "emit", refuse)
    ConnectionRecorder(log, INFO).opened()
    assert log.counters.snapshot()["decoys_events_refused"] == 1


def test_a_text_keeps_stray_bytes_readable_and_is_bounded() -> None:
    assert text(b"a\xffb") == "a\\xffb"
    assert text("a\udcffb\ud800") == "a\\xffb\\ud800"
    assert len(text("x" * 100_000)) == 8192
