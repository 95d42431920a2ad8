# SPDX-License-Identifier: MIT
"""Which protocols a ClientHello offers; of noise, and of a part of one, none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.https.dialogues.hellos import HELLO12, MODERN, alpn, hello

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
