# SPDX-License-Identifier: MIT
"""What is done when a command or a line has ended: `>(command)` runs, `trap ... EXIT` acts, ended jobs are told of."""

from contextlib import suppress

from decnet_decoys.shell.budget import BudgetExceededError
from decnet_decoys.shell.control_flow import STOPPED, ExitShell, LoopJump, ReturnFunction
from decnet_decoys.shell.effects import Effects, Steps
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.expansion.parameters import ExpansionError
from decnet_decoys.shell.jobs import Job
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import InputBuffer, OutputBuffer, OutputFullError, Streams
from decnet_decoys.shell.syntax.nodes import Pipeline
from decnet_decoys.shell.syntax.printing import pipeline_text


def report_ended(shell: ShellState, begun: list[Job], errors: OutputBuffer) -> None:
    """Tell of jobs that have ended since an earlier line began them, as an interactive shell does."""
    now = shell.clock()
    if shell.terminal is None or shell.command is not None:
        return
    for job in [job for job in begun if job in shell.jobs.all and job.ends <= now]:
        errors.write(encode(job.line(now, shell.jobs.mark(job)) + "\n"))
        shell.jobs.forget(job)


def tell_of_killed(shell: ShellState, errors: OutputBuffer) -> None:
    """Tell of jobs that a signal ended, as a shell does that runs a script: before its next command."""
    for job in shell.jobs.told_of_killed():
        if not shell.is_typed_at and not shell.dash:
            errors.write(encode(shell.complaint(f"{job.pid:5} {job.signal:<23} {job.text}") + "\n"))


def tell_of_stopped(runner: Runner, job: Job, streams: Streams) -> Steps[None]:
    """Tell of a job that ^Z has stopped."""
    shell = runner.shell
    streams.err.write(encode(f"^Z\n{job.line(shell.clock(), shell.jobs.mark(job))}\n"))
    yield from runner.flush()


def become_stopped(runner: Runner, pipeline: Pipeline, left: float, streams: Streams) -> Effects:
    """Make a job of a pipeline that ^Z has stopped in a pause of which `left` seconds were to come."""
    job = runner.shell.jobs.begin((yield from pipeline_text(pipeline)))
    job.left = left
    yield from tell_of_stopped(runner, job, streams)
    return STOPPED


_TOLD_SHORTLY = frozenset(("Terminated", "User defined signal 1", "User defined signal 2", "Alarm clock"))
_NEVER_TOLD = frozenset(("", "Interrupt", "Broken pipe"))


def tell_of_signal(shell: ShellState, pipeline: Pipeline, errors: OutputBuffer) -> Steps[None]:
    """Tell by what signal a command ended for which the shell waited: not of one that a substitution has become."""
    signal, shell.ended_by = shell.ended_by, ""
    if signal in _NEVER_TOLD or shell.ash or shell.within or len(pipeline.commands) > 1:
        return
    whole = not (shell.dash or shell.is_typed_at or signal in _TOLD_SHORTLY)
    if not whole:
        errors.write(encode(signal + "\n"))
        return
    command = yield from pipeline_text(pipeline)
    errors.write(encode(shell.complaint(f"{shell.pid + 3:5} {signal:<23} {command}") + "\n"))


def at_exit(runner: Runner, streams: Streams) -> Effects:
    """Run what `trap` wants done when the shell ends, if it does: one that runs a command, or that is left."""
    shell = runner.shell
    action = shell.traps.get("EXIT", "")
    if action and (shell.finished or shell.command is not None):
        shell.traps.clear()
        status = shell.status
        with suppress(ExitShell, BudgetExceededError, OutputFullError, ReturnFunction, LoopJump, ExpansionError):
            yield from runner.script(action, streams)
        shell.status = status
    return shell.status


def feed(runner: Runner, kept: int, streams: Streams) -> Effects:
    """Run the commands of `>(command)` but for the first `kept`, on what was written to them."""
    shell = runner.shell
    while len(shell.readers) > kept:
        path, command = shell.readers.popitem()
        try:
            data = whole_of(shell.files.read(path, shell.access))
            shell.files.remove(path, shell.access)
        except FileSystemError:
            continue
        with shell.forked(), suppress(ExitShell, OutputFullError):
            yield from runner.script(command, streams._replace(stdin=InputBuffer(data)))
    return shell.status
