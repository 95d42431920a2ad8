# SPDX-License-Identifier: MIT
"""The lifecycle as a dialogue: each event, and what the driver is told to do."""

from __future__ import annotations

import pytest

from decnet_core.exits import Exit
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.lifecycle import Kill, Lifecycle, Spawn, Status, Terminate
from decnet_core.supervise.settings import SuperviseSettings

SETTINGS = SuperviseSettings(
    first_delay_seconds=1,
    longest_delay_seconds=4,
    jitter=0,
    stable_seconds=60,
    crash_limit=3,
    start_seconds=20,
    stop_seconds=5,
    watchdog_seconds=10,
)
SUCCESSOR = Spawn(succeeds=1)


def lifecycle(*, watchdog: bool = True, settings: SuperviseSettings = SETTINGS) -> Lifecycle:
    return Lifecycle("decoys", settings, watchdog=watchdog, jitter=lambda: 0.0)


def started(*, watchdog: bool = True) -> Lifecycle:
    """Instance 1 runs, since second 0."""
    made = lifecycle(watchdog=watchdog)
    assert made.start() == [Spawn()]
    assert made.spawned(Spawn(), 1, 0) == []
    return made


def ready(*, watchdog: bool = True) -> Lifecycle:
    """Instance 1 is ready, since second 0."""
    made = started(watchdog=watchdog)
    assert made.ready(1, 0) == []
    return made


def replacing() -> Lifecycle:
    """Instance 2 has been spawned at second 0 to replace instance 1."""
    made = ready()
    assert made.recycle() == [SUCCESSOR]
    assert made.spawned(SUCCESSOR, 2, 0) == []
    return made


def standing_by() -> Lifecycle:
    made = replacing()
    assert made.standing_by(2, 0) == [Terminate(1)]
    return made


def test_a_worker_is_starting_until_it_says_that_it_is_ready() -> None:
    made = lifecycle()
    assert made.start() == [Spawn()]
    assert (made.status, made.settled, made.deadline) == (Status("decoys", Phase.STOPPED), False, None)
    made.spawned(Spawn(), 7, 100)
    assert (made.status, made.settled, made.deadline) == (Status("decoys", Phase.STARTING, 7), False, 120)
    made.ready(7, 101)
    assert (made.status, made.settled, made.deadline) == (Status("decoys", Phase.READY, 7), True, 111)


def test_a_heartbeat_of_a_starting_worker_does_not_prolong_its_start() -> None:
    made = started()
    made.heartbeat(1, 5)
    assert (made.status.phase, made.deadline) == (Phase.STARTING, 20)


def test_every_heartbeat_puts_the_watchdog_off() -> None:
    made = ready()
    made.heartbeat(1, 9)
    assert made.deadline == 19
    assert made.tick(18.9) == []
    assert made.tick(19) == [Kill(1, "no heartbeat for 10 s")]


def test_without_a_watchdog_a_ready_worker_may_be_silent() -> None:
    assert ready(watchdog=False).deadline is None


def test_a_message_of_another_instance_is_no_sign_of_this_one() -> None:
    made = started()
    made.ready(2, 1)
    assert made.status.phase is Phase.STARTING
    assert made.exited(2, 1, "stranger", 1) == []
    assert made.status == Status("decoys", Phase.STARTING, 1)


def test_a_worker_that_is_not_ready_in_time_is_killed_which_is_a_crash() -> None:
    made = started()
    assert made.tick(20) == [Kill(1, "not ready after 20 s")]
    made.ready(1, 20)  # sent before it was killed
    made.exited(1, -9, "killed by SIGKILL", 20)
    assert made.status == Status("decoys", Phase.WAITING, reason="not ready after 20 s, killed")


@pytest.mark.parametrize(("make", "deadline", "again"), [(started, 20, 20), (ready, 10, 10)])
def test_a_supervisor_that_was_suspended_gives_another_chance(make: object, deadline: float, again: float) -> None:
    """A timer more than a second late means that what was sent meanwhile is unread, or lost."""
    made = make()  # type: ignore[operator]
    assert made.tick(deadline + 1.1) == []
    assert made.deadline == deadline + 1.1 + again
    assert len(made.tick(deadline + 1.1 + again)) == 1
    made = make()  # type: ignore[operator]
    assert len(made.tick(deadline + 1)) == 1


