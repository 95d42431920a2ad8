# SPDX-License-Identifier: MIT
"""Secrets that were planted are tried by real clients on a real decoy, and the profiler says whose they were."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_models.migrated import migrated_database
from tests.fleet.canary_programs.conftest import Receiver

from decnet_core.events.catalogue import LoginAttempt
from decnet_core.events.notices import CanaryTriggered
from decnet_models.canary.queries import add_token
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import insert_events
from decnet_models.following.shard_leases import ShardLeases
from decnet_models.notices import queries as notices
from decnet_workers.profiler.worker import Profiler

pytestmark = pytest.mark.oracle


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory whose path leaves room for a UNIX socket's; pytest's own may be too long."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize("kind", ["ssh-key", "login", "connection", "env"])
async def test_ssh_trips_what_was_stolen(receiver: Receiver, tmp_path: Path, short: Path, kind: str) -> None:
    slug, bait = receiver.bait(kind)
    host = DeckyHost(short, fleet_settings(offers=("ssh",)))
    await host.open()
    if kind == "ssh-key":
        file = tmp_path / bait.name
        file.write_bytes(bait.content)
        file.chmod(0o600)
        options = (
            "PubkeyAuthentication=yes",
            f"IdentityFile={file}",
            "IdentitiesOnly=yes",
            "PasswordAuthentication=no",
        )
        await host.ssh("id", user="svc-backup", options=options)
    else:
        assert slug.text in bait.content.decode()
        await host.ssh("id", user="svc-backup", password=slug.text)
    await host.until(LoginAttempt)
    seen = host.events()
    await host.close()
    engine = open_engine(migrated_database(tmp_path / "decnet.db"))
    with writing(engine) as connection:
        add_token(connection, slug, "on the laptop", now_ns=1, kind=kind, recognised_by=bait.recognised_by)
        insert_events(connection, seen)
    worker = Profiler._unstarted()
    leases = ShardLeases(engine, "profiler", seconds=600, shared=worker.shared)
    with writing(engine) as connection:
        worker.prepare(connection)
    leases.keep()
    assert worker._processor(engine, "profiler", leases).step().dead_letters == 0
    with reading(engine) as connection:
        told = [stored.notice for stored in notices.after(connection, 0, 100)]
    engine.dispose()
    hits = [one for one in told if isinstance(one, CanaryTriggered)]
    assert {(one.token, one.label, one.channel, one.target) for one in hits} == {
        (slug.text, "on the laptop", "ssh", "svc-backup")
    }
