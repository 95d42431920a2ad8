# SPDX-License-Identifier: MIT
"""Sources are served one after the other, and leave time for everything else."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from decnet_web.api.hosting import source_turns
from decnet_web.api.hosting.source_turns import SourceTurns


async def test_a_crowd_of_one_source_has_every_other_turn() -> None:
    turns, had = SourceTurns(), list[str]()
    for number in range(5):
        turns.ask("crowd", partial(had.append, f"crowd {number}"))
    turns.ask("visitor", partial(had.append, "visitor"))
    assert turns.busy
    assert not had
    await asyncio.sleep(0)
    assert had == ["crowd 0", "visitor", *(f"crowd {number}" for number in range(1, 5))]
    assert not turns.busy


async def test_turns_take_a_part_of_the_loops_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, had = 0.0, 0
    monkeypatch.setattr(source_turns, "monotonic", lambda: clock)
    turns = SourceTurns()

    def work() -> None:
        nonlocal clock, had
        clock += source_turns.PART_SECONDS / 2
        had += 1

    for _ in range(5):
        turns.ask("crowd", work)
    for expected in (2, 4, 5, 5):
        await asyncio.sleep(0)
        assert had == expected


async def test_who_has_more_to_do_asks_again() -> None:
    turns, had = SourceTurns(), list[str]()

    def again() -> None:
        had.append("first")
        turns.ask("one", partial(had.append, "second"))

    turns.ask("one", again)
    turns.ask("other", partial(had.append, "other"))
    await asyncio.sleep(0)
    assert had == ["first", "other", "second"]


async def test_a_defect_in_one_turn_takes_none_from_the_others() -> None:
    """Or a client that finds one would have the server answer nobody any more."""
    turns, had, defects = SourceTurns(), list[str](), list[BaseException]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: defects.append(context["exception"]))

    def fail() -> None:
        raise ValueError

    turns.ask("one", fail)
    turns.ask("other", partial(had.append, "other"))
    while turns.busy:
        await asyncio.sleep(0)
    turns.ask("one", partial(had.append, "later"))
    await asyncio.sleep(0)
    assert had == ["other", "later"]
    assert [type(defect) for defect in defects] == [ValueError]