def test_a_task_that_survives_its_cancellation_is_cancelled_again() -> None:
    made = started(watchdog=False)
    assert made.tick(20) == made.tick(40) == [Kill(1, "not ready after 20 s")]


def test_crashes_are_counted_exactly_and_the_last_one_is_a_crash_loop() -> None:
    made, now, waited = lifecycle(), 0.0, []
    actions = made.start()
    for number in range(1, SETTINGS.crash_limit + 1):
        assert actions == [Spawn()]
        made.spawned(Spawn(), number, now)
        made.ready(number, now)
        assert made.exited(number, 1, "exit code 1", now) == []
        assert made.status.restarts == number - 1
        assert made.deadline is not None
        waited.append(made.deadline - now)
        now = made.deadline
        status = made.status
        actions = made.tick(now)
    assert waited == [1, 2, 8]
    assert status == Status("decoys", Phase.CRASH_LOOP, None, SETTINGS.crash_limit - 1, "exit code 1")
    assert made.settled


def test_a_crash_loop_ends_by_itself() -> None:
    made = lifecycle(settings=SuperviseSettings(crash_limit=1, jitter=0, stable_seconds=60))
    made.start()
    due = crash(made, 1, 0)
    assert (due, made.status.phase) == (60, Phase.CRASH_LOOP)
    assert made.tick(due - 0.1) == []
    assert made.tick(due) == [Spawn()]
    made.spawned(Spawn(), 2, due)
    made.ready(2, due)
    assert made.status == Status("decoys", Phase.READY, 2, 1)


def test_a_worker_that_attackers_can_reach_is_restarted_for_ever() -> None:
    made = lifecycle()
    made.exposed = True
    made.start()
    due, delays = 0.0, []
    for number in range(1, 12):
        began, due = due, crash(made, number, due)
        delays.append(due - began)
        assert made.status.phase is Phase.WAITING
        assert made.tick(due) == [Spawn()]
    assert delays == [1, 2, 4, 8, 16, 32, 64, 120, 120, 120, 120]


def crash(made: Lifecycle, instance: int, now: float, ready_seconds: float = 0) -> float:
    """Let `instance` crash; return when the next start is due."""
    made.spawned(Spawn(), instance, now)
    made.ready(instance, now)
    made.exited(instance, 1, "exit code 1", now + ready_seconds)
    return made.deadline or 0.0


def test_a_worker_that_was_ready_long_enough_starts_with_a_clean_slate() -> None:
    made = lifecycle()
    made.start()
    due = crash(made, 1, 0)
    made.tick(due)
    due = crash(made, 2, due, ready_seconds=60)
    assert due == 1 + 60 + 1  # the delay after a first crash, not the third one's end
    made.tick(due)
    assert crash(made, 3, due) == due + 2


def test_the_time_before_it_is_ready_does_not_make_a_worker_stable() -> None:
    made = lifecycle(settings=SuperviseSettings(crash_limit=2, stable_seconds=0.5, start_seconds=100, jitter=0))
    made.start()
    crash(made, 1, 0)
    made.tick(1)
    made.spawned(Spawn(), 2, 1)
    made.exited(2, 1, "exit code 1", 50)
    assert made.status.phase is Phase.CRASH_LOOP


def test_a_refused_start_is_not_repeated() -> None:
    made = started()
    assert made.exited(1, 78, "port 22 is busy", 1) == []
    assert made.status == Status("decoys", Phase.REFUSED, reason="port 22 is busy")
    assert (made.deadline, made.settled) == (None, True)


