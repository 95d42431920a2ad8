# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from decnet_core.events.catalogue import FileCaptured, SessionClosed
from decnet_core.events.envelope import Event
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.writer import SpoolWriter
from decnet_models.artifacts.queries import artifact_of, sightings
from decnet_models.database.engine import reading
from decnet_workers.ingest.artifacts import artifacts_in
from decnet_workers.ingest.intake import Intake
from decnet_workers.ingest.settings import IngestSettings

Maker = Callable[..., list[Event]]
DIGEST = "ab" * 32


def test_summaries_are_registered_with_the_events(
    state: Path, engine: Engine, open_spool: Callable[..., SpoolWriter], make_events: Maker
) -> None:
    kept = state / "artifacts" / "ab" / DIGEST
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"four")
    spool = open_spool("decoys")
    for event in make_events(2, payload=FileCaptured("ftp", DIGEST, 0, name="x.sh"), src_ip="192.0.2.1", session="s"):
        spool.append(event)
    spool.append(make_events(1, payload=SessionClosed("ssh", 10, recording="cd" * 32))[0])
    intake = Intake(engine, state / "spool", Quarantine(state / "q"), IngestSettings(), store=state / "artifacts")
    assert intake.run_pass().new == 3
    intake.close()
    with reading(engine) as connection:
        there, elsewhere = artifact_of(connection, DIGEST), artifact_of(connection, "cd" * 32)
        found = sightings(connection, sha256=DIGEST)
    assert there is not None
    assert elsewhere is not None
    assert (there.kind, there.size, there.kept) == ("file", 4, True)
    assert (elsewhere.kind, elsewhere.size, elsewhere.kept) == ("recording", None, False)
    assert [(one.attacker, one.session, one.name) for one in found] == [("192.0.2.1", "s", "x.sh")] * 2


@pytest.mark.parametrize("digest", ["", "ab", "../" * 21 + "a", "g" * 64, DIGEST + "0", "\uff41" * 64])
def test_what_is_no_digest_names_no_file(tmp_path: Path, make_events: Maker, digest: str) -> None:
    assert not list(artifacts_in(make_events(1, payload=FileCaptured("ftp", digest, 5)), tmp_path, now_ns=1))


def test_digests_are_reported_in_one_spelling(tmp_path: Path, make_events: Maker) -> None:
    ((found, sighting),) = artifacts_in(
        make_events(1, payload=FileCaptured("ftp", DIGEST.upper(), 5)), tmp_path, now_ns=1
    )
    assert found.sha256 == sighting.sha256 == DIGEST
    assert (found.size, found.stored_at) == (5, None)
