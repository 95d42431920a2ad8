# SPDX-License-Identifier: MIT
"""Which protocols a ClientHello offers; of noise, and of a part of one, none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.https.dialogues.hellos import HELLO12, MODERN, alpn, extension, hello, sized

from decnet_decoys.tls.client_hello import protocols_offered


def test_what_is_offered_is_found() -> None:
    assert protocols_offered(hello(MODERN + alpn(b"h2", b"http/1.1"))) == [b"h2", b"http/1.1"]
    assert protocols_offered(HELLO12) == []
    assert protocols_offered(hello(alpn(b"h2", b""))) == []


def test_a_part_of_a_hello_offers_nothing() -> None:
    whole = hello(alpn(b"h2"))
    assert {tuple(protocols_offered(whole[:end])) for end in range(len(whole))} == {()}


@given(st.binary(max_size=80), st.integers(0, 200), st.binary(max_size=4))
def test_noise_raises_nothing(noise: bytes, at: int, other: bytes) -> None:
    whole = hello(alpn(b"h2"))
    protocols_offered(noise)
    protocols_offered(whole[:at] + other + whole[at + len(other) :])


LONG = {
    "empty extensions": (extension(60000, b"") * 16_000 + alpn(b"h2"), [b"h2"]),
    "short protocols": (extension(16, sized(b"\1h" * 32_000)), [b"h"] * 32_000),
    "empty protocols": (extension(16, sized(b"\0" * 64_000)), []),
}


@pytest.mark.parametrize("name", LONG)
def test_a_hello_as_long_as_one_can_be_is_read_in_a_turn(name: str) -> None:
    more, offered = LONG[name]
    whole = hello(more)
    seconds = []
    for _ in range(3):
        began = time.process_time()
        found = protocols_offered(whole)
        seconds.append(time.process_time() - began)
    assert found == offered
    assert min(seconds) < 0.02