def test_a_refused_start_is_repeated_where_the_worker_has_worked() -> None:
    """While it was being restarted, another program's connection may have taken its port."""
    made = ready()
    made.exited(1, -9, "killed by SIGKILL", 70)
    assert made.tick(71) == [Spawn()]
    made.spawned(Spawn(), 2, 71)
    made.exited(2, 78, "port 22 is busy", 72)
    assert (made.status.phase, made.status.reason) == (Phase.WAITING, "port 22 is busy")
    assert made.tick(74) == [Spawn()]
    made.spawned(Spawn(), 3, 74)
    made.ready(3, 74)
    assert made.status.phase is Phase.READY


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_refused_start_is_not_repeated_once_the_operator_has_restarted_the_worker(by_itself: bool) -> None:
    made = ready()
    if not by_itself:  # on the order that it received itself, it ends with Exit.RESTART
        assert made.restart(1) == [Terminate(1)]
    assert made.exited(1, 75 if by_itself else 0, "", 2) == [Spawn()]
    made.spawned(Spawn(), 2, 2)
    assert made.exited(2, 78, "port 22 is busy", 3) == []
    assert (made.status.phase, made.deadline) == (Phase.REFUSED, None)


def test_a_process_that_cannot_be_started_is_a_crash() -> None:
    made = lifecycle()
    made.start()
    assert made.spawn_failed(Spawn(), "no memory", 3) == []
    assert made.status == Status("decoys", Phase.WAITING, reason="cannot start a process: no memory")
    assert made.deadline == 4
    assert made.tick(3.9) == []
    assert made.tick(4) == [Spawn()]


def test_a_stop_asks_first_and_kills_at_the_deadline() -> None:
    made = ready()
    assert made.stop(3) == [Terminate(1)]
    assert made.status == Status("decoys", Phase.STOPPING, 1)
    assert made.tick(7.9) == []
    assert made.tick(8) == [Kill(1, "did not stop within 5 s")]
    assert not made.finished
    assert made.exited(1, -9, "killed by SIGKILL", 8) == []
    assert (made.status, made.finished, made.deadline) == (Status("decoys", Phase.STOPPED), True, None)


def test_a_late_stop_deadline_still_kills() -> None:
    made = ready()
    made.stop(3)
    assert made.tick(100) == [Kill(1, "did not stop within 5 s")]


def test_what_a_stopping_worker_says_changes_nothing() -> None:
    made = started()
    made.stop(1)
    made.ready(1, 2)
    assert (made.status.phase, made.deadline) == (Phase.STOPPING, 6)


@pytest.mark.parametrize("again", [False, True])
def test_a_worker_that_waits_for_its_restart_stops_at_once(again: bool) -> None:
    made = ready()
    made.exited(1, 1, "exit code 1", 1)
    assert made.stop(1.5) == []
    if again:
        assert made.stop(1.6) == []
    assert (made.status, made.finished, made.deadline) == (Status("decoys", Phase.STOPPED), True, None)
    assert made.restart(2) == []


def test_a_worker_that_is_being_spawned_when_it_should_stop_is_asked_to_as_soon_as_it_is_there() -> None:
    made = lifecycle()
    made.start()
    assert made.stop(0) == []
    assert not made.finished
    assert made.spawned(Spawn(), 1, 1) == [Terminate(1)]
    made.exited(1, 0, "", 2)
    assert made.finished


def test_a_spawn_that_fails_while_stopping_ends_the_worker() -> None:
    made = lifecycle()
    made.start()
    made.stop(0)
    made.spawn_failed(Spawn(), "no memory", 1)
    assert (made.status.phase, made.finished) == (Phase.STOPPED, True)


def test_a_worker_that_was_never_started_stops_at_once() -> None:
    made = lifecycle()
    assert made.stop(0) == []
    assert (made.status, made.finished) == (Status("decoys", Phase.STOPPED), True)


def test_a_restart_is_no_crash_and_forgets_those_there_were() -> None:
    made = lifecycle()
    made.start()
    due = crash(made, 1, 0)
    made.tick(due)
    made.spawned(Spawn(), 2, due)
    made.ready(2, due)
    assert made.restart(10) == [Terminate(2)]
    assert not made.settled
    assert made.restart(11) == []
    assert made.exited(2, 0, "", 12) == [Spawn()]
    assert crash(made, 3, 13) == 13 + 1
    assert crash(made, 4, 20) == 20 + 2
    crash(made, 5, 30)  # of three in a row the third is the last
    assert made.status.phase is Phase.CRASH_LOOP


