# SPDX-License-Identifier: MIT
"""Pipelines that run as jobs (`&`): their pauses are not waited for, but put off their end."""

from collections.abc import Callable

from decnet_decoys.shell.budget import MAX_COMMANDS, BudgetExceededError, LineBudget
from decnet_decoys.shell.effects import Effects, Pause
from decnet_decoys.shell.jobs import Job
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import JobOutput, Streams
from decnet_decoys.shell.syntax.nodes import Group, Pipeline, Sequence

MAX_JOBS_WITHIN = 3
"""Jobs that begin jobs, deep: more is taken for a fork bomb, which hangs the line."""
MAX_JOB_COMMANDS = MAX_COMMANDS // 2
"""Commands of a line after which a job in the background that pauses goes no further: the line needs the rest."""
ENDLESS_SECONDS = 30 * 86400.0
"""How long such a job is seen as running; what it has not yet shown by then is not shown."""


def with_lists(sequence: Sequence) -> list[tuple[Pipeline, str]]:
    """Return the pipelines; those of an AND-OR list that runs in the background (`a && b &`) as one."""
    found: list[tuple[Pipeline, str]] = []
    for pipeline, following in sequence.items:
        found.append((pipeline, following))
        if following != "&":
            continue
        first = len(found) - 1
        while first and found[first - 1][1] in ("&&", "||"):
            first -= 1
        if first < len(found) - 1:
            whole = Sequence((*found[first:-1], (pipeline, ";")))
            found[first:] = [(Pipeline((Group(whole, subshell=True, redirects=()),), negated=False), "&")]
    return found


class BackgroundJobs:
    """Runs the jobs of one line within its budget; the clock is that of the shell."""

    def __init__(self, shell: ShellState, budget: LineBudget) -> None:
        self._shell, self._budget = shell, budget
        self._within, self._bombed = 0, False

    def run(
        self, job: Job, begun: Callable[[Streams], Effects], streams: Streams, *, is_program: bool = False
    ) -> Effects:
        """Run what `begun` does with its streams up to the job's end; returns at once for the line.

        `is_program`: the job is the first program that this runs, no shell that runs programs.
        """
        output = JobOutput(self._budget, streams.out), JobOutput(self._budget, streams.err)
        steps = begun(streams._replace(out=output[0], err=output[1]))
        reply, seconds, kept = None, 0.0, self._budget.half()
        self._within += 1
        outer, self._shell.starting = self._shell.starting, job if is_program else None
        try:
            while True:
                with self._budget.without(kept):
                    effect = steps.send(reply)
                if not isinstance(effect, Pause):
                    reply = yield effect
                    continue
                reply, seconds = None, seconds + effect.seconds
                for one in output:
                    one.hold()
                if self._budget.commands > MAX_JOB_COMMANDS:  # `while :; do ...; sleep 60; done &`
                    seconds = max(seconds, ENDLESS_SECONDS)
                    break
        except StopIteration as end:
            job.status = int(end.value)
        except BudgetExceededError:  # `while :; do :; done &`, but for a fork bomb
            self._refuse_bomb()
            seconds = ENDLESS_SECONDS
        finally:
            self._within -= 1
            job.ends = self._shell.clock() + seconds if seconds else 0.0
            job.output = output if seconds else ()
            for one in output:
                one.ends = job.ends
            if seconds >= ENDLESS_SECONDS:
                job.drop()
            steps.close()
            self._shell.starting = outer
        return 0

    def _refuse_bomb(self) -> None:
        """Raise BudgetExceededError when the job that used up its commands is one of too many within each other."""
        self._bombed = self._bombed or self._within > MAX_JOBS_WITHIN
        if self._bombed:
            raise BudgetExceededError
