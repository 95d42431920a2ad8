# SPDX-License-Identifier: MIT
"""What a decky's shell shows of its network is what its visitors find: its prefix, its router."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.decky_host import NOW, Player, root_shell

from decnet_decoys.personas.catalog import persona
from decnet_decoys.shell.machine.image import build
from decnet_decoys.shell.machine.shown_network import shown_network


@pytest.mark.parametrize(
    ("address", "prefix_length", "router", "expected"),
    [
        ("192.0.2.70", 26, "", ("192.0.2.70/26 brd 192.0.2.127", "192.0.2.64/26", "192.0.2.65", "255.255.255.192")),
        ("10.9.8.7", 16, "10.9.0.254", ("10.9.8.7/16 brd 10.9.255.255", "10.9.0.0/16", "10.9.0.254", "255.255.0.0")),
    ],
)
def test_network_is_shown_as_it_is(address: str, prefix_length: int, router: str, expected: tuple[str, ...]) -> None:
    machine = build(persona("debian-web"), "web-01", shown_network(address, prefix_length, router), NOW)
    run = Player(root_shell(machine))
    interface, prefix, gateway, netmask = expected
    assert f"inet {interface} scope global" in run("ip address").text
    assert run("ip route").text.startswith(f"default via {gateway} dev ")
    assert f"\n{prefix} dev " in run("ip route").text
    assert f"inet {address}  netmask {netmask}" in run("ifconfig").text
    assert netmask in run("route -n").text
    for command in ("ip neigh", "arp -n", "route -n"):
        assert gateway in run(command).text


def test_ipv6_address_is_shown_as_one() -> None:
    machine = build(persona("debian-web"), "web-01", shown_network("2001:db8::7", 64), NOW)
    run = Player(root_shell(machine))
    assert "inet6 2001:db8::7/64 scope global" in run("ip address").text
    assert "inet6 2001:db8::7  prefixlen 64" in run("ifconfig").text
