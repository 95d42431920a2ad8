# SPDX-License-Identifier: MIT
"""Server-side request forgery: which addresses are rejected, and that nothing slips in between check and call."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_workers.outbound.addresses import networks, refusal
from decnet_workers.outbound.dial import DialError, Dialler
from decnet_workers.outbound.target import TargetError, parse_target
from decnet_workers.webhook.filters import idle_globs
from decnet_workers.webhook.transports.http_connection import HttpConnection

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.66.5.4", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.9.9",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:2::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "4000::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "5f00::1",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200", "0.0.0.0", "224.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::",
]  # fmt: skip
PRIVATE = ["127.0.0.1", "10.1.2.3", "192.168.0.9", "100.64.0.1", "fd12::1", "::1", "::ffff:10.0.0.1"]


@pytest.mark.parametrize("text", REFUSED)
def test_addresses_that_are_not_of_the_internet_at_large_are_refused(text: str) -> None:
    assert refusal(ipaddress.ip_address(text), allow_private=False, allowed=()) is not None


@pytest.mark.parametrize("text", ["1.1.1.1", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2606:4700::1", "2001:4860::8"])
def test_public_addresses_pass(text: str) -> None:
    assert refusal(ipaddress.ip_address(text), allow_private=False, allowed=()) is None


@pytest.mark.parametrize("text", NEVER)
def test_allow_private_never_reaches_metadata_link_local_or_translated(text: str) -> None:
    assert refusal(ipaddress.ip_address(text), allow_private=True, allowed=()) is not None


@pytest.mark.parametrize("text", PRIVATE)
def test_allow_private_lets_private_pass(text: str) -> None:
    assert refusal(ipaddress.ip_address(text), allow_private=True, allowed=()) is None


def test_a_named_network_passes_and_its_neighbour_does_not() -> None:
    allowed = networks(["10.1.0.0/16"])
    assert refusal(ipaddress.ip_address("10.1.9.9"), allow_private=False, allowed=allowed) is None
    assert refusal(ipaddress.ip_address("10.2.0.1"), allow_private=False, allowed=allowed) is not None


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_what_it_maps(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    plain = refusal(address, allow_private=False, allowed=())
    assert refusal(mapped, allow_private=False, allowed=()) == plain


@given(st.ip_addresses())
def test_what_passes_is_global_for_python_too(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if refusal(address, allow_private=False, allowed=()) is None:
        assert address.is_global
        assert not address.is_multicast


def dialler(answers: list[Sequence[str]], asked: list[str] | None = None, **changes: Any) -> Dialler:
    """A dialler whose resolver gives one answer after another, as a rebinding name server does."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if asked is not None:
            asked.append(host)
        return answers.pop(0)

    return Dialler(**{"section": "webhook", "allowed": (), "connect_seconds": 2.0, "resolve": resolve, **changes})


async def test_a_name_is_resolved_once_and_the_checked_address_is_called(receiver: Any) -> None:
    asked: list[str] = []
    dial = dialler([["127.0.0.1"], ["169.254.169.254"]], asked)
    target = parse_target(f"http://rebind.test:{receiver.port}/")
    connection = await dial.open(target, HttpConnection, allow_private=True)
    assert connection.peer == "127.0.0.1"
    assert asked == ["rebind.test"]
    connection.close()
    with pytest.raises(DialError, match=r"169\.254\.169\.254 is link-local"):
        await dial.open(target, HttpConnection, allow_private=True)


async def test_one_inner_address_among_public_ones_refuses_the_name(receiver: Any) -> None:
    for answer in (["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"], ["::ffff:127.0.0.1"]):
        with pytest.raises(DialError, match=r"127\.0\.0\.1 is loopback"):
            await dialler([answer]).open(
                parse_target(f"https://x.test:{receiver.port}/"), HttpConnection, allow_private=False
            )
    assert receiver.connections == 0


async def test_plain_http_does_not_go_to_the_internet() -> None:
    with pytest.raises(DialError, match="over the Internet it is TLS"):
        await dialler([["1.1.1.1"]]).open(parse_target("http://x.test/"), HttpConnection, allow_private=True)


async def test_other_spellings_of_loopback_are_seen_through() -> None:
    dial = Dialler("webhook", allowed=(), connect_seconds=1)
    for host in ("2130706433", "0x7f.1", "127.1", "localhost", "[::1]", "[::ffff:7f00:1]"):
        with pytest.raises(DialError, match="refused"):
            await dial.open(parse_target(f"https://{host}:9/"), HttpConnection, allow_private=False)


async def test_the_next_address_is_tried_when_one_does_not_answer(receiver: Any) -> None:
    dial = dialler([["127.0.0.9", "127.0.0.1"]])
    connection = await dial.open(parse_target(f"http://x.test:{receiver.port}/"), HttpConnection, allow_private=True)
    assert connection.peer == "127.0.0.1"
    connection.close()


async def test_a_server_without_a_valid_certificate_is_not_spoken_to(receiver: Any) -> None:
    with pytest.raises(DialError, match=r"127\.0\.0\.1"):
        await dialler([["127.0.0.1"]], connect_seconds=0.5).open(
            parse_target(f"https://x.test:{receiver.port}/"), HttpConnection, allow_private=True
        )
    assert receiver.requests == []


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    for url in (text, "https://" + text, "https://x/" + text):
        try:
            target = parse_target(url)
        except TargetError:
            continue
        assert target.path.startswith("/")
        assert all(0x21 <= ord(character) <= 0x7E for character in target.authority + target.path)


def test_targets() -> None:
    assert parse_target("https://Example.test?a=b").authority == "example.test"
    assert parse_target("https://example.test?a=b").path == "/?a=b"
    assert parse_target("http://[::1]:8080/x").authority == "[::1]:8080"


@pytest.mark.parametrize(
    "url", ["ftp://x/", "https://user:pw@x/", "https://", "https://exa mple/", "https://x:99999/", "http://x/#\0", "x"]
)
def test_what_cannot_be_an_endpoint_is_refused(url: str) -> None:
    with pytest.raises(TargetError):
        parse_target(url)


def test_a_glob_that_no_kind_matches_is_found() -> None:
    assert idle_globs(["canary.hit", "canary.*", "*", "canary.nothing"]) == ["canary.nothing"]
