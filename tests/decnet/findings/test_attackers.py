# SPDX-License-Identifier: MIT
from __future__ import annotations

from typing import get_args

from decnet.findings.attackers import INDEXED, Order
from decnet_models.attackers.tables import attacker


def test_details_are_joined_where_an_index_has_the_order_and_not_to_all_rows_that_are_sorted() -> None:
    indexed = {next(iter(index.columns)).name for index in attacker.indexes}
    assert set(INDEXED) == indexed.intersection(get_args(Order))
