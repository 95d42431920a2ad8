# SPDX-License-Identifier: MIT
"""One source's connections are counted over the processes that play the deckies."""

from __future__ import annotations

import os

from decnet_decoys.places import Place, Places
from decnet_decoys.shared_sources import SharedSources


def test_limit_of_a_source_holds_over_all_processes() -> None:
    shared = SharedSources(2)
    here, there = (Places(100, 3, ("web",), shared.of(share)) for share in range(2))
    first = Place("web", "192.0.2.1")
    assert here.take(first)
    assert here.take(Place("web", "192.0.2.1"))
    assert there.take(Place("web", "192.0.2.1"))
    assert not there.take(Place("web", "192.0.2.1"))
    assert there.take(Place("web", "192.0.2.2"))
    here.release(first)
    assert there.take(Place("web", "192.0.2.1"))


def test_what_a_forked_process_counts_is_seen_by_the_others() -> None:
    shared = SharedSources(2)
    here = shared.of(0)
    pid = os.fork()
    if pid == 0:
        shared.of(1).count("192.0.2.1", 5)
        os._exit(0)
    os.waitpid(pid, 0)
    assert here.elsewhere("192.0.2.1") == 5
    assert here.elsewhere("192.0.2.2") == 0


def test_counts_of_a_killed_process_are_forgotten_when_it_starts_again() -> None:
    shared = SharedSources(2)
    here, there = shared.of(0), shared.of(1)
    there.count("192.0.2.1", 5)
    shared.of(1)
    assert here.elsewhere("192.0.2.1") == 0
