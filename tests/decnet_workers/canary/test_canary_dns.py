# SPDX-License-Identifier: MIT
"""The DNS receiver, asked by dnspython, an implementation that is not ours."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.zone
import pytest

from decnet_core.canary import SlugKind
from decnet_core.events.catalogue import CanaryHit, ServiceRequest

Start = Callable[..., Awaitable[Any]]


async def ask(canary: Any, name: str, qtype: str = "A", *, tcp: bool = False, **changes: Any) -> dns.message.Message:
    query = dns.message.make_query(name, qtype, **changes)
    send = dns.query.tcp if tcp else dns.query.udp
    return await asyncio.to_thread(send, query, canary.dns[0], 5, canary.dns[1])


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_token_name_resolves_and_is_a_hit(start_canary: Start, tcp: bool) -> None:
    canary = await start_canary(zone_addresses=("192.0.2.7", "2001:db8::7"))
    slug = canary.token(SlugKind.DNS)
    answer = await ask(canary, f"host7.{slug.text}.canary.test", tcp=tcp)
    assert [record.to_text() for record in answer.answer[0]] == ["192.0.2.7"]
    assert answer.flags & dns.flags.AA
    (event,) = canary.events()
    assert event.payload == CanaryHit(slug.text, "dns", f"host7.{slug.text}.canary.test", query_type="A")
    assert (event.src_ip, event.dst_port, event.decky) == ("127.0.0.1", canary.dns[1], "canary")


async def test_ipv6_address_and_missing_type(start_canary: Start) -> None:
    canary = await start_canary(zone_addresses=("192.0.2.7", "2001:db8::7"))
    name = f"{canary.token(SlugKind.DNS).text}.canary.test"
    assert (await ask(canary, name, "AAAA")).answer[0][0].to_text() == "2001:db8::7"
    nothing = await ask(canary, name, "TXT")
    assert (nothing.rcode(), nothing.answer) == (dns.rcode.NOERROR, [])
    assert nothing.authority[0].rdtype == dns.rdatatype.SOA
    assert [event.payload.query_type for event in canary.events()] == ["AAAA", "TXT"]


async def test_spelling_comes_back_and_case_does_not_matter(start_canary: Start) -> None:
    canary = await start_canary(zone_addresses=("192.0.2.7",))
    slug = canary.token(SlugKind.DNS).text
    mixed = "".join(c.upper() if i % 2 else c for i, c in enumerate(f"{slug}.caNaRy.test"))
    answer = await ask(canary, mixed)
    assert answer.question[0].name.to_text(omit_final_dot=True) == mixed
    assert answer.answer[0].name.to_text(omit_final_dot=True) == mixed
    assert canary.events()[0].payload.token == slug


async def test_apex_has_soa_ns_and_address(start_canary: Start) -> None:
    canary = await start_canary(zone_addresses=("192.0.2.7",), zone="Lures.Example")
    soa = (await ask(canary, "lures.example", "SOA")).answer[0][0]
    assert soa.mname.to_text() == "ns1.lures.example."
    assert soa.rname.to_text() == "hostmaster.lures.example."
    assert (await ask(canary, "lures.example", "NS")).answer[0][0].to_text() == "ns1.lures.example."
    assert (await ask(canary, "ns1.lures.example", "A")).answer[0][0].to_text() == "192.0.2.7"
    assert (await ask(canary, "LURES.EXAMPLE", "A")).answer[0][0].to_text() == "192.0.2.7"


async def test_unknown_name_in_the_zone_does_not_exist(start_canary: Start) -> None:
    canary = await start_canary()
    answer = await ask(canary, "www.canary.test")
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert answer.authority[0].rdtype == dns.rdatatype.SOA
    (event,) = canary.events()
    assert event.payload == ServiceRequest("dns", "query", {"name": "www.canary.test", "type": "A"})


async def test_foreign_zones_transfers_and_classes_are_refused(start_canary: Start) -> None:
    canary = await start_canary()
    for name, qtype, qclass in (
        ("example.org", "A", "IN"),
        ("canary.test", "AXFR", "IN"),
        ("version.bind", "TXT", "CH"),
    ):
        answer = await ask(canary, name, qtype, rdclass=qclass)
        assert answer.rcode() == dns.rcode.REFUSED, name
        assert not answer.flags & (dns.flags.AA | dns.flags.RA)


async def test_edns_is_tolerated_and_a_later_version_answered_with_badvers(start_canary: Start) -> None:
    canary = await start_canary(zone_addresses=("192.0.2.7",))
    cookie = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678")
    answer = await ask(canary, "canary.test", use_edns=0, payload=4096, want_dnssec=True, options=[cookie])
    assert (answer.rcode(), answer.edns, answer.payload) == (dns.rcode.NOERROR, 0, 1232)
    assert (await ask(canary, "canary.test", use_edns=1)).rcode() == dns.rcode.BADVERS
    assert (await ask(canary, "canary.test")).edns == -1


async def test_malformed_queries_get_an_error_or_nothing(start_canary: Start) -> None:
    canary = await start_canary()
    header = struct.Struct("!6H")
    loop = header.pack(7, 0, 1, 0, 0, 0) + b"\xc0\x0c\x00\x01\x00\x01"
    update = header.pack(8, 5 << 11, 1, 0, 0, 0)
    answer = header.pack(9, 0x8000, 0, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(100)
        client.connect(canary.dns)
        for message in (b"", b"\x00", answer, loop, update):
            client.send(message)
        received = [await asyncio.to_thread(client.recv, 512) for _ in range(2)]
    parsed = [header.unpack(data)[:2] for data in received]
    assert parsed == [(7, 0x8000 | dns.rcode.FORMERR), (8, 0x8000 | 5 << 11 | dns.rcode.NOTIMP)]


async def test_many_queries_on_one_tcp_connection(start_canary: Start) -> None:
    canary = await start_canary(zone_addresses=("192.0.2.7",))
    name = f"{canary.token(SlugKind.DNS).text}.canary.test"
    reader, writer = await asyncio.open_connection(*canary.dns)
    wires = [dns.message.make_query(name, "A", id=number).to_wire() for number in range(3)]
    stream = b"".join(len(wire).to_bytes(2, "big") + wire for wire in wires)
    for at in range(0, len(stream), 7):
        writer.write(stream[at : at + 7])
        await writer.drain()
    answers = []
    for _ in wires:
        length = int.from_bytes(await asyncio.wait_for(reader.readexactly(2), 120), "big")
        answers.append(dns.message.from_wire(await reader.readexactly(length)).id)
    writer.close()
    assert answers == [0, 1, 2]
    assert len(canary.events()) == 3


async def test_queries_over_the_rate_get_no_answer(start_canary: Start) -> None:
    canary = await start_canary(requests_per_second=0.001, request_burst=1)
    await ask(canary, "canary.test")
    with pytest.raises(EOFError):
        await ask(canary, "canary.test", tcp=True)
    assert len(canary.events()) == 1