@pytest.mark.parametrize("code", [1, 78])
def test_a_worker_that_was_given_up_is_started_by_the_operator(code: int) -> None:
    made = lifecycle(settings=SuperviseSettings(crash_limit=1))
    made.start()
    made.spawned(Spawn(), 1, 0)
    made.exited(1, code, "", 0)
    assert made.status.phase in (Phase.REFUSED, Phase.CRASH_LOOP)
    assert made.restart(9) == [Spawn()]
    assert made.restart(9) == []  # one is on its way
    made.spawned(Spawn(), 2, 9)
    made.ready(2, 9)
    assert made.status == Status("decoys", Phase.READY, 2, restarts=1)


def test_a_restart_that_is_asked_for_once_does_not_excuse_a_later_crash() -> None:
    made = ready()
    made.restart(1)
    made.exited(1, 0, "", 1)
    made.spawned(Spawn(), 2, 1)
    assert made.exited(2, 1, "exit code 1", 2) == []
    assert made.status.phase is Phase.WAITING


def test_a_replacement_asks_the_old_one_to_end_only_when_the_new_one_stands_by() -> None:
    made = replacing()
    assert (made.replaced, made.status.pid, made.instances) == (None, 1, (1, 2))
    assert made.deadline == 10  # the old one's watchdog goes on
    assert made.standing_by(2, 3) == [Terminate(1)]
    assert made.standing_by(2, 3) == []
    assert made.deadline == 8
    made.heartbeat(1, 4)
    assert made.deadline == 8
    assert made.exited(1, 0, "", 5) == []
    assert (made.status, made.replaced, made.settled) == (Status("decoys", Phase.STARTING, 2), True, False)
    assert made.deadline == 25
    made.ready(2, 6)
    assert (made.status, made.settled) == (Status("decoys", Phase.READY, 2), True)


def test_a_successor_that_is_ready_before_its_predecessors_end_is_known_is_ready() -> None:
    made = standing_by()
    made.ready(2, 1)
    made.exited(1, 0, "", 1)
    assert (made.status, made.settled) == (Status("decoys", Phase.READY, 2), True)


def test_an_old_one_that_does_not_leave_is_killed() -> None:
    made = standing_by()
    assert made.tick(100) == [Kill(1, "did not stop within 5 s")]


def test_a_successor_that_fails_leaves_the_old_one_in_place() -> None:
    made = replacing()
    made.exited(2, 1, "exit code 1", 1)
    assert (made.replaced, made.status, made.deadline) == (False, Status("decoys", Phase.READY, 1), 10)
    assert made.instances == (1,)


def test_a_successor_that_cannot_be_spawned_leaves_the_old_one_in_place() -> None:
    made = ready()
    made.recycle()
    made.spawn_failed(SUCCESSOR, "no memory", 1)
    assert (made.replaced, made.status) == (False, Status("decoys", Phase.READY, 1))


def test_a_successor_that_does_not_stand_by_in_time_is_killed() -> None:
    made = replacing()
    made.heartbeat(1, 15)
    assert made.deadline == 20
    assert made.tick(20) == [Kill(2, "not standing by after 20 s")]
    assert (made.replaced, made.status.pid, made.deadline) == (False, 1, 25)
    assert set(made.instances) == {1, 2}  # until it has exited
    made.exited(2, -9, "", 21)
    assert set(made.instances) == {1}


def successor_killed() -> Lifecycle:
    """Instance 1 is ready, its successor 2 was killed and has not exited yet."""
    made = replacing()
    made.heartbeat(1, 15)
    assert made.tick(20) == [Kill(2, "not standing by after 20 s")]
    return made


def test_a_restart_after_a_crash_waits_for_the_end_of_a_killed_successor() -> None:
    """Beside it the new instance may find the spool taken: a failed start, which is not tried again."""
    made = successor_killed()
    assert made.exited(1, 1, "exit code 1", 21) == []
    assert made.tick(22) == []
    assert (made.status, made.deadline) == (Status("decoys", Phase.WAITING, reason="exit code 1"), None)
    assert made.exited(2, -9, "", 30) == [Spawn()]
    assert made.spawned(Spawn(), 3, 30) == []
    assert made.status == Status("decoys", Phase.STARTING, 3, restarts=1)


