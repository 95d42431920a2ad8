# SPDX-License-Identifier: MIT
"""What the kernel says of this host; the loopback interface is everywhere."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_interface

from decnet.deckies.host_network import HostNetwork, look


def test_the_loopback_interface_and_its_address_are_found() -> None:
    names: set[str] = set()
    while names != (names := {name for _, name in socket.if_nameindex()}):  # another program may just make some
        found = look()
    assert ip_interface("127.0.0.1/8") in found.interfaces["lo"]
    assert found.interface_of(ip_address("127.0.0.1")) == "lo"
    assert found.interface_of(ip_address("198.51.100.1")) is None
    assert set(found.interfaces) == names


def test_a_listening_socket_takes_its_port_at_its_address_only() -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        found = look()
    assert found.is_taken(ip_address("127.0.0.2"), port)
    assert not found.is_taken(ip_address("127.0.0.3"), port)


def test_a_socket_at_all_addresses_takes_its_port_everywhere() -> None:
    anywhere = HostNetwork(listening=frozenset({(ip_address("::"), 22)}))
    assert anywhere.is_taken(ip_address("10.0.0.1"), 22)
    assert anywhere.is_taken(ip_address("fd00::1"), 22)
    assert not anywhere.is_taken(ip_address("fd00::1"), 23)
