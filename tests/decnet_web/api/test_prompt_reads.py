# SPDX-License-Identifier: MIT
from __future__ import annotations

from decnet_web.api.reads.prompt_reads import MOST_KINDS, RECENT_SECONDS, SECONDS, PromptReads


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_kind_is_prompt_after_a_short_read_for_a_while() -> None:
    clock = Clock()
    reads = PromptReads(clock)
    assert not reads.may_be("a")
    reads.took("a", SECONDS / 2)
    assert (reads.may_be("a"), reads.may_be("b")) == (True, False)
    clock.now = RECENT_SECONDS
    assert not reads.may_be("a")


def test_a_kind_is_not_prompt_after_a_long_read() -> None:
    reads = PromptReads()
    reads.took("a", 0)
    reads.took("a", SECONDS)
    assert not reads.may_be("a")
    reads.took("a", 0)
    reads.forget("a")
    assert not reads.may_be("a")


def test_a_bounded_number_of_kinds_is_known() -> None:
    reads = PromptReads()
    for kind in range(MOST_KINDS + 1):
        reads.took(kind, 0)
    assert [kind for kind in range(MOST_KINDS + 1) if reads.may_be(kind)] == [MOST_KINDS]
