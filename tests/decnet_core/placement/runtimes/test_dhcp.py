# SPDX-License-Identifier: MIT
"""Addresses leased by dnsmasq on a LAN of the test's own, and answers that no server would give."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_core.placement.lan import ATTACKER, Lan, needs_root, wait_until

from decnet_core.placement.runtimes.dhcp import Client, leases
from decnet_core.placement.runtimes.dhcp_message import DISCOVER, LONGEST_SECONDS, SHORTEST_SECONDS, answer, frame

MACS = [f"00:16:3e:11:22:{number:02x}" for number in range(1, 4)]
CLIENTS = [Client(mac, f"web-{mac[-2:]}") for mac in MACS]

needs_dnsmasq = pytest.mark.skipif(which("dnsmasq", path=f"{os.environ['PATH']}:/usr/sbin") is None, reason="dnsmasq")


@contextlib.contextmanager
def serving(network: Lan, directory: Path, first: str, last: str) -> Iterator[Path]:
    """Serve DHCP from the other machine; the file is where its leases are."""
    file = directory / f"leases-{first}"
    command = [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=eth0", "--bind-interfaces",
        f"--dhcp-range={first},{last},255.255.255.0,2h", "--dhcp-option=option:router,10.77.0.1", "--no-ping",
        "--dhcp-authoritative", f"--dhcp-leasefile={file}", f"--pid-file={directory / 'pid'}", "--user=root",
        "--log-facility=-",
    ]  # fmt: skip
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    server = network.machines.enter("attacker", lambda: subprocess.Popen(command, env=environment, stderr=-3))
    try:
        wait_until((directory / "pid").exists)
        yield file
    finally:
        server.terminate()
        server.wait(100)
        (directory / "pid").unlink(missing_ok=True)


def ask(network: Lan, clients: list[Client], seconds: float = 20.0) -> dict[str, IPv4Interface | None]:
    return {mac: one.address for mac, one in network.host(leases, "br0", clients, seconds).items()}


@needs_root
@needs_dnsmasq
def test_each_gets_an_address_of_its_own_and_keeps_it(network: Lan, tmp_path: Path) -> None:
    with serving(network, tmp_path, "10.77.0.100", "10.77.0.120") as file:
        found = network.host(leases, "br0", CLIENTS, 20.0)
        assert sorted(found) == MACS
        assert len({one.address for one in found.values()}) == 3
        one = found[MACS[0]]
        assert (str(one.server), str(one.gateway), one.seconds, one.renew_seconds) == (
            ATTACKER,
            "10.77.0.1",
            7200,
            3600,
        )
        assert {line.split()[3] for line in file.read_text().splitlines()} == {one.host_name for one in CLIENTS}
        had = {mac: each.address for mac, each in found.items()}
        again = [Client(one.mac, one.host_name, _ip(had[one.mac])) for one in CLIENTS]
        assert ask(network, again) == had


@needs_root
@needs_dnsmasq
def test_an_address_that_the_server_does_not_have_is_given_up_for_another(network: Lan, tmp_path: Path) -> None:
    with serving(network, tmp_path, "10.77.0.100", "10.77.0.120"):
        found = ask(network, [Client(MACS[0], "web-01", IPv4Address("10.99.0.7"))])
    assert IPv4Address("10.77.0.100") <= _ip(found[MACS[0]]) <= IPv4Address("10.77.0.120")


@needs_root
def test_without_a_server_there_is_none(network: Lan) -> None:
    assert ask(network, CLIENTS, 0.3) == {}
    with pytest.raises(OSError, match="No such device"):
        network.host(leases, "eth9", CLIENTS, 0.3)


@given(st.binary(max_size=400))
def test_no_frame_raises(data: bytes) -> None:
    answer(data)


def options(*given: tuple[int, bytes]) -> bytes:
    return b"".join(bytes((code, len(value))) + value for code, value in given) + b"\xff"


def reply(data: bytes, yours: str = "10.77.0.100", number: int = 7) -> bytes:
    """Return a server's frame with these options."""
    request = bytearray(frame(DISCOVER, number, b"\0\x16\x3e\0\0\1", "web"))
    request[34:38] = b"\x00\x43\x00\x44"
    request[42] = 2
    request[58:62] = IPv4Address(yours).packed
    return bytes(request[: 42 + 240]) + data


SERVER = (54, bytes((10, 77, 0, 2)))
MASK = (1, b"\xff\xff\xff\0")


@given(st.lists(st.tuples(st.integers(1, 254), st.binary(max_size=20)), max_size=12), st.binary(max_size=8))
def test_no_options_raise(given: list[tuple[int, bytes]], rest: bytes) -> None:
    said = answer(reply(options((53, b"\5"), SERVER, MASK, *given)[:-1] + rest))
    if said is not None and said.address is not None:
        assert SHORTEST_SECONDS <= said.seconds <= LONGEST_SECONDS
        assert 0 < said.renew_seconds <= said.seconds // 2


@pytest.mark.parametrize(
    "said",
    [
        reply(options((53, b"\5"), MASK)),  # no server
        reply(options((53, b"\5"), SERVER)),  # no mask
        reply(options((53, b"\5"), SERVER, (1, b"\1\2\3\4"))),  # no mask, though it says so
        reply(options((53, b"\5"), SERVER, MASK), "127.0.0.1"),
        reply(options((53, b"\5"), SERVER, MASK), "0.0.0.0"),  # no address to bind
        reply(options((53, b"\1"), SERVER, MASK)),  # a client's
        reply(b""),
    ],
)
def test_what_is_no_lease_is_not_taken_for_one(said: bytes) -> None:
    assert answer(said) is None


def _ip(address: IPv4Interface | None) -> IPv4Address:
    assert address is not None
    return address.ip