def test_a_restart_that_the_operator_wants_waits_for_the_end_of_a_killed_successor() -> None:
    made = successor_killed()
    assert made.restart(21) == [Terminate(1)]
    assert made.exited(1, 0, "", 22) == []
    assert made.restart(23) == []
    assert (made.status, made.settled) == (Status("decoys", Phase.WAITING), False)
    assert made.exited(2, -9, "", 24) == [Spawn()]


def test_a_killed_successor_that_exits_first_starts_nothing() -> None:
    made = successor_killed()
    assert made.exited(2, -9, "", 21) == []
    assert made.exited(1, 1, "exit code 1", 22) == []
    assert made.tick(23) == [Spawn()]


def test_a_stop_while_a_start_waits_for_a_killed_successor_starts_nothing() -> None:
    made = successor_killed()
    made.exited(1, 1, "exit code 1", 21)
    made.tick(22)
    assert made.stop(23) == []
    assert not made.finished
    assert made.exited(2, -9, "", 24) == []
    assert made.finished


def test_when_the_old_one_falls_its_successor_takes_its_place_and_no_crash_is_counted() -> None:
    made = replacing()
    assert made.exited(1, -11, "killed by SIGSEGV", 1) == []
    assert (made.status, made.replaced) == (Status("decoys", Phase.STARTING, 2), True)
    made.exited(2, 1, "exit code 1", 2)
    assert made.deadline == 2 + 1  # the delay after a first crash


def being_replaced() -> Lifecycle:
    """A successor of instance 1 has been asked for, and is not there yet."""
    made = ready()
    assert made.recycle() == [SUCCESSOR]
    return made


def test_when_the_old_one_falls_its_successor_that_is_being_spawned_takes_its_place() -> None:
    """A restart beside it would start two instances, of which the one to be kept may find the other in its way."""
    made = being_replaced()
    assert made.exited(1, -9, "killed by SIGKILL", 1) == []
    assert (made.replaced, made.deadline) == (None, None)
    assert made.status == Status("decoys", Phase.WAITING, reason="killed by SIGKILL")
    assert made.tick(100) == []
    assert made.spawned(SUCCESSOR, 2, 100) == []
    assert (made.replaced, made.settled, made.deadline) == (True, False, 120)
    made.ready(2, 101)
    assert (made.status, made.settled) == (Status("decoys", Phase.READY, 2), True)
    made.exited(2, 1, "exit code 1", 102)
    assert made.deadline == 102 + 1  # the delay after a first crash


@pytest.mark.parametrize("restart_first", [True, False])
def test_a_restart_while_the_successor_is_being_spawned_is_that_replacement(restart_first: bool) -> None:
    made = being_replaced()
    if restart_first:
        assert made.restart(1) == [Terminate(1)]
    assert made.exited(1, 0, "", 1) == []
    if not restart_first:
        assert made.restart(1) == []
    assert not made.settled
    assert made.spawned(SUCCESSOR, 2, 2) == []
    assert made.status == Status("decoys", Phase.STARTING, 2)


@pytest.mark.parametrize("restart", [False, True])
def test_a_successor_that_cannot_be_spawned_when_the_old_one_has_fallen_is_a_crash(restart: bool) -> None:
    made = being_replaced()
    if restart:
        made.restart(1)
    made.exited(1, 1, "exit code 1", 1)
    assert made.spawn_failed(SUCCESSOR, "no memory", 2) == []
    assert (made.replaced, made.settled, made.deadline) == (False, True, 3)
    assert made.status == Status("decoys", Phase.WAITING, reason="cannot start a process: no memory")
    assert made.tick(3) == [Spawn()]


def test_a_stop_after_the_old_one_has_fallen_ends_the_successor_that_is_being_spawned() -> None:
    made = being_replaced()
    made.exited(1, 1, "exit code 1", 1)
    assert made.stop(2) == []
    assert (made.status, made.finished) == (Status("decoys", Phase.STOPPED), False)
    assert made.spawned(SUCCESSOR, 2, 3) == [Kill(2)]
    made.exited(2, -9, "", 4)
    assert made.finished


