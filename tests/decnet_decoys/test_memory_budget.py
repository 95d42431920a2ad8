# SPDX-License-Identifier: MIT
from __future__ import annotations

from decnet_decoys.memory_budget import MemoryBudget, MemoryLease


def test_one_source_gets_two_thirds_and_others_share_the_rest() -> None:
    budget = MemoryBudget(900)
    first, again, second = (MemoryLease(budget, source) for source in ("192.0.2.1", "192.0.2.1", "192.0.2.2"))
    assert first.hold(400)
    assert not again.hold(201)  # of one source, however many leases
    assert again.hold(200)
    assert second.hold(200)
    assert not second.hold(1)
    assert (budget.left, budget.refused) == (100, 2)
    again.close()
    assert second.hold(1)


def test_what_was_given_back_can_be_taken_again() -> None:
    budget = MemoryBudget(900)
    lease = MemoryLease(budget, "192.0.2.1")
    for _ in range(10):
        assert lease.hold(600)
        assert lease.hold(-300)
        lease.close()
        lease.close()
    assert budget.left == 900


def test_a_lease_without_a_source_may_take_all() -> None:
    assert MemoryLease(MemoryBudget(900)).hold(900)


def test_what_is_dispensable_goes_before_a_source_is_refused() -> None:
    budget = MemoryBudget(900)
    idle = MemoryLease(budget, "192.0.2.1")
    idle.hold(500)

    def relieve() -> bool:
        freed = budget.left < 900
        idle.close()
        return freed

    budget.relieve = relieve
    assert MemoryLease(budget, "192.0.2.2").hold(400)
