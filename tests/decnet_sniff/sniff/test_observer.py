# SPDX-License-Identifier: MIT
"""From packets to findings: reassembled, folded into windows, bounded, and the same however the packets come."""

from __future__ import annotations

import gc
import random
import struct
from collections import Counter
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decnet_sniff.sniff.sniff_packet_makers import (
    ACK,
    CLIENT,
    FIN,
    LINUX,
    PSH,
    RST,
    SECOND,
    SERVER,
    START,
    SYN,
    batch_of,
    conversation,
    ether,
    found_in,
    ip4,
    new_observer,
    split,
    tcp,
    udp,
)
from tests.decnet_sniff.sniff.sniff_quic_sender import crypto, initial
from tests.decnet_sniff.sniff.sniff_tls_messages import client_hello, records, server_hello
from tests.examples import examples

from decnet_core.events.catalogue import (
    FlowClosed,
    HttpClient,
    Payload,
    PortScan,
    SshIdentification,
    SshKex,
    TcpStack,
    TlsClient,
    TlsServer,
    kind_of,
)
from decnet_sniff.sniff.capture.packet_batch import PacketBatch
from decnet_sniff.sniff.findings import Ends, Finding, Findings
from decnet_sniff.sniff.packets.link import ETHERNET
from decnet_sniff.sniff.transport.flows import Flow
from decnet_sniff.sniff.transport.tcp import HELD_BYTES

HELLO = records(client_hello())
ANSWER = records(server_hello())
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/8\r\n\r\n"


def kinds(found: list[Finding]) -> Counter[str]:
    return Counter(kind_of(finding.payload) for finding in found)


K = TypeVar("K", bound=Payload)


@pytest.mark.parametrize("cut", range(34, 74))
def test_options_that_the_capture_cut_off_are_not_read_from_the_next_packet(cut: int) -> None:
    frames = [ether(packet)[:cut] for packet in conversation([HELLO])[:2]]
    buffer = b"".join(frames) + LINUX * 2
    observer = new_observer()
    observer.take(PacketBatch(ETHERNET, buffer, [(START, 0, cut), (START + 1000, cut, 2 * cut)]))
    assert kinds(list(observer.rest()))["tcp.stack"] == 0
    assert sum(count for name, count in observer.counts().items() if name.endswith("_short")) == 2


def flows() -> list[Flow]:
    return [one for one in gc.get_objects() if isinstance(one, Flow)]


def test_closed_flows_do_not_wait_for_the_garbage_collector() -> None:
    observer = new_observer()
    gc.collect()
    others = {id(one): one for one in flows()}
    gc.disable()
    try:
        for number in range(20):
            packets = conversation([REQUEST], [ANSWER], ports=(40000 + number, 80))
            observer.take(batch_of(map(ether, packets), begin=START + number * 10 * SECOND))
        observer.take(batch_of([ether(ip4(CLIENT, SERVER, 17, udp(1, 2)))], begin=START + 900 * SECOND))
        assert sum(id(one) not in others for one in flows()) == 1
    finally:
        gc.enable()


@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_hello_in_single_bytes_is_found_in_any_order(size: int) -> None:
    hello = records(client_hello([0x1301], [(0xFE0D, bytes(1500))]))
    packets = conversation(split(hello, [size] * len(hello)))
    said = packets[3:-3]
    random.Random(size).shuffle(said)
    assert kinds(found_in(batch_of(ether(each) for each in packets[:3] + said)))["tls.client"] == 1


def payloads(found: list[Finding], kind: type[K]) -> list[K]:
    return [finding.payload for finding in found if isinstance(finding.payload, kind)]


def only(found: list[Finding], kind: type[Payload]) -> list[Finding]:
    return [finding for finding in found if isinstance(finding.payload, kind)]


def test_a_tls_connection_yields_both_stacks_both_hellos_and_its_timing() -> None:
    found = found_in(batch_of(map(ether, conversation([HELLO], [ANSWER]))))
    assert kinds(found) == {"tcp.stack": 2, "tls.client": 1, "tls.server": 1, "flow.closed": 1}
    (client,), (server,) = only(found, TlsClient), only(found, TlsServer)
    assert client.ends == Ends(bytes([198, 51, 100, 7]), bytes([192, 0, 2, 1]), 40000, 443)
    assert server.ends.source_port == 443
    assert client.ts == START + 3000
    (closed,) = only(found, FlowClosed)
    assert closed.payload == FlowClosed(
        transport="tcp", ended="fin", packets_sent=5, packets_received=3, bytes_sent=len(HELLO),
        bytes_received=len(ANSWER), duration_ms=0, gap_mean_us=1, gap_deviation_us=0,
    )  # fmt: skip
    assert closed.ends == Ends(client.ends.source, client.ends.destination, None, 443)


