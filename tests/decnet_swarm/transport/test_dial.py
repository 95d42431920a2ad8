# SPDX-License-Identifier: MIT
"""What the operator of a sensor is told when it cannot get to its listener."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from tests.decnet_swarm.swarm_pki import master, sensor
from tests.decnet_swarm.swarm_workers import NAME, forwarder, listener, port_of, until

from decnet_swarm.pki import files

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


async def said(above: Path, below: Path, caplog: pytest.LogCaptureFixture) -> str:
    """Return the one thing that a forwarder says, however often it tries."""
    async with listener(above) as server, forwarder(below, port_of(server)) as sender:
        await until(lambda: sender.count("failures") >= 3)
    warnings = [record for record in caplog.records if record.name == "decnet_swarm.forwarder.worker"]
    (reason,) = {record.message for record in warnings if record.levelname == "WARNING"}
    assert sum(record.message == reason for record in warnings) == 1
    return reason


def hosts(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "master", tmp_path / "sensor"


async def test_expired_certificate_is_named_with_what_to_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    above, below = hosts(tmp_path)
    master(above)
    sensor(above, files.forwarder_folder(below), NAME, days=10, now=NOW - 50 * DAY)
    reason = await said(above, below, caplog)
    assert f"this host's certificate expired on {NOW - 40 * DAY:%Y-%m-%d}" in reason
    assert "decnet swarm token NAME --replace" in reason


async def test_clock_behind_the_own_certificate_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    above, below = hosts(tmp_path)
    master(above)
    sensor(above, files.forwarder_folder(below), NAME, now=NOW + 30 * DAY)
    reason = await said(above, below, caplog)
    assert re.search(r"this host's clock says it is [0-9-]{10}, before its certificate was made: is it right\?", reason)


async def test_clock_at_which_the_listeners_certificate_is_not_valid_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    above, below = hosts(tmp_path)
    master(above, NOW + 30 * DAY)
    sensor(above, files.forwarder_folder(below), NAME)
    reason = await said(above, below, caplog)
    assert re.search(
        r"certificate is not yet valid by this host's clock, which says it is [0-9-]{10}: is it right\?", reason
    )
