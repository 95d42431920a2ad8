# SPDX-License-Identifier: MIT
"""JARM: the hellos, the odd reading of answers, the fingerprint. What others compute is compared in `oracles`."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decnet_sniff.probe import jarm
from decnet_sniff.probe.jarm import (
    HELLOS,
    NO_ANSWER,
    Order,
    ServerChoice,
    client_hello,
    fingerprint,
    ordered,
    read_answer,
)

TSHARK = shutil.which("tshark")


def server_hello(extensions: bytes | None, session: bytes = b"s" * 32, after: bytes = b"") -> bytes:
    body = b"\x03\x03" + b"r" * 32 + bytes((len(session),)) + session + b"\xc0\x2f\x00"
    if extensions is not None:
        body += len(extensions).to_bytes(2, "big") + extensions
    message = b"\x02" + len(body).to_bytes(3, "big") + body + after
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


ALPN_H2 = b"\x00\x10\x00\x05\x00\x03\x02h2"
RENEGOTIATION = b"\xff\x01\x00\x01\x00"


@pytest.mark.parametrize(
    ("order", "odd", "even"),
    [
        ("forward", "12345", "1234"),
        ("reverse", "54321", "4321"),
        ("bottom half", "45", "34"),
        ("top half", "321", "21"),
        ("middle out", "34251", "3241"),
    ],
)
def test_five_orders(order: Order, odd: str, even: str) -> None:
    assert "".join(ordered("12345", order)) == odd
    assert "".join(ordered("1234", order)) == even


@pytest.mark.parametrize("number", range(10))
def test_hello_is_one_record_whose_lengths_agree(number: int) -> None:
    data = client_hello(HELLOS[number], "server.example", os.urandom)
    assert data[0] == 22
    assert int.from_bytes(data[3:5], "big") == len(data) - 5
    assert int.from_bytes(data[6:9], "big") == len(data) - 9
    assert data.count(b"server.example") == 1


@pytest.mark.skipif(TSHARK is None, reason="no tshark here")
def test_hellos_are_what_another_program_reads() -> None:
    """Versions, ciphers and ALPN of the first hello, as published: oldest ciphers and newest versions first."""
    data = client_hello(HELLOS[0], "server.example", bytes)
    dump = "0000 " + " ".join(f"{byte:02x}" for byte in data) + "\n"
    fields = (
        "tls.handshake.ciphersuite",
        "tls.handshake.extensions_alpn_str",
        "tls.handshake.extensions.supported_version",
    )
    command = f"text2pcap -q -T 4000,443 - - | {TSHARK} -r - -T fields " + " ".join(f"-e {name}" for name in fields)
    done = subprocess.run(["sh", "-c", command], input=dump, capture_output=True, text=True, check=True, timeout=60)
    ciphers, alpn, versions = done.stdout.rstrip("\n").split("\t")
    assert [cipher.lower().removeprefix("0x") for cipher in ciphers.split(",")] == jarm._ALL
    assert alpn == "hq,h2c,spdy/3,h2,spdy/2,spdy/1,http/1.1,http/1.0,http/0.9"
    assert [int(version, 16) for version in versions.split(",")] == [0x0303, 0x0302, 0x0301]


def test_grease_is_random_and_in_its_five_places() -> None:
    hello = HELLOS[9]
    data = client_hello(hello, "x", lambda number: b"\x5c" * number)
    assert data.count(b"\x5a\x5a") == 4  # ciphers, extensions, key share, versions
    seen = {client_hello(hello, "x", os.urandom)[76:82] for _ in range(20)}
    assert len(seen) > 1


def test_answer_shows_cipher_version_alpn_and_extensions() -> None:
    assert read_answer(server_hello(RENEGOTIATION + ALPN_H2)) == ServerChoice("c02f", "0303", "h2", "ff01-0010")


def test_answer_without_extensions_keeps_what_was_chosen() -> None:
    chosen = ServerChoice("c02f", "0303")
    assert read_answer(server_hello(None)) == chosen
    assert read_answer(server_hello(None, after=b"\x0b\x00\x00\x00")) == chosen  # a certificate follows


@pytest.mark.parametrize(
    "data",
    [b"", b"\x15\x03\x03\x00\x02\x02\x28", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x03\x00\x04\x0b\0\0\0"],
)
def test_alerts_and_strangers_are_no_answer(data: bytes) -> None:
    assert read_answer(data) is NO_ANSWER


@pytest.mark.parametrize("extensions", [b"\x00\x10\x00\x00", b"\x00\x10\x00\x05\x00\x03\x02\xff\xfe"])
def test_alpn_that_the_reference_stumbles_over_spoils_the_answer(extensions: bytes) -> None:
    assert read_answer(server_hello(extensions)) is NO_ANSWER


def test_extensions_that_are_cut_short_spoil_the_answer() -> None:
    whole = server_hello(RENEGOTIATION + ALPN_H2)
    assert read_answer(whole[:-12]) is NO_ANSWER


@given(st.binary(max_size=2000), st.binary(max_size=100))
@example(b"\x16\x03\x03\x00\x00\x02\x00\x00\x00\x03\x39" + b"\0" * 60, b"")
def test_any_answer_gives_a_fingerprint(data: bytes, other: bytes) -> None:
    answers = [read_answer(data), read_answer(b"\x16\x03\x03" + data), read_answer(server_hello(other)[: len(data)])]
    text = fingerprint(answers + [NO_ANSWER] * 7)
    assert len(text) == 62
    assert set(text) <= set("0123456789abcdef")
    assert isinstance(jarm.complete(data), bool)


@given(st.data())
def test_bits_that_flip_in_an_answer_never_raise(data: st.DataObject) -> None:
    answer = bytearray(server_hello(RENEGOTIATION + ALPN_H2 + b"\x00\x2b\x00\x02\x03\x04"))
    for _ in range(data.draw(st.integers(1, 8))):
        answer[data.draw(st.integers(0, len(answer) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    for end in range(len(answer)):
        assert len(fingerprint([read_answer(bytes(answer[:end]))] * 10)) == 62


def test_silence_is_all_zeros_and_an_unknown_cipher_the_number_after_the_last() -> None:
    assert fingerprint([NO_ANSWER] * 10) == jarm.SILENCE == "0" * 62
    assert fingerprint([ServerChoice("ffff", "0303"), *[NO_ANSWER] * 9]).startswith("46d" + "000" * 9)
    assert fingerprint([ServerChoice("1305", "0304"), *[NO_ANSWER] * 9]).startswith("45e")
    assert fingerprint([ServerChoice("0004", "0300"), *[NO_ANSWER] * 9]).startswith("01a")


def test_fingerprint_ends_with_the_digest_of_alpn_and_extensions() -> None:
    import hashlib

    answers = [
        ServerChoice("c02f", "0303", "h2", "ff01-0010"),
        ServerChoice("c02f", "0303", "", "ff01"),
        *[NO_ANSWER] * 8,
    ]
    assert fingerprint(answers)[30:] == hashlib.sha256(b"h2ff01-0010ff01").hexdigest()[:32]


def test_more_is_waited_for_only_while_the_record_is_not_whole() -> None:
    whole = server_hello(RENEGOTIATION)
    assert not any(jarm.complete(whole[:end]) for end in range(len(whole)))
    assert jarm.complete(whole)
    assert jarm.complete(b"SSH-2.0-x")
    assert jarm.complete(b"\x16\x03\x03\xff\xff" + bytes(jarm.MOST))
