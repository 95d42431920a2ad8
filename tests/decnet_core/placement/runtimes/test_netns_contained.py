# SPDX-License-Identifier: MIT
"""What a process that took over `decoys` reaches by the sockets of a decky's namespace: the fleet's deckies alone."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.decnet_core.placement.lan import ATTACKER, ATTACKER_6, FLEET, Lan, decky, needs_root

from decnet_core.placement.desired import DesiredDecky, Service
from decnet_core.placement.netlink import nftables, sets
from decnet_core.placement.netlink.connection import NETFILTER, Netlink
from decnet_core.placement.runtimes import personality
from decnet_core.placement.runtimes.namespaces import Namespaces
from decnet_core.placement.runtimes.netns import Netns

pytestmark = needs_root

TAKEN_OVER = Path(__file__).parent.parent / "taken_over.py"
ELSEWHERE, HOST = "192.0.2.1", "10.77.0.1"
PORT = 9000
SERVICES = (Service("ssh", 22), Service("ftp", 21), Service("snmp", 161, "udp"))
Attempt = tuple[socket.socket, str, int]


class Holding(NamedTuple):
    """What `decoys` holds of a decky, on a LAN with another decky and machines that are none."""

    network: Lan
    runtime: Netns
    first: DesiredDecky
    second: DesiredDecky
    sockets: list[socket.socket]

    @property
    def clients(self) -> list[socket.socket]:
        return self.sockets[-len(self.first.clients) :]


@pytest.fixture
def held(network: Lan) -> Iterator[Holding]:
    runtime = Netns(network.deckies, FLEET)
    first = decky("web-01", "10.77.0.10/24", "fd77::10/64", client_sockets=True, services=SERVICES, seed=7)
    second = decky("web-02", "10.77.0.11/24", "fd77::11/64", mac="00:16:3e:11:22:44", services=SERVICES)
    network.ip("address", "add", f"{ELSEWHERE}/32", "dev", "eth0", machine="attacker")
    with contextlib.ExitStack() as stack:
        sockets: dict[str, list[socket.socket]] = {}
        for one in (first, second):
            network.host(runtime.start, one)
            stack.callback(network.host, runtime.stop, one)
            sockets[one.name] = [*filter(None, network.host(runtime.sockets, one, ()))]
            for sock in sockets[one.name]:
                stack.enter_context(sock)
        network.host(runtime.introduce)
        for machine, address in (("attacker", ATTACKER), ("attacker", ATTACKER_6), ("host", HOST)):
            stack.enter_context(network.machines.enter(machine, lambda address=address: _server(address)))  # type: ignore[misc]  # bound now
        yield Holding(network, runtime, first, second, sockets[first.name])


def _server(address: str) -> socket.socket:
    return socket.create_server((address, PORT), family=socket.AF_INET6 if ":" in address else socket.AF_INET)


def taken_over(asked: object, sockets: Sequence[socket.socket]) -> list[int | None]:
    """Return what the process that was taken over prints."""
    command = [sys.executable, str(TAKEN_OVER), json.dumps(asked)]
    inherited = [sock.fileno() for sock in sockets]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=120, check=True, pass_fds=inherited)
    found: list[int | None] = json.loads(done.stdout)
    return found


def dialled(*attempts: Attempt) -> list[int | None]:
    """Return how connections end; the last must be one that succeeds, which shows that the others had their time."""
    found = taken_over(
        [(sock.fileno(), address, port) for sock, address, port in attempts], [one[0] for one in attempts]
    )
    assert found.pop() == 0
    return found


def test_a_client_socket_reaches_the_fleets_other_deckies(held: Holding) -> None:
    four, _, six, mapped = held.clients
    for sock, address in ((four, "10.77.0.11"), (six, "fd77::11"), (mapped, "::ffff:10.77.0.11")):
        assert dialled((sock, address, 22)) == []


@pytest.mark.parametrize(("place", "address"), [(0, ATTACKER), (2, ATTACKER_6), (2, f"::ffff:{ATTACKER}"), (0, HOST)])
def test_a_client_socket_reaches_no_other_machine(held: Holding, place: int, address: str) -> None:
    last = held.clients[1]
    assert dialled((held.clients[place], address, PORT), (last, "10.77.0.11", 22)) == [None]


def test_a_client_socket_reaches_no_network_to_which_there_is_a_way(held: Holding) -> None:
    way = ["ip", "route", "add", ELSEWHERE, "dev", "eth0"]
    deckies = Namespaces(held.network.deckies, f"decnet-{FLEET}-")
    deckies.enter(held.first.name, lambda: subprocess.run(way, check=True))
    assert dialled((held.clients[0], ELSEWHERE, PORT), (held.clients[1], "10.77.0.11", 22)) == [None]


def test_no_other_socket_of_a_decky_reaches_anybody(held: Holding) -> None:
    others = held.sockets[: -len(held.first.clients)]
    assert {sock.type for sock in others} == {socket.SOCK_STREAM, socket.SOCK_DGRAM}
    attempts: list[Attempt] = []
    for sock in others:
        address = ATTACKER_6 if sock.family == socket.AF_INET6 else ATTACKER
        attempts.append((sock, address, PORT))
    found = dialled(*attempts, (held.clients[0], "10.77.0.11", 22))
    # Where a socket that listens may connect at all (Linux 6.18: EINVAL), nothing answers it.
    streams = {code for sock, code in zip(others, found, strict=True) if sock.type == socket.SOCK_STREAM}
    assert streams <= {None, errno.EINVAL}
    assert {code for sock, code in zip(others, found, strict=True) if sock.type == socket.SOCK_DGRAM} == {errno.EPERM}


def test_nothing_marks_another_socket_or_opens_the_namespace(held: Holding) -> None:
    listener = held.sockets[0]
    assert taken_over(listener.fileno(), [listener]) == [errno.EPERM] * 4


def test_whom_a_decky_reaches_follows_who_is_there(held: Holding) -> None:
    network, runtime = held.network, held.runtime
    third = decky("web-03", "10.77.0.12/24", mac="00:16:3e:11:22:55")
    other_network = decky("web-04", "10.77.0.13/24", interface="lan1", mac="00:16:3e:11:22:66")
    for words in ("link add lan1 type bridge", "link set lan1 up"):
        network.ip(*words.split())
    for one in (third, other_network):
        network.host(runtime.start, one)
    network.host(runtime.introduce)
    assert _reached(held) == {"10.77.0.10", "10.77.0.11", "10.77.0.12"}
    network.host(runtime.stop, held.second)
    network.host(runtime.introduce)
    assert _reached(held) == {"10.77.0.10", "10.77.0.12"}
    another = Netns(network.deckies, FLEET)  # of another process, which saw one decky only
    network.host(another.inspect, [held.first])
    network.host(another.introduce)
    assert _reached(held) == {"10.77.0.10"}
    for one in (third, other_network):
        network.host(runtime.stop, one)


def test_what_cannot_be_changed_is_looked_up_and_written_at_the_next_call(held: Holding) -> None:
    network, runtime = held.network, held.runtime

    def clear() -> None:
        with Netlink(NETFILTER) as netlink:
            sets.fill(netlink, personality.TABLE, personality.REACHED[0], ())

    Namespaces(network.deckies, f"decnet-{FLEET}-").enter(held.first.name, clear)
    network.host(runtime.stop, held.second)
    network.host(runtime.introduce)
    assert _reached(held) == set()
    network.host(runtime.introduce)
    assert _reached(held) == {"10.77.0.10"}


def _reached(held: Holding) -> set[str]:
    def look() -> set[str]:
        with Netlink(NETFILTER) as netlink:
            found = sets.elements(netlink, personality.TABLE, personality.REACHED[0])
            return {str(ipaddress.ip_address(one)) for one in found}

    return Namespaces(held.network.deckies, f"decnet-{FLEET}-").enter(held.first.name, look)


def test_a_set_of_more_addresses_than_a_message_has_is_filled_and_emptied(network: Lan) -> None:
    many = nftables.AddressSet("many", 6)
    first = ipaddress.IPv6Address("fd77::1")

    def fill() -> None:
        with Netlink(NETFILTER) as netlink:
            nftables.replace(netlink, "decnet-many", [], b"note", [many])
            for wanted in ({first + number for number in range(1201)}, {first, first + 5000}, set()):
                sets.fill(netlink, "decnet-many", many, wanted)
                until = time.monotonic() + 10  # while the kernel makes the set's table larger, it tells some only
                while (found := set(map(ipaddress.ip_address, sets.elements(netlink, "decnet-many", many)))) != wanted:
                    assert time.monotonic() < until, found ^ wanted

    network.host(fill)
