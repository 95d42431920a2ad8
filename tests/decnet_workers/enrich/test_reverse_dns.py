# SPDX-License-Identifier: MIT
"""Host names of addresses, from a real resolver on loopback: one that answers, lies, truncates, is silent or floods."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ports import free_port

from decnet_workers.enrich.answers import Answer
from decnet_workers.enrich.asked import ReverseDns
from decnet_workers.enrich.dns.client import DnsClient, servers_of
from decnet_workers.enrich.dns.message import PTR, DnsError, question, reply
from decnet_workers.enrich.provider_error import ProviderError

ADDRESS = ipaddress.ip_address("71.6.135.131")
POINTER = "131.135.6.71.in-addr.arpa."

Zone = dict[tuple[str, str], list[str]]


class Resolver(asyncio.DatagramProtocol):
    """Answers from `zone`; `change` may spoil an answer before it is sent over UDP, None: none is sent."""

    def __init__(self) -> None:
        self.zone: Zone = {}
        self.code = 0
        self.change: Callable[[bytes], bytes | None] = lambda data: data
        self.asked: list[tuple[str, str]] = []
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is no subclass of it before 3.12

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        changed = self.change(self.answer(data))
        if changed is not None:
            self.transport.sendto(changed, addr)

    def answer(self, data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        name, kind = query.question[0].name.to_text(), dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked.append((name, kind))
        response = dns.message.make_response(query)
        response.set_rcode(self.code)  # type: ignore[arg-type]  # a number is one
        if values := self.zone.get((name, kind)):
            response.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *values))
        return response.to_wire()

    async def over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        answer = self.answer(data)
        writer.write(len(answer).to_bytes(2, "big") + answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def resolver() -> AsyncIterator[Resolver]:
    loop = asyncio.get_running_loop()
    made = Resolver()
    made.port = free_port()  # what is free by TCP only is not enough
    tcp = await asyncio.start_server(made.over_tcp, "127.0.0.1", made.port)
    udp, _ = await loop.create_datagram_endpoint(lambda: made, local_addr=("127.0.0.1", made.port))
    yield made
    udp.close()
    tcp.close()


def provider(resolver: Resolver) -> ReverseDns:
    return ReverseDns(DnsClient([("127.0.0.1", resolver.port)]), 100)


async def test_a_name_that_leads_back_counts_and_a_survey_is_benign(resolver: Resolver) -> None:
    resolver.zone = {
        (POINTER, "PTR"): ["census1.shodan.io."],
        ("census1.shodan.io.", "A"): ["71.6.135.130", "71.6.135.131"],
    }
    got = await provider(resolver).ask(ADDRESS, 5)
    assert got == Answer("benign", ("named census1.shodan.io: a scanner of Shodan",), {"names": ["census1.shodan.io"]})


async def test_a_name_that_anybody_may_claim_is_only_a_claim(resolver: Resolver) -> None:
    resolver.zone = {(POINTER, "PTR"): ["census1.shodan.io."], ("census1.shodan.io.", "A"): ["66.240.192.138"]}
    got = await provider(resolver).ask(ADDRESS, 5)
    assert got == Answer("unknown", (), {"claimed": ["census1.shodan.io"]})


async def test_an_address_without_a_name_is_unknown(resolver: Resolver) -> None:
    resolver.code = 3
    assert await provider(resolver).ask(ADDRESS, 5) == Answer()


async def test_an_ipv6_address_is_confirmed_too(resolver: Resolver) -> None:
    address = ipaddress.ip_address("2607:f8b0::1")
    resolver.zone = {
        (f"{address.reverse_pointer}.", "PTR"): ["host.example."],
        ("host.example.", "AAAA"): [str(address)],
    }
    assert (await provider(resolver).ask(address, 5)).detail == {"names": ["host.example"]}


async def test_an_answer_that_does_not_fit_comes_over_tcp(resolver: Resolver) -> None:
    resolver.zone = {(POINTER, "PTR"): ["host.example."], ("host.example.", "A"): [str(ADDRESS)]}
    resolver.change = lambda data: data[:2] + bytes([data[2] | 2]) + data[3:]
    assert (await provider(resolver).ask(ADDRESS, 5)).detail == {"names": ["host.example"]}


async def test_names_that_are_no_host_names_are_dropped(resolver: Resolver) -> None:
    resolver.zone = {
        (POINTER, "PTR"): [r"\027[31mred.example.", "host.example."],
        ("host.example.", "A"): [str(ADDRESS)],
    }
    assert (await provider(resolver).ask(ADDRESS, 5)).detail == {"names": ["host.example"]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: None, "no resolver answered"),
        (lambda data: data[:20], "malformed|another question"),
        (lambda data: data[:2] + b"\xff" * 600, "malformed|another question|failed"),
        (lambda data: data[:3] + bytes([data[3] | 2]) + data[4:], r"the resolver failed \(code 2\)"),
    ],
    ids=["silent", "cut", "garbage", "failure"],
)
async def test_what_is_no_answer_is_a_failure(
    resolver: Resolver, change: Callable[[bytes], bytes | None], reason: str
) -> None:
    resolver.change = change
    with pytest.raises(ProviderError, match=reason):
        await provider(resolver).ask(ADDRESS, 0.5)


async def test_forged_answers_with_other_ids_are_passed_over(resolver: Resolver) -> None:
    resolver.zone = {(POINTER, "PTR"): ["host.example."], ("host.example.", "A"): [str(ADDRESS)]}
    real = resolver.datagram_received

    def forge(data: bytes, addr: tuple[str, int]) -> None:
        for number in range(50):
            resolver.transport.sendto(bytes([data[0] ^ 1, number]) + data[2:], addr)
        real(data, addr)

    resolver.datagram_received = forge  # type: ignore[method-assign]
    assert (await provider(resolver).ask(ADDRESS, 5)).detail == {"names": ["host.example"]}


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_an_error(data: bytes) -> None:
    asked = question(7, "1.in-addr.arpa", PTR)
    for message in (data, asked[:2] + b"\x80\x00\0\1\0\5\0\0\0\0" + asked[12:] + data):
        try:
            values = reply(message, asked, PTR).values
        except DnsError:
            continue
        assert all(len(value) <= 253 for value in values)


def test_resolvers_are_those_of_the_host_unless_they_are_named(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text("search example\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver nonsense\n")
    assert servers_of((), conf) == (("192.0.2.53", 53), ("2001:db8::53", 53))
    assert servers_of(("192.0.2.1", "[2001:db8::1]:5353")) == (("192.0.2.1", 53), ("2001:db8::1", 5353))
