# SPDX-License-Identifier: MIT
"""`decnet up` outlives its supervisor: when a signal has killed that, the command executes itself again.

A new image, not a second fork: nothing of the dead supervisor's fleet stays in the zygote's memory, and the process
keeps its pid, its terminal and its place in the shell's job. It is never given up, as a worker that attackers can reach
is not: the OOM killer takes whom it likes. Only the pause grows, and a supervisor that ran long enough resets it.
"""

import os
import signal
import sys
import termios
import time
from collections.abc import Callable
from typing import NoReturn

import msgspec

from decnet.up.viewer.client import SHOW_SHELL
from decnet_core.runtime.restarts.policy import Ended, decide
from decnet_core.supervise.fork import zygote
from decnet_core.supervise.settings import SuperviseSettings

_PASSED_ON = "DECNET_UP_REVIVED"


class Course(msgspec.Struct, frozen=True):
    """What the next image has to know of this one."""

    crashes: int = 0
    """How often in a row the supervisor was killed."""
    ends: float | None = None
    """When the fleet is to stop by itself, in seconds of the monotonic clock, which is the same for all processes."""

    @property
    def seconds_left(self) -> float | None:
        return None if self.ends is None else max(0.0, self.ends - time.monotonic())


def course(seconds: float | None) -> Course:
    """Return what the image before this one has passed on, else the course of a fleet that stops after `seconds`."""
    passed_on = os.environ.pop(_PASSED_ON, "")
    if passed_on:
        return msgspec.json.decode(passed_on, type=Course)
    return Course(ends=None if seconds is None else time.monotonic() + seconds)


def reviving(course: Course, settings: SuperviseSettings, *, page: bool) -> Callable[[int], NoReturn]:
    """Return what to do when a signal has killed the supervisor that begins now; `page`: it shows one at a terminal."""
    began = time.monotonic()
    keys = termios.tcgetattr(sys.stdin) if page and sys.stdin is not None and sys.stdin.isatty() else None

    def killed(number: int) -> NoReturn:
        decision = decide(Ended(-number, time.monotonic() - began), course.crashes, 0.0, settings, exposed=True)
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # nothing is left that would have to be stopped
            signal.signal(each, signal.SIG_DFL)
        if page:
            sys.stdout.write(SHOW_SHELL)
            sys.stdout.flush()
        if keys is not None:
            termios.tcsetattr(sys.stdin, termios.TCSANOW, keys)
        _say(f"the supervisor was killed ({_name(number)}): the fleet starts again in {decision.delay_seconds:g} s")
        time.sleep(decision.delay_seconds)
        _execute_again(Course(decision.crashes, course.ends))

    return killed


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _say(sentence: str) -> None:
    sys.stderr.write(f"decnet: {sentence}\n")
    sys.stderr.flush()


def _execute_again(course: Course) -> NoReturn:
    former = (zygote.SOCKET, zygote.SUPERVISOR)
    environment = {name: value for name, value in os.environ.items() if name not in former}
    environment[_PASSED_ON] = msgspec.json.encode(course).decode()
    command = [sys.executable, *sys.orig_argv[1:]]
    os.execve(command[0], command, environment)  # noqa: S606  # no shell is wanted
