# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.decnet_decoys.event_log import EventLog

from decnet_core.events.catalogue import (
    CommandRun,
    FileCaptured,
    Payload,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
)
from decnet_core.events.typing_digest import TypingDigest
from decnet_decoys.decky import Decky
from decnet_decoys.decky_context import DeckyContext, FleetResources
from decnet_decoys.evidence.artifact_store import ArtifactStore
from decnet_decoys.evidence.connection_recorder import ConnectionInfo, ConnectionRecorder
from decnet_decoys.evidence.journal import Journal
from decnet_decoys.evidence.session_recorder import MAX_CAPTURES, SessionRecorder
from decnet_decoys.memory_budget import MemoryBudget
from decnet_decoys.personas.catalog import persona
from decnet_decoys.places import Places
from decnet_decoys.processor.scheduler import LoopScheduler
from decnet_decoys.settings import DecoysSettings, LimitSettings

T = TypeVar("T")
INFO = ConnectionInfo("web-01", "telnet", ("192.0.2.1", 4000), ("127.77.0.10", 2323))


class Runtime(EventLog):
    """Takes events; a session recorder starts nothing."""

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str, may_end: bool = False) -> asyncio.Task[Any]:
        raise AssertionError(name)

    def in_thread(self, function: Callable[..., T], *arguments: Any) -> Awaitable[T]:
        raise AssertionError(function)


@pytest.fixture
def log() -> Runtime:
    return Runtime()


@pytest.fixture
def resources(tmp_path: Path) -> FleetResources:
    (tmp_path / "artifacts").mkdir()
    store = ArtifactStore(tmp_path / "artifacts", 1 << 20)
    journal = Journal(tmp_path / "sessions", store)
    loop = asyncio.new_event_loop()
    resources = FleetResources(
        store,
        journal,
        Places(1, 1, ()),
        tmp_path,
        budget=MemoryBudget(1 << 20),
        processor=LoopScheduler(loop),
    )
    loop.close()
    return resources


@pytest.fixture
def recorder(log: Runtime, resources: FleetResources) -> SessionRecorder:
    decky = Decky("web-01", "127.77.0.10", "debian-web", "Debian", (("telnet", 2323),), None)
    settings = DecoysSettings(limits=LimitSettings(recording_bytes=10_000))
    context = DeckyContext(decky, persona("debian-web"), settings, resources, log)
    return SessionRecorder(context, ConnectionRecorder(log, INFO, "s1"), "ro\udcffot")


def kinds(log: Runtime) -> list[type[Payload]]:
    return [type(payload) for payload in log.payloads]


def test_a_session_is_reported_with_the_service_of_its_connection(log: Runtime, recorder: SessionRecorder) -> None:
    recorder.begin("xterm", 80, 24)
    recorder.command("id", known=True, moment=0.1)
    recorder.requested("fetch", {"url": "http://192.0.2.9/x"})
    recorder.end()
    opened, command, request, closed = log.payloads
    assert opened == SessionOpened(service="telnet", username="ro\\xffot", terminal="xterm")
    assert command == CommandRun(service="telnet", command="id", known=True)
    assert request == ServiceRequest(service="telnet", action="fetch", detail={"url": "http://192.0.2.9/x"})
    assert isinstance(closed, SessionClosed)
    assert (closed.service, closed.commands) == ("telnet", 1)
    assert set(log.sessions) == {"s1"}


def test_a_session_ends_once_and_one_that_never_began_not_at_all(log: Runtime, recorder: SessionRecorder) -> None:
    recorder.end()
    assert log.events == []
    recorder.begin(None, 80, 24)
    recorder.end()
    recorder.end()
    assert kinds(log) == [SessionOpened, SessionClosed]


def test_what_is_shown_and_typed_is_kept_as_the_recording_of_the_session(
    log: Runtime, recorder: SessionRecorder, resources: FleetResources
) -> None:
    recording = recorder.begin("xterm", 80, 24)
    assert recording is not None
    recording.typed(0.1, b"id\r")
    recorder.command("id", known=True, moment=0.2)
    recorder.end()
    closed = log.payloads[-1]
    assert isinstance(closed, SessionClosed)
    assert closed.recording is not None
    assert resources.artifacts.path(closed.recording).read_bytes().splitlines()[1:] == [
        b'[0.1,"i","id\\r"]',
        b'[0.2,"m","id"]',
    ]


def test_a_session_goes_on_when_the_disk_refuses_its_recording(
    log: Runtime, recorder: SessionRecorder, resources: FleetResources
) -> None:
    resources.journal.recording("s1").mkdir()
    assert recorder.begin("xterm", 80, 24) is None
    recorder.command("id", known=True, moment=0.1)
    assert kinds(log) == [SessionOpened, CommandRun]
    assert log.counters.snapshot()["decoys_recordings_failed"] == 1


def test_a_file_that_grows_is_kept_when_it_has_stopped_growing(log: Runtime, recorder: SessionRecorder) -> None:
    recorder.begin(None, 80, 24)
    for content in (b"a", b"ab", b"abc"):
        recorder.captured("/tmp/x", content, partial=True)
    assert kinds(log) == [SessionOpened]
    recorder.captured("/tmp/y", b"other")
    recorder.captured("/tmp/z", b"last", partial=True)
    recorder.end()
    captured = [payload for payload in log.payloads if isinstance(payload, FileCaptured)]
    assert [(one.name, one.size) for one in captured] == [("/tmp/x", 3), ("/tmp/y", 5), ("/tmp/z", 4)]
    assert captured[0].sha256 == hashlib.sha256(b"abc").hexdigest()
    assert {one.service for one in captured} == {"telnet"}


def test_a_session_leaves_a_bounded_number_of_files(log: Runtime, recorder: SessionRecorder) -> None:
    recorder.begin(None, 80, 24)
    for number in range(MAX_CAPTURES + 2):
        recorder.captured("/tmp/x", b"%d" % number)
    assert sum(kind is FileCaptured for kind in kinds(log)) == MAX_CAPTURES
    assert log.counters.snapshot()["decoys_captures_refused"] == 2


def test_an_upload_that_was_cut_reports_its_whole_size(
    log: Runtime, recorder: SessionRecorder, resources: FleetResources
) -> None:
    recorder.begin(None, 80, 24)
    recorder.uploaded("/tmp/big", b"kept", 1 << 30)
    assert log.payloads[-1] == FileCaptured(
        service="telnet", sha256=hashlib.sha256(b"kept").hexdigest(), size=1 << 30, name="/tmp/big"
    )
    assert resources.artifacts.path(hashlib.sha256(b"kept").hexdigest()).read_bytes() == b"kept"
    assert log.counters.snapshot()["decoys_uploads_cut"] == 1


def test_the_end_of_a_session_tells_the_rhythm_of_its_input_and_not_the_input(
    recorder: SessionRecorder, log: Runtime
) -> None:
    recording = recorder.begin("xterm", 80, 24)
    assert recording is not None
    for moment, key in ((0.0, b"i"), (0.1, b"d"), (0.3, b"\r"), (4.3, b"uname -a\r")):
        recording.typed(moment, key)
    recorder.end()
    (closed,) = [one for one in log.payloads if isinstance(one, SessionClosed)]
    assert closed.typing == TypingDigest(
        keys=2, pasted=1, lines=2, gaps=(0, 0, 0, 0, 1, 1), pauses=(0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    )