def test_a_successor_that_falls_while_the_old_one_leaves_is_a_crash() -> None:
    made = standing_by()
    assert made.exited(2, 1, "exit code 1", 1) == []
    assert made.status == Status("decoys", Phase.READY, 1)
    assert made.exited(1, 0, "", 2) == []
    assert made.status == Status("decoys", Phase.WAITING, reason="exit code 1")
    assert made.tick(3) == [Spawn()]


def test_a_restart_during_a_replacement_is_that_replacement() -> None:
    made = replacing()
    assert made.restart(1) == [Terminate(1)]
    assert made.standing_by(2, 2) == []
    assert made.exited(1, 0, "", 3) == []
    assert made.status == Status("decoys", Phase.STARTING, 2)
    made.exited(2, 1, "exit code 1", 4)
    assert made.status.phase is Phase.WAITING


def test_a_stop_during_a_replacement_ends_both() -> None:
    made = replacing()
    assert made.stop(1) == [Kill(2), Terminate(1)]
    assert made.replaced is False
    made.exited(1, 0, "", 2)
    assert not made.finished
    made.exited(2, -9, "", 2)
    assert made.finished


def test_a_successor_that_is_spawned_while_stopping_is_killed() -> None:
    made = ready()
    made.recycle()
    assert made.stop(1) == [Terminate(1)]
    made.exited(1, 0, "", 2)
    assert not made.finished
    assert made.spawned(SUCCESSOR, 2, 3) == [Kill(2)]
    assert not made.finished
    made.exited(2, -9, "", 4)
    assert made.finished


@pytest.mark.parametrize("outgrown", [False, True])
def test_only_a_replacement_for_memory_is_counted_as_one(outgrown: bool) -> None:
    made = ready()
    made.recycle(1, outgrown=outgrown)
    made.spawned(SUCCESSOR, 2, 0)
    made.standing_by(2, 0)
    made.exited(1, 0, "", 0)
    assert made.status == Status("decoys", Phase.STARTING, 2, recycled=int(outgrown))


def test_a_worker_that_is_not_ready_is_not_replaced() -> None:
    made = started()
    assert made.replaced is False
    assert made.recycle() == []
    made.ready(1, 0)
    assert made.recycle(2) == []
    assert made.replaced is False
    assert made.recycle(1) == [SUCCESSOR]
    assert made.recycle(1) == []
    assert made.replaced is None


def parked(due: float | None = None) -> Lifecycle:
    made = ready()
    assert made.park(1, due, 40) == [Terminate(1)]
    assert made.exited(1, Exit.STOPPED, "ended by itself", 41) == []
    return made


def test_a_worker_that_has_nothing_to_do_ends_and_is_parked() -> None:
    made = ready()
    assert made.park(1, 900, 40) == [Terminate(1)]
    assert (made.status.phase, made.parking, made.deadline) == (Phase.STOPPING, True, 45)
    made.exited(1, Exit.STOPPED, "ended by itself", 41)
    assert made.status == Status("decoys", Phase.PARKED, wakes=0, due=900)
    assert (made.parking, made.settled, made.instances, made.deadline) == (True, True, (), 900)


def test_a_parked_worker_is_started_by_what_wakes_it_and_that_is_no_restart() -> None:
    made = parked()
    assert made.deadline is None
    assert made.wake("events.ingested") == [Spawn()]
    assert made.wake("client") == []
    assert not made.settled
    made.spawned(Spawn(), 2, 60)
    made.ready(2, 61)
    assert made.status == Status("decoys", Phase.READY, 2, restarts=0, wakes=1, woken_by="events.ingested")
    assert not made.parking


def test_what_woke_it_is_what_came_first() -> None:
    made = parked(due=900)
    made.tick(900)
    made.spawned(Spawn(), 2, 900)
    assert made.status.woken_by == "due"
    made.ready(2, 901)
    made.park(2, None, 950)
    made.wake("with ingest", called=False)
    made.wake("spool")
    made.wake("client")
    made.exited(2, Exit.STOPPED, "", 951)
    made.spawned(Spawn(), 3, 952)
    assert made.status.woken_by == "spool"


