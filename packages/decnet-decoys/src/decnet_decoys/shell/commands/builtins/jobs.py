# SPDX-License-Identifier: MIT
"""Builtins about what runs in the background: jobs, wait, fg, bg, disown (bash(1), Job Control)."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import STOPPED, StoppedByUser
from decnet_decoys.shell.effects import Effects, Pause
from decnet_decoys.shell.execution.line_ends import tell_of_killed, tell_of_stopped
from decnet_decoys.shell.jobs import Job
from decnet_decoys.shell.programs import command

MAX_NAMES = 100
"""Jobs that are named in one call."""


@command("jobs", folder="")
def jobs(call: Call) -> int:
    """List the jobs; those that have ended are listed once."""
    options, names = call.flags()
    for name in names[:MAX_NAMES]:
        if call.shell.jobs.named(name) is None:
            return call.shell_error(f"jobs: {name}: no such job")
    known, now = call.shell.jobs, call.shell.clock()
    if call.shell.command is not None:  # a shell that is not typed at forgets jobs when they end
        known.forget_ended(now)
    for job in known.all:
        if "p" in options:
            call.print(str(job.pid))
            continue
        line = job.line(now, known.mark(job), monitored=_is_monitored(call))
        if "l" in options:
            line = line.replace("  ", f" {job.pid} ", 1)
        if not ("r" in options and job.ends <= now):
            call.print(line)
    known.forget_ended(now)
    return 0


@command("wait", folder="")
def wait(call: Call) -> Effects:
    """Wait for one job, or for all."""
    known = call.shell.jobs
    if "-n" in call.args:
        return (yield from _next_end(call))
    if not call.words:
        for one in sorted(known.own(), key=lambda one: one.ends):
            yield from _until(call, one.ends)
            one.show()
        known.all = list(known.others)
        tell_of_killed(call.shell, call.err)
        return 0
    status = 0
    for name in call.words[:MAX_NAMES]:
        job = known.named(name)
        if job is not None:
            for earlier in sorted(known.own(), key=lambda one: one.ends):
                if earlier.ends <= job.ends:
                    yield from _until(call, earlier.ends)
                    earlier.show()
            known.forget(job)
            status = job.status
            tell_of_killed(call.shell, call.err)
        elif name.startswith("%"):
            status = call.shell_error(f"wait: {name}: no such job", 127)
        elif name.isdecimal():
            wrong = f"wait: pid {name} is not a child of this shell"
            status = 127 if call.shell.dash else call.shell_error(wrong, 127)
        else:
            status = call.shell_error(f"wait: `{name}': not a pid or valid job spec")
    return status


def _next_end(call: Call) -> Effects:
    """Wait for the job that ends first, of those that are named if some are."""
    known = call.shell.jobs
    names = [name for name in call.words if name.startswith("%") or name.isdecimal()][:MAX_NAMES]
    jobs = [job for job in map(known.named, names) if job is not None] if names else known.own()
    if not jobs:
        return 127
    job = min(jobs, key=lambda one: one.ends)
    yield from _until(call, job.ends)
    job.show()
    known.forget(job)
    tell_of_killed(call.shell, call.err)
    return job.status


def _is_monitored(call: Call) -> bool:
    """Whether the shell has job control."""
    shell = call.shell
    typed_at = shell.terminal is not None and shell.command is None
    return typed_at or ("monitor" in shell.options and not shell.jobs.of_child)


def _until(call: Call, moment: float) -> Effects:
    left = moment - call.shell.clock()
    if left > 0:
        yield Pause(left)
    return 0


@command("bg", "fg", folder="")
def resume(call: Call) -> Effects:
    """Let a job go on that was stopped: `bg` in the background, `fg` waits for it."""
    if not _is_monitored(call):
        return call.shell_error(f"{call.name}: no job control")
    job = _chosen(call)
    if job is None:
        return 1
    stopped = job.left is not None
    job.resume(call.shell.clock())
    if call.name == "bg" and stopped:
        call.print(f"[{job.number}]{call.shell.jobs.mark(job)} {job.text} &")
    elif call.name == "bg":
        call.shell_error(f"bg: job {job.number} already in background")
    if call.name == "bg":
        return 0
    call.print(job.text)
    yield from call.runner.flush()
    try:
        yield from _until(call, job.ends)
    except StoppedByUser:
        job.stop(call.shell.clock())
        yield from tell_of_stopped(call.runner, job, call.streams)
        return STOPPED
    except GeneratorExit:  # ^C
        job.ends = 0.0
        call.shell.jobs.forget(job)
        raise
    job.show()
    call.shell.jobs.forget(job)
    return job.status


@command("disown", folder="")
def disown(call: Call) -> int:
    """Forget a job, which runs on."""
    if any(arg.startswith("-") for arg in call.args) and not call.words:
        if "-a" in call.args:
            call.shell.jobs.disown(call.shell.jobs.all)
        return 0
    job = _chosen(call)
    if job is None:
        return 1
    if "-h" not in call.args:
        call.shell.jobs.disown([job])
    return 0


def _chosen(call: Call) -> Job | None:
    """Return the job that is named, or the current one; complains when there is none."""
    known, name = call.shell.jobs, call.words[0] if call.words else "%%"
    job = known.named(name if name.startswith("%") or not name.isdecimal() or len(name) > 3 else f"%{name}")
    if job is None or (job.ends <= call.shell.clock() and call.name != "disown"):
        call.shell_error(f"{call.name}: {call.words[0] if call.words else 'current'}: no such job")
        return None
    return job
