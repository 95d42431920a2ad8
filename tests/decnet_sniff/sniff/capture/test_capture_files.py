# SPDX-License-Identifier: MIT
"""Capture files of every flavour are read; a damaged one as far as it goes, and then it is said where it is damaged."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decnet_sniff.sniff.sniff_packet_makers import (
    START,
    block,
    conversation,
    ether,
    interface,
    pcap,
    pcapng,
    section,
)
from tests.examples import examples

from decnet_sniff.sniff.capture.file_buffer import CHUNK, CaptureError, File
from decnet_sniff.sniff.capture.pcap import batches
from decnet_sniff.sniff.packets import link

FRAMES = [
    ether(packet) for packet in conversation([b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"], [b"HTTP/1.1 200 OK\r\n\r\n"])
]
EXPECTED = [(link.ETHERNET, START + number * 1000, frame) for number, frame in enumerate(FRAMES)]

Packets = list[tuple[int, int, bytes]]


class Trickle(io.BytesIO):
    """A pipe that gives few bytes at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 1, 7))


def read(data: bytes | File) -> tuple[Packets, str]:
    found: Packets = []
    try:
        for batch in batches(io.BytesIO(data) if isinstance(data, bytes) else data):
            assert batch.records
            found += [(batch.link, ts, bytes(batch.buffer[start:end])) for ts, start, end in batch.records]
    except CaptureError as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_both_formats_in_both_byte_orders(make: Callable[..., bytes], order: str) -> None:
    assert read(make(FRAMES, order=order)) == (EXPECTED, "")


@pytest.mark.parametrize("order", ["<", ">"])
def test_microseconds(order: str) -> None:
    assert read(pcap(FRAMES, order=order, nanoseconds=False)) == (EXPECTED, "")
    packet = block(6, struct.pack(order + "IIIII", 0, 1, 2, 1, 1) + b"x", order)
    assert read(section(order) + interface(order=order) + packet)[0] == [(link.ETHERNET, (2**32 + 2) * 1000, b"x")]


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_pipe_gives_what_it_has(make: Callable[..., bytes]) -> None:
    assert read(Trickle(make(FRAMES))) == (EXPECTED, "")


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_a_file_larger_than_a_chunk_loses_nothing(make: Callable[..., bytes]) -> None:
    frames = [bytes([n % 251]) * (1 + n % 1500) for n in range(2000)]
    assert sum(map(len, frames)) > 3 * CHUNK
    found, problem = read(make(frames))
    assert [frame for _, _, frame in found] == frames
    assert not problem


def test_binary_resolution_and_an_offset() -> None:
    options = struct.pack("<HHB3xHHqHH", 9, 1, 0x80 | 10, 14, 8, 100, 0, 0)
    data = section() + interface(options=options) + block(6, struct.pack("<IIIII", 0, 0, 1536, 2, 2) + b"ab")
    assert read(data) == ([(link.ETHERNET, 101_500_000_000, b"ab")], "")


def test_old_simple_and_unknown_blocks() -> None:
    data = (
        section()
        + block(0x0BAD, b"unknown")
        + interface()
        + interface(link.RAW)
        + block(4, b"names")
        + block(2, struct.pack("<HHIIII", 1, 0, 0, 7, 3, 3) + b"old")
        + block(3, struct.pack("<I", 6) + b"simple")
        + block(6, struct.pack("<IIIII", 9, 0, 0, 1, 1) + b"x")  # of no interface
        + section(">")
        + interface(link.SLL, ">")
        + block(6, struct.pack(">IIIII", 0, 0, 8, 3, 3) + b"new", ">")
    )
    found, problem = read(data)
    assert found == [(link.RAW, 7000, b"old"), (link.ETHERNET, 7000, b"simple"), (link.SLL, 8000, b"new")]
    assert not problem


@pytest.mark.parametrize("make", [pcap, pcapng])
@pytest.mark.parametrize("order", ["<", ">"])
def test_cut_at_every_byte_all_that_is_there_is_read(make: Callable[..., bytes], order: str) -> None:
    data = make(FRAMES[:4], order=order)
    for size in range(len(data)):
        found, problem = read(data[:size])
        whole = [packet for packet in EXPECTED if packet in found]
        assert found[: len(whole)] == whole
        assert len(found) <= len(whole) + 1  # the last may be there in part
        if not problem:
            assert data[:size] in {section(order), make(FRAMES[: len(found)], order=order)}


def test_what_is_no_capture_is_recognised() -> None:
    assert read(b"") == ([], "the file is empty")
    assert "neither pcap nor pcapng" in read(b"hello, world")[1]
    assert "header" in read(pcap([])[:20])[1]


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 1_000_000])
def test_a_lie_about_a_length_ends_the_reading_there(size: int) -> None:
    lie = struct.pack("<IIII", 1, 1, size, size)
    found, problem = read(pcap(FRAMES) + lie + bytes(100))
    assert found == EXPECTED
    assert f"claims to have {size} bytes" in problem
    found, problem = read(pcapng(FRAMES) + struct.pack("<II", 6, size) + bytes(100))
    assert found[: len(EXPECTED)] == EXPECTED
    assert len(found) <= len(EXPECTED) + 1
    assert problem


@settings(max_examples=examples(200))
@given(st.sampled_from([pcap(FRAMES), pcapng(FRAMES), pcapng(FRAMES, order=">")]), st.data())
def test_flipped_bits_are_never_an_error_of_ours(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 6))):
        damaged[draw.draw(st.integers(0, len(damaged) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    found, _ = read(bytes(damaged))
    assert sum(len(frame) for _, _, frame in found) <= 2 * len(damaged)
    assert all(0 <= ts < 2**63 for _, ts, _ in found)


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a", section() + interface()])
)
def test_any_bytes_are_read_or_refused(data: bytes, before: bytes) -> None:
    read(before + data)
