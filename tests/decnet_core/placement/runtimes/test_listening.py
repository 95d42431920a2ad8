# SPDX-License-Identifier: MIT
from __future__ import annotations

import ipaddress
import socket
from contextlib import ExitStack

import pytest

from decnet_core.placement.runtimes.listening import by_proc, served


@pytest.mark.parametrize("look", [served, by_proc])
def test_what_waits_for_clients_is_found_and_nothing_else(look: object) -> None:
    assert callable(look)
    with ExitStack() as stack:
        expected = set()
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
            ends = {transport: (ipaddress.ip_address(address), transport) for transport in ("tcp", "udp")}
            expected |= {(*ends["tcp"], listening.getsockname()[1]), (*ends["udp"], datagrams.getsockname()[1])}
            others = {(*ends["tcp"], one.getsockname()[1]) for one in (bound, client)}
            assert not others & look()
        assert expected <= look()