cut_points = st.lists(st.integers(1, 200), max_size=12)


@given(sizes=cut_points, seed=st.integers(0, 1000), first=st.sampled_from([1000, 2**32 - 1, 2**32 - 60]))
@settings(max_examples=examples(60))
def test_a_hello_is_found_however_it_is_split_reordered_and_repeated(sizes: list[int], seed: int, first: int) -> None:
    packets = conversation(split(HELLO, sizes), [ANSWER], first=first)
    said, count = packets[3 : 3 + len(list(split(HELLO, sizes)))], random.Random(seed)
    said += count.choices(said, k=2)
    count.shuffle(said)
    found = found_in(batch_of(map(ether, [*packets[:3], *said, *packets[3 + len(list(split(HELLO, sizes))) :]])))
    plain = found_in(batch_of(map(ether, conversation([HELLO], [ANSWER]))))
    assert [f.payload for f in only(found, TlsClient)] == [f.payload for f in only(plain, TlsClient)]
    assert len(only(found, TlsServer)) == 1


def test_an_overlapping_second_version_of_a_hello_is_ignored() -> None:
    packets = conversation([HELLO[:40]])
    other = ether(ip4(CLIENT, SERVER, 6, tcp(40000, 443, ACK, 1011, 9001, payload=b"\xff" * 30)))
    rest = ether(ip4(CLIENT, SERVER, 6, tcp(40000, 443, ACK, 1041, 9001, payload=HELLO[40:])))
    found = found_in(batch_of([*map(ether, packets[:4]), other, rest]))
    assert len(only(found, TlsClient)) == 1


def test_a_connection_joined_late_is_still_recognised() -> None:
    packets = [ether(packet) for packet in conversation([HELLO], [ANSWER])]
    found = found_in(batch_of(packets[3:]))
    assert kinds(found) == {"tls.client": 1, "tls.server": 1, "flow.closed": 1}
    assert only(found, TlsClient)[0].ends.destination_port == 443


def test_data_with_the_syn_are_read() -> None:
    syn = ip4(CLIENT, SERVER, 6, tcp(40000, 80, SYN, 999, payload=REQUEST))
    assert len(only(found_in(batch_of([ether(syn)])), HttpClient)) == 1


def test_the_same_ports_used_again_are_another_connection() -> None:
    one, two = conversation([REQUEST], [b"x"]), conversation([REQUEST], [b"x"], first=700_000)
    found = found_in(batch_of(map(ether, one + two)))
    assert [p.count for p in payloads(found, FlowClosed)] == [2]
    assert [p.count for p in payloads(found, HttpClient)] == [2]


def test_equal_findings_of_a_window_are_one_with_their_count() -> None:
    observer = new_observer(window=10)
    reported: list[Finding] = []
    for number in range(50):
        begin = START + number * SECOND // 2
        packets = map(ether, conversation([REQUEST], ports=(30000 + number, 80)))
        observer.take(batch_of(packets, begin=begin))
        reported += observer.due(begin)
    reported += observer.rest()
    heads = only(reported, HttpClient)
    assert sum(p.count for p in payloads(reported, HttpClient)) == 50
    assert len(heads) == 3
    assert heads[0].ts < heads[1].ts < heads[2].ts
    assert observer.counts()["tcp_flows"] == 0


def test_a_reset_and_silence_end_a_flow_too() -> None:
    packets = conversation([REQUEST])[:4]
    reset = ip4(SERVER, CLIENT, 6, tcp(443, 40000, RST, 9001))
    (closed,) = only(found_in(batch_of(map(ether, [*packets, reset]))), FlowClosed)
    assert isinstance(closed.payload, FlowClosed)
    assert closed.payload.ended == "rst"
    observer = new_observer(idle=5)
    observer.take(batch_of(map(ether, packets)))
    reported = list(observer.due(START + 30 * SECOND))
    assert [f.payload.ended for f in reported if isinstance(f.payload, FlowClosed)] == ["idle"]


def test_what_nobody_answered_is_no_flow() -> None:
    syn = ether(ip4(CLIENT, SERVER, 6, tcp(40000, 80, SYN)))
    refused = ether(ip4(SERVER, CLIENT, 6, tcp(80, 40000, RST | ACK, 0, 1)))
    assert kinds(found_in(batch_of([syn, refused]))) == {"tcp.stack": 1}


