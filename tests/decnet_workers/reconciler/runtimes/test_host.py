# SPDX-License-Identifier: MIT
"""Deckies on addresses of the host itself."""

from __future__ import annotations

from typing import Any

import pytest
from tests.decnet_workers.reconciler.lan import ATTACKER, Lan, decky, needs_root

from decnet_workers.reconciler.desired import DesiredDecky
from decnet_workers.reconciler.netlink import addresses
from decnet_workers.reconciler.netlink.addresses import OURS, Assigned
from decnet_workers.reconciler.netlink.connection import Netlink
from decnet_workers.reconciler.runtimes.host import Host
from decnet_workers.reconciler.runtimes.runtime import Observed, RuntimeFailed

pytestmark = needs_root

BOTH = ("10.77.0.20/24", "fd77::20/64")


def looked(network: Lan, one: DesiredDecky) -> Observed:
    return network.host(Host().inspect, [one])[one.name]


def assigned() -> list[Assigned]:
    with Netlink() as netlink:
        return addresses.assigned(netlink)


def test_addresses_are_added_marked_served_and_removed_again(network: Lan) -> None:
    before, one = network.network(), decky("web-01", *BOTH, runtime="host")
    assert looked(network, one) == Observed(False, tuple(f"address {address} is missing" for address in BOTH))
    network.host(Host().start, one)
    assert [one.protocol for one in network.host(assigned) if str(one.address) in BOTH] == [OURS, OURS]
    sockets = network.host(Host().sockets, one, ())
    assert [sock.getsockname()[:2] for sock in filter(None, sockets)] == [
        ("10.77.0.20", 22), ("10.77.0.20", 80), ("fd77::20", 22), ("fd77::20", 80)
    ]  # fmt: skip
    assert looked(network, one) == Observed(True, served=frozenset(one.endpoints()))
    for sock in filter(None, sockets):
        sock.close()
    assert looked(network, one) == Observed(True, served=frozenset())
    network.host(Host().stop, one)
    assert network.network() == before


def test_address_of_the_host_is_used_and_stays(network: Lan) -> None:
    before, one = network.network(), decky("web-01", "10.77.0.1/24", runtime="host", interface=None)
    network.host(Host().start, one)
    for sock in filter(None, network.host(Host().sockets, one, ())):
        sock.close()
    network.host(Host().stop, one)
    assert network.host(Host().orphans, []) == []
    assert network.network() == before


def test_address_that_nobody_wants_any_more_is_an_orphan(network: Lan) -> None:
    before, one = network.network(), decky("web-01", *BOTH, runtime="host")
    network.host(Host().start, one)
    assert network.host(Host().orphans, [one]) == []
    assert network.host(Host().orphans, []) == sorted(BOTH)
    for mark in BOTH:
        network.host(Host().remove, mark)
    assert network.network() == before


def test_address_that_another_machine_has_is_a_conflict(network: Lan) -> None:
    wanted = [decky("a", f"{ATTACKER}/24", runtime="host"), decky("b", "10.77.0.20/24", runtime="host")]
    assert list(network.host(Host().conflicts, wanted)) == ["a"]


@pytest.mark.parametrize(
    ("other", "reason"),
    [({"interface": None}, "no address 10.77.0.20"), ({"interface": "eth7"}, "no interface eth7")],
)
def test_what_cannot_be_is_explained(network: Lan, other: dict[str, Any], reason: str) -> None:
    with pytest.raises(RuntimeFailed, match=reason):
        network.host(Host().start, decky("web-01", "10.77.0.20/24", **other))


def test_taken_port_is_named_and_leaves_no_socket_open(network: Lan) -> None:
    one = decky("web-01", "10.77.0.1/24", runtime="host", interface=None)
    taken = network.host(Host().sockets, decky("x", "10.77.0.1/24", services=one.services[1:]), ())
    assert taken[0] is not None
    with taken[0], pytest.raises(RuntimeFailed, match=r"10\.77\.0\.1:80: the port is taken"):
        network.host(Host().sockets, one, ())
    assert not looked(network, one).served
