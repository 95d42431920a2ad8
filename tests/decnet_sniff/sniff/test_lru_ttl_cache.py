# SPDX-License-Identifier: MIT
from __future__ import annotations

from decnet_sniff.sniff.lru_ttl_cache import LruTtlCache


def test_the_longest_untouched_goes_when_the_table_is_full() -> None:
    gone: list[str] = []
    table = LruTtlCache[int, str](2, 100, gone.append)
    table.put(1, "a", 0)
    table.put(2, "b", 1)
    assert table.get(1, 2) == "a"
    table.put(3, "c", 3)
    assert (table.get(2, 3), table.get(1, 3), gone, table.evicted) == (None, "a", ["b"], 1)


def test_what_was_not_asked_for_in_time_is_forgotten_and_not_counted_as_evicted() -> None:
    gone: list[str] = []
    table = LruTtlCache[int, str](10, 100, gone.append)
    table.put(1, "a", 0)
    table.put(2, "b", 50)
    assert table.get(1, 101) is None
    table.put(3, "c", 200)
    assert (len(table), gone, table.evicted) == (1, ["a", "b"], 0)


def test_a_value_that_is_put_again_replaces_the_first() -> None:
    gone: list[str] = []
    table = LruTtlCache[int, str](1, 100, gone.append)
    table.put(1, "a", 0)
    table.put(1, "b", 0)
    assert (table.get(1, 0), gone, table.evicted) == ("b", ["a"], 0)


def test_time_may_step_back() -> None:
    table = LruTtlCache[int, str](3, 100)
    table.put(1, "a", 1000)
    table.put(2, "b", 10)
    assert (table.get(1, 0), table.get(2, 0)) == ("a", "b")
