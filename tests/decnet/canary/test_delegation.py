# SPDX-License-Identifier: MIT
"""`decnet canary check-dns` says whether the zone reaches the receiver, and what to do."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.ports import free_port

from decnet.canary import delegation
from decnet.cli.errors import WrongUsageError
from decnet_workers.canary.dns.wire import Unanswerable, parse_query
from decnet_workers.canary.dns.zone import Zone, reply_to
from decnet_workers.canary.settings import CanarySettings

ZONE = "t.example.net"
Answer = Callable[[bytes], bytes]


def authoritative(zone: str) -> Answer:
    def answer(message: bytes) -> bytes:
        query = parse_query(message)
        assert not isinstance(query, Unanswerable)
        return reply_to(query, Zone(zone, (), 0, bytes(32))).message

    return answer


def refusing(message: bytes) -> bytes:
    return message[:2] + struct.pack("!H", 0x8182) + message[4:]  # SERVFAIL


def datagrams(sock: socket.socket, answer: Answer) -> None:
    """Answer until an empty datagram comes."""
    while True:
        data, peer = sock.recvfrom(512)
        if not data:
            return
        sock.sendto(answer(data), peer)


def streams(sock: socket.socket, answer: Answer) -> None:
    """Answer until a client connects that says nothing."""
    while True:
        client, _ = sock.accept()
        with client:
            data = client.recv(512)
            if not data:
                return
            response = answer(data[2:])
            client.sendall(struct.pack("!H", len(response)) + response)


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Start a server that answers by UDP and TCP; return its address and port."""
    running: list[tuple[socket.socket, threading.Thread]] = []

    def start(answer: Answer) -> str:
        udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
        tcp.bind(("127.0.0.1", free_port()))  # what is free by TCP only is not enough
        udp.bind(tcp.getsockname())
        tcp.listen()
        for sock, target in ((udp, datagrams), (tcp, streams)):
            running.append((sock, threading.Thread(target=target, args=(sock, answer))))
            running[-1][1].start()
        return f"127.0.0.1:{tcp.getsockname()[1]}"

    yield start
    for sock, thread in running:
        with socket.socket(socket.AF_INET, sock.type) as last:
            last.connect(sock.getsockname())
            if sock.type == socket.SOCK_DGRAM:
                last.send(b"")
        thread.join(30)
        sock.close()


def checked(where: str, resolver: str, zone: str = ZONE) -> list[delegation.DelegationCheck]:
    return delegation.check_delegation(CanarySettings(dns_listen=where, zone=zone), resolver, name="check1")


def test_a_delegated_zone_is_fine_but_for_the_port(serve: Callable[[Answer], str]) -> None:
    where = serve(authoritative(ZONE))
    steps = checked(where, where)
    assert [step.ok for step in steps] == [True, True, False, True, True]
    assert "port 53" in steps[2].remedy


def test_a_zone_that_is_not_delegated_is_told_what_to_write(serve: Callable[[Answer], str]) -> None:
    steps = checked(serve(authoritative(ZONE)), serve(authoritative("example.net")))
    assert not steps[-1].ok
    assert steps[-1].remedy == (
        f"the zone is not delegated: have example.net serve {ZONE}. NS ns1.{ZONE}. and ns1.{ZONE}. A 127.77.0.1 (glue)"
    )
    assert "a firewall" in checked(serve(authoritative(ZONE)), serve(refusing))[-1].remedy


def test_another_server_and_none_are_told_apart(serve: Callable[[Answer], str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{unused.getsockname()[1]}"
        assert "start the fleet" in checked(nobody, nobody)[0].remedy
    assert "another name server" in checked(serve(refusing), "127.0.0.1")[0].remedy


def test_a_reserved_zone_cannot_be_delegated(serve: Callable[[Answer], str]) -> None:
    where = serve(authoritative("canary.test"))
    steps = checked(where, where, zone="canary.test")
    assert len(steps) == 4  # no resolver is asked
    assert not steps[-1].ok
    assert not delegation.check_delegation(CanarySettings(dns_listen=""), where, name="x")[0].ok


def test_a_resolver_must_be_an_address() -> None:
    with pytest.raises(WrongUsageError, match=r"resolver 'ns\.example'"):
        delegation._resolver_address("ns.example")
    assert delegation._resolver_address("::1") == ("::1", 53)


@pytest.mark.parametrize("response", [b"", bytes(5), bytes(12), b"\xff" * 600, b"\0" * 12 + b"\xc0\x0c" * 200])
def test_a_bad_response_has_no_owner(response: bytes) -> None:
    assert delegation._soa_owner(response) is None
