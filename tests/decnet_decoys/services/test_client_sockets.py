# SPDX-License-Identifier: MIT
from __future__ import annotations

import socket

import pytest

from decnet_decoys.services.client_sockets import ClientSockets, is_client


def test_a_socket_that_was_given_back_connects_again() -> None:
    with socket.create_server(("127.66.4.4", 0)) as server:
        clients = ClientSockets([socket.socket()])
        for _ in range(3):
            lent = clients.lend(4)
            with pytest.raises(OSError, match="are lent"):
                clients.lend(4)
            lent.bind(("127.66.4.5", 0))
            lent.connect(server.getsockname())
            connection, source = server.accept()
            with connection:
                assert source[0] == "127.66.4.5"
                clients.give_back(lent)
                with pytest.raises(ConnectionResetError):
                    connection.recv(1)
        clients.close()
        clients.give_back(lent)  # the decky has gone meanwhile


def test_a_socket_that_was_bound_only_is_bound_again() -> None:
    with socket.create_server(("127.66.4.4", 0)) as server:
        clients = ClientSockets([socket.socket()])
        lent = clients.lend(4)
        lent.bind(("127.66.4.5", 0))  # whoever borrowed it failed to announce that it connects
        clients.give_back(lent)
        assert clients.lend(4) is lent
        lent.bind(("127.66.4.6", 0))
        lent.connect(server.getsockname())
        connection, source = server.accept()
        connection.close()
        assert source[0] == "127.66.4.6"
        clients.close()


def test_a_socket_of_another_ip_version_is_none() -> None:
    clients = ClientSockets([socket.socket(socket.AF_INET6)])
    with pytest.raises(OSError, match="no socket to connect by"):
        clients.lend(4)
    assert not is_client(clients.sockets[0])
    clients.close()
