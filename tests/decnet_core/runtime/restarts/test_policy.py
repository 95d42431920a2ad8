# SPDX-License-Identifier: MIT
"""The restart policy: pure decisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.runtime.restarts.policy import Decision, Ended, Phase, decide
from decnet_core.supervise.settings import SuperviseSettings

SETTINGS = SuperviseSettings(
    first_delay_seconds=1, longest_delay_seconds=10, jitter=0.5, stable_seconds=60, crash_limit=6
)
CRASH = Ended(1, ready_seconds=2)


def test_delays_double_up_to_the_longest() -> None:
    delays = [decide(CRASH, crashes, 0.0, SETTINGS).delay_seconds for crashes in range(5)]
    assert delays == [1, 2, 4, 8, 10]


def test_jitter_only_lengthens_a_delay() -> None:
    assert decide(CRASH, 0, 0.0, SETTINGS).delay_seconds == 1
    assert decide(CRASH, 0, 0.5, SETTINGS).delay_seconds == 1.25


def test_startup_failure_is_not_retried() -> None:
    decision = decide(Ended(78), 0, 0.0, SETTINGS)
    assert decision.phase is Phase.REFUSED
    assert decision.phase.over
    assert decision.delay_seconds == 0


def test_what_keeps_one_that_has_worked_from_starting_may_pass() -> None:
    assert decide(Ended(78), 0, 0.0, SETTINGS, has_worked=True) == Decision(Phase.WAITING, 1, 1)
    assert decide(Ended(78), 5, 0.0, SETTINGS, has_worked=True) == Decision(Phase.CRASH_LOOP, 6, 20)


def test_crash_loop_is_a_state_of_its_own_in_which_the_pause_grows_on() -> None:
    crashes, phases, counts = 0, [], []
    for _ in range(6):
        decision = decide(CRASH, crashes, 0.0, SETTINGS)
        crashes = decision.crashes
        phases.append(decision.phase)
        counts.append(crashes)
    assert phases == [Phase.WAITING] * 5 + [Phase.CRASH_LOOP]
    assert counts == [1, 2, 3, 4, 5, 6]
    assert decision.delay_seconds == 20
    assert not decision.phase.over
    pauses = [decide(CRASH, crashes, 0.0, SETTINGS).delay_seconds for crashes in (6, 7, 8, 9, 10, 10**9)]
    assert pauses == [40, 80, 160, 320, 600, 600]
    assert decide(CRASH, 10, 0.5, SETTINGS) == Decision(Phase.CRASH_LOOP, 11, 750)


def test_one_that_recovered_after_a_crash_loop_has_a_clean_slate() -> None:
    assert decide(Ended(1, ready_seconds=60), 7, 0.0, SETTINGS) == Decision(Phase.WAITING, 1, 1)


def test_one_that_attackers_can_reach_is_never_given_up() -> None:
    decisions = [decide(CRASH, crashes, 0.5, SETTINGS, exposed=True) for crashes in (0, 4, 5, 6, 7, 10**9)]
    assert {decision.phase for decision in decisions} == {Phase.WAITING}
    assert [decision.crashes for decision in decisions] == [1, 5, 6, 7, 8, 10**9 + 1]
    assert [decision.delay_seconds for decision in decisions] == [1.25, 20, 40, 80, 150, 150]
    assert decide(Ended(78), 0, 0.0, SETTINGS, exposed=True).phase is Phase.REFUSED


def test_long_run_forgets_earlier_crashes() -> None:
    decision = decide(Ended(1, ready_seconds=61), 5, 0.0, SETTINGS)
    assert (decision.phase, decision.crashes, decision.delay_seconds) == (Phase.WAITING, 1, 1)


def test_exactly_the_stable_time_is_long_enough() -> None:
    assert decide(Ended(1, ready_seconds=60), 5, 0.0, SETTINGS).crashes == 1
    assert decide(Ended(1, ready_seconds=59.9), 4, 0.0, SETTINGS).crashes == 5


def test_one_that_was_never_ready_has_not_recovered() -> None:
    soon_stable = SuperviseSettings(stable_seconds=1, crash_limit=6)
    assert decide(Ended(1), 3, 0.0, soon_stable).crashes == 4


@pytest.mark.parametrize("code", [0, 1, -9, -11])
def test_any_unasked_end_is_a_crash(code: int) -> None:
    assert decide(Ended(code), 0, 0.0, SETTINGS).phase is Phase.WAITING


@given(
    code=st.integers(-64, 255),
    ready=st.floats(0, 1e9),
    crashes=st.integers(0, 10**9),
    chance=st.floats(0, 1, exclude_max=True),
    limit=st.integers(1, 1000),
    exposed=st.booleans(),
)
def test_every_decision_is_bounded(
    code: int, ready: float, crashes: int, chance: float, *, limit: int, exposed: bool
) -> None:
    settings = SuperviseSettings(crash_limit=limit)
    decision = decide(Ended(code, ready), crashes, chance, settings, exposed=exposed)
    delay = settings.longest_exposed_delay_seconds if exposed else settings.longest_delay_seconds
    longest = settings.crash_loop_seconds if decision.phase is Phase.CRASH_LOOP else delay
    assert 0 <= decision.delay_seconds <= longest * (1 + settings.jitter)
    assert (decision.delay_seconds > 0) == (not decision.phase.over)
    assert not (exposed and decision.phase is Phase.CRASH_LOOP)