@pytest.mark.parametrize(
    ("flags", "technique"), [(SYN, "syn"), (FIN, "fin"), (0, "null"), (FIN | PSH | 32, "xmas")], ids=str
)
def test_scans_by_flags(flags: int, technique: str) -> None:
    probes = [ether(ip4(CLIENT, SERVER, 6, tcp(40000, port, flags))) for port in range(1, 101)]
    (scan,) = only(found_in(batch_of(probes)), PortScan)
    assert isinstance(scan.payload, PortScan)
    assert (scan.payload.technique, scan.payload.distinct_ports) == (technique, 100)
    assert scan.ends.source == bytes([198, 51, 100, 7])


@pytest.mark.parametrize(("flags", "technique"), [(ACK, "ack"), (FIN | ACK, "maimon")])
def test_scans_that_only_the_answers_show(flags: int, technique: str) -> None:
    frames = []
    for port in range(1, 101):
        frames.append(ether(ip4(CLIENT, SERVER, 6, tcp(40000, port, flags, 1, 7))))
        frames.append(ether(ip4(SERVER, CLIENT, 6, tcp(port, 40000, RST, 7))))
    (scan,) = only(found_in(batch_of(frames)), PortScan)
    assert isinstance(scan.payload, PortScan)
    assert (scan.payload.technique, scan.payload.distinct_ports) == (technique, 100)
    assert scan.ends.source == bytes([198, 51, 100, 7])


def test_a_connect_scan_and_a_udp_scan() -> None:
    connects = [p for port in range(1, 31) for p in conversation([], ports=(50000, port))]
    (scan,) = only(found_in(batch_of(map(ether, connects))), PortScan)
    assert isinstance(scan.payload, PortScan)
    assert scan.payload.technique == "connect"
    probes = [ether(ip4(CLIENT, SERVER, 17, udp(50000, port))) for port in range(1, 31)]
    (scan,) = only(found_in(batch_of(probes)), PortScan)
    assert isinstance(scan.payload, PortScan)
    assert scan.payload.technique == "udp"


def test_a_burst_of_thousands_of_flows_is_bounded_and_loses_no_finding() -> None:
    observer = new_observer(flows=128)
    for number in range(2000):
        ports = (1024 + number, 443)
        observer.take(
            batch_of(map(ether, conversation([HELLO], [ANSWER], ports=ports)), begin=START + number * 100_000)
        )
        assert number % 100 or observer.counts()["tcp_flows"] <= 128
    counts = observer.counts()
    assert counts["tcp_held_bytes"] == 0
    found = list(observer.rest())
    hellos = [f.payload.count for f in found if isinstance(f.payload, TlsClient)]
    closed = [f.payload.count for f in found if isinstance(f.payload, FlowClosed)]
    assert sum(hellos) == sum(closed) == 2000


