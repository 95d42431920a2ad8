# SPDX-License-Identifier: MIT
"""Artifacts, recordings and the journal of open sessions."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from decnet_core.events.catalogue import Payload, SessionClosed
from decnet_core.runtime.counters import Counters
from decnet_decoys.evidence.artifact_store import ArtifactStore
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder, text
from decnet_decoys.evidence.journal import Ending, Journal, OpenSession
from decnet_decoys.evidence.recording import Recording, commands_in, finish

ENTRY = OpenSession("s1", "web-01", "ssh", ("192.0.2.1", 4000), ("127.77.0.10", 2222), 1_700_000_000_000_000_000)


class Ledger:
    """Takes events as the runtime would; dies on demand."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.told: list[tuple[UUID | None, Payload]] = []
        self.dies = False

    def emit(self, payload: Payload, *, id: UUID | None = None, **_: Any) -> None:  # noqa: A002
        if self.dies:
            raise KeyboardInterrupt
        self.told.append((id, payload))


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


def test_content_is_kept_once_under_its_hash(artifacts: ArtifactStore) -> None:
    digest = artifacts.keep(b"x")
    assert digest == hashlib.sha256(b"x").hexdigest() == artifacts.keep(b"x")
    assert artifacts.path(digest).read_bytes() == b"x"
    assert artifacts.path(digest).stat().st_mode & 0o111 == 0
    assert artifacts.counters() == {"artifacts_bytes": 1, "artifacts_refused": 0}


def test_a_full_store_refuses_and_counts(artifacts: ArtifactStore, tmp_path: Path) -> None:
    artifacts.keep(bytes(900))
    digest = artifacts.keep(bytes(200))
    assert not artifacts.path(digest).exists()
    assert artifacts.counters()["artifacts_refused"] == 1
    assert ArtifactStore(tmp_path / "artifacts", 1000).counters()["artifacts_bytes"] == 900


def test_a_recording_is_asciicast_of_version_2(tmp_path: Path) -> None:
    cast = Recording(tmp_path / "a", columns=100, rows=30, started=5, terminal="xterm", limit_bytes=10_000)
    cast.typed(0.5, b"ls\r")
    cast.command(0.6, "ls")
    cast.shown(0.7, b"gr\xc3")
    cast.shown(0.8, b"\xbcn \xff")
    cast.close()
    lines = [json.loads(line) for line in (tmp_path / "a").read_text().splitlines()]
    assert lines[0] == {"version": 2, "width": 100, "height": 30, "timestamp": 5, "env": {"TERM": "xterm"}}
    assert lines[1:] == [[0.5, "i", "ls\r"], [0.6, "m", "ls"], [0.7, "o", "gr"], [0.8, "o", "ün \ufffd"]]
    assert commands_in(tmp_path / "a") == 1


def test_a_recording_stops_at_its_limit(tmp_path: Path) -> None:
    cast = Recording(tmp_path / "a", columns=80, rows=24, started=5, terminal=None, limit_bytes=500)
    for _ in range(100):
        cast.shown(1.0, b"x" * 50)
    cast.close()
    assert cast.full
    assert (tmp_path / "a").stat().st_size <= 500
    assert all(json.loads(line) for line in (tmp_path / "a").read_text().splitlines())


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b'{"version":2}\n[1.0,"o","x"]\n[2.0,"o')
    finish(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b'{"version":2}\n[1.0,"o","x"]\n'


def test_a_closed_session_names_its_recording(journal: Journal, artifacts: ArtifactStore, tmp_path: Path) -> None:
    ledger = Ledger()
    recorded(journal).close()
    journal.close(ENTRY, Ending(ENTRY.started + 2_000_000_000, 3), ConnectionRecorder(ledger, ENTRY.info, "s1"))
    ((_, payload),) = ledger.told
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
    ledger = Ledger()
    later = Journal(tmp_path / "sessions", artifacts)
    for entry in later.left_open():
        later.recover(entry, ConnectionRecorder(ledger, entry.info, entry.session))
    ((_, payload),) = ledger.told
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
    ledger = Ledger()
    recorded(journal).close()
    recorder = ConnectionRecorder(ledger, ENTRY.info, "s1")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if step == "decided":
            patch.setattr(ArtifactStore, "adopt", die)
        elif step == "told":
            patch.setattr(Path, "unlink", die)
        else:
            ledger.dies = True
        with pytest.raises(KeyboardInterrupt):
            journal.close(ENTRY, Ending(ENTRY.started + 5, 0), recorder)
    ledger.dies = False
    later = Journal(tmp_path / "sessions", artifacts)
    for entry in later.left_open():
        later.recover(entry, ConnectionRecorder(ledger, entry.info, entry.session))
    assert len(set(ledger.told)) == 1
    payload = ledger.told[0][1]
    assert isinstance(payload, SessionClosed)
    assert payload.recording is not None
    assert artifacts.path(payload.recording).exists()
    assert list((tmp_path / "sessions").iterdir()) == []


def test_an_unreadable_entry_is_put_aside(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "sessions" / "x.json").write_bytes(b"{")
    assert list(journal.left_open()) == []
    assert (tmp_path / "sessions" / "x.bad").exists()


def test_a_text_keeps_stray_bytes_readable_and_is_bounded() -> None:
    assert text(b"a\xffb") == "a\\xffb"
    assert text("a\udcffb\ud800") == "a\\xffb\\ud800"
    assert len(text("x" * 100_000)) == 8192
