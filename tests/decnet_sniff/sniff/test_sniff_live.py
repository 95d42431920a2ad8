# SPDX-License-Identifier: MIT
"""The worker on real interfaces: what passes becomes events, whatever happens to the interface."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_sniff.sniff.sniff_network_namespaces import (
    CLIENT,
    MISSING,
    SERVER,
    SERVER6,
    Wire,
    on_a_quiet_lo,
    until,
    wire,
)

from decnet_core.events.catalogue import FlowClosed
from decnet_core.exits import Exit, StartupError
from decnet_sniff.sniff.capture.packet_socket import PacketSocket
from decnet_sniff.sniff.findings import Finding
from decnet_sniff.sniff.observer import Observer
from decnet_sniff.sniff.scan.detector import ScanSettings

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

SECOND = 1_000_000_000
WORKER = [sys.executable, "-c", "from decnet_sniff.sniff.worker import Sniff; import sys; sys.exit(Sniff.main())"]
BROWSE = """
import socket, sys
with socket.create_connection((sys.argv[1], 8080), timeout=100) as connection:
    connection.sendall(b"GET / HTTP/1.1\\r\\nHost: a\\r\\nUser-Agent: " + sys.argv[2].encode() + b"\\r\\n\\r\\n")
    connection.recv(100)
"""
SERVE = """
import socket
server = socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    connection, _ = server.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
"""
UNPRIVILEGED = """
import select, sys
from decnet_core.supervise.fork.privileges import become_user
from decnet_sniff.sniff.capture.packet_socket import PacketSocket
from decnet_sniff.sniff.observer import Observer
from decnet_sniff.sniff.scan.detector import ScanSettings
become_user("nobody", ("CAP_NET_RAW",))
print([line.split()[1] for line in open("/proc/self/status") if line.startswith(("Uid", "CapEff"))], flush=True)
capture = PacketSocket("v0", (), promiscuous=True, ring_kib=512)
observer = Observer(window_ns=10**9, flows=64, idle_ns=10**9, scan=ScanSettings())
print("ready", flush=True)
while not observer.counts().get("tcp_flows_opened"):
    select.select([capture], [], [], 60)
    for batch in capture.read():
        observer.take(batch)
print("seen", flush=True)
"""


class Sniffer:
    """The worker in a process of its own at one end of a wire."""

    def __init__(self, state: Path, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._spool = state / "spool" / "sniff"
        self._log = log

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = [line for path in sorted(self._spool.glob("*.jsonl")) for line in path.read_text().splitlines()]
        return [event for event in map(json.loads, lines) if event["payload"]["kind"] == kind]

    def agents(self) -> set[str]:
        return {event["payload"]["user_agent"] for event in self.events("http.client")}

    def said(self, words: str) -> bool:
        return words in self._log.read_text()


@contextmanager
def sniffing(laid: Wire, folder: Path, *interfaces: str) -> Iterator[Sniffer]:
    """Run the worker at the server's end while the block runs."""
    log = folder / "log"
    environ = {
        **os.environ,
        "DECNET_STATE_DIR": str(folder / "state"),
        "DECNET_SNIFF_INTERFACES": json.dumps(interfaces),
        "DECNET_SNIFF_WINDOW_SECONDS": "1",
    }
    with (
        log.open("wb") as written,
        subprocess.Popen(laid.argv(laid.server, *WORKER), env=environ, stdout=written, stderr=written) as process,
    ):
        sniffer = Sniffer(folder / "state", process, log)
        try:
            until(lambda: sniffer.said("listening") or process.poll() is not None, "the worker")
            yield sniffer
        finally:
            process.terminate()
            process.wait(100)


def browse(laid: Wire, agent: str, server: str = SERVER) -> None:
    laid.run(laid.client, sys.executable, "-c", BROWSE, server, agent)


def test_what_passes_becomes_events_also_where_there_is_only_ipv6(tmp_path: Path) -> None:
    with wire() as laid:
        for end in (laid.client, laid.server):
            subprocess.run(["ip", "-n", end, "-4", "address", "flush", "dev", "v0"], check=True, timeout=100)
        with laid.serve(8080, sys.executable, "-c", SERVE), sniffing(laid, tmp_path, "v0") as sniffer:
            browse(laid, "six", SERVER6)
            until(lambda: "six" in sniffer.agents(), "the request")
            until(lambda: len(sniffer.events("flow.closed")) == 1, "the end of the flow")
        assert sniffer.process.returncode == 0
        (closed,) = sniffer.events("flow.closed")
        assert closed["dst_ip"] == SERVER6
        assert closed["dst_port"] == 8080
        assert {event["payload"]["role"] for event in sniffer.events("tcp.stack")} == {"syn", "syn+ack"}


