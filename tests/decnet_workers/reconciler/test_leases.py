# SPDX-License-Identifier: MIT
"""Leased addresses of deckies: obtained, kept, renewed, and whose trouble it is when there are none."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import closing
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.decnet_core.placement.lan import Lan, needs_root
from tests.decnet_core.placement.player import player
from tests.decnet_core.placement.runtimes.test_dhcp import MACS, needs_dnsmasq, serving

from decnet_core.deckies.handover import handover_socket, handover_sockets
from decnet_core.placement.decoys_processes import DecoysProcesses
from decnet_core.placement.passes import Passes
from decnet_core.placement.reconciliation import Reconciliation
from decnet_core.placement.runtimes.dhcp import Client
from decnet_core.placement.runtimes.dhcp_message import DhcpReply
from decnet_core.placement.runtimes.netns import Netns
from decnet_core.state import State as StateDirectory
from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.fleet import change_log, queries, states
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.leases import Lease, leases_of
from decnet_models.fleet.queries import Address, Decky, Service
from decnet_models.realism import queries as realism
from decnet_workers.reconciler.database_ledger import DatabaseLedger
from decnet_workers.reconciler.leases import ASK_AGAIN_NS, Leases, Renewed

SERVER, GATEWAY = IPv4Address("10.77.0.2"), IPv4Address("10.77.0.1")


def row(number: int = 1, **other: object) -> Decky:
    values: dict[str, object] = {
        "name": f"web-{number}",
        "addresses": (),
        "host_name": f"web-{number}",
        "runtime": "netns",
        "persona": "debian",
        "services": (Service("ssh", 22),),
        "mac": MACS[number - 1],
        "interface": "br0",
        "dhcp": True,
        **other,
    }
    return Decky(**values)  # type: ignore[arg-type]


def greeting(address: str, port: int) -> bytes:
    with socket.create_connection((address, port), 20) as client:
        return client.recv(100)


class Network:
    """A DHCP server, and a clock; `address` None: nobody answers."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.address: str | None = "10.77.0.100/24"
        self.now = 10_000 * SECOND_NS
        self.asked: list[Sequence[Client]] = []
        self.leases = Leases(engine, self.ask, lambda: self.now)

    def ask(self, interface: str, clients: Sequence[Client]) -> dict[str, DhcpReply]:
        assert interface == "br0"
        self.asked.append(clients)
        if self.address is None:
            return {}
        return {
            one.mac: DhcpReply("ack", 1, SERVER, IPv4Interface(self.address), GATEWAY, 7200, 3600) for one in clients
        }

    def renew(self) -> Renewed:
        with reading(self.engine) as connection:
            rows = queries.all_deckies(connection)
        return self.leases.renew(rows, {})

    def decky(self, name: str = "web-1") -> Decky:
        with reading(self.engine) as connection:
            found = queries.decky_named(connection, name)
        assert found is not None
        return found

    def lease(self) -> Lease | None:
        with reading(self.engine) as connection:
            return leases_of(connection, ["web-1"]).get("web-1")

    def write(self, *rows: Decky) -> None:
        with writing(self.engine) as connection:
            for one in rows:
                assert queries.write_decky(connection, one, ChangeInfo("added", "ana", "", 5))


@pytest.fixture
def network_of(sqlite_url: str) -> Iterator[Network]:
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        realism.write_persona(connection, realism.Persona("debian", "Linux"), now_ns=1)
    yield Network(engine)
    engine.dispose()


def test_the_leased_address_becomes_the_deckys_and_is_recorded(network_of: Network) -> None:
    network_of.write(row())
    renewed = network_of.renew()
    assert (renewed.changed, renewed.errors, renewed.next_at) == (True, {}, network_of.now + 3600 * SECOND_NS)
    assert network_of.decky().addresses == (Address("10.77.0.100", 24, "10.77.0.1"),)
    with reading(network_of.engine) as connection:
        (change, _) = change_log.history(connection, "web-1")
    assert (change.actor, change.reason) == ("reconciler", "leased by 10.77.0.2 for 7200 s")
    assert not network_of.renew().changed
    assert len(network_of.asked) == 1


