# SPDX-License-Identifier: MIT
"""What the sensor saw of TLS becomes fingerprints of the address that spoke."""

from __future__ import annotations

from collections.abc import Callable

from decnet_core.events.catalogue import TlsClient, TlsServer
from decnet_models.events.queries import StoredEvent

JA3 = "1" * 32
JA4 = "t13d1516h2_8daaf6152771_e5627efa2ab1"
JA3S = "2" * 32


def test_tls_hellos_become_fingerprints(
    stored: Callable[..., StoredEvent], profile: Callable[..., tuple[dict[str, list[tuple[object, ...]]], object]]
) -> None:
    client = TlsClient("tcp", JA3, JA4, version=0x0303, versions=(0x0304,), sni="example.com", count=3)
    server = TlsServer("tcp", JA3S, version=0x0304, cipher=0x1301)
    tables, _ = profile([[stored(1, client), stored(2, server), stored(3, client)]])
    assert [row[1:4] for row in tables["fingerprint"]] == [("ja3", JA3, 2), ("ja3s", JA3S, 1), ("ja4", JA4, 2)]


def test_a_server_that_answers_is_no_reconnaissance(
    stored: Callable[..., StoredEvent], profile: Callable[..., tuple[dict[str, list[tuple[object, ...]]], object]]
) -> None:
    tables, _ = profile([[stored(1, TlsServer("quic", JA3S, version=0x0304, cipher=0x1301))]])
    assert tables["attacker_phase"] == []
