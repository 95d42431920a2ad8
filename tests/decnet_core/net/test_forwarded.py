# SPDX-License-Identifier: MIT
from __future__ import annotations

import ipaddress

import pytest

from decnet_core.net.forwarded import client_address

PROXIES = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "2001:db8::/32"))


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("203.0.113.5", ["1.2.3.4"], "203.0.113.5"),
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6", "1.2.3.4, 10.9.9.9"], "1.2.3.4"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["nonsense, 10.0.0.7"], "10.0.0.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("2001:db8::1", ["[2001:4860::8888]"], "2001:4860::8888"),
        ("fe80::1%eth0", ["1.2.3.4"], "fe80::1"),
    ],
)
def test_client_is_the_last_hop_that_a_trusted_proxy_saw(peer: str, headers: list[str], client: str) -> None:
    assert client_address(peer, headers, PROXIES) == client
