# SPDX-License-Identifier: MIT
"""Only what the master signed for this host is wanted, and what came of it is written for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest
from tests.decnet_swarm.swarm_pki import master, sensor

from decnet_core.deckies.orders import (
    Assignment,
    Order,
    OrderedAddress,
    Standings,
    assigned_file,
    authority_file,
    standing_file,
)
from decnet_core.placement.plan import Task
from decnet_core.placement.reconciliation import Outcome
from decnet_core.placement.retry import Failure
from decnet_core.placement.runtimes.runtime import Observed
from decnet_swarm.assignments.seal import sign
from decnet_swarm.pki import files
from decnet_swarm.sensor_reconciler.file_ledger import FileLedger

NAME = "berlin-1"
ADDRESS = OrderedAddress("127.77.5.5")


class Host:
    def __init__(self, root: Path) -> None:
        self.identity = (master(root / "master") / files.IDENTITY).read_bytes()
        self.state = root / NAME
        folder = sensor(root / "master", files.forwarder_folder(self.state), NAME)
        assigned_file(self.state).parent.mkdir()
        authority_file(self.state).write_bytes((folder / files.AUTHORITY).read_bytes())

    def assign(self, version: int, *orders: Order, sensor: str = NAME) -> None:
        content = msgspec.json.encode(Assignment(sensor, orders, version=version))
        assigned_file(self.state).write_bytes(msgspec.json.encode(sign(content, self.identity)))

    def standings(self) -> Standings:
        return msgspec.json.decode(standing_file(self.state).read_bytes(), type=Standings)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def decky(name: str, version: int = 1) -> Order:
    return Order(name=name, host_name=name, runtime="loopback", addresses=(ADDRESS,), persona="nas", version=version)


def test_assignment_is_wanted_once_it_is_verified(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = FileLedger(host.state, NAME)
    assert not ledger.read({}).deckies
    host.assign(5, decky("shop"), decky("bar"))
    assert [one.name for one in ledger.read({}).deckies] == ["shop", "bar"]
    assert ledger.assignment == 5
    monkeypatch.setattr(subprocess, "run", None)
    assert len(FileLedger(host.state, NAME).read({}).deckies) == 2, "the next process sees what was verified"


def test_assignment_of_another_sensor_is_not_carried_out_and_the_master_is_told(host: Host) -> None:
    host.assign(5, decky("shop"), sensor="paris-2")
    ledger = FileLedger(host.state, NAME)
    assert not ledger.read({}).deckies
    assert ledger.publish()
    assert "for another sensor, paris-2" in host.standings().error


def test_standings_are_written_when_they_are_news_and_kept(host: Host) -> None:
    host.assign(5, decky("shop", 3), decky("bar", 2))
    ledger = FileLedger(host.state, NAME)
    shop, bar = ledger.read({}).deckies
    done = Outcome(Task(shop, Observed(True), ()))
    failed = Outcome(Task(bar, Observed(False), ()), "no interface eth9 " + "x" * 1000)
    assert ledger.is_news(done)
    ledger.record([(done, None), (failed, Failure(2, 4, 99))], 1000)
    assert not ledger.is_news(done)
    assert ledger.publish()
    assert not ledger.publish()
    found = {one.name: one for one in host.standings().deckies}
    assert (found["shop"].phase, found["shop"].version, found["shop"].since) == ("running", 3, 1000)
    assert (found["bar"].phase, found["bar"].version, found["bar"].attempts) == ("failed", 0, 4)
    assert FileLedger(host.state, NAME).attempts("bar") == 4
    host.assign(6, decky("bar", 2))
    ledger.read({})
    assert ledger.publish()
    assert [one.name for one in host.standings().deckies] == ["bar"]
