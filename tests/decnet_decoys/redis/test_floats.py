# SPDX-License-Identifier: MIT
"""Sums of floating-point numbers beside those of Redis, and whatever a client may give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.redis.protocol import Error
from decnet_decoys.redis.types.floats import LONGEST, added

NOT_BEFORE = Error("ERR x")
# Recorded from Redis of Debian 12 on x86-64: what INCRBYFLOAT answers.
RECORDED = {
    ("0.1", "0.2"): "0.3", ("0", "123456789012"): "123456789012", ("1", "1e16"): "10000000000000001",
    ("1000.1", "0.2"): "1000.29999999999999999", ("0", "123456789.123"): "123456789.12299999999959255",
    ("3.3333", "100"): "103.3333", ("0", "1e17"): "100000000000000000",
    ("0", "0xfffffffffffffff"): "1152921504606846975",
    ("5e-324", "0"): "0", ("-0.0", "0"): "0", ("0", "1e-18"): "0", ("99999.9", "0.1"): "100000",
}  # fmt: skip
WORDS = st.sampled_from(["1", "0", "9" * 40, ".", "e", "-", "+", "308", "999999999", "0x", "f", "inf", "nan", "\u0663"])


@pytest.mark.parametrize(("given_to", "shown"), RECORDED.items())
def test_sums_are_those_of_redis(given_to: tuple[str, str], shown: str) -> None:
    before, amount = given_to
    assert added(before.encode(), amount.encode(), NOT_BEFORE) == shown.encode()


@given(st.lists(WORDS, max_size=6).map("".join), st.lists(WORDS, max_size=6).map("".join))
def test_any_text_is_added_or_refused(before: str, amount: str) -> None:
    found = added(before.encode(), amount.encode(), NOT_BEFORE)
    assert isinstance(found, Error) or added(found, b"0", NOT_BEFORE) == found


def test_a_text_that_is_too_long_is_no_number() -> None:
    assert added(b"1" * LONGEST, b"1", NOT_BEFORE) is NOT_BEFORE
