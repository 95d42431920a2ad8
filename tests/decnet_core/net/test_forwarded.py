# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from decnet_core.net.forwarded import client_address
from decnet_workers.canary.settings import CanarySettings, CanarySettingsError, listen_address

PROXIES = CanarySettings(trusted_proxies=("10.0.0.0/8", "2001:db8::/32")).proxies()


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


@pytest.mark.parametrize("text", ["", "8880", "localhost:80", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:²"])
def test_wrong_listen_addresses_say_what_to_write(text: str) -> None:
    with pytest.raises(CanarySettingsError, match=r"127\.77\.0\.1:8880"):
        listen_address(text)


def test_listen_addresses_of_both_families() -> None:
    assert listen_address("127.77.0.1:8880") == ("127.77.0.1", 8880)
    assert listen_address("[::1]:53") == ("::1", 53)
