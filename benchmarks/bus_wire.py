# SPDX-License-Identifier: MIT
"""What a broker alone can do: prepared bytes, written to and counted from raw sockets."""

from __future__ import annotations

import socket
import time

from bus_brokers import Server

WINDOW = 250
"""Messages of one write, at most."""
WINDOW_BYTES = 65_536
"""Bytes of one write, about: four writes to each of ten subscribers must fit what a broker keeps for slow ones."""
PATIENCE_SECONDS = 30.0
"""How long nothing may arrive: what a broker dropped would be waited for without end."""


def wire(server: Server, size: int, seconds: float, subscribers: int = 1) -> dict[str, float]:
    """Return what the broker delivers from one raw socket to each of others: no client library on either side."""
    place = server.urls["wire"]
    publisher = raw_socket(place)
    opened = [raw_socket(place) for _ in range(subscribers)]
    for subscriber in opened:
        subscriber.sendall(b"SUB events.bench 1\r\nPING\r\n")
        until_pong(subscriber)
    window = max(1, min(WINDOW, WINDOW_BYTES // size))
    batch = (b"PUB events.bench %d\r\n" % size + b"x" * size + b"\r\n") * window
    expected = len(b"MSG events.bench 1 %d\r\n" % size) + size + 2
    sent, received = 0, [0] * subscribers
    buffer = bytearray(1 << 18)
    cpu, started = server.cpu_seconds(), time.perf_counter()
    while (running := time.perf_counter() - started < seconds) or min(received) < sent * expected:
        if running and sent * expected - min(received) < 4 * window * expected:
            publisher.sendall(batch)
            sent += window
            continue
        for index, subscriber in enumerate(opened):
            if received[index] < sent * expected:
                received[index] += subscriber.recv_into(buffer)
    elapsed, cpu = time.perf_counter() - started, server.cpu_seconds() - cpu
    for one in (publisher, *opened):
        one.close()
    delivered = sent * subscribers
    return {"per_second": delivered / elapsed, "per_broker_second": delivered / max(cpu, 0.01)}


def raw_socket(place: str) -> socket.socket:
    """Return a socket on which a NATS connection has begun."""
    if place.startswith("/"):
        opened_socket = socket.socket(socket.AF_UNIX)
        opened_socket.connect(place)
    else:
        host, _, port = place.partition(":")
        opened_socket = socket.create_connection((host, int(port)))
        opened_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened_socket.settimeout(PATIENCE_SECONDS)
    opened_socket.sendall(b'CONNECT {"verbose":false,"pedantic":false,"protocol":0}\r\nPING\r\n')
    until_pong(opened_socket)
    return opened_socket


def until_pong(from_socket: socket.socket) -> None:
    """Read until the server has taken everything."""
    seen = b""
    while not seen.endswith(b"PONG\r\n"):
        seen += from_socket.recv(4096)


def soak(server: Server, messages: int) -> list[int]:
    """Relay `messages` and return the broker's RSS in KiB at each tenth."""
    sizes = [server.rss_kib()]
    publisher, subscriber = raw_socket(server.urls["wire"]), raw_socket(server.urls["wire"])
    subscriber.sendall(b"SUB events.> 1\r\nPING\r\n")
    until_pong(subscriber)
    frame = b"PUB events.bench 128\r\n" + b"x" * 128 + b"\r\n"
    expected = len(b"MSG events.bench 1 128\r\n") + 130
    sent = received = 0
    for tenth in range(1, 11):
        while received < tenth * messages // 10 * expected:
            if sent < messages and sent * expected - received < 4 * WINDOW * expected:
                publisher.sendall(frame * WINDOW)
                sent += WINDOW
            else:
                received += len(subscriber.recv(1 << 18))
        sizes.append(server.rss_kib())
    publisher.close()
    subscriber.close()
    return sizes
