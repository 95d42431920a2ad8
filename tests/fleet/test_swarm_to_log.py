# SPDX-License-Identifier: MIT
"""From a sensor's spool over the wire to the master's event log: ingest takes a listener's spool as any other."""

from __future__ import annotations

from pathlib import Path

from tests.decnet_models.migrated import migrated_database
from tests.decnet_swarm.swarm_workers import enrolled_pair, fill, forwarder, listener, port_of, until

from decnet_core.spool.positions import acknowledgement
from decnet_core.spool.quarantine import Quarantine
from decnet_models.database.engine import open_engine, reading
from decnet_models.events import queries
from decnet_workers.ingest.intake import Intake
from decnet_workers.ingest.settings import IngestSettings


async def test_sensors_events_are_in_the_log_once_even_when_they_came_twice(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(300))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 300)
    (above / "positions" / "listener.json").unlink()  # with both positions lost the sensor can only send all again
    acknowledgement(below / "spool" / "decoys", "forwarder").unlink()
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 300)
    engine = open_engine(migrated_database(above / "decnet.db"))
    quarantine = Quarantine(above / "quarantine" / "ingest")
    intake = Intake(engine, above / "spool", quarantine, IngestSettings(), store=above / "artifacts")
    outcomes = []
    while (outcome := intake.run_pass()).read:
        outcomes.append(outcome)
    intake.close()
    assert (sum(each.new for each in outcomes), sum(each.duplicates for each in outcomes)) == (300, 300)
    with reading(engine) as connection:
        assert queries.last_seq(connection) == 300
    engine.dispose()
