# SPDX-License-Identifier: MIT
"""What our own machines send is not told of; what is sent to them is."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import SshKex
from decnet_sniff.sniff.findings import Ends, Finding, Findings
from decnet_sniff.sniff.own_addresses import own_address_test
from decnet_sniff.sniff.settings import SniffSettings

SETTINGS = SniffSettings(own_networks=("10.1.0.0/16", "fd00::/8"))
IS_OWN = own_address_test(SETTINGS.own())
ATTACKER, DECKY = b"\xc6\x33\x64\x07", b"\x0a\x01\x02\x03"
CLIENT, SERVER = SshKex("client", "SSH-2.0-x", "h", "a"), SshKex("server", "SSH-2.0-y", "h", "a")


@pytest.mark.parametrize("window", [0, 10])
def test_only_what_the_attacker_sends_is_reported(window: int) -> None:
    findings = Findings(window, is_own=IS_OWN)
    findings.add(1, Ends(ATTACKER, DECKY, 40000, 22), CLIENT, 22)
    findings.add(2, Ends(DECKY, ATTACKER, 22, 40000), SERVER, 22)
    findings.report(Finding(3, Ends(DECKY, ATTACKER, None, None), SERVER))
    assert [finding.payload for finding in findings.rest()] == [CLIENT]
    assert findings.counts["findings_from_own"] == 2


def test_without_own_networks_everything_is_reported() -> None:
    findings = Findings(10, is_own=own_address_test(()))
    findings.add(1, Ends(DECKY, ATTACKER, 22, 40000), SERVER, 22)
    assert [finding.payload for finding in findings.rest()] == [SERVER]


@given(st.ip_addresses())
def test_own_is_what_is_in_the_own_networks(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert IS_OWN(address.packed) == any(address in network for network in SETTINGS.own())


@given(st.binary(max_size=20))
def test_any_bytes_never_raise(address: bytes) -> None:
    assert IS_OWN(address) in (True, False)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="own_networks: "):
        SniffSettings(own_networks=("10.1.2.3/8",))
