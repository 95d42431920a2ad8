# SPDX-License-Identifier: MIT
"""A decky in a namespace of its own, seen from another machine of its LAN."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import itertools
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_core.placement.lan import ATTACKER, ATTACKER_6, FLEET, Lan, decky, needs_root, wait_until

from decnet_core.deckies.messages import CLIENT_MARK
from decnet_core.placement.desired import DesiredDecky, Service, Stack
from decnet_core.placement.netlink import links
from decnet_core.placement.netlink.connection import Netlink
from decnet_core.placement.runtimes.namespaces import Namespaces, is_slave
from decnet_core.placement.runtimes.netns import Netns
from decnet_core.placement.runtimes.runtime import RuntimeFailed

pytestmark = needs_root

_PATH_MTU_DISCOVERY = 10
"""IP_MTU_DISCOVER, which Python does not name."""


@contextlib.contextmanager
def started(network: Lan, one: DesiredDecky) -> Iterator[Netns]:
    """Start the decky and listen on its ports."""
    runtime = Netns(network.deckies, FLEET)
    network.host(runtime.start, one)
    with contextlib.ExitStack() as stack:
        for sock in filter(None, network.host(runtime.sockets, one, ())):
            stack.enter_context(sock)
        yield runtime
    network.host(runtime.stop, one)


def connect(network: Lan, address: str, port: int, seconds: float = 120) -> int:
    """Return the error number of a connection from the attacker, 0 for none."""

    def dial() -> int:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
            sock.settimeout(seconds)
            try:
                sock.connect((address, port))
            except TimeoutError:
                return errno.ETIMEDOUT
            except OSError as error:
                return error.errno or 0
            return 0

    return network.machines.enter("attacker", dial)


@pytest.mark.parametrize("parent", ["br0", "port0"])
def test_attacker_reaches_the_deckys_ports_and_its_mac_address(network: Lan, parent: str) -> None:
    if parent == "port0":  # a macvlan is not possible on a port of the bridge
        network.ip("link", "set", "port0", "nomaster")
    one = decky(interface=parent)
    with started(network, one) as runtime:
        assert [connect(network, "10.77.0.10", port) for port in (22, 80, 81)] == [0, 0, errno.ECONNREFUSED]
        assert "00:16:3e:11:22:33" in network.ip("neighbour", machine="attacker")
        observed = network.host(runtime.inspect, [one])[one.name]
        assert (observed.present, observed.drift, observed.served) == (True, (), frozenset(one.endpoints()))


def test_decky_has_both_families(network: Lan) -> None:
    one = decky("web-01", "10.77.0.10/24", "fd77::10/64")
    with started(network, one) as runtime:
        assert [connect(network, address, 22) for address in ("10.77.0.10", "fd77::10")] == [0, 0]
        assert network.host(runtime.inspect, [one])[one.name].drift == ()


@pytest.mark.parametrize("address", [ATTACKER, ATTACKER_6])
def test_decky_reaches_nobody(network: Lan, address: str) -> None:
    one = decky("web-01", "10.77.0.10/24", "fd77::10/64")
    deckies = Namespaces(network.deckies, f"decnet-{FLEET}-")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def dial() -> None:
        with socket.socket(family) as sock:
            sock.settimeout(1)
            sock.connect((address, 9000))

    def send() -> None:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"x", (address, 9000))

    listener = network.machines.enter("attacker", lambda: socket.create_server((address, 9000), family=family))
    with listener, started(network, one):
        with pytest.raises(TimeoutError):
            deckies.enter(one.name, dial)
        with pytest.raises(PermissionError):
            deckies.enter(one.name, send)
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_nothing_is_left_when_it_is_stopped_while_its_sockets_are_open(network: Lan) -> None:
    before = network.network()
    one = decky()
    runtime = Netns(network.deckies, FLEET)
    network.host(runtime.start, one)
    sockets = network.host(runtime.sockets, one, ())
    network.host(runtime.stop, one)
    assert network.network() == before
    for sock in filter(None, sockets):
        sock.close()


def answer(network: Lan, address: str, port: int) -> bytes:
    """Return the IPv4 packet that answers a connection that offers everything."""

    def look() -> bytes:
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sniffer, socket.socket() as client:
            sniffer.bind(("eth0", 0x0800))
            sniffer.settimeout(100)
            client.settimeout(100)
            client.connect((address, port))
            while True:
                packet, source = sniffer.recvfrom(200)
                if (
                    source[2] == 0
                    and packet[9] == 6
                    and packet[33] == 0x12
                    and packet[20:22] == struct.pack(">H", port)
                ):
                    return packet

    return network.machines.enter("attacker", look)


def syn_ack(network: Lan, address: str, port: int) -> tuple[int, int, dict[int, bytes]]:
    """Return TTL, window and TCP options of the answer, the options in their order."""
    packet = answer(network, address, port)
    options, rest = {}, packet[40 : 20 + (packet[32] >> 4) * 4]
    while rest and rest[0] != 0:
        length = 1 if rest[0] == 1 else rest[1]
        options[rest[0]] = rest[2:length]
        rest = rest[length:]
    return packet[8], struct.unpack(">H", packet[34:36])[0], options


def test_network_sees_the_personas_tcp_stack(network: Lan) -> None:
    stack = Stack(ttl=128, window=8192, window_scale=8, mss=1400, timestamps=False)
    with started(network, decky(stack=stack)):
        ttl, window, options = syn_ack(network, "10.77.0.10", 22)
        assert (ttl, window) == (128, 8192)
        assert options == {2: struct.pack(">H", 1400), 1: b"", 4: b"", 3: b"\x08"}
        assert connect(network, "10.77.0.10", 80) == 0


@pytest.mark.parametrize("sack", [False, True])
@pytest.mark.parametrize("timestamps", [False, True])
def test_window_scale_is_the_personas_also_where_the_kernels_is_larger(
    network: Lan, *, timestamps: bool, sack: bool
) -> None:
    with started(network, decky(stack=Stack(window_scale=1, timestamps=timestamps, sack=sack))):
        assert syn_ack(network, "10.77.0.10", 22)[2][3] == b"\x01"


@pytest.mark.parametrize(("timestamps", "kinds"), [(False, [2, 1, 3, 4]), (True, [2, 1, 3, 4, 8])])
def test_window_scale_comes_first_where_the_persona_says_so(
    network: Lan, kinds: list[int], *, timestamps: bool
) -> None:
    stack = Stack(window_scale=8, timestamps=timestamps, option_order="scale_first")
    with started(network, decky(stack=stack)):
        options = syn_ack(network, "10.77.0.10", 22)[2]  # who got it connected, so its checksum was right
    assert list(options) == kinds
    assert (options[2], options[3]) == (struct.pack(">H", 1460), b"\x08")
    assert len(options.get(8, b"")) == 8 * timestamps


def test_a_closed_port_resets_what_belongs_to_no_connection(network: Lan) -> None:
    odd = struct.pack(">HHIIBBHHH", 40000, 81, 7, 9, 0x50, 0x29, 1024, 0, 0)  # FIN, PSH and URG
    ends = socket.inet_aton(ATTACKER) + socket.inet_aton("10.77.0.10") + struct.pack(">HH", 6, len(odd))
    odd = odd[:16] + struct.pack(">H", checksum(ends + odd)) + odd[18:]
    with started(network, decky()):
        answered = exchange(network, socket.IPPROTO_TCP, odd)[20:]
    assert answered[13] == 0x14  # RST and ACK, as of a Linux without a packet filter


def exchange(network: Lan, protocol: int, request: bytes, *, fragile: bool = False) -> bytes:
    """Return the IPv4 packet with which the decky answers one of that protocol, which may be fragmented or not."""

    def send() -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol) as sock:
            sock.settimeout(100)
            sock.setsockopt(socket.IPPROTO_IP, _PATH_MTU_DISCOVERY, 2 if fragile else 0)
            sock.sendto(request, ("10.77.0.10", 0))
            return next(
                packet for packet in iter(lambda: sock.recv(200), b"") if packet[12:16] == bytes([10, 77, 0, 10])
            )

    return network.machines.enter("attacker", send)


def checksum(data: bytes) -> int:
    """Return the Internet checksum; of data with a right one it is zero."""
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    return ~(total % 0xFFFF or 0xFFFF) & 0xFFFF


@pytest.mark.parametrize("as_windows", [False, True])
def test_pings_and_resets_are_answered_as_the_persona_says(network: Lan, *, as_windows: bool) -> None:
    stack = Stack(echo_code_kept=not as_windows, reset_ack_zero=not as_windows)
    echo = struct.pack(">BBHHH", 8, 9, 0, 1, 1)
    echo = echo[:2] + struct.pack(">H", checksum(echo)) + echo[4:]
    ack = struct.pack(">HHIIBBHHH", 40000, 22, 7, 9, 0x50, 0x10, 1024, 0, 0)
    ends = socket.inet_aton(ATTACKER) + socket.inet_aton("10.77.0.10") + struct.pack(">HH", 6, len(ack))
    ack = ack[:16] + struct.pack(">H", checksum(ends + ack)) + ack[18:]
    with started(network, decky(stack=stack)):
        pong = exchange(network, socket.IPPROTO_ICMP, echo)[20:]
        reset = exchange(network, socket.IPPROTO_TCP, ack)[20:]
    assert (pong[0], pong[1]) == (0, 0 if as_windows else 9)
    assert checksum(pong) == 0
    assert (reset[13], reset[8:12] == bytes(4)) == (0x04, not as_windows)
    assert checksum(ends[4:8] + ends[:4] + struct.pack(">HH", 6, len(reset)) + reset) == 0


def first_segment(source: int, flags: int, options: bytes, port: int = 22) -> bytes:
    """Return what a client sends first to a port."""
    words = 5 + len(options) // 4
    segment = struct.pack(">HHIIBBHHH", source, port, 7, 0, words << 4, flags, 1024, 0, 0) + options
    ends = socket.inet_aton(ATTACKER) + socket.inet_aton("10.77.0.10") + struct.pack(">HH", 6, len(segment))
    return segment[:16] + struct.pack(">H", checksum(ends + segment)) + segment[18:]


@pytest.mark.parametrize(
    ("stack", "flags", "options", "mss"),
    [
        (Stack(), 0x02, b"\x02\x04\x01\x09", 1460),
        (Stack(mss_limited=True), 0x02, b"\x02\x04\x01\x09", 265),
        (Stack(mss_limited=True), 0x02, b"\x02\x04\x23\x00", 1460),
        (Stack(mss_limited=True), 0x02, b"", 1460),
        (Stack(mss_limited=True, syn_fin_answered=True, closed_ports="silent"), 0x2B, b"\x02\x04\x01\x09", 265),
    ],
)
def test_first_segments_are_answered_as_by_the_personas_stack(
    network: Lan, stack: Stack, flags: int, options: bytes, mss: int
) -> None:
    with started(network, decky(stack=stack)):  # one whose checksum is wrong after it was changed is not answered
        answered = exchange(network, socket.IPPROTO_TCP, first_segment(40001, flags, options))[20:]
    assert answered[13] == 0x12
    assert answered[20:24] == struct.pack(">BBH", 2, 4, mss)


@pytest.mark.parametrize(
    ("offered", "answered"),
    [(b"\x04\x02\x03\x03\x0a\x00", b"\x04\x02\x00\x00"), (b"\x03\x03\x0a\x00", b"")],
)
def test_options_end_with_their_padding_as_those_of_bsds(network: Lan, offered: bytes, answered: bytes) -> None:
    with started(network, decky(stack=Stack(window_scale=9, option_order="bsd", timestamps=False))):
        segment = first_segment(40002, 0x02, b"\x02\x04\x05\xb4" + offered.ljust(8, b"\0"))
        found = exchange(network, socket.IPPROTO_TCP, segment)[20:]
    assert found[20 : (found[12] >> 4) * 4] == b"\x02\x04\x05\xb4\x01\x03\x03\x09" + answered


@pytest.mark.parametrize("fragile", [False, True])
def test_pings_are_answered_as_fragile_as_they_are(network: Lan, *, fragile: bool) -> None:
    echo = struct.pack(">BBHHH", 8, 0, 0, 2, 1)
    echo = echo[:2] + struct.pack(">H", checksum(echo)) + echo[4:]
    with started(network, decky(stack=Stack(echo_as_fragile=True, ip_id="increment"))):
        pongs = [exchange(network, socket.IPPROTO_ICMP, echo, fragile=fragile) for _ in range(2)]
    assert [pong[6:8] for pong in pongs] == [b"\x40\x00" if fragile else b"\x00\x00"] * 2
    first, second = (int.from_bytes(pong[4:6], "big") for pong in pongs)
    assert first < second <= first + 10
    assert [sum(struct.unpack(">10H", pong[:20])) % 0xFFFF for pong in pongs] == [0, 0]


def test_resets_may_be_fragmented_where_the_persona_says_so(network: Lan) -> None:
    with started(network, decky(stack=Stack(resets_may_fragment=True, ip_id="swapped"))):
        refused = [
            exchange(network, socket.IPPROTO_TCP, first_segment(40003 + number, 0x02, b"", port=81))
            for number in range(2)
        ]
        accepted = answer(network, "10.77.0.10", 22)
    assert [packet[6:8] for packet in (*refused, accepted)] == [b"\x00\x00", b"\x00\x00", b"\x40\x00"]
    numbers = [int.from_bytes(packet[4:6], "little") for packet in refused]
    assert 0 < numbers[1] - numbers[0] <= 10


def test_packets_are_numbered_and_fragmented_as_the_persona_says(network: Lan) -> None:
    numbers: dict[str, list[int]] = {}
    for way in ("zero", "increment", "random"):
        with started(network, decky(stack=Stack(ip_id=way, dont_fragment=way == "zero"))):
            packets = [answer(network, "10.77.0.10", 22) for _ in range(4)]
        numbers[way] = [int.from_bytes(packet[4:6], "big") for packet in packets]
        assert [packet[6:8] for packet in packets] == [b"\x40\x00" if way == "zero" else b"\x00\x00"] * 4
        for packet in packets:
            assert sum(struct.unpack(">10H", packet[:20])) % 0xFFFF == 0, "the header's checksum is wrong"
    assert numbers["zero"] == [0] * 4
    steps = [later - earlier for earlier, later in itertools.pairwise(numbers["increment"])]
    assert all(1 <= step <= 10 for step in steps), numbers  # each connection had a few packets
    assert len(set(numbers["random"])) > 1
    assert not all(1 <= b - a <= 10 for a, b in itertools.pairwise(numbers["random"]))


def test_closed_ports_are_silent_where_the_persona_says_so(network: Lan) -> None:
    one = decky(stack=Stack(closed_ports="silent", ping=False))
    with started(network, one):
        assert connect(network, "10.77.0.10", 22) == 0
        assert connect(network, "10.77.0.10", 81, seconds=3) == errno.ETIMEDOUT


def test_data_ports_are_bound_in_the_namespace_and_reached_once_they_are_listened_on(network: Lan) -> None:
    one = decky(services=(Service("ftp", 21),), stack=Stack(closed_ports="silent"), seed=7)
    assert len(one.data_ports) == 4
    with started(network, one) as runtime:
        assert network.host(runtime.inspect, [one])[one.name].served == frozenset(one.endpoints())
        sockets = network.host(runtime.sockets, one, one.endpoints())
        control, first, *others = sockets
        assert control is None
        assert first is not None
        port = first.getsockname()[1]
        assert first.getsockname() == ("10.77.0.10", one.data_ports[0])
        assert connect(network, "10.77.0.10", port) == errno.ECONNREFUSED
        first.listen(1)
        assert connect(network, "10.77.0.10", port) == 0
        again = network.host(runtime.sockets, one, one.endpoints())
        assert again[1] is None, "in use"
        for each in (first, *filter(None, [*others, *again])):
            each.close()


@pytest.mark.parametrize(
    "change",
    [
        "link set eth0 down",
        "link delete eth0",
        "address flush dev eth0",
        "address add 10.77.0.99/24 dev eth0",
        "link set eth0 address 02:00:00:00:00:01",
    ],
)
def test_drift_is_found_and_repaired(network: Lan, change: str) -> None:
    one = decky("web-01", "10.77.0.10/24", "fd77::10/64", gateways=())
    deckies = Namespaces(network.deckies, f"decnet-{FLEET}-")
    with started(network, one) as runtime:
        deckies.enter(one.name, lambda: subprocess.run(["ip", *change.split()], check=True))
        assert network.host(runtime.inspect, [one])[one.name].drift
        network.host(runtime.start, one)
        observed = network.host(runtime.inspect, [one])[one.name]
        assert (observed.drift, observed.served) == ((), frozenset(one.endpoints()))
        assert [connect(network, address, 22) for address in ("10.77.0.10", "fd77::10")] == [0, 0]


def test_bridge_keeps_its_mac_address(network: Lan) -> None:
    network.ip("link", "set", "port0", "address", "fa:00:00:00:00:01")  # the bridge follows: its lowest port
    before = network.ip("link", "show", "br0")
    with started(network, decky(mac="00:00:5e:00:53:01")):
        assert network.ip("link", "show", "br0") == before


def test_parent_that_goes_down_is_drift_until_it_is_back(network: Lan) -> None:
    one = decky()
    with started(network, one) as runtime:
        network.ip("link", "set", "br0", "down")
        assert network.host(runtime.inspect, [one])[one.name].drift == ("the interface br0 is down",)
        with pytest.raises(RuntimeFailed, match="br0 is down"):
            network.host(runtime.start, one)
        network.ip("link", "set", "br0", "up")
        observed = network.host(runtime.inspect, [one])[one.name]
        assert (observed.drift, observed.served) == ((), frozenset(one.endpoints()))
        wait_until(lambda: connect(network, "10.77.0.10", 22) == 0)


def test_parent_that_goes_away_is_drift_and_repaired_when_it_is_back(network: Lan) -> None:
    one = decky(interface="lan1")
    for words in ("link add lan1 type bridge", "link set lan1 up"):
        network.ip(*words.split())
    with started(network, one) as runtime:
        network.ip("link", "delete", "lan1")
        assert network.host(runtime.inspect, [one])[one.name].drift == ("the interface lan1 is missing",)
        with pytest.raises(RuntimeFailed, match="no interface lan1"):
            network.host(runtime.start, one)
        for words in ("link add lan1 type bridge", "link set lan1 up"):
            network.ip(*words.split())
        network.host(runtime.start, one)
        assert network.host(runtime.inspect, [one])[one.name].drift == ()


@pytest.mark.parametrize(
    ("tags", "slave"), [("", False), ("shared:5 ", False), ("shared:7 master:5 ", True), ("master:5 ", True)]
)
def test_namespaces_of_a_unit_with_a_view_of_its_own_are_refused(tags: str, slave: bool) -> None:
    lines = f"1 0 8:1 / / rw {tags}- ext4 /dev/vda rw\n2 1 0:5 / /proc rw shared:9 master:1 - proc proc rw\n"
    lines += "3 1 0:4 net:[4] /run/netns/a rw master:4 - nsfs nsfs rw\n"
    assert is_slave(lines.encode(), Path("/run/netns")) == slave


def test_interfaces_are_asked_for_by_their_own_names_alone(network: Lan) -> None:
    network.ip("link", "property", "add", "dev", "br0", "altname", "other-name")

    def found() -> set[str]:
        with Netlink() as netlink:
            every, some = links.links(netlink), links.named(netlink, "br0", "lo", "gone0", "", "other-name", "n" * 16)
        assert some == {name: every[name] for name in ("br0", "lo")}
        return set(every)

    assert {"br0", "lo", "port0"} <= network.host(found)


def test_start_looks_at_the_interfaces_that_concern_it_alone(network: Lan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at all of a host with 500 deckies took 20 ms, and each start had three of them."""
    every, counts = links.links, list[int]()

    def counted(netlink: Netlink) -> dict[str, links.Link]:
        found = every(netlink)
        counts.append(len(found))
        return found

    monkeypatch.setattr(links, "links", counted)
    one, two = decky(), decky("web-02", "10.77.0.11/24", mac="00:16:3e:11:22:44")
    with started(network, one), started(network, two):
        assert max(counts) == 2  # of the decky's own namespace: lo and eth0


