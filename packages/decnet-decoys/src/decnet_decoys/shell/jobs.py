# SPDX-License-Identifier: MIT
"""What a shell runs in the background (bash(1), Job Control).

A job's effects are those of its commands, done at once; the pauses between add up to the time when it ends. Until then
it is seen as running, and may be waited for or killed.
"""

from dataclasses import dataclass
from math import inf

from decnet_decoys.shell.streams import JobOutput

MAX_JOBS = 100
MAX_JOB_TEXT = 2048
"""Characters that are shown of its command."""


@dataclass
class Job:
    number: int
    pid: int
    text: str
    ends: float
    """Unix time."""
    status: int
    signal: str = ""
    """What it was ended by, in the words of strsignal(3)."""
    output: tuple[JobOutput, ...] = ()
    """What it writes that is not shown yet."""
    argv: tuple[str, ...] = ()
    """The words of the program that it is, none of one that the shell itself runs."""
    program: str = ""
    """Path of that program."""
    directory: str = "/"
    left: float | None = None
    """Of a stopped job, the seconds that it has to run when it goes on."""

    def stop(self, now: float) -> None:
        """Stop it, until `resume`."""
        if self.left is None:
            self.left, self.ends = self.ends - now, inf

    def resume(self, now: float) -> None:
        """Let it go on, if it was stopped."""
        if self.left is not None:
            self.ends, self.left = now + self.left, None

    @property
    def letter(self) -> str:
        """Its state, as ps shows it."""
        return "S" if self.left is None else "T"

    @property
    def command(self) -> str:
        """Its command line, as ps shows it."""
        return " ".join(self.argv) or self.text

    def show(self) -> None:
        """Write what it has written until now."""
        kept, self.output = self.output, ()
        for one in kept:
            one.show()

    def drop(self) -> None:
        """Forget what it would have written."""
        kept, self.output = self.output, ()
        for one in kept:
            one.take()

    def state(self, now: float) -> str:
        if self.left is not None:
            return "Stopped"
        if self.ends > now:
            return "Running"
        return self.signal or ("Done" if self.status == 0 else f"Exit {self.status}")

    def line(self, now: float, mark: str, *, monitored: bool = True) -> str:
        """Return the job as `jobs` lists it; a shell without job control does not know that it is stopped."""
        state = self.state(now) if monitored or self.left is None else "Running"
        return f"[{self.number}]{mark}  {state:<24}{self.text}{' &' if state == 'Running' else ''}"


class Jobs:
    """A shell's jobs, the oldest first."""

    def __init__(self, first_pid: int) -> None:
        self._next_pid = first_pid
        self.all: list[Job] = []
        self.last_pid: int | None = None
        """What $! is."""
        self.others: list[Job] = []
        """Those of a parent process."""
        self.of_child = False
        """Whether they are a subshell's, which tells nothing of them."""
        self.has_adopted = False
        """Whether a child process left something behind."""
        self.orphans: list[Job] = []
        """Those of child processes that have ended, which run on."""
        self.killed: list[Job] = []
        """Those that a signal ended of which the shell has not told yet."""

    def inherited(self) -> "Jobs":
        """Return what a child process knows of the jobs: it may look at them, not wait."""
        child = Jobs(self._next_pid + 100)
        child.all, child.last_pid, child.others = list(self.all), self.last_pid, list(self.all)
        child.orphans, child.of_child = list(self.orphans), True
        return child

    def adopt(self, child: "Jobs", now: float) -> None:
        """Keep what a child process leaves behind when it ends."""
        if child.last_pid == self.last_pid and not child.has_adopted:  # it began nothing: so most end
            return
        self.has_adopted = True
        self._next_pid = child._next_pid
        self.orphans = [job for job in (*child.orphans, *child.own()) if job.ends > now][-MAX_JOBS:]

    def told_of_killed(self) -> list[Job]:
        """Return the jobs that signals ended of which nothing was told, and forget them."""
        told, self.killed = self.killed, []
        return told

    def own(self) -> list[Job]:
        return [job for job in self.all if not any(job is one for one in self.others)]

    def begin(self, text: str) -> Job:
        number = max((job.number for job in self.all), default=0) + 1
        job = Job(number, self._next_pid, text[:MAX_JOB_TEXT], inf, 0)
        self._next_pid += 1
        self.last_pid = job.pid
        self.all = [*self.all, job][-MAX_JOBS:]
        return job

    def running(self, now: float) -> list[Job]:
        return [job for job in (*self.all, *self.orphans) if job.ends > now]

    def process(self, pid: int) -> Job | None:
        """Return the job that is a process of this number, also one of those left behind."""
        return next((job for job in (*self.all, *self.orphans) if job.pid == pid), None)

    def named(self, name: str) -> Job | None:
        """Return the job that `%1`, `%%`, `%-`, `%name` or a process id is."""
        if not name.startswith("%"):
            return next((job for job in self.all if str(job.pid) == name), None)
        wanted = name[1:]
        if wanted in ("", "%", "+"):
            return self.all[-1] if self.all else None
        if wanted == "-":
            return self.all[-2] if len(self.all) > 1 else None
        return next((job for job in self.all if str(job.number) == wanted or job.text.startswith(wanted)), None)

    def mark(self, job: Job) -> str:
        """Return `+` for the current job, `-` for the one before."""
        place = self.all[::-1].index(job)
        return "+" if place == 0 else "-" if place == 1 else " "

    def forget(self, job: Job) -> None:
        self.all = [one for one in self.all if one is not job]

    def forget_ended(self, now: float) -> None:
        self.all = [job for job in self.all if job.ends > now]

    def disown(self, jobs: list[Job]) -> None:
        """Let jobs go: they are processes still, but none of which the shell tells."""
        for job in jobs:
            self.forget(job)
        self.orphans = [*self.orphans, *jobs][-MAX_JOBS:]
