# SPDX-License-Identifier: MIT
"""Deckies on addresses of the host itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.decnet_core.placement.lan import ATTACKER, Lan, decky, needs_root

from decnet_core.placement.desired import DesiredDecky
from decnet_core.placement.netlink import addresses
from decnet_core.placement.netlink.addresses import OURS, Assigned
from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.runtimes.added_addresses import AddedAddresses
from decnet_core.placement.runtimes.host import Host
from decnet_core.placement.runtimes.runtime import Observed, RuntimeFailed

pytestmark = needs_root

BOTH = ("10.77.0.20/24", "fd77::20/64")


@pytest.fixture
def runtime(network: Lan, tmp_path: Path) -> Host:
    return host(network, tmp_path / "addresses.json")


def host(network: Lan, file: Path) -> Host:
    """Return the runtime as a reconciler that starts makes it."""
    return network.host(Host, AddedAddresses(file))


def looked(network: Lan, runtime: Host, one: DesiredDecky) -> Observed:
    return network.host(runtime.inspect, [one])[one.name]


def assigned() -> list[Assigned]:
    with Netlink() as netlink:
        return addresses.assigned(netlink)


def test_addresses_are_added_marked_served_and_removed_again(network: Lan, runtime: Host) -> None:
    before, one = network.network(), decky("web-01", *BOTH, runtime="host")
    assert looked(network, runtime, one) == Observed(False, tuple(f"address {address} is missing" for address in BOTH))
    network.host(runtime.start, one)
    assert [one.protocol for one in network.host(assigned) if str(one.address) in BOTH] == [OURS, OURS]
    sockets = network.host(runtime.sockets, one, ())
    assert [sock.getsockname()[:2] for sock in filter(None, sockets)] == [
        ("10.77.0.20", 22), ("10.77.0.20", 80), ("fd77::20", 22), ("fd77::20", 80)
    ]  # fmt: skip
    assert looked(network, runtime, one) == Observed(True, served=frozenset(one.endpoints()))
    for sock in filter(None, sockets):
        sock.close()
    assert looked(network, runtime, one) == Observed(True, served=frozenset())
    network.host(runtime.stop, one)
    assert network.network() == before


def test_address_of_the_host_is_used_and_stays(network: Lan, runtime: Host) -> None:
    before, one = network.network(), decky("web-01", "10.77.0.1/24", runtime="host", interface=None)
    network.host(runtime.start, one)
    for sock in filter(None, network.host(runtime.sockets, one, ())):
        sock.close()
    network.host(runtime.stop, one)
    assert network.host(runtime.orphans, []) == []
    assert network.network() == before


def test_address_that_nobody_wants_any_more_is_an_orphan(network: Lan, runtime: Host) -> None:
    before, one = network.network(), decky("web-01", *BOTH, runtime="host")
    network.host(runtime.start, one)
    assert network.host(runtime.orphans, [one]) == []
    assert network.host(runtime.orphans, []) == sorted(BOTH)
    for mark in BOTH:
        network.host(runtime.remove, mark)
    assert network.network() == before


def test_two_fleets_on_a_host_remove_only_their_own_addresses(network: Lan, runtime: Host, tmp_path: Path) -> None:
    before, one = network.network(), decky("web-01", *BOTH, runtime="host")
    other = host(network, tmp_path / "other.json")
    network.host(runtime.start, one)
    there = network.network()
    assert network.host(other.orphans, []) == []
    assert not network.host(other.inspect, [one])["web-01"].present
    network.host(other.stop, one)
    network.host(other.remove, BOTH[0])
    assert network.network() == there
    after_restart = host(network, tmp_path / "addresses.json")
    assert network.host(after_restart.orphans, []) == sorted(BOTH)
    network.host(after_restart.stop, one)
    assert network.network() == before


def test_address_that_another_fleet_added_after_a_boot_is_not_ours(network: Lan, runtime: Host, tmp_path: Path) -> None:
    one = decky("web-01", BOTH[0], runtime="host")
    network.host(runtime.start, one)
    network.ip("address", "del", BOTH[0], "dev", "br0")  # as a boot does
    after_boot, other = host(network, tmp_path / "addresses.json"), host(network, tmp_path / "other.json")
    network.host(other.start, one)
    assert network.host(after_boot.orphans, []) == []
    assert network.host(other.orphans, []) == [BOTH[0]]


def test_address_that_another_machine_has_is_a_conflict(network: Lan, runtime: Host) -> None:
    wanted = [decky("a", f"{ATTACKER}/24", runtime="host"), decky("b", "10.77.0.20/24", runtime="host")]
    assert list(network.host(runtime.conflicts, wanted)) == ["a"]


@pytest.mark.parametrize(
    ("other", "reason"),
    [({"interface": None}, "no address 10.77.0.20"), ({"interface": "eth7"}, "no interface eth7")],
)
def test_what_cannot_be_is_explained(network: Lan, runtime: Host, other: dict[str, Any], reason: str) -> None:
    with pytest.raises(RuntimeFailed, match=reason):
        network.host(runtime.start, decky("web-01", "10.77.0.20/24", **other))


def test_taken_port_is_named_and_leaves_no_socket_open(network: Lan, runtime: Host) -> None:
    one = decky("web-01", "10.77.0.1/24", runtime="host", interface=None)
    other = decky("x", "10.77.0.1/24", runtime="host", services=one.services[1:])
    taken = network.host(runtime.sockets, other, ())
    assert taken[0] is not None
    with taken[0], pytest.raises(RuntimeFailed, match=r"10\.77\.0\.1:80: the port is taken"):
        network.host(runtime.sockets, one, ())
    assert not looked(network, runtime, one).served