def test_start_changes_nothing_the_second_time(network: Lan) -> None:
    one = decky()
    with started(network, one) as runtime:
        before = network.network()
        network.host(runtime.start, one)
        assert network.network() == before


def test_leftovers_of_a_kill_are_taken_up(network: Lan) -> None:
    one = decky()
    network.deckies.mkdir()
    (network.deckies / f"decnet-{FLEET}-web-01").touch()
    with started(network, one):
        assert connect(network, "10.77.0.10", 22) == 0


def test_orphans_are_those_that_are_marked_and_of_no_decky(network: Lan) -> None:
    before = network.network()
    Namespaces(network.deckies, "other-").create("web-01")
    runtime, one, two = Netns(network.deckies, FLEET), decky(), decky("web-02", "10.77.0.11/24", mac=None)
    for each in (one, two):
        network.host(runtime.start, each)
    assert network.host(runtime.orphans, [one]) == ["web-02"]
    for each in (one, two):
        network.host(runtime.remove, each.name)
    assert Namespaces(network.deckies, "other-").whole("web-01")
    Namespaces(network.deckies, "other-").remove("web-01")
    assert network.network() == before


def test_two_fleets_on_a_host_know_their_own_deckies(network: Lan) -> None:
    before = network.network()
    ours, theirs = Netns(network.deckies, FLEET), Netns(network.deckies, "f1ee7002")
    one, other = decky(), decky("web-01", "10.77.0.11/24", mac="00:16:3e:11:22:44")
    network.host(ours.start, one)
    assert network.host(theirs.orphans, []) == []
    assert not network.host(theirs.inspect, [other])["web-01"].present
    network.host(theirs.start, other)
    for runtime, wanted in ((ours, one), (theirs, other)):
        assert network.host(runtime.inspect, [wanted])["web-01"].drift == ()
    network.host(theirs.stop, other)
    assert network.host(ours.inspect, [one])["web-01"].drift == ()
    network.host(ours.stop, one)
    assert network.network() == before


