# SPDX-License-Identifier: MIT
"""Stacks have the signature that p0f prints, and are known by it; headers that lie raise nothing."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_sniff.protocols import stack as stack_module
from decnet_sniff.protocols import stack_table
from decnet_sniff.protocols.muonfp import muonfp
from decnet_sniff.protocols.stack import QUIRKS, Stack, Syn, read
from decnet_sniff.protocols.stack_match import Identity, identify, parse
from decnet_sniff.protocols.stack_signature import distance, multiple, signature
from decnet_sniff.sniff import payloads

CRAFTED = (
    ("60300000003406ae2001000000000000000000000b0002622001000000000000000000000a000262",
     "00500661e26275a78bff50fad01aaf0d0000000000000000080a4a6d5e178a900044030358080a000000008f7ae40b6a0486a201",
     0, 0, "6:174+?:0:0:44813,0:eol+31:ecn,pushf+,opt+:0"),
    ("46b8002c254780006506952d0b00014f0a00014f01010101", "0050054e719048b08e5b19305012000000000000",
     0, 0, "4:101+27:4:0:0,0::0+:0"),
    ("4502004c000080001e0604390a0001b90b0001b9",
     "05b800508b27b66f00000000e0021c2000000000080a90d318700000000003190e020405782d07868ac282c23e0719507a893a03030a0000",
     0, 0, "4:30+2:0:1400:mtu*5,10:ts,ws,mss,?45,?62,ws,eol+1:id-,ecn,0+,bad:0"),
    ("450000330b848000db063b410a0002000b000200", "05ff00508d1b23a200000000770200000000000561076fd164615300",
     3, 0, "4:219+?:0:0:0,0:?97,eol+0:ecn,0+,uptr+:+"),
    ("4703003c0000c000870653bf0a00027b0b00027b0101010101010101",
     "067a00504e9682ba5712a8b58002119400000000050a218bdd727c01cbf30303",
     0, 0, "4:135+?:8:0:4500,0:sack,ws:df,ecn,0+,ack+,bad:0"),
    ("45020050000080000406212d0b00003d0a00003d",
     "0050043ceb6c4af76a12c344f01a12d80000000502175e1f686109b1797ad2d4547800701d4f2e0c488875080a82d3b61500000000"
     "050a9dc5f7963d", 0, 0, "4:4+28:0:24095:4824,0:mss,?104:id-,ecn,0+,uptr+,pushf+,bad:0"),
    ("600573d1002c066a2001000000000000000000000a00001b2001000000000000000000000b00001b",
     "041a005065a4fe7f00000000b00a25f4000000000101080a000000002ae4ab01080a4b37cea2000000000101",
     0, 0, "6:106+22:0:0:9716,0:nop,nop,ts,ts,nop,nop:flow,pushf+,ts1-,ts2+:0"),
    ("60000000001406ca2001000000000000000000000b00008c2001000000000000000000000a00008c",
     "0050048b000000000183a8565012721000000000", 0, 9, "6:202+?:0:0:29200,0::seq-:0"),
    ("4510003c0000c000f806e8bd0a0002770b000277",
     "067600501aee2e3f99f3dd58a022fe8800000000080a0000000000000000040203030b020405a001",
     0, 0, "4:248+7:0:1440:mss*45,11:ts,sok,ws,mss,nop:df,0+,ack+,urgf+,ts1-:0"),
    ("4502004c310340004506eb470b0002300a000230",
     "0050062fcd4f9e9900000000e052faf000000000080a0000000000000000f006fd8b0a2f0402050af79a48bf21dfc99902040009020405a0",
     0, 0, "4:69+?:0:1440:mss*44,0:ts,?240,sok,sack,mss,mss:df,id+,ecn,ack-,ts1-:0"),
    ("60000000003c06dc2001000000000000000000000a0000fd2001000000000000000000000b0000fd",
     "04fc00504a7d4fae00000000f00a72100000000002040000050aed29f0a475008bdb050a549ac860f62305f00303dc080a00000000"
     "00000000030308", 0, 0, "6:220+35:0:0:29200,8:mss,sack,sack,ws,ts,ws:pushf+,ts1-,exws:0"),
)  # fmt: skip
"""IP header, TCP header, bytes of payload, MSS of the SYN that is answered, and what p0f 3.09b printed of it."""

OPTIONS = {
    "linux": "020405b4 0402 080a 11223344 00000000 01 030307",
    "windows": "020405b4 01 030308 01 01 0402",
    "apple": "020405b4 01 030306 01 01 080a 11223344 00000000 0402 0000",
    "freebsd": "020405b4 01 030306 0402 080a 11223344 00000000",
    "openbsd": "020405b4 01 01 0402 01 030306 01 01 080a 11223344 00000000",
    "mss": "020405b4",
    "none": "",
}


def syn(options: str, window: int, *, ttl: int = 64, ident: int = 7, flags: int = 2, df: bool = True) -> Syn:
    """A SYN over IPv4."""
    extra = bytes.fromhex(OPTIONS[options])
    ip = struct.pack("!BBHHHBBH8x", 0x45, 0, 40 + len(extra), ident, 0x4000 if df else 0, ttl, 6, 0)
    acknowledged = 9 if flags & 0x10 else 0
    tcp = struct.pack("!HHIIBBHHH", 40000, 22, 1, acknowledged, (5 + len(extra) // 4) << 4, flags, window, 0, 0)
    return Syn(ip, tcp + extra, 0)


def stack(options: str, window: int, **more: int) -> Stack:
    found = read(syn(options, window, **more))  # type: ignore[arg-type]  # df is a bool
    assert found is not None
    return found


@pytest.mark.parametrize(("ip", "tcp", "payload", "peer_mss", "expected"), CRAFTED)
def test_signature_is_what_p0f_prints(ip: str, tcp: str, payload: int, peer_mss: int, expected: str) -> None:
    found = read(Syn(bytes.fromhex(ip), bytes.fromhex(tcp), payload))
    assert found is not None
    assert signature(found, peer_mss) == expected


@pytest.mark.parametrize(
    ("options", "window", "ttl", "ident", "name", "hops"),
    [
        ("linux", 64240, 52, 7, "Linux 4.20 or newer", 12),
        ("linux", 29200, 64, 7, "Linux 3.x or 4.x", 0),
        ("linux", 5840, 64, 7, "Linux 2.6", 0),
        ("windows", 64240, 116, 7, "Windows 10 or 11", 12),
        ("windows", 8192, 128, 7, "Windows Vista to 8.1", 0),
        ("apple", 65535, 50, 0, "macOS or iOS", 14),
        ("freebsd", 65535, 64, 7, "FreeBSD", 0),
        ("openbsd", 16384, 64, 7, "OpenBSD", 0),
        ("mss", 4128, 250, 7, None, 5),
    ],
)
def test_systems_are_known_by_their_syn(  # noqa: PLR0917  # one row of the table
    options: str, window: int, ttl: int, ident: int, name: str | None, hops: int
) -> None:
    assert identify(stack(options, window, ttl=ttl, ident=ident), server=False) == Identity(
        name, tool=False, exact=name is not None, distance=hops
    )


@pytest.mark.parametrize(
    ("options", "window", "ttl", "name", "hops"),
    [("linux", 12345, 60, "Linux", 4), ("windows", 4444, 128, "Windows", 0)],
)
def test_a_general_row_is_a_guess(options: str, window: int, ttl: int, name: str, hops: int) -> None:
    seen = stack(options, window, ttl=ttl)
    assert identify(seen, server=False) == Identity(name, tool=False, exact=False, distance=hops)
    reported = payloads.tcp_stack(seen, server=False)
    assert (reported.os, reported.os_match) == (name, "guess")
    assert f"probably {name}" in reported.summary()


def test_a_ttl_and_quirks_that_both_differ_are_another_system() -> None:
    """A server of Linux 2.4 to 3.x without time stamps and scale was taken for Windows, whose answer has TTL 128."""
    options = b"\x02\x04\x05\xb4\x01\x01\x04\x02"
    ip, header, payload = syn("linux", 5840, ttl=62, ident=0, flags=0x12)
    found = read(Syn(ip, header[:12] + bytes([7 << 4]) + header[13:20] + options, payload))
    assert found is not None
    reported = payloads.tcp_stack(found, server=True, peer_mss=1460)
    assert reported.signature == "4:62+2:0:1460:mss*4,0:mss,nop,nop,sok:df:0"
    assert (reported.os, reported.os_match) == ("Linux 2.4 to 3.x", "exact")


def test_windows_7_with_time_stamps_is_not_freebsd() -> None:
    options = b"\x02\x04\x05\xb4\x01\x03\x03\x02\x04\x02\x08\x0a" + struct.pack("!II", 5, 0)
    ip, header, payload = syn("linux", 8192, ttl=128, ident=7)
    found = read(Syn(ip, header[:12] + bytes([10 << 4]) + header[13:20] + options, payload))
    assert found is not None
    reported = payloads.tcp_stack(found, server=False)
    assert (reported.os, reported.os_match) == ("Windows Vista to 8.1", "exact"), reported.signature


@pytest.mark.parametrize(
    ("options", "window", "ttl", "name"),
    [
        ("mss", 1024, 41, "Nmap SYN scan"),
        ("none", 1024, 240, "Masscan"),
        ("none", 65535, 240, "ZMap"),
        ("none", 8192, 60, "Scapy"),
    ],
)
def test_tools_are_known_by_their_syn(options: str, window: int, ttl: int, name: str) -> None:
    told = payloads.tcp_stack(stack(options, window, ttl=ttl, df=False), server=False)
    assert (told.tool, told.os) == (name, None)


@pytest.mark.parametrize(
    ("numbers", "window", "name"),
    [((0, 0), 8192, "Scapy"), ((77, 0), 512, "hping3"), ((77, 0x01000009), 512, "hping3")],
)
def test_tools_are_known_by_numbers_that_no_system_sends(numbers: tuple[int, int], window: int, name: str) -> None:
    ip, _, payload = syn("none", window, df=False)
    found = read(Syn(ip, struct.pack("!HHIIBBHHH", 40000, 22, *numbers, 5 << 4, 2, window, 0, 0), payload))
    assert found is not None
    assert payloads.tcp_stack(found, server=False).tool == name


def test_what_a_router_changes_still_fits_but_not_exactly() -> None:
    for changed in (
        stack("linux", 64240, df=False),
        stack("linux", 64240, ident=0, df=False),
        stack("linux", 64240, flags=0xC2),
        stack("linux", 64240, ttl=200),
        stack("linux", 64240, ident=0),
    ):
        identity = identify(changed, server=False)
        assert (identity.name, identity.exact) == ("Linux 4.20 or newer", False)
    assert identify(stack("linux", 64240, flags=0x22), server=False).name is None, "URG is never set on the way"


def test_tools_are_known_only_exactly() -> None:
    assert identify(stack("mss", 1024, ttl=41), server=False).name is None, "Nmap does not set DF"
    assert identify(stack("mss", 1024, ttl=65, df=False), server=False).name is None


def test_a_windows_answer_is_not_a_windows_question() -> None:
    answer = stack("windows", 65535, ttl=128, flags=0x12)
    assert identify(answer, server=True, peer_mss=1460).name == "Windows 10, 11 or Server 2016 or newer"


def test_window_is_a_multiple_of_the_peers_mss() -> None:
    assert multiple(stack("mss", 1380 * 7, flags=0x12), peer_mss=1380) == ("mss", 7)
    assert multiple(stack("mss", 1380 * 7, flags=0x12)) == ("", 0)


@pytest.mark.parametrize(
    ("ttl", "hops"), [(1, 31), (32, 0), (33, 31), (64, 0), (65, 63), (128, 0), (129, 126), (255, 0)]
)
def test_distance_is_to_the_next_usual_ttl(ttl: int, hops: int) -> None:
    assert distance(ttl) == hops


def test_every_row_of_the_table_is_in_the_notation() -> None:
    for table in (stack_table.SYN, stack_table.SYN_ACK, stack_table.GENERAL):
        names = [name for name, _ in table]
        rows = [text for _, texts in table for text in texts]
        assert len(rows) == len(set(rows))
        assert len(names) == len(set(names))
        for name, texts in table:
            for text in texts:
                assert parse(name, text).kinds.count(2) <= 1


def test_rows_may_leave_open_and_take_multiples() -> None:
    row = parse("!x", "*:64-:0:*:%1024,*:?9,eol+3:df,bad:*")
    assert (row.tool, row.version, row.mss, row.scale, row.payload) == (True, None, None, None, None)
    assert (row.unit, row.size, row.random_ttl, row.kinds, row.padding) == ("%", 1024, True, b"\x09\x00", 3)
    assert row.quirks == 1 << QUIRKS.index("df") | 1 << QUIRKS.index("bad")


@pytest.mark.parametrize(
    ("options", "window", "expected"),
    [("mss", 62727, "62727:2:1460:"), ("none", 65535, "65535:::"), ("linux", 26847, "26847:2-4-8-1-3:1460:7")],
)
def test_muonfp_is_that_of_its_specification(options: str, window: int, expected: str) -> None:
    assert muonfp(stack(options, window)) == expected


def test_muonfp_distinguishes_zero_from_absent() -> None:
    ip = syn("none", 0).ip
    tcp = struct.pack("!HHIIBBHHH", 1, 2, 3, 0, 0x70, 2, 0, 0, 0) + bytes.fromhex("02040000 030300 00")
    found = read(Syn(ip, tcp, 0))
    assert found is not None
    assert muonfp(found) == "0:2-3-0:0:0"


def test_a_syn_that_also_ends_the_connection_is_no_stack_s() -> None:
    assert read(syn("mss", 1, flags=0x03)) is None
    assert read(syn("mss", 1, flags=0x06)) is None


def test_headers_cut_short_are_no_stack() -> None:
    whole = syn("linux", 64240)
    for length in range(20):
        assert read(whole._replace(tcp=whole.tcp[:length])) is None
        assert read(whole._replace(ip=whole.ip[:length])) is None
    assert read(whole._replace(tcp=whole.tcp[:-1])) is None, "the offset says more"


@given(st.binary(max_size=80), st.binary(max_size=80), st.integers(0, 9), st.integers(0, 65535))
def test_any_bytes_never_raise(ip: bytes, tcp: bytes, payload: int, peer_mss: int) -> None:
    for first in (b"\x45", b"\x60", b""):
        found = read(Syn(first + ip, tcp, payload))
        if found is not None:
            payloads.tcp_stack(found, server=False)
            payloads.tcp_stack(found, server=True, peer_mss=peer_mss)


@given(st.binary(max_size=40), st.integers(0, 255).filter(lambda flags: not flags & 5))
def test_any_options_never_raise(options: bytes, flags: int) -> None:
    tcp = struct.pack("!HHIIBBHHH", 1, 2, 3, 4, (5 + (len(options) + 3) // 4) << 4, flags, 5, 0, 0)
    found = read(Syn(syn("none", 1).ip, tcp + options.ljust(40, b"\1"), 0))
    assert found is not None
    assert len(found.kinds) <= 24
    assert len(payloads.tcp_stack(found, server=False).signature) < 300


pieces = st.lists(
    st.sampled_from([b"\x08\x0a", bytes(8), bytes(4), b"\1", b"\0", b"\2\4\x08\x0a", b"\3\3\7", b"\4\2", b"\x09\x0c"])
    | st.binary(min_size=4, max_size=8),
    max_size=9,
).map(lambda parts: b"".join(parts)[:40])


def with_options(options: bytes, *, initial: bool, numbers: tuple[int, int] = (7, 8), identification: int = 9) -> Syn:
    words = (len(options) + 3) // 4
    flags = 0x02 if initial else 0x12
    sequence, port = numbers
    tcp = struct.pack("!HHIIBBHHH", port, 22, sequence, 0 if initial else sequence, (5 + words) << 4, flags, 5, 0, 0)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, identification, 0x4000, 64, 6, 0, bytes(4), bytes(4))
    return Syn(ip, tcp + options.ljust(4 * words, b"\1"), 0)


@given(pieces, st.binary(min_size=8, max_size=8), st.booleans(), st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_what_was_read_before_changes_nothing(
    options: bytes, times: bytes, initial: bool, numbers: tuple[int, int]
) -> None:
    """Headers are remembered but for what changes from one to the next; what only looks like a time is not left out."""
    at = options.find(b"\x08\x0a")
    other = options[: at + 2] + times + options[at + 10 :] if 0 <= at <= len(options) - 10 else options
    stack_module._known.clear()
    fresh = read(with_options(options, initial=initial))
    assert fresh is not None
    stack_module._known.clear()
    read(with_options(other, initial=initial, numbers=numbers, identification=numbers[1]))
    assert read(with_options(options, initial=initial)) == fresh


@pytest.mark.parametrize("place", range(40))
@pytest.mark.parametrize("start", [b"\x45", b"\x60"])
def test_each_byte_of_a_header_counts_as_much_after_another_header(start: bytes, place: int) -> None:
    ip, tcp = start + bytes(39), struct.pack("!HHIIBBHHH", 1, 2, 0, 0, 0x50, 2, 0, 0, 0)
    for value in (1, 2, 4, 16, 64, 128, 255):
        changed_ip, changed_tcp = bytearray(ip), bytearray(tcp)
        changed_ip[place] ^= value if place else 0
        changed_tcp[place % 20] ^= value
        for other in (Syn(bytes(changed_ip), tcp, 0), Syn(ip, bytes(changed_tcp), 0), Syn(ip, tcp, value)):
            stack_module._known.clear()
            fresh = read(other)
            stack_module._known.clear()
            read(Syn(ip, tcp, 0))
            assert read(other) == fresh


def test_memory_of_headers_is_bounded() -> None:
    for number in range(2000):
        read(with_options(struct.pack("!BBH", 2, 4, number), initial=True))
    assert len(stack_module._known) <= 512