@pytest.mark.parametrize("worked", [True, False])
def test_only_a_call_for_which_there_was_nothing_to_do_is_an_idle_wake(worked: bool) -> None:
    made = parked(due=900)
    assert made.tick(900) == [Spawn()]
    for instance in (2, 3):
        made.spawned(Spawn(), instance, 900)
        made.ready(instance, 901)
        made.park(instance, None, 950, worked=worked)
        made.wake()  # while it ends
        assert made.exited(instance, Exit.STOPPED, "", 951) == [Spawn()]
    made.spawned(Spawn(), 4, 960)
    assert (made.status.wakes, made.status.idle_wakes) == (3, 0 if worked else 1)  # looking by itself is none


@pytest.mark.parametrize("worked", [True, False])
def test_a_successor_that_had_nothing_to_do_is_an_idle_wake_only_if_its_predecessor_had_neither(worked: bool) -> None:
    made = parked()
    made.wake("bus")
    made.spawned(Spawn(), 2, 100)
    made.ready(2, 101)
    if worked:
        made.worked(2)
    made.recycle()
    made.spawned(Spawn(succeeds=2), 3, 102)
    made.standing_by(3, 103)
    made.exited(2, Exit.STOPPED, "", 104)
    made.ready(3, 105)
    made.worked(2)  # said in its last moment, and read late
    made.park(3, None, 150, worked=False)
    made.exited(3, Exit.STOPPED, "", 151)
    assert (made.status.phase, made.status.idle_wakes) == (Phase.PARKED, 0 if worked else 1)


def test_the_first_instance_and_one_that_follows_a_crash_were_not_called() -> None:
    made = ready()
    made.park(1, None, 40, worked=False)
    made.exited(1, Exit.STOPPED, "", 41)
    made.wake()
    made.spawned(Spawn(), 2, 60)
    made.ready(2, 61)
    made.park(2, None, 70)  # it had something to do
    made.exited(2, 1, "crashed while it ended", 71)
    assert made.deadline is not None
    assert made.tick(made.deadline) == [Spawn()]
    made.spawned(Spawn(), 3, 80)
    made.ready(3, 81)
    made.park(3, None, 90, worked=False)
    made.exited(3, Exit.STOPPED, "", 91)
    assert (made.status.wakes, made.status.idle_wakes) == (1, 0)


def test_clients_that_were_turned_away_are_counted_in_every_phase() -> None:
    made = parked()
    made.refused(3)
    assert (made.status.phase, made.status.refused) == (Phase.PARKED, 3)
    made.wake()
    made.refused(1)
    made.spawned(Spawn(), 2, 60)
    assert (made.status.phase, made.status.refused) == (Phase.STARTING, 4)


def test_sockets_that_are_not_kept_are_shown_in_every_phase() -> None:
    made = parked()
    assert made.status.unkept_sockets == 0
    made.unkept(2)
    assert (made.status.phase, made.status.unkept_sockets) == (Phase.PARKED, 2)
    made.wake()
    made.spawned(Spawn(), 2, 60)
    assert (made.status.phase, made.status.unkept_sockets) == (Phase.STARTING, 2)


def test_a_parked_worker_looks_by_itself_when_it_is_due() -> None:
    made = parked(due=900)
    assert made.tick(899.9) == []
    assert made.tick(900) == [Spawn()]
    assert made.spawned(Spawn(), 2, 900) == []
    assert made.status == Status("decoys", Phase.STARTING, 2, wakes=1, woken_by="due")


def test_what_comes_while_a_worker_is_being_parked_starts_it_again() -> None:
    made = ready()
    made.park(1, None, 40)
    assert made.wake() == []
    assert made.exited(1, Exit.STOPPED, "ended by itself", 41) == [Spawn()]


