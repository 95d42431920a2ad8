# SPDX-License-Identifier: MIT
from __future__ import annotations

import ipaddress
import socket
from contextlib import ExitStack

import pytest

from decnet_core.placement.desired import Endpoint
from decnet_core.placement.runtimes.listening import by_proc, served, served_of


@pytest.mark.parametrize("look", [served, by_proc])
def test_what_waits_for_clients_is_found_and_nothing_else(look: object) -> None:
    assert callable(look)
    with ExitStack() as stack:
        expected: set[Endpoint] = set()
        for address in ("127.66.3.4", "::1"):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            listening, datagrams, bound = (
                stack.enter_context(socket.socket(family, kind))
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_STREAM)
            )
            for sock in (listening, datagrams, bound):
                sock.bind((address, 0))
            listening.listen()
            client = stack.enter_context(socket.create_connection(listening.getsockname()[:2]))
            ip = ipaddress.ip_address(address)
            expected |= {(ip, "tcp", listening.getsockname()[1]), (ip, "udp", datagrams.getsockname()[1])}
            others: set[Endpoint] = {(ip, "tcp", one.getsockname()[1]) for one in (bound, client)}
            assert not others & look()
            assert served_of(expected | others) == expected
            assert served_of(others) == frozenset()
        assert expected <= look()
        for one in expected:
            assert served_of([one]) == {one}
