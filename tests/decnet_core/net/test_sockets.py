# SPDX-License-Identifier: MIT
"""One way to bind, and what is said when it fails."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from decnet_core.net.sockets import BindError, bound_udp, listening


@pytest.mark.parametrize("bind", [listening, bound_udp])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_socket_does_not_block_and_is_not_inherited(bind: Callable[[str, int], socket.socket], host: str) -> None:
    with bind(host, 0) as sock:
        assert sock.getsockname()[0] == host
        assert not sock.getblocking()
        assert not sock.get_inheritable()


@pytest.mark.parametrize("bind", [listening, bound_udp])
def test_taken_port_is_refused_with_what_helps(bind: Callable[[str, int], socket.socket]) -> None:
    with (
        bind("127.0.0.1", 0) as first,
        pytest.raises(BindError, match="the port is taken by another program; stop it or use another port"),
    ):
        bind("127.0.0.1", first.getsockname()[1])


def test_address_of_another_host_is_refused_with_what_helps() -> None:
    with pytest.raises(BindError, match="this host has no such address"):
        listening("192.0.2.1", 0)


def test_unspecified_ipv6_address_receives_ipv4_too_and_others_do_not() -> None:
    with listening("::", 0) as sock, socket.create_connection(("127.0.0.1", sock.getsockname()[1])) as client:
        peer, address = sock.accept()
        peer.close()
        assert address[:2] == ("::ffff:127.0.0.1", client.getsockname()[1])
    with listening("::1", 0) as sock:
        assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
