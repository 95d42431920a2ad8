# SPDX-License-Identifier: MIT
"""Sockets that were held for a worker: taken when they fit its settings, closed when they do not."""

from __future__ import annotations

import os
import socket

import pytest

from decnet_core.net.inherited import VARIABLE, InheritedSockets, described
from decnet_core.net.sockets import bound_udp, listening

HOST = "127.0.0.1"


def passed(**sockets: socket.socket) -> InheritedSockets:
    return InheritedSockets(described({name: os.dup(sock.fileno()) for name, sock in sockets.items()}))


def test_a_client_that_came_before_is_served_by_who_takes_the_socket() -> None:
    with listening(HOST, 0) as held:
        port = held.getsockname()[1]
        client = socket.create_connection((HOST, port))
        taken = passed(http=held).take("http", HOST, port)
        assert taken is not None
        with taken, client:
            connection, address = taken.accept()
            connection.close()
            assert address == client.getsockname()
            assert not taken.getblocking()


@pytest.mark.parametrize(("host", "offset"), [("127.0.0.2", 0), (HOST, 1)])
def test_one_that_is_bound_elsewhere_is_closed(host: str, offset: int) -> None:
    with listening(HOST, 0) as held:
        port = held.getsockname()[1]
        inherited = passed(http=held)
        assert inherited.take("http", host, port + offset) is None
        assert inherited.take("http", HOST, port) is None


def test_any_port_and_names_of_hosts_fit() -> None:
    with bound_udp(HOST, 0) as held:
        taken = passed(dns=held).take("dns", "localhost", 0)
        assert taken is not None
        with taken:
            assert taken.getsockname() == held.getsockname()


def test_what_is_not_taken_is_closed_and_what_is_no_socket_ignored() -> None:
    with listening(HOST, 0) as held:
        duplicate = os.dup(held.fileno())
        inherited = InheritedSockets(f"http={duplicate} nonsense x= y=abc w=999999")
        assert inherited.take("other", HOST, 0) is None
        inherited.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(duplicate)


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(HOST, 0) as held:
        monkeypatch.setenv(VARIABLE, described({"http": os.dup(held.fileno())}))
        first, second = InheritedSockets.from_environment(), InheritedSockets.from_environment()
        assert second.take("http", HOST, 0) is None
        taken = first.take("http", HOST, 0)
        assert taken is not None
        taken.close()