def test_second_master_of_a_lan_is_told_who_has_the_address_and_takes_it_once_it_is_free(network: Lan) -> None:
    ours, theirs, one = Netns(network.deckies, FLEET), Netns(network.deckies, "f1ee7002"), decky()
    other = decky("web-09", mac="00:16:3e:11:22:44")
    network.host(ours.start, one)
    taken = "address 10.77.0.10 is in use: the machine with MAC 00:16:3e:11:22:33 answers"
    assert network.host(theirs.conflicts, [other]) == {"web-09": taken}
    network.host(ours.stop, one)
    assert network.host(theirs.conflicts, [other]) == {}


def test_address_of_another_machine_is_a_conflict(network: Lan) -> None:
    runtime = Netns(network.deckies, FLEET)
    taken = [decky("a", f"{ATTACKER}/24"), decky("b", f"{ATTACKER_6}/64"), decky("c", "10.77.0.10/24", "fd77::10/64")]
    found = network.host(runtime.conflicts, taken)
    assert set(found) == {"a", "b"}
    assert ATTACKER in found["a"]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"interface": "eth7"}, "no interface eth7"),
        ({"interface": None}, "has no interface"),
        ({"interface": "port0"}, "belongs to a bridge"),
    ],
)
def test_what_cannot_be_is_explained(network: Lan, other: dict[str, Any], reason: str) -> None:
    runtime = Netns(network.deckies, FLEET)
    with pytest.raises(RuntimeFailed, match=reason):
        network.host(runtime.start, decky(**other))