def test_it_is_renewed_in_time_and_the_version_stays(network_of: Network) -> None:
    network_of.write(row())
    network_of.renew()
    version = network_of.decky().version
    network_of.now += 3600 * SECOND_NS
    renewed = network_of.renew()
    assert (renewed.changed, network_of.decky().version) == (False, version)
    assert [one.address for one in network_of.asked[1]] == [IPv4Address("10.77.0.100")]
    lease = network_of.lease()
    assert lease is not None
    assert (lease.obtained_at, lease.expires_at) == (network_of.now, network_of.now + 7200 * SECOND_NS)


def test_another_address_replaces_the_first(network_of: Network) -> None:
    network_of.write(row())
    network_of.renew()
    network_of.now += 3600 * SECOND_NS
    network_of.address = "10.77.0.101/24"
    assert network_of.renew().changed
    assert network_of.decky().addresses == (Address("10.77.0.101", 24, "10.77.0.1"),)


def test_without_an_answer_it_keeps_the_address_until_the_lease_ends(network_of: Network) -> None:
    network_of.write(row())
    network_of.renew()
    network_of.address = None
    network_of.now += 3600 * SECOND_NS
    renewed = network_of.renew()
    assert (renewed.errors, renewed.next_at) == ({}, network_of.now + ASK_AGAIN_NS)
    network_of.renew()
    assert len(network_of.asked) == 2
    network_of.now += 3600 * SECOND_NS
    assert "its lease of 10.77.0.100 has ended" in network_of.renew().errors["web-1"]
    assert network_of.decky().addresses


def test_the_first_address_is_waited_for_and_a_taken_one_refused(network_of: Network) -> None:
    network_of.address = None
    network_of.write(row(1), row(2, dhcp=False, addresses=(Address("10.77.0.100", 24),)))
    assert "no DHCP server answered on br0" in network_of.renew().errors["web-1"]
    network_of.address = "10.77.0.100/24"
    assert network_of.renew().errors == {"web-1": "10.77.0.2 leases it 10.77.0.100, which decky web-2 has"}
    assert network_of.lease() is None


def test_those_that_wait_after_a_failure_are_not_asked_for(network_of: Network) -> None:
    network_of.write(row())
    one = network_of.decky()
    assert network_of.leases.renew([one], {"web-1": one.version}) == Renewed()
    assert network_of.asked == []


@needs_root
@needs_dnsmasq
def test_a_decky_answers_at_the_address_that_dnsmasq_leased(network: Lan, sqlite_url: str, tmp_path: Path) -> None:
    engine, directory = open_engine(sqlite_url), StateDirectory(tmp_path / "s")
    with writing(engine) as connection:
        realism.write_persona(connection, realism.Persona("debian", "Linux"), now_ns=1)
        queries.write_decky(connection, row(), ChangeInfo("added", "ana", "", 5))
    players = DecoysProcesses(lambda: handover_sockets(directory))
    passes = Passes(
        DatabaseLedger(engine), Reconciliation({"netns": Netns(network.deckies, "f1ee7001")}, players), 60.0, bool
    )
    with (
        closing(players),
        player(handover_socket(directory, "decoys")),
        serving(network, tmp_path, "10.77.0.150", "10.77.0.150"),
    ):
        report = network.host(passes.run)
        assert report.due_seconds == 60.0
        assert network.machines.enter("attacker", lambda: greeting("10.77.0.150", 22))
    with reading(engine) as connection:
        ((one, state),) = states.states_on(connection, None)
        assert one.addresses == (Address("10.77.0.150", 24, "10.77.0.1"),)
    assert state is not None
    assert (state.phase, state.version) == ("running", one.version)
    engine.dispose()
