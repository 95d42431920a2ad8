# SPDX-License-Identifier: MIT
"""Decides when an ended worker is restarted: values in, a decision out; no clock, process or randomness of its own.

A share of a worker (`runtime.shares`) and `decnet up` itself are restarted by it, too.

Exponential back-off with jitter. A start-up failure (exit code 78) is not retried: nothing gets better until somebody
changes something. Only after the worker has worked as it is, what hinders it has come meanwhile and may go again, such
as a port that another program's connection took while the worker was being restarted: then it counts as a crash.

A worker that keeps crashing is in a crash loop after a limit, a state of its own, so that it is seen and not mistaken
for one that is coming back; it is tried again after a pause that grows, for what made it crash may be over. One that
ran long enough has recovered, and starts over with a clean slate.

A worker that attackers can reach is never left alone for that long: whoever can crash it would have switched it off.
Only its delay continues growing, to minutes, so that neither has he the host's processor.
"""

import enum

import msgspec

from decnet_core.exits import Exit
from decnet_core.runtime.restarts.settings import RestartSettings
from decnet_core.timing.backoff import backoff


class Phase(enum.Enum):
    """Where a worker is in its life, as its supervisor sees it."""

    STARTING = "starting"
    READY = "ready"
    WAITING = "restarting"
    REFUSED = "cannot start"
    CRASH_LOOP = "crash loop"
    STOPPING = "stopping"
    STOPPED = "stopped"
    PARKED = "parked"

    @property
    def over(self) -> bool:
        """Whether the worker stays down until the operator acts."""
        return self in (Phase.REFUSED, Phase.STOPPED)


class Ended(msgspec.Struct, frozen=True):
    code: int
    """Exit code; negative: the number of the signal that killed it (as in `subprocess`)."""
    ready_seconds: float = 0.0
    """How long it was ready; 0 when it never was."""


class Decision(msgspec.Struct, frozen=True):
    """What to do next: start again after `delay_seconds`, unless the phase is over."""

    phase: Phase
    crashes: int
    """Crashes in a row so far, to be passed in the next time."""
    delay_seconds: float = 0.0


def decide(
    ended: Ended,
    crashes: int,
    chance: float,
    settings: RestartSettings,
    *,
    exposed: bool = False,
    has_worked: bool = False,
) -> Decision:
    """Return what to do about a worker that ended unasked.

    `crashes` is the number of crashes in a row before this one, `chance` a random number in [0, 1). Attackers can reach
    an `exposed` worker. `has_worked` is whether it was ready since the operator last started it.
    Exit code 0 is a crash too: a worker that ends unasked has lost its job.
    """
    if ended.code == Exit.STARTUP_FAILED and not has_worked:
        return Decision(Phase.REFUSED, crashes)
    before = 0 if ended.ready_seconds >= settings.stable_seconds else crashes
    longer = 1 + settings.jitter * chance
    beyond = before + 1 - settings.crash_limit
    if beyond >= 0 and not exposed:
        pause = backoff(2 * settings.longest_delay_seconds, beyond, settings.crash_loop_seconds)
        return Decision(Phase.CRASH_LOOP, before + 1, pause * longer)
    longest = settings.longest_exposed_delay_seconds if exposed else settings.longest_delay_seconds
    return Decision(Phase.WAITING, before + 1, backoff(settings.first_delay_seconds, before, longest) * longer)