@pytest.mark.parametrize("locked", [True, False])
def test_network_that_drops_foreign_mac_addresses_is_told(network: Lan, locked: bool) -> None:
    network.ip("link", "set", "port0", "nomaster")
    mac = network.ip("-brief", "link", "show", "port0").split()[2]
    for command in (
        "ip address flush dev eth0",
        "ip link add switch type bridge",
        "ip link set switch up",
        "ip link set eth0 master switch",
        f"ip address add {ATTACKER}/24 dev switch",
        f"bridge fdb add {mac} dev eth0 master static",
        f"bridge link set dev eth0 learning off locked {'on' if locked else 'off'}",
    ):
        network.attacker(*command.split(), check=True)
    one, runtime = decky(interface="port0", gateways=(ipaddress.ip_address(ATTACKER),)), Netns(network.deckies, FLEET)
    if locked:
        with pytest.raises(RuntimeFailed, match=f"drops frames.*: {ATTACKER} answers this host, not the decky"):
            network.host(runtime.start, one)
        assert not network.host(runtime.inspect, [one])["web-01"].present
    else:
        network.host(runtime.start, one)
        network.host(runtime.stop, one)


def test_udp_is_served(network: Lan) -> None:
    one = decky(services=(Service("snmp", 161, "udp"),))
    with started(network, one) as runtime:
        assert network.host(runtime.inspect, [one])[one.name].served


def test_links_are_read_as_ip_shows_them(network: Lan) -> None:
    def look() -> dict[str, links.Link]:
        with Netlink() as netlink:
            return links.links(netlink)

    found = network.host(look)
    assert {name: link.kind for name, link in found.items()} == {"lo": "", "br0": "bridge", "port0": "veth"}
    assert found["port0"].master == found["br0"].number


def test_nothing_but_answers_leaves_a_namespace_that_was_given_no_client_socket(network: Lan) -> None:
    one = decky("web-01", "10.77.0.10/24")
    runtime = Netns(network.deckies, FLEET)
    network.host(runtime.start, one)
    deckies = Namespaces(network.deckies, f"decnet-{FLEET}-")

    def dial() -> int:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, CLIENT_MARK)
            sock.settimeout(1)
            return sock.connect_ex((ATTACKER, 9000))

    assert one.clients == ()
    assert deckies.enter(one.name, dial) in (errno.EAGAIN, errno.EPERM, errno.ETIMEDOUT)
    network.host(runtime.stop, one)
