# SPDX-License-Identifier: MIT
"""Whatever happens to a worker, in whatever order: one instance, no start after a stop, restarts as the policy says."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.examples import examples

from decnet_core.exits import Exit
from decnet_core.runtime.restarts.policy import Ended, Phase, decide
from decnet_core.supervise.lifecycle import Action, Kill, Lifecycle, Spawn, Terminate
from decnet_core.supervise.settings import SuperviseSettings

SETTINGS = SuperviseSettings(
    first_delay_seconds=1,
    longest_delay_seconds=4,
    jitter=0.5,
    stable_seconds=30,
    crash_limit=3,
    start_seconds=20,
    stop_seconds=5,
    watchdog_seconds=10,
)
CHANCE = 0.5


class Host(RuleBasedStateMachine):
    """Carries out what the lifecycle asks for, and counts crashes by itself."""

    @initialize()
    def start(self) -> None:
        self.now = 1000.0
        self.numbers = 0
        self.pending: Spawn | None = None
        self.first: int | None = None
        """The instance that is the worker."""
        self.second: int | None = None
        """Its successor."""
        self.unneeded: set[int] = set()
        self.ready_at: float | None = None
        self.crashes = 0
        self.has_worked = False
        """Whether it was ready since the operator last started it."""
        self.expected: tuple[Phase, float | None] | None = None
        """What the policy says about the last crash, until something else happens."""
        self.told_to_end: set[int] = set()
        self.stopped = False
        self.wake_due: float | None = None
        self.worker = Lifecycle("decoys", SETTINGS, watchdog=True, jitter=lambda: CHANCE)
        self.carry_out(self.worker.start())

    def carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Spawn):
                assert not self.stopped
                assert self.pending is None, "a second instance beside the one that is being spawned"
                if action.succeeds is None:
                    assert self.first is None, "a second instance of the worker"
                else:
                    assert (action.succeeds, self.second) == (self.first, None)
                self.pending = action
            elif isinstance(action, Terminate):
                assert action.instance == self.first
                self.told_to_end.add(action.instance)
            elif isinstance(action, Kill):
                assert action.instance in self.worker.instances
                self.told_to_end.add(action.instance)
                if action.instance == self.second:
                    self.unneeded.add(action.instance)
                    self.second = None
        self.expected = self.expected if not actions else None

    @precondition(lambda self: self.pending)
    @rule(works=st.booleans())
    def answer_a_spawn(self, works: bool) -> None:
        spawn, self.pending = self.pending, None
        assert spawn is not None
        if not works:
            if self.first is None:
                self.crash(Ended(1))
            self.carry_out(self.worker.spawn_failed(spawn, "no memory", self.now))
            return
        self.numbers += 1
        if spawn.succeeds is None or (self.first is None and not self.stopped):
            self.first, self.ready_at, self.expected = self.numbers, None, None
        else:
            self.second = self.numbers
        self.carry_out(self.worker.spawned(spawn, self.numbers, self.now))

    def crash(self, ended: Ended) -> None:
        """Note what has to follow from the end of the worker's instance, unless it was asked for."""
        if self.stopped:
            return
        decision = decide(ended, self.crashes, CHANCE, SETTINGS, has_worked=self.has_worked)
        self.crashes = decision.crashes
        self.expected = (decision.phase, None if decision.phase.over else self.now + decision.delay_seconds)

    @precondition(lambda self: self.first is not None)
    @rule(code=st.sampled_from([0, 1, 78, -9]))
    def the_worker_exits(self, code: int) -> None:
        instance, self.first = self.first, None
        assert instance is not None
        ready_seconds = 0.0 if self.ready_at is None else self.now - self.ready_at
        restarting = self.worker._restarting
        parking = self.worker._parking and code == Exit.STOPPED
        if self.second is not None and not self.stopped:
            self.first, self.second, self.ready_at = self.second, None, None
            self.expected = None
        elif self.pending is not None and not self.stopped:  # its successor will take its place
            self.expected = (Phase.WAITING, None)
        elif parking and not restarting and not self.stopped:
            self.crashes, self.expected = 0, (Phase.PARKED, self.wake_due)
        elif not restarting:
            self.crash(Ended(code, ready_seconds))
        self.carry_out(self.worker.exited(instance, code, "", self.now))
        if self.worker.status.phase is Phase.READY:  # it said so before
            self.ready_at, self.has_worked = self.now, True

    @precondition(lambda self: self.second is not None and not self.worker._leaving)
    @rule()
    def its_successor_exits(self) -> None:
        instance, self.second = self.second, None
        assert instance is not None
        self.carry_out(self.worker.exited(instance, 1, "", self.now))

    @precondition(lambda self: self.unneeded)
    @rule()
    def what_was_killed_exits(self) -> None:
        self.carry_out(self.worker.exited(self.unneeded.pop(), -9, "", self.now))

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), how=st.sampled_from(["ready", "heartbeat", "standing_by"]))
    def somebody_reports(self, data: st.DataObject, how: str) -> None:
        instance = data.draw(st.integers(1, self.numbers))
        before = self.worker.status.phase
        self.carry_out(getattr(self.worker, how)(instance, self.now))
        if before is Phase.STARTING and self.worker.status.phase is Phase.READY:
            assert instance == self.first
            self.ready_at, self.has_worked = self.now, True

    @precondition(lambda self: self.first is not None)
    @rule(seconds=st.sampled_from([None, 2.0, 40.0]))
    def it_has_nothing_to_do(self, seconds: float | None) -> None:
        assert self.first is not None
        was, due = self.worker.parking, None if seconds is None else self.now + seconds
        self.carry_out(self.worker.park(self.first, due, self.now))
        if self.worker.parking and not was:
            self.wake_due = due

    @rule()
    def something_wakes_it(self) -> None:
        self.carry_out(self.worker.wake())

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 12.0, 31.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.carry_out(self.worker.tick(self.now))

    @precondition(lambda self: self.worker.deadline is not None)
    @rule()
    def the_timer_fires(self) -> None:
        assert self.worker.deadline is not None
        self.now = max(self.now, self.worker.deadline)
        self.carry_out(self.worker.tick(self.now))

    @rule()
    def the_operator_restarts(self) -> None:
        if not self.stopped:
            self.crashes, self.has_worked, self.expected = 0, False, None
        self.carry_out(self.worker.restart(self.now))

    @rule(outgrown=st.booleans())
    def it_is_recycled(self, outgrown: bool) -> None:
        self.carry_out(self.worker.recycle(outgrown=outgrown))

    @precondition(lambda self: not self.stopped and self.now > 1020)
    @rule()
    def the_operator_stops(self) -> None:
        actions = self.worker.stop(self.now)
        self.stopped, self.expected = True, None
        self.carry_out(actions)
        assert self.first is None or self.first in self.told_to_end

    @invariant()
    def instances_are_those_that_run(self) -> None:
        running = {self.first, self.second, *self.unneeded} - {None}
        assert set(self.worker.instances) == running

    @invariant()
    def the_policy_is_followed(self) -> None:
        if self.expected is not None:
            assert (self.worker.status.phase, self.worker.deadline) == self.expected

    @invariant()
    def who_runs_is_watched(self) -> None:
        if self.first is not None:
            assert self.worker.deadline is not None
            assert self.worker.status.pid == self.first
            assert self.worker.status.phase in (Phase.STARTING, Phase.READY, Phase.STOPPING)

    @invariant()
    def it_is_finished_when_nothing_is_left(self) -> None:
        left = self.first or self.second or self.unneeded or self.pending
        assert self.worker.finished == (self.stopped and not left)


Host.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)
test_any_sequence_of_events = Host.TestCase