def test_an_interface_may_go_down_come_back_and_be_replaced(tmp_path: Path) -> None:
    with wire() as laid, laid.serve(8080, sys.executable, "-c", SERVE), sniffing(laid, tmp_path, "v0") as sniffer:
        browse(laid, "before")
        until(lambda: "before" in sniffer.agents(), "the first request")
        _ip(laid.server, "link", "set", "v0", "down")
        until(lambda: sniffer.said("interface down"), "the worker to notice")
        _ip(laid.server, "link", "set", "v0", "up")
        until(lambda: sniffer.said("interface up again"), "the worker to notice")
        browse(laid, "after")
        until(lambda: "after" in sniffer.agents(), "the second request")
        _ip(laid.server, "link", "del", "v0")
        _ip(laid.client, "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", laid.server)
        for end, address in ((laid.client, CLIENT), (laid.server, SERVER)):
            _ip(end, "address", "add", f"{address}/24", "dev", "v0")
            _ip(end, "link", "set", "v0", "up")
        until(lambda: sniffer.said("interface is back"), "the worker to open it anew")
        browse(laid, "replaced")
        until(lambda: "replaced" in sniffer.agents(), "the third request")
        assert sniffer.process.poll() is None


def _ip(end: str, *arguments: str) -> None:
    subprocess.run(["ip", "-n", end, *arguments], check=True, capture_output=True, timeout=100)


def test_an_interface_that_does_not_exist_is_reported_with_those_that_do(tmp_path: Path) -> None:
    with wire() as laid, sniffing(laid, tmp_path, "eth77") as sniffer:
        assert sniffer.process.wait(100) == Exit.STARTUP_FAILED
        assert sniffer.said("there is no interface 'eth77'; there are: ")
        assert not sniffer.said("Traceback")


def test_without_an_interface_or_the_capability_it_says_what_to_do(tmp_path: Path) -> None:
    with wire() as laid, sniffing(laid, tmp_path) as sniffer:
        assert sniffer.process.wait(100) == Exit.STARTUP_FAILED
        assert sniffer.said("no interface is set")
    script = UNPRIVILEGED.replace('("CAP_NET_RAW",)', "()")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert "CAP_NET_RAW" in done.stderr


def test_cap_net_raw_is_all_it_needs() -> None:
    with wire() as laid, laid.serve(8080, sys.executable, "-c", SERVE):
        command = laid.argv(laid.server, sys.executable, "-c", UNPRIVILEGED)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "['65534', '0000000000002000']"
            assert process.stdout.readline() == "ready\n"
            browse(laid, "anybody")
            assert process.stdout.readline() == "seen\n"
            assert process.wait(100) == 0


def local(capture: PacketSocket, observer: Observer) -> None:
    for batch in capture.read():
        observer.take(batch)


@on_a_quiet_lo
def test_a_packet_of_the_loopback_interface_is_seen_once() -> None:
    observer = Observer(window_ns=SECOND, flows=4096, idle_ns=300 * SECOND, scan=ScanSettings())
    capture = PacketSocket("lo", (), promiscuous=False, ring_kib=4096)
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)) as client, server.accept()[0] as accepted:
                client.sendall(b"GET / HTTP/1.1\r\nUser-Agent: once\r\n\r\n")
                accepted.recv(100)
        found: list[Finding] = []

        def closed() -> bool:
            local(capture, observer)
            found.extend(observer.due(time.time_ns()))
            return any(f.ends.destination_port == port and isinstance(f.payload, FlowClosed) for f in found)

        until(closed, "the flow")
    finally:
        capture.close()
    flows = [f.payload for f in found if f.ends.destination_port == port]
    sent = [flow.bytes_sent for flow in flows if isinstance(flow, FlowClosed)]
    assert sent == [len(b"GET / HTTP/1.1\r\nUser-Agent: once\r\n\r\n")]


@on_a_quiet_lo
def test_what_the_kernel_has_no_room_for_is_counted() -> None:
    capture = PacketSocket("lo", (), promiscuous=False, ring_kib=256)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, socket.socket(type=socket.SOCK_DGRAM) as sink:
            sink.bind(("127.0.0.1", 0))
            for _ in range(200):
                sender.sendto(bytes(8000), sink.getsockname())
        until(lambda: capture.count_drops() > 0, "drops")
        taken = sum(len(batch.records) for batch in capture.read())
        assert taken > 0
    finally:
        capture.close()


@on_a_quiet_lo
def test_networks_to_ignore_never_leave_the_kernel() -> None:
    import ipaddress

    capture = PacketSocket("lo", [ipaddress.ip_network("127.0.0.2/32")], promiscuous=False, ring_kib=1024)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, socket.socket(type=socket.SOCK_DGRAM) as sink:
            sink.bind(("0.0.0.0", 0))
            for text, host in ((b"unseen", "127.0.0.2"), (b"the last one", "127.0.0.3")):
                sender.sendto(text * 3, (host, sink.getsockname()[1]))
        seen = bytearray()

        def last() -> bool:
            for batch in capture.read():
                for _, start, end in batch.records:
                    seen.extend(batch.buffer[start:end])
            return b"the last one" in seen

        until(last, "the last datagram")
        assert b"unseen" not in seen
    finally:
        capture.close()


def test_an_interface_that_is_none_is_refused_without_a_leak() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with pytest.raises(StartupError, match="there is no interface"):
            PacketSocket("nonesuch0", (), promiscuous=True, ring_kib=256)
    assert len(os.listdir("/proc/self/fd")) == before
