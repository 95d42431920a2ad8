# SPDX-License-Identifier: MIT
"""The real ssh is the oracle: a handshake succeeds only when both sides computed the same secret."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import DeckyHost

from decnet_decoys.ssh import sntrup

SIZES = st.lists(st.integers(1, 6000), min_size=1, max_size=40)


@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")
@pytest.mark.parametrize(
    "name", ["sntrup761x25519-sha512@openssh.com", "curve25519-sha256", "diffie-hellman-group14-sha256"]
)
async def test_the_real_ssh_agrees_on_a_key(host: DeckyHost, name: str) -> None:
    status, out, err = await host.ssh("id -u", options=(f"KexAlgorithms={name}",))
    assert (status, out) == (0, b"0\n"), err


@given(st.data(), SIZES)
def test_what_is_encoded_is_decoded(data: st.DataObject, sizes: list[int]) -> None:
    values = [data.draw(st.integers(0, size - 1)) for size in sizes]
    assert sntrup.decode(sntrup.encode(values, sizes), sizes) == values


@given(st.binary(min_size=sntrup.PUBLIC_BYTES, max_size=sntrup.PUBLIC_BYTES))
def test_any_public_key_of_the_right_length_is_answered(public: bytes) -> None:
    secret, ciphertext = sntrup.encapsulate(public)
    assert (len(secret), len(ciphertext)) == (sntrup.SECRET_BYTES, sntrup.CIPHERTEXT_BYTES)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1158 bytes"):
        sntrup.encapsulate(bytes(1157))


def test_the_random_polynomial_has_the_right_weight() -> None:
    assert sum(map(abs, sntrup.random_short())) == sntrup.W


def test_encapsulation_does_not_hold_the_event_loop() -> None:
    def seconds() -> float:
        began = time.thread_time()
        sntrup.encapsulate(bytes(sntrup.PUBLIC_BYTES))
        return time.thread_time() - began

    assert min(seconds() for _ in range(10)) < 0.05
