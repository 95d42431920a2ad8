# SPDX-License-Identifier: MIT
"""Who may be probed: never a stranger, never ourselves, and seldom."""

from __future__ import annotations

import ipaddress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.net.addresses import Network, parse_network
from decnet_core.net.rates import TokenBucket
from decnet_core.net.special_purpose import SPECIAL
from decnet_sniff.probe.safety import (
    BY_TCP,
    Budget,
    Plan,
    Rules,
    changed,
    next_probe,
    proves,
    read_address,
    refusal,
)

PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e")


def networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_host_may_be_asked(address: str) -> None:
    assert refusal(address, Rules()) is None


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("fd00::1", "private"),
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("100.64.0.1", "behind a carrier's NAT"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("0.0.0.0", "of this network"),
        ("::", "of this network"),
        ("192.0.2.1", "of documentation"),
        ("203.0.113.9", "of documentation"),
        ("2001:db8::1", "of documentation"),
        ("3fff:1::", "of documentation"),
        ("198.19.0.1", "of benchmarks"),
        ("64:ff9b::8.8.8.8", "translated"),
        ("2002:0808:0808::1", "a relay"),
        ("2001:0:53aa:64c::1", "of protocols"),
        ("4000::1", "not given out"),
        ("::8.8.8.8", "not given out"),
        ("fe80::1%eth0", "no address"),
        ("example.com", "no address"),
        ("", "no address"),
    ],
)
def test_what_is_no_public_host_is_not_asked(address: str, reason: str) -> None:
    assert refusal(address, Rules()) == reason


@pytest.mark.parametrize("inner", ["10.0.0.1", "127.0.0.1", "169.254.169.254"])
def test_ipv4_in_ipv6_is_judged_as_ipv4(inner: str) -> None:
    assert refusal(f"::ffff:{inner}", Rules()) == refusal(inner, Rules()) is not None
    assert str(read_address("::ffff:8.8.8.8")) == "8.8.8.8"


@given(st.sampled_from(SPECIAL), st.data())
def test_every_address_of_a_special_network_is_refused(row: tuple[str, str], data: st.DataObject) -> None:
    network = ipaddress.ip_network(row[0])
    first, last = int(network.network_address), int(network.broadcast_address)
    number = data.draw(st.integers(first, last) | st.sampled_from((first, last)))
    kind = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
    assert refusal(str(kind(number)), Rules()) is not None


