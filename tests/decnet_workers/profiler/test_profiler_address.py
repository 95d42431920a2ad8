# SPDX-License-Identifier: MIT
"""One attacker is one row, however its address is spelt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_workers.profiler.address import canonical


@pytest.mark.parametrize(
    ("spelt", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("192.0.2.256", None),
        ("192.0.2.01", None),
        ("host.example", None),
        ("", None),
        ("%eth0", None),
    ],
)
def test_canonical_address(spelt: str, expected: str | None) -> None:
    assert canonical(spelt) == expected


@given(st.ip_addresses())
def test_canonical_is_stable(address: object) -> None:
    once = canonical(str(address))
    assert once is not None
    assert canonical(once) == once


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_none(text: str) -> None:
    found = canonical(text)
    assert found is None or len(found) <= 45