def test_what_came_before_a_worker_is_parked_does_not_start_it_again() -> None:
    made = ready()
    assert made.wake() == []
    made.park(1, None, 40)
    assert made.exited(1, Exit.STOPPED, "ended by itself", 41) == []
    assert made.status.phase is Phase.PARKED


def test_only_the_ready_instance_is_parked() -> None:
    made = started()
    assert made.park(1, None, 1) == []
    made.ready(1, 2)
    assert made.park(2, None, 3) == []
    assert replacing().park(1, None, 3) == []
    assert standing_by().park(1, None, 3) == []
    made.stop(4)
    assert made.park(1, None, 5) == []
    assert not made.parking


def test_a_crash_instead_of_parking_is_restarted_with_its_delay() -> None:
    made = ready()
    made.park(1, 900, 40)
    made.exited(1, 1, "killed by SIGKILL", 41)
    assert (made.status.phase, made.status.reason, made.parking) == (Phase.WAITING, "killed by SIGKILL", True)
    assert made.deadline == 42


def test_a_worker_that_hangs_instead_of_parking_is_killed() -> None:
    made = ready()
    made.park(1, None, 40)
    assert made.tick(45) == [Kill(1, "did not stop within 5 s")]
    made.exited(1, -9, "killed by SIGKILL", 46)
    assert made.status.phase is Phase.WAITING


def test_one_that_crashes_whenever_it_is_woken_is_in_a_crash_loop_until_it_parks_again() -> None:
    made = parked()
    made.wake()
    for instance in (2, 3):
        made.spawned(Spawn(), instance, 100)
        made.exited(instance, 1, "boom", 101)
        assert made.status.phase is Phase.WAITING
        assert made.tick(made.deadline or 0) == [Spawn()]
    made.spawned(Spawn(), 4, 100)
    made.ready(4, 101)
    made.park(4, None, 102)
    made.exited(4, Exit.STOPPED, "", 103)
    assert (made.status.phase, made.status.restarts, made.status.wakes) == (Phase.PARKED, 2, 1)
    made.wake()
    made.spawned(Spawn(), 5, 104)
    made.exited(5, 1, "boom", 105)
    assert (made.status.phase, made.deadline) == (Phase.WAITING, 106)  # the first delay again
    for instance, phase in ((6, Phase.WAITING), (7, Phase.CRASH_LOOP)):
        crash(made, instance, 110)
        assert made.status.phase is phase


def test_a_parked_worker_is_stopped_at_once_and_not_woken_any_more() -> None:
    made = parked(due=900)
    assert made.stop(50) == []
    assert (made.status.phase, made.finished, made.deadline) == (Phase.STOPPED, True, None)
    assert made.wake() == []


def test_a_worker_that_is_being_parked_when_it_shall_stop_is_not_parked() -> None:
    made = ready()
    made.park(1, 900, 40)
    made.wake()
    assert made.stop(41) == []
    assert made.exited(1, Exit.STOPPED, "", 42) == []
    assert (made.status.phase, made.finished, made.parking) == (Phase.STOPPED, True, False)


def test_a_parked_worker_can_be_restarted() -> None:
    made = parked()
    assert made.restart(50) == [Spawn()]
    being = ready()
    being.park(1, None, 40)
    assert being.restart(41) == []
    assert being.exited(1, Exit.STOPPED, "", 42) == [Spawn()]


def test_a_parked_worker_is_not_replaced() -> None:
    made = parked()
    assert made.recycle() == []
    assert made.replaced is False
    being = ready()
    being.park(1, None, 40)
    assert being.recycle() == []


def test_a_worker_whose_successor_is_being_spawned_is_not_parked() -> None:
    made = being_replaced()
    assert made.park(1, None, 1) == []
    assert (made.status, made.parking) == (Status("decoys", Phase.READY, 1), False)


def test_a_parked_worker_that_cannot_be_started_is_parked_no_longer() -> None:
    made = ready()
    assert made.park(1, None, 1) == [Terminate(1)]
    assert made.exited(1, 0, "", 2) == []
    assert made.parking
    assert made.wake() == [Spawn()]
    assert made.spawn_failed(Spawn(), "no memory", 3) == []
    assert (made.status.phase, made.parking) == (Phase.WAITING, False)
