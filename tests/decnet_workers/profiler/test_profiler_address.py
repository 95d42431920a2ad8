# SPDX-License-Identifier: MIT
"""One attacker is one row, however its address is spelt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_models.database.shards import shard_of
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


@given(st.ip_addresses() | st.text(), st.sampled_from(["", "%eth0"]))
def test_one_address_for_the_profiler_is_one_for_the_shards(address: object, zone: str) -> None:
    """Whatever it takes for one attacker must be in one shard."""
    found = canonical(f"{address}{zone}")
    assert found is None or shard_of(found) == shard_of(f"{address}{zone}")
