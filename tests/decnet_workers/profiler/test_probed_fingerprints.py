# SPDX-License-Identifier: MIT
"""What the prober found becomes fingerprints of the host that was asked, and nothing that the host did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from decnet_core.events.catalogue import (
    CertificateProbed,
    LoginAttempt,
    ProbeChanged,
    SshProbed,
    StackProbed,
    TlsProbed,
)
from decnet_models.attackers.tables import attacker
from decnet_models.events.queries import StoredEvent

Profile = Callable[..., tuple[dict[str, list[tuple[Any, ...]]], object]]

CAME = 1_700_000_000_000_000_000
JARM = "1" * 62


def column(row: tuple[Any, ...], name: str) -> Any:
    return row[[one.name for one in attacker.columns].index(name)]


def test_answers_become_fingerprints(stored: Callable[..., StoredEvent], profile: Profile) -> None:
    tables, _ = profile(
        [
            [
                stored(1, TlsProbed(CAME, JARM)),
                stored(2, CertificateProbed(CAME, "2" * 64, "CN=a")),
                stored(3, SshProbed(CAME, "SSH-2.0-x", "3" * 32, "a;b;c;d")),
                stored(4, StackProbed(CAME, "4:52+12:0:1460:1024,0:mss::0", "1024:2:1460:")),
                stored(5, ProbeChanged(CAME, "jarm", "0" * 62, JARM)),
            ]
        ]
    )
    assert [row[1:4] for row in tables["fingerprint"]] == [
        ("certificate", "2" * 64, 1),
        ("hassh_server", "3" * 32, 1),
        ("jarm", JARM, 1),
        ("rotated", "jarm", 1),
        ("tcp_stack", "4:64:0:1460:1024,0:mss::0", 1),
    ]
    assert tables["attacker_phase"] == tables["attacker_tool"] == tables["attacker_activity"] == []


def test_host_was_last_seen_when_it_came_not_when_it_was_asked(
    stored: Callable[..., StoredEvent], profile: Profile
) -> None:
    login = stored(1, LoginAttempt("ssh", "root", success=False))
    tables, _ = profile([[login, stored(2, TlsProbed(login.event.ts, JARM))]])
    (row,) = tables["attacker"]
    assert column(row, "first_seen") == column(row, "last_seen") == login.event.ts
    assert column(row, "events") == 2
