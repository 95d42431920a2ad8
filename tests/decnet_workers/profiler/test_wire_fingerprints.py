# SPDX-License-Identifier: MIT
"""What the sensor saw of SSH, HTTP and TCP stacks becomes fingerprints and tools of the address that spoke."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import FlowClosed, HttpClient, SshIdentification, SshKex, StackProbed, TcpStack
from decnet_models.events.queries import StoredEvent
from decnet_workers.profiler.fingerprints import without_route

Profile = Callable[..., tuple[dict[str, list[tuple[Any, ...]]], object]]

HASSH = "b5752e36ba6c5979a575e43178908adf"
SIGNATURE = "4:52+12:0:1460:1024,0:mss::0"


def test_introductions_become_fingerprints(stored: Callable[..., StoredEvent], profile: Profile) -> None:
    tables, _ = profile(
        [
            [
                stored(1, SshKex("client", "SSH-2.0-paramiko_3.4.0", HASSH, "a;b;c;d", count=9)),
                stored(2, SshKex("server", "SSH-2.0-OpenSSH_9.2p1", "1" * 32, "a;b;c;d")),
                stored(3, HttpClient("GET", "HTTP/1.1", "tool", "2" * 32, ("Host",), user_agent="sqlmap/1.8")),
                stored(4, TcpStack("syn", SIGNATURE, "1024:2:1460:", tool="Nmap SYN scan")),
            ]
        ]
    )
    assert [row[1:4] for row in tables["fingerprint"]] == [
        ("hassh", HASSH, 1),
        ("hassh_server", "1" * 32, 1),
        ("http.user_agent", "sqlmap/1.8", 1),
        ("http_client", "2" * 32, 1),
        ("muonfp", "1024:2:1460:", 1),
        ("ssh.software", "SSH-2.0-paramiko_3.4.0", 1),
        ("tcp_stack", "4:64:0:1460:1024,0:mss::0", 1),
    ]
    assert {row[1:3] for row in tables["attacker_tool"]} == {
        ("Paramiko", "library"),
        ("sqlmap", "exploitation"),
        ("Nmap", "scanner"),
    }


def test_a_profile_says_whether_a_system_is_known_or_guessed(
    stored: Callable[..., StoredEvent], profile: Profile
) -> None:
    tables, _ = profile(
        [
            [
                stored(1, TcpStack("syn", SIGNATURE, "m", os="Linux", os_match="guess")),
                stored(2, TcpStack("syn", SIGNATURE, "m", os="Android", os_match="exact")),
                stored(3, TcpStack("syn", SIGNATURE, "m", os="Windows")),  # of a sensor that does not say
                stored(4, StackProbed(5, "4:64+0:0:1460:mss*4,0:mss::0", "m", os="FreeBSD", os_match="exact")),
            ]
        ]
    )
    systems = {row[1:3] for row in tables["fingerprint"] if str(row[1]).startswith("os")}
    assert systems == {("os_guess", "Linux"), ("os", "Android"), ("os_guess", "Windows"), ("os", "FreeBSD")}


def test_a_banner_grabber_has_named_its_software(stored: Callable[..., StoredEvent], profile: Profile) -> None:
    tables, _ = profile(
        [[stored(1, SshIdentification("client", "SSH-2.0-Go")), stored(2, SshIdentification("server", "SSH-2.0-x"))]]
    )
    assert [row[1:3] for row in tables["fingerprint"]] == [("ssh.software", "SSH-2.0-Go")]


def test_a_flow_is_counted_and_is_no_arrival(stored: Callable[..., StoredEvent], profile: Profile) -> None:
    flow = FlowClosed("tcp", "fin", 9, 7, 100, 2000, 1500, 10, 3, count=4)
    tables, _ = profile([[stored(1, flow), stored(2, flow)]])
    (activity,) = tables["attacker_activity"]
    assert activity[2:4] == (2, 0)
    assert [row[1] for row in tables["attacker_phase"]] == ["reconnaissance"]


@pytest.mark.parametrize("payload", [SshKex("server", "s", "h", "a"), TcpStack("syn+ack", "s", "m")])
def test_a_machine_that_answers_is_no_reconnaissance(
    stored: Callable[..., StoredEvent], profile: Profile, payload: SshKex | TcpStack
) -> None:
    tables, _ = profile([[stored(1, payload)]])
    assert tables["attacker_phase"] == []


def test_signature_of_a_stack_is_the_same_from_anywhere() -> None:
    assert without_route("4:52+12:0:1460:1,0:mss:df:0") == without_route("4:60+4:0:1460:1,0:mss:df:0")
    assert without_route("4:80+?:0:0:1,0:::0") == "4:80+?:0:0:1,0:::0"


@given(st.text() | st.from_regex(r"[46]:[0-9]+\+[0-9]+:.*"))
def test_signature_of_any_text_is_a_text(text: str) -> None:
    assert isinstance(without_route(text), str)
