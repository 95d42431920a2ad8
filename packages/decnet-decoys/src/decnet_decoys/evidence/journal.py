# SPDX-License-Identifier: MIT
"""The journal of open sessions, on disk, so that each ends exactly once, even after a SIGKILL.

`<state>/decoys/sessions/<session>.json` stands beside `<session>.cast`. Closing writes the end into the entry, moves
the recording into the artifact store, emits SessionClosed and removes the entry. Entries that are left are finished at
the next start. The event's id depends only on the entry, so emitting it twice is emitting it once (law 3).
"""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec

from decnet_core.events.catalogue import SessionClosed
from decnet_core.events.ids import uuid7_of
from decnet_core.events.typing_digest import TypingDigest
from decnet_decoys.evidence.artifact_store import ArtifactStore
from decnet_decoys.evidence.connection_recorder import ConnectionInfo, ConnectionRecorder
from decnet_decoys.evidence.recording import commands_in, finish
from decnet_decoys.evidence.typing_rhythm import rhythm_in

log = logging.getLogger(__name__)


class Ending(msgspec.Struct, frozen=True):
    """How a session ended; `ts` is nanoseconds since the Unix epoch."""

    ts: int
    commands: int
    typing: TypingDigest | None = None


class OpenSession(msgspec.Struct, frozen=True):
    """A session that has begun; once `ending` is set its end is decided and remains to be reported."""

    session: str
    decky: str
    service: str
    src: tuple[str, int]
    dst: tuple[str, int]
    started: int
    """Nanoseconds since the Unix epoch."""
    ending: Ending | None = None
    synthetic: bool = False

    @property
    def info(self) -> ConnectionInfo:
        """The connection that the session belongs to."""
        return ConnectionInfo(self.decky, self.service, self.src, self.dst, self.synthetic)


class Journal:
    """The open sessions of one worker."""

    def __init__(self, directory: Path, artifacts: ArtifactStore) -> None:
        self.directory = directory
        self._artifacts = artifacts
        directory.mkdir(mode=0o770, parents=True, exist_ok=True)

    def recording(self, session: str) -> Path:
        return self.directory / f"{session}.cast"

    def begin(self, entry: OpenSession) -> None:
        """Record the start of a session; call this before emitting SessionOpened."""
        self._write(entry)

    def close(self, entry: OpenSession, ending: Ending, recorder: ConnectionRecorder) -> None:
        """End a session: decide its end, store its recording, report it, remove the entry."""
        decided = msgspec.structs.replace(entry, ending=entry.ending or ending)
        self._write(decided)
        self._report(decided, recorder)

    def left_open(self) -> Iterator[OpenSession]:
        """Yield the sessions that an earlier process did not finish; an unreadable entry is renamed to `.bad`."""
        for file in sorted(self.directory.glob("*.json")):
            try:
                yield msgspec.json.decode(file.read_bytes(), type=OpenSession)
            except FileNotFoundError:
                continue  # of another process, which has finished it
            except (OSError, msgspec.DecodeError) as error:
                log.warning("session entry unreadable file=%s reason=%s", file.name, error)
                with contextlib.suppress(OSError):
                    file.rename(file.with_suffix(".bad"))

    def recover(self, entry: OpenSession, recorder: ConnectionRecorder) -> None:
        """End a session that an earlier process left open, at the time its recording was last written."""
        file = self.recording(entry.session)
        if entry.ending is not None:
            self._report(entry, recorder)
            return
        finish_at = entry.started
        with contextlib.suppress(OSError):
            finish_at = max(finish_at, file.stat().st_mtime_ns)
        finish(file)
        self.close(entry, Ending(finish_at, commands_in(file), rhythm_in(file)), recorder)

    def _report(self, entry: OpenSession, recorder: ConnectionRecorder) -> None:
        ending = entry.ending
        if ending is None:
            raise ValueError(f"session {entry.session} has no ending")
        digest = self._keep(entry)
        payload = SessionClosed(
            service=entry.service,
            duration_ms=max(0, ending.ts - entry.started) // 1_000_000,
            commands=ending.commands,
            recording=digest,
            typing=ending.typing,
        )
        recorder.emit(payload, ts=ending.ts, id=uuid7_of(ending.ts, b"session.closed", entry.session.encode()))
        with contextlib.suppress(OSError):
            self._entry(entry.session).unlink()
            self._kept(entry.session).unlink()

    def _keep(self, entry: OpenSession) -> str | None:
        """Move the recording into the store once; after a kill in between, `<session>.sha256` has its name."""
        kept, file = self._kept(entry.session), self.recording(entry.session)
        if not file.exists():
            return kept.read_text(encoding="ascii").strip() if kept.exists() else None
        digest = self._artifacts.digest(file)
        if digest is None:
            return None
        kept.write_text(digest, encoding="ascii")
        self._artifacts.adopt(file)
        return digest if self._artifacts.path(digest).exists() else None

    def _write(self, entry: OpenSession) -> None:
        file = self._entry(entry.session)
        new = file.with_suffix(".new")
        try:
            new.write_bytes(msgspec.json.encode(entry))
            new.replace(file)
        except OSError as error:
            log.warning("session entry not written session=%s reason=%s", entry.session, error.strerror)

    def _entry(self, session: str) -> Path:
        return self.directory / f"{session}.json"

    def _kept(self, session: str) -> Path:
        return self.directory / f"{session}.sha256"
