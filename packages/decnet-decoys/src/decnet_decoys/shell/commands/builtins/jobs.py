# SPDX-License-Identifier: MIT
"""Builtins about what runs in the background: jobs, wait, fg, bg, disown (bash(1), Job Control)."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Pause
from decnet_decoys.shell.execution.line_ends import tell_of_killed
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
        known.all = known.running(now)
    for job in known.all:
        if "p" in options:
            call.print(str(job.pid))
            continue
        line = job.line(now, known.mark(job))
        if "l" in options:
            line = line.replace("  ", f" {job.pid} ", 1)
        if not ("r" in options and job.ends <= now):
            call.print(line)
    known.all = known.running(now)
    return 0


@command("wait", folder="")
def wait(call: Call) -> Effects:
    """Wait for one job, or for all."""
    known = call.shell.jobs
    if "-n" in call.args and not known.own():
        return 127
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


def _until(call: Call, moment: float) -> Effects:
    left = moment - call.shell.clock()
    if left > 0:
        yield Pause(left)
    return 0


@command("bg", "fg", folder="")
def resume(call: Call) -> Effects:
    """Go on with a job: none is ever stopped, so it is waited for or runs already."""
    if call.shell.terminal is None or call.shell.command is not None:
        return call.shell_error(f"{call.name}: no job control")
    job = _chosen(call)
    if job is None:
        return 1
    if call.name == "bg":
        call.shell_error(f"bg: job {job.number} already in background")
        return 0
    call.print(job.text)
    yield from _until(call, job.ends)
    job.show()
    call.shell.jobs.forget(job)
    return job.status


@command("disown", folder="")
def disown(call: Call) -> int:
    """Forget a job, which runs on."""
    if any(arg.startswith("-") for arg in call.args) and not call.words:
        if "-a" in call.args:
            call.shell.jobs.all = []
        return 0
    job = _chosen(call)
    if job is None:
        return 1
    if "-h" not in call.args:
        call.shell.jobs.forget(job)
    return 0


def _chosen(call: Call) -> Job | None:
    """Return the job that is named, or the current one; complains when there is none."""
    known, name = call.shell.jobs, call.words[0] if call.words else "%%"
    job = known.named(name if name.startswith("%") or not name.isdecimal() or len(name) > 3 else f"%{name}")
    if job is None or (job.ends <= call.shell.clock() and call.name != "disown"):
        call.shell_error(f"{call.name}: {call.words[0] if call.words else 'current'}: no such job")
        return None
    return job
