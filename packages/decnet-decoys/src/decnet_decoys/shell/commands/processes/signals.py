# SPDX-License-Identifier: MIT
"""Commands that find and end processes: kill, pkill, pgrep, pidof, killall (kill(1), pgrep(1))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, options
from decnet_decoys.shell.commands.processes.listed_signals import SIGNALS, is_signal, list_signals
from decnet_decoys.shell.commands.processes.ps_columns import Row, name_of, rows
from decnet_decoys.shell.commands.processes.usages import killall_usage
from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, compiled
from decnet_decoys.shell.jobs import MAX_JOBS, Job
from decnet_decoys.shell.programs import command

_USAGE = "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]"
_USAGE_OF_DASH = "kill: Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]"
_USAGE_OF_PROGRAM = """
Usage:
 kill [options] <pid> [...]

Options:
 <pid> [...]            send signal to every <pid> listed
 -<signal>, -s, --signal <signal>
                        specify the <signal> to be sent
 -q, --queue <value>    integer value to be sent with the signal
 -l, --list=[<signal>]  list all signal names, or convert one to a name
 -L, --table            list all signal names in a nice table

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see kill(1)."""


def _signals(args: list[str]) -> list[str]:
    """Return the signals among the arguments of a program that takes one as an option: `-9`, `-TERM`."""
    return [arg[1:] for arg in args if arg.startswith("-") and is_signal(arg[1:])]


def _signal(args: list[str]) -> str:
    """Take the signal from the front of the arguments."""
    if args[:1] in (["-s"], ["-n"]) and len(args) > 1:
        del args[0]
        return args.pop(0)
    return args.pop(0)[1:] if args and args[0].startswith("-") and len(args[0]) > 1 else "TERM"


@command("kill")
def kill(call: Call) -> Effects:
    """Send a signal; the machine's processes end, for others too."""
    args = list(call.args)
    if args[:1] in (["-l"], ["-L"]):
        return list_signals(call, args[1:])
    signal, wrong = _signal(args), 2 if call.shell.dash else 1
    if not is_signal(signal) and signal != "-":
        return call.shell_error(f"kill: {signal[:32]}: invalid signal specification", wrong)
    if not args:
        return _told_usage(call)
    status, running = 0, {row.process.pid: row for row in rows(call)}
    for target in args:
        yield from turn()
        number = target.lstrip("-")
        if (yield from _to_own(call, target, signal)):
            continue
        if target.startswith("%"):
            status = call.shell_error(f"kill: {target[:64]}: no such job")
        elif not number.isdecimal() or len(number) > 9:
            status = call.shell_error(f"kill: {target[:64]}: arguments must be process or job IDs", wrong)
        elif int(number) not in running:
            status = call.shell_error(f"kill: ({target}) - No such process")
        elif signal not in ("0", "18", "CONT", "SIGCONT") and not ended(call, running[int(number)]):
            status = call.shell_error(f"kill: ({target}) - Operation not permitted")
    return status


def _told_usage(call: Call) -> int:
    if call.is_program:
        call.print_error(_USAGE_OF_PROGRAM)
        return 1
    if call.shell.dash:
        return call.shell_error(_USAGE_OF_DASH, 2)
    call.print_error(_USAGE)
    return 2


_KILLING = {
    "HUP": "Hangup", "INT": "Interrupt", "QUIT": "Quit", "KILL": "Killed", "TERM": "Terminated", "PIPE": "Broken pipe",
    "ALRM": "Alarm clock", "USR1": "User defined signal 1", "USR2": "User defined signal 2",
    "ILL": "Illegal instruction", "SEGV": "Segmentation fault", "ABRT": "Aborted", "BUS": "Bus error",
    "FPE": "Floating point exception", "TRAP": "Trace/breakpoint trap", "XCPU": "CPU time limit exceeded",
    "XFSZ": "File size limit exceeded",
}  # fmt: skip
"""What ends a process, in the words of strsignal(3)."""


def _numbered(signal: str) -> tuple[int, str]:
    number = int(signal[:3]) if signal.isdecimal() else SIGNALS.index(signal.upper().removeprefix("SIG")) + 1
    return number, SIGNALS[number - 1] if 0 < number <= len(SIGNALS) else ""


def _to_own(call: Call, target: str, signal: str) -> Steps[bool]:
    """Send a signal to a job of this shell or to the shell; returns False if the target is neither."""
    known = call.shell.jobs
    job = known.process(int(target)) if target.isdecimal() and len(target) < 9 else known.named(target)
    if job is not None and job.ends > call.shell.clock():
        _end_job(call, job, signal)
        return True
    if target.lstrip("-") != str(call.shell.pid) or signal in ("0", "-"):
        return False
    yield from _to_shell(call, signal)
    return True


