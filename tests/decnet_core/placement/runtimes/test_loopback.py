# SPDX-License-Identifier: MIT
"""Deckies on 127.0.0.0/8."""

from __future__ import annotations

import pytest
from tests.decnet_core.placement.lan import decky

from decnet_core.placement.desired import Service
from decnet_core.placement.runtimes.loopback import Loopback
from decnet_core.placement.runtimes.runtime import Observed, RuntimeFailed

PORTS = (Service("ssh", 22022), Service("snmp", 22161, "udp"))


def test_ports_are_served_while_their_sockets_are_open() -> None:
    runtime, one = Loopback(), decky("web-01", "127.77.9.10/8", services=PORTS, runtime="loopback")
    runtime.start(one)
    assert runtime.inspect([one]) == {"web-01": Observed(False, served=frozenset())}
    sockets = runtime.sockets(one, ())
    assert runtime.inspect([one]) == {"web-01": Observed(False, served=frozenset(one.endpoints()))}
    for sock in filter(None, sockets):
        sock.close()
    assert runtime.inspect([one]) == {"web-01": Observed(False, served=frozenset())}


@pytest.mark.parametrize("address", ["10.0.0.1/8", "::1/128"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(RuntimeFailed, match=r"not in 127\.0\.0\.0/8"):
        Loopback().start(decky("web-01", address))