def test_a_flood_of_syns_does_not_displace_conversations() -> None:
    observer = new_observer(flows=512)
    observer.take(batch_of(map(ether, conversation([REQUEST])[:4])))
    flood = (ether(ip4(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", SERVER, 6, tcp(7, 80, SYN))) for n in range(5000))
    observer.take(batch_of(flood, begin=START + 5000))
    observer.take(batch_of(map(ether, conversation([REQUEST])[4:]), begin=START + SECOND))
    (closed,) = only(list(observer.rest()), FlowClosed)
    assert isinstance(closed.payload, FlowClosed)
    assert closed.payload.packets_sent == 5
    assert observer.counts()["tcp_flows_evicted"] >= 4000


def test_hellos_that_never_end_are_bounded_together() -> None:
    observer = new_observer(flows=4096)
    begun = b"\x16\x03\x01\x40\x00\x01\x00\x80\x00" + bytes(1391)
    for number in range(3000):
        packets = conversation([begun] * 2, ports=(1024 + number, 443))[:5]
        observer.take(batch_of(map(ether, packets), begin=START + number * 1000))
        assert number % 100 or observer.counts()["tcp_held_bytes"] <= HELD_BYTES
    assert observer.counts()["tcp_streams_crowded_out"] > 1000


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    observer = new_observer(window=10)
    observer.take(batch_of(map(ether, conversation([REQUEST])), begin=START + 3600 * SECOND))
    reported = list(observer.due(START + 20 * SECOND))
    reported += observer.due(START + 40 * SECOND)
    assert kinds(reported) == {"tcp.stack": 2, "http.client": 1, "flow.closed": 1}


def test_a_full_table_of_findings_reports_the_oldest_early() -> None:
    findings = Findings(10 * SECOND, most=64)
    payload = TcpStack("syn", "s", "m")
    for number in range(1000):
        findings.add(START + number, Ends(number.to_bytes(4, "big"), b"1234", 1, 2), payload, 2)
        assert findings.waiting <= 64 + 1000
    found = [*findings.due(START + 1), *findings.rest()]
    assert len({finding.ends.source for finding in found}) == len(found) == 1000
    assert findings.counts["findings_reported_early"] > 900


def test_ssh_of_both_sides() -> None:
    kexinit = bytes([20]) + bytes(16) + (b"\0\0\0\x04none") * 8 + bytes(8) + bytes(5)
    packet = (len(kexinit) + 5).to_bytes(4, "big") + b"\x04" + kexinit + bytes(4)
    client = [b"SSH-2.0-Go\r\n", packet]
    found = found_in(batch_of(map(ether, conversation(client, [b"SSH-2.0-OpenSSH_9.2p1\r\n" + packet]))))
    sides = [f.payload for f in found if isinstance(f.payload, SshKex)]
    assert {(side.role, side.software) for side in sides} == {
        ("client", "SSH-2.0-Go"),
        ("server", "SSH-2.0-OpenSSH_9.2p1"),
    }


@pytest.mark.parametrize("line", [b"SSH-2.0-Go\r\n", b"SSH-1.5-old\n", b"SSH-2.0-Go\r\nGET / HTTP/1.1\r\n\r\n"])
def test_a_banner_grabber_is_found_though_it_negotiates_nothing(line: bytes) -> None:
    found = found_in(batch_of(map(ether, conversation([line], [b"Welcome\r\nSSH-2.0-OpenSSH_9.2p1\r\n"]))))
    sides = {(f.payload, f.ends.source_port) for f in found if isinstance(f.payload, SshIdentification)}
    assert sides == {
        (SshIdentification("client", line.split(b"\n", maxsplit=1)[0].decode().strip()), 40000),
        (SshIdentification("server", "SSH-2.0-OpenSSH_9.2p1"), 443),
    }
    assert not only(found, SshKex)


def test_an_identification_without_its_line_end_is_none() -> None:
    assert kinds(found_in(batch_of(map(ether, conversation([b"SSH-2.0-Go"])))))["ssh.identification"] == 0


def test_a_warning_alert_in_the_segment_of_the_server_s_hello_does_not_hide_it() -> None:
    warning = b"\x15\x03\x03\x00\x02\x01\x70"
    assert kinds(found_in(batch_of(map(ether, conversation([HELLO], [warning + ANSWER])))))["tls.server"] == 1
    late = conversation([b"EHLO a\r\n", HELLO], [b"220 go\r\n", warning + ANSWER])
    assert kinds(found_in(batch_of(map(ether, late))))["tls.server"] == 1


def test_the_last_syn_ack_says_where_the_server_s_data_begin() -> None:
    packets = conversation([HELLO], [ANSWER])
    other = ip4(SERVER, CLIENT, 6, tcp(443, 40000, SYN | ACK, 777_000, 1001, options=LINUX))
    found = found_in(batch_of(map(ether, [packets[0], other, packets[1], *packets[2:]])))
    assert kinds(found)["tls.server"] == 1
    late = found_in(batch_of(map(ether, [*packets[:5], other, *packets[5:]])))
    assert kinds(late)["tls.server"] == 1, "nothing moves once the server has sent data"


def test_a_hello_in_the_form_of_ssl_2() -> None:
    ciphers = b"\x00\x00\x2f" + b"\x07\x00\xc0" + b"\x00\x00\xff"
    body = b"\x01\x03\x01" + struct.pack(">HHH", len(ciphers), 0, 16) + ciphers + bytes(16)
    hello = struct.pack(">H", 0x8000 | len(body)) + body
    for parts in ([hello], [hello[:4], hello[4:]]):
        (found,) = payloads(found_in(batch_of(map(ether, conversation(parts)))), TlsClient)
        assert (found.version, found.ja3_text) == (0x0301, "769,47-255,,,")
    assert not payloads(found_in(batch_of(map(ether, conversation([hello[:5] + b"\xff" + hello[6:]])))), TlsClient)


@pytest.mark.parametrize("server", [False, True])
def test_a_quic_packet_with_the_second_bit_clear_is_found(server: bool) -> None:
    sent = [initial(crypto(0, client_hello()), first=b"12345678", fixed_bit=server)]
    answer = initial(crypto(0, server_hello()), first=b"12345678", destination=b"", server=True, fixed_bit=not server)
    packets = [ip4(CLIENT, SERVER, 17, udp(40000, 443, sent[0])), ip4(SERVER, CLIENT, 17, udp(443, 40000, answer))]
    assert kinds(found_in(batch_of(map(ether, packets)))) >= Counter({"tls.client": 1, "tls.server": 1})
