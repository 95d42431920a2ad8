# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest
from tests.decnet_decoys.event_log import EventLog

from decnet_core.events.catalogue import SessionClosed
from decnet_decoys.evidence.artifact_store import ArtifactStore
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder
from decnet_decoys.evidence.journal import Ending, Journal, OpenSession
from decnet_decoys.evidence.recording import Recording

ENTRY = OpenSession("s1", "web-01", "ssh", ("192.0.2.1", 4000), ("127.77.0.10", 2222), 1_700_000_000_000_000_000)


def recorded(journal: Journal, limit: int = 10_000) -> Recording:
    journal.begin(ENTRY)
    file = journal.recording("s1")
    return Recording(file, columns=80, rows=24, started=1_700_000_000, terminal="xterm", limit_bytes=limit)


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    (tmp_path / "artifacts").mkdir()
    return ArtifactStore(tmp_path / "artifacts", 1000)


@pytest.fixture
def journal(tmp_path: Path, artifacts: ArtifactStore) -> Journal:
    return Journal(tmp_path / "sessions", artifacts)


def test_a_closed_session_names_its_recording(journal: Journal, artifacts: ArtifactStore, tmp_path: Path) -> None:
    log = EventLog()
    recorded(journal).close()
    journal.close(ENTRY, Ending(ENTRY.started + 2_000_000_000, 3), ConnectionRecorder(log, ENTRY.info, "s1"))
    ((_, payload),) = log.events
    assert isinstance(payload, SessionClosed)
    assert (payload.duration_ms, payload.commands) == (2000, 3)
    assert payload.recording is not None
    assert artifacts.path(payload.recording).read_bytes().startswith(b'{"version":2')
    assert list((tmp_path / "sessions").iterdir()) == []


def test_a_session_cut_off_by_a_kill_is_ended_at_the_next_start(
    journal: Journal, artifacts: ArtifactStore, tmp_path: Path
) -> None:
    cast = recorded(journal)
    cast.command(1.0, "id")
    cast.close()
    with journal.recording("s1").open("ab") as file:
        file.write(b'[2.0,"o","to')
    log = EventLog()
    later = Journal(tmp_path / "sessions", artifacts)
    for entry in later.left_open():
        later.recover(entry, ConnectionRecorder(log, entry.info, entry.session))
    ((_, payload),) = log.events
    assert isinstance(payload, SessionClosed)
    assert payload.commands == 1
    assert payload.recording is not None
    assert artifacts.path(payload.recording).read_bytes().endswith(b'"id"]\n')
    assert list(later.left_open()) == []


@pytest.mark.parametrize("step", ["decided", "moved", "told"])
def test_a_kill_while_closing_ends_the_session_once(
    journal: Journal, artifacts: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Whatever instruction the kill comes at, the event is the same with the same id: ingest counts it once."""
    log = EventLog()
    recorded(journal).close()
    recorder = ConnectionRecorder(log, ENTRY.info, "s1")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if step == "decided":
            patch.setattr(ArtifactStore, "adopt", die)
        elif step == "told":
            patch.setattr(Path, "unlink", die)
        else:
            log.dies = True
        with pytest.raises(KeyboardInterrupt):
            journal.close(ENTRY, Ending(ENTRY.started + 5, 0), recorder)
    log.dies = False
    later = Journal(tmp_path / "sessions", artifacts)
    for entry in later.left_open():
        later.recover(entry, ConnectionRecorder(log, entry.info, entry.session))
    assert len(set(log.events)) == 1
    payload = log.events[0][1]
    assert isinstance(payload, SessionClosed)
    assert payload.recording is not None
    assert artifacts.path(payload.recording).exists()
    assert list((tmp_path / "sessions").iterdir()) == []


def test_an_unreadable_entry_is_put_aside(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "sessions" / "x.json").write_bytes(b"{")
    assert list(journal.left_open()) == []
    assert (tmp_path / "sessions" / "x.bad").exists()
