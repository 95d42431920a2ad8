# SPDX-License-Identifier: MIT
"""One attacker is one row, however its address is spelt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.net.addresses import canonical
from decnet_models.database.shards import shard_of


@given(st.ip_addresses() | st.text(), st.sampled_from(["", "%eth0"]))
def test_one_address_for_the_profiler_is_one_for_the_shards(address: object, zone: str) -> None:
    """Whatever it takes for one attacker must be in one shard."""
    found = canonical(f"{address}{zone}")
    assert found is None or shard_of(found) == shard_of(f"{address}{zone}")
