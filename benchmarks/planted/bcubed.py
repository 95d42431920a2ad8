# SPDX-License-Identifier: MIT
"""B³ precision and recall (Bagga and Baldwin, 1998; Amigó et al., 2009) of a partition against the true one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping

import msgspec


class Score(msgspec.Struct, frozen=True):
    """Means over `items`, from 0 to 1."""

    items: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def scores(truth: Mapping[str, Hashable], found: Mapping[str, Hashable]) -> dict[str, tuple[float, float]]:
    """Return the precision and the recall of each item of `truth`; one that `found` lacks is alone there."""
    placed = {item: found.get(item, ("alone", item)) for item in truth}
    true_sizes, found_sizes = Counter(truth.values()), Counter(placed.values())
    both = Counter((truth[item], placed[item]) for item in truth)
    return {
        item: (both[true, placed[item]] / found_sizes[placed[item]], both[true, placed[item]] / true_sizes[true])
        for item, true in truth.items()
    }


def mean(values: Mapping[str, tuple[float, float]]) -> Score:
    if not values:
        return Score(0, 1.0, 1.0)
    precision, recall = (sum(column) / len(values) for column in zip(*values.values(), strict=True))
    return Score(len(values), precision, recall)


def grouped(truth: Mapping[str, Hashable], found: Mapping[str, Hashable]) -> set[str]:
    """Return the items that are not alone, in truth or as found: the others are right without any work."""
    placed = {item: found.get(item, ("alone", item)) for item in truth}
    true_sizes, found_sizes = Counter(truth.values()), Counter(placed.values())
    return {item for item in truth if true_sizes[truth[item]] > 1 or found_sizes[placed[item]] > 1}
