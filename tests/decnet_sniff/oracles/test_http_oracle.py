# SPDX-License-Identifier: MIT
"""Request heads and the timing of flows are what tshark says of the same packets."""

from __future__ import annotations

import math
import shutil
import statistics
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_sniff.oracles import oracle_decnet_sniff, oracle_tshark
from tests.decnet_sniff.sniff.sniff_network_namespaces import CLIENT, MISSING, SERVER, SERVER6, wire

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(MISSING) or oracle_tshark.missing() is not None, reason=MISSING or "needs tshark"),
]

PORT = 8000
AS_HTTP = (f"tcp.port=={PORT},http",)
URL, URL6 = f"http://{SERVER}:{PORT}/", f"http://[{SERVER6}]:{PORT}/"
RAW = """
import socket, sys, time
for text in (
    "GET /lower HTTP/1.1\\r\\nhost: x\\r\\nUSER-AGENT: odd\\r\\naccept: */*\\r\\n\\r\\n",
    "HEAD /none HTTP/1.0\\r\\n\\r\\n",
    "GET /empty HTTP/1.1\\r\\nUser-Agent:\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n",
    "OPTIONS * HTTP/1.1\\r\\nHost: x\\r\\nX-A: 1\\r\\nX-A: 2\\r\\nConnection: close\\r\\n\\r\\n",
):
    one = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for part in (text[:20], text[20:]):
        one.sendall(part.encode())
        time.sleep(0.02)
    one.settimeout(60)
    one.recv(9999)
    one.close()
"""
CLIENTS: tuple[tuple[str, ...], ...] = (
    ("curl", "-s", URL),
    ("curl", "-s", "-g", URL6),
    ("curl", "-s", "-0", "-A", "", URL),
    ("curl", "-s", "-I", "-A", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0", URL),
    ("curl", "-s", "-X", "PUT", "-d", "body", "-H", "x-lower: 1", "-H", "Expect:", URL),
    ("curl", "-s", "--compressed", "-b", "a=b", "-e", "http://example/", "-u", "name:word", URL),
    ("wget", "-q", "-O", "/dev/null", URL),
    ("nmap", "-n", "-Pn", "-p", str(PORT), "--script", "http-title", SERVER),
    ("/usr/bin/python3", "-c", f"from urllib.request import urlopen; urlopen('{URL}')"),
    ("/usr/bin/python3", "-c", RAW, SERVER, str(PORT)),
)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("http") / "http.pcap"
    server = ("/usr/bin/python3", "-m", "http.server", "--bind", "::", str(PORT))
    with wire() as laid, laid.serve(PORT, *server), laid.capture(path):
        for argv in CLIENTS:
            if shutil.which(argv[0]):
                laid.run(laid.client, *argv)
    return path


def test_heads_are_what_tshark_says(capture: Path) -> None:
    fields = ["tcp.srcport", "http.request.method", "http.request.version", "http.user_agent", "http.request.line"]
    theirs: dict[int, tuple[object, ...]] = {}
    for row in oracle_tshark.rows(capture, "http.request", fields, AS_HTTP):
        names = [line.split(":")[0] for line in row["http.request.line"]]
        agent = row["http.user_agent"][0] if row["http.user_agent"] else None
        head = (row["http.request.method"][0], row["http.request.version"][0], agent or None, names)
        theirs.setdefault(int(row["tcp.srcport"][0]), head)  # we look at the first of a connection
    ours = {}
    for one in oracle_decnet_sniff.findings(capture, "http.client"):
        told = one["payload"]
        head = (told["method"], told["version"], told.get("user_agent") or None, list(told.get("headers", [])))
        ours[one["src_port"]] = head
    assert ours == theirs
    assert len(ours) >= 8


def test_classes_of_agents_are_distinguished(capture: Path) -> None:
    told = {one["payload"]["agent_class"] for one in oracle_decnet_sniff.findings(capture, "http.client")}
    assert {"absent", "empty", "tool", "browser", "library", "other"} <= told


def test_flows_are_what_tshark_counts(capture: Path) -> None:
    """Sums over all flows of a source that ended alike, which is how they are told."""
    fields = ["tcp.stream", "ip.src", "ipv6.src", "tcp.dstport", "tcp.len", "frame.time_epoch", "tcp.flags.reset"]
    streams = defaultdict(list)
    for row in oracle_tshark.rows(capture, f"tcp.port=={PORT}", fields):
        streams[row["tcp.stream"][0]].append({name: (values or [""])[0] for name, values in row.items()})
    mine = [rows for rows in streams.values() if rows[0]["ip.src"] == CLIENT]
    ended = [rows for rows in mine if not any(row["tcp.flags.reset"] in ("1", "True") for row in rows)]
    told = [
        one["payload"]
        for one in oracle_decnet_sniff.findings(capture, "flow.closed")
        if one["src_ip"] == CLIENT and one["payload"]["ended"] == "fin" and one["dst_port"] == PORT
    ]
    sent = [row for rows in ended for row in rows if row["ip.src"] == CLIENT]
    received = [row for rows in ended for row in rows if row["ip.src"] == SERVER]
    assert total(told, "count") == len(ended)
    assert (total(told, "packets_sent"), total(told, "packets_received")) == (len(sent), len(received))
    assert total(told, "bytes_sent") == sum(int(row["tcp.len"]) for row in sent)
    assert total(told, "bytes_received") == sum(int(row["tcp.len"]) for row in received)
    times = [[float(row["frame.time_epoch"]) for row in rows] for rows in ended]
    assert total(told, "duration_ms") == pytest.approx(sum(one[-1] - one[0] for one in times) * 1e3, abs=len(told) + 1)
    gaps = [later - earlier for moments in times for earlier, later in pairwise(moments)]
    assert sum(gaps_of(one) for one in told) == len(gaps)
    mean = sum(one["gap_mean_us"] * gaps_of(one) for one in told) / len(gaps)
    squares = sum((one["gap_deviation_us"] ** 2 + one["gap_mean_us"] ** 2) * gaps_of(one) for one in told) / len(gaps)
    assert mean == pytest.approx(statistics.mean(gaps) * 1e6, abs=3)
    assert math.sqrt(squares - mean**2) == pytest.approx(statistics.pstdev(gaps) * 1e6, rel=0.01)


def total(told: list[dict[str, Any]], name: str) -> int:
    return sum(one.get(name, 1) for one in told)


def gaps_of(told: dict[str, Any]) -> int:
    """How many times between packets there were."""
    return int(told["packets_sent"]) + int(told["packets_received"]) - int(told.get("count", 1))
