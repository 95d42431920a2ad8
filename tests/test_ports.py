# SPDX-License-Identifier: MIT
"""Ports that tests are given stay theirs: the kernel gives them to nobody, and no other process of tests gets them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import ports
from tests.ports import claimed, free_port

ADDRESS = "127.79.0.1"


def in_a_fork(asked: Callable[[], bool]) -> bool:
    """Return what a forked process is told."""
    pid = os.fork()
    if not pid:
        os._exit(int(asked()))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1


def only(monkeypatch: pytest.MonkeyPatch, *ports_there_are: int) -> None:
    monkeypatch.setattr(ports, "outside", lambda _first, _last: list(ports_there_are))


def test_no_port_is_one_of_outgoing_connections_or_given_twice() -> None:
    found = [free_port(ADDRESS) for _ in range(200)]
    assert len(set(found)) == 200
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert not [port for port in found if first <= port <= last or port <= 1024]


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_a_program_has_is_not_given(monkeypatch: pytest.MonkeyPatch, kind: int) -> None:
    taken, other = free_port(ADDRESS), free_port(ADDRESS)
    with socket.socket(type=kind) as sock:
        sock.bind((ADDRESS, taken))
        monkeypatch.setattr(ports, "claimed", lambda _address, _port: True)
        only(monkeypatch, taken, other)
        assert free_port(ADDRESS) == other


def test_no_other_process_gets_what_one_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port(ADDRESS)
    monkeypatch.setattr(ports, "_given", set())  # as a process that was not forked from this one
    assert not in_a_fork(lambda: claimed(ADDRESS, port))
    assert in_a_fork(lambda: claimed("127.79.0.2", port))


def test_what_a_process_was_given_is_free_when_it_ends() -> None:
    port = free_port("127.79.0.3")
    assert in_a_fork(lambda: claimed("127.79.0.4", port))
    assert claimed("127.79.0.4", port)
    assert not claimed("127.79.0.4", port)


def test_on_a_system_that_does_not_say_it_the_usual_ranges_are_avoided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_OF_THE_KERNEL", Path("/nowhere"))
    assert free_port(ADDRESS) < 32768


def test_where_the_kernel_gives_all_of_them_any_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_given_by_the_kernel", lambda: (1024, 65535))
    assert free_port(ADDRESS) > 1024


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_it_can_be_bound(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
    with socket.create_server((address, free_port(address)), family=family):
        pass