@given(st.ip_addresses())
def test_nobody_is_asked_whom_the_registry_of_iana_does_not_call_global(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """Python's copy of the registry is older or newer than ours; ours may be the stricter, never the laxer."""
    asked = read_address(str(address))
    if asked is not None and refusal(str(address), Rules()) is None:
        kinds = ("private", "multicast", "reserved", "loopback", "link_local", "unspecified")
        assert not [kind for kind in kinds if getattr(asked, f"is_{kind}")]


@given(st.text(max_size=60))
def test_any_text_is_judged(text: str) -> None:
    assert refusal(text, Rules()) is None or isinstance(refusal(text, Rules()), str)


def test_a_setting_may_name_what_is_not_public() -> None:
    rules = Rules(allow=networks("127.0.0.0/8"))
    assert refusal("127.0.0.1", rules) is None
    assert refusal("10.0.0.1", rules) == "private"


def test_own_address_is_asked_only_when_a_setting_names_it() -> None:
    own = Rules(is_own=lambda address: str(address) == "8.8.8.8")
    assert refusal("8.8.8.8", own) == "our own"
    assert refusal("8.8.8.8", own._replace(allow=networks("8.8.8.0/24"))) is None


def test_excluded_hosts_are_excluded_whatever_else_is_set() -> None:
    rules = Rules(allow=networks("0.0.0.0/0", "::/0"), deny=networks("8.8.8.0/24", "2001:db8::/32"))
    assert refusal("8.8.8.8", rules) == "excluded"
    assert refusal("::ffff:8.8.8.8", rules) == "excluded"
    assert refusal("2001:db8::1", rules) == "excluded"
    assert refusal("8.8.4.4", rules) is None


@given(st.ip_addresses(), st.data())
def test_no_address_of_an_excluded_network_is_asked(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, data: st.DataObject
) -> None:
    bits = data.draw(st.integers(0, address.max_prefixlen))
    excluded = ipaddress.ip_network(f"{address}/{bits}", strict=False)
    rules = Rules(allow=networks("0.0.0.0/0", "::/0"), deny=(parse_network(str(excluded)),))
    if address.version == 4:
        assert refusal(f"::ffff:{address}", rules) == "excluded"
    assert refusal(str(address), rules) == "excluded" or read_address(str(address)) != address


@given(st.ip_addresses(v=4))
def test_nobody_is_asked_at_an_address_that_holds_another_s(address: ipaddress.IPv4Address) -> None:
    held = address.packed
    holders = (
        ("NAT64", b"\0\x64\xff\x9b" + bytes(8) + held),
        ("local NAT64", b"\0\x64\xff\x9b\0\1" + bytes(6) + held),
        ("6to4", b"\x20\2" + held + bytes(9) + b"\1"),
        ("Teredo", b"\x20\1\0\0" + held + bytes(4) + bytes(255 - byte for byte in held)),
        ("IPv4-compatible", bytes(12) + held),
        ("SIIT", bytes(8) + b"\xff\xff\0\0" + held),
    )
    for name, packed in holders:
        assert refusal(str(ipaddress.IPv6Address(packed)), Rules()) is not None, name
    assert refusal(f"::ffff:{address}", Rules()) == refusal(str(address), Rules())


def test_a_network_that_is_mapped_into_ipv6_is_the_one_that_it_maps() -> None:
    assert parse_network("::ffff:8.8.8.0/120") == ipaddress.ip_network("8.8.8.0/24")
    assert refusal("8.8.8.8", Rules(deny=(parse_network("::ffff:8.8.8.0/120"),))) == "excluded"
    assert parse_network("::/0") == ipaddress.ip_network("::/0")


def test_only_those_that_are_named_are_asked() -> None:
    rules = Rules(only=networks("8.0.0.0/8"))
    assert refusal("8.8.8.8", rules) is None
    assert refusal("1.1.1.1", rules) == "not among those that may be probed"
    assert refusal("10.0.0.1", Rules(only=networks("10.0.0.0/8"))) == "private"


@pytest.mark.parametrize("kind", ["tcp.stack", "scan.detected", "flow.closed", "tls.client", "ssh.kex", "http.client"])
def test_what_was_only_seen_on_the_wire_proves_no_source(kind: str) -> None:
    assert not proves(kind, "ssh")


@pytest.mark.parametrize("service", ["snmp", "sip", "tftp", "ntp", "dns", "memcached", "ldap", "llmnr", "custom", ""])
def test_datagrams_prove_no_source(service: str) -> None:
    assert not proves("connection.opened", service)
    assert not proves("service.request", service)


def test_a_conversation_over_tcp_proves_its_source() -> None:
    assert all(proves("connection.opened", service) for service in BY_TCP)
    assert proves("http.request", "")
    assert proves("auth.attempt", "ssh")
    assert proves("canary.hit", "", "http")
    assert not proves("canary.hit", "", "dns")
    assert not proves("syslog.message", "ssh")
    assert not proves("probe.tls", "ssh")


@given(st.lists(st.floats(0, 100), max_size=200), st.floats(0.1, 50), st.integers(1, 20))
def test_no_more_connections_than_rate_and_burst_allow(gaps: list[float], rate: float, burst: int) -> None:
    bucket, now, made = TokenBucket(rate, burst), 1000.0, []
    for gap in gaps:
        now += gap
        made.append(now + bucket.delay(now))
    made.sort()
    for begin in range(len(made)):
        for end in range(begin, len(made)):
            assert end - begin + 1 <= burst + rate * (made[end] - made[begin]) + 1e-6


def test_burst_is_at_once_and_the_rest_one_after_the_other() -> None:
    bucket = TokenBucket(2.0, 3)
    assert [bucket.delay(5.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.5, 1.0]
    assert bucket.delay(4.0) == 1.5  # a clock that goes back gives nothing
    assert bucket.delay(100.0) == 0.0


def test_budget_ends() -> None:
    budget = Budget(2)
    assert [budget.spend() for _ in range(4)] == [True, True, False, False]


def test_silent_host_is_asked_ever_more_seldom_up_to_a_limit() -> None:
    plan = Plan(again=100, keep=1000)
    waits = [next_probe(0, silent, plan) for silent in (*range(8), 10_000)]
    assert waits[0] == 100
    assert all(before <= after for before, after in pairwise(waits))
    assert waits[-1] == 800


def test_rotation_is_another_value_where_there_was_one() -> None:
    before = {"jarm:443": "a", "certificate:443": "x"}
    assert changed(before, {"jarm:443": "b", "certificate:443": "x", "hassh_server:22": "n"}) == {
        "jarm:443": ("a", "b")
    }
    assert changed(before, {}) == {}