def _to_shell(call: Call, signal: str) -> Effects:
    """Send a signal to this shell: it runs the trap, or ends; one that an intruder types at ignores some."""
    shell, (number, name) = call.shell, _numbered(signal)
    action = shell.traps.get(name)
    if name != "KILL" and action is not None:
        shell.status = 0  # the trap acts when `kill` has ended
        return (yield from call.runner.script(action, call.streams)) if action else 0
    interactive = shell.terminal is not None and shell.command is None
    if name not in _KILLING or (interactive and name in ("TERM", "INT", "QUIT")):
        return 0
    if name == "KILL":
        shell.traps.clear()
        shell.history.clear()
    leaving = ExitShell(128 + number)
    leaving.signal = _KILLING[name]
    raise leaving


def _end_job(call: Call, job: Job, signal: str) -> None:
    """Send a signal to a job of this shell, which tells of it later unless it is used to such an end."""
    number, name = _numbered(signal)
    if name in ("STOP", "TSTP", "TTIN", "TTOU"):
        job.stop(call.shell.clock())
    elif name == "CONT":
        job.resume(call.shell.clock())
    elif name in _KILLING:
        job.left = None
        job.ends, job.status, job.signal = 0.0, 128 + number, _KILLING[name]
        job.drop()
        if name not in ("TERM", "INT") and any(job is one for one in call.shell.jobs.own()):
            call.shell.jobs.killed = [*call.shell.jobs.killed, job][-MAX_JOBS:]


def ended(call: Call, row: Row, signal: str = "TERM") -> bool:
    """End a process if the user may; returns whether he may."""
    if call.shell.identity.uid != 0 and row.process.user != call.shell.user.name:
        return False
    job = call.shell.jobs.process(row.process.pid)
    if job is not None:
        _end_job(call, job, signal)
        return True
    own = call.shell.pid - 12 <= row.process.pid <= call.shell.pid + 3
    if row.process.pid > 1 and not row.process.command.startswith("[") and not own:
        call.shell.machine.condition.kill(row.process.pid)
    return True


@command("pgrep", "pkill")
def pgrep(call: Call) -> Effects:
    """Find processes by a pattern of their name, or with -f of their command line; pkill ends them."""
    signals = _signals(call.args)
    call.args[:] = [arg for arg in call.args if arg[1:] not in signals or not arg.startswith("-")]
    found = options(call, "fxnoilvau:U:P:t:s:cgGed:", {"full": "f", "exact": "x", "signal": "signal:", "count": "c",
                    "list-name": "l", "list-full": "a", "ignore-case": "i", "euid": "u:"}, status=2)  # fmt: skip
    if not found.operands and not found.any("uUPt"):
        call.print_error(f"{call.name}: no matching criteria specified\nTry `{call.name} --help' for more information.")
        return 2
    chosen = []
    for row in rows(call):
        yield from turn()
        if row.process.pid != call.shell.pid + 3 and _chosen(call, row, found):
            chosen.append(row)
    if call.name == "pkill":
        return int(not [row for row in chosen if ended(call, row, (signals or ["TERM"])[0])])
    if "c" in found:
        call.print(str(len(chosen)))
    for row in chosen if "c" not in found else ():
        name = f" {row.process.command}" if "a" in found else f" {name_of(row.process)}" if "l" in found else ""
        call.print(f"{row.process.pid}{name}")
    return int(not chosen)


def _replaced(line: str | None) -> bool:
    """Whether `bash -c line` has become the program that runs now, as it does when the line has no other command."""
    return line is not None and not any(mark in line for mark in ";|&\n")


def _chosen(call: Call, row: Row, found: Options) -> bool:
    if found.any("uU") and row.process.user not in (found.last("u") or found.last("U")).split(","):
        return False
    if row.process.pid == call.shell.pid and _replaced(call.shell.command):
        return False
    pattern = found.operands[0] if found.operands else ""
    subject = row.process.command if "f" in found else name_of(row.process)
    try:
        fits = compiled(encode(f"^({pattern})$" if "x" in found else pattern), extended=True, ignore_case="i" in found)
    except BadPatternError:
        return False
    return fits.fits(encode(subject)) != ("v" in found)


@command("pidof", "killall", "skill", folder="/usr/bin")
def pidof(call: Call) -> Effects:
    """Find or end processes by their whole name."""
    args = [arg for arg in call.args if not arg.startswith("-")]
    if call.name != "pidof" and not args:
        call.print_error(killall_usage())
        return 1
    quiet, status, found = "-q" in call.args, 0, []
    signal = next(iter(_signals(call.args)), "TERM")
    for name in args:
        yield from turn()
        wanted = name.rpartition("/")[2]
        fits = [
            row for row in rows(call)[:-1] if name_of(row.process) == wanted[:15] and row.process.pid != call.shell.pid
        ]
        found += fits
        if call.name == "pidof":
            continue
        if not fits and not quiet:
            call.print_error(f"{name}: no process found")
        status = status or int(not fits)
        for row in fits:
            if not ended(call, row, signal):
                call.print_error(f"{name}({row.process.pid}): Operation not permitted")
                status = 1
    if call.name == "pidof":
        if found:
            call.print(" ".join(str(row.process.pid) for row in reversed(found)))
        return int(not found)
    return status
