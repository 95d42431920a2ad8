# SPDX-License-Identifier: MIT
"""The machine's processes, and the columns in which ps shows them (ps(1), standard format specifiers)."""

from collections.abc import Callable
from typing import NamedTuple

from decnet_decoys.personas.schema import Process
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.state import ShellState

MAX_COMMAND_LINE = 4096
"""Characters of a command line as ps shows it."""


class Row(NamedTuple):
    """A process, when it started, and its parent."""

    process: Process
    started: str
    parent: int


def rows(call: Call) -> list[Row]:
    """Return the persona's processes and the attacker's own."""
    shell = call.shell
    booted = shell.date("%b%d", shell.machine.booted)
    now = shell.date("%H:%M")
    user, pid, tty = shell.user.name, shell.pid, "pts/0" if shell.terminal else "?"
    line, stat = " ".join([call.name, *call.args])[:MAX_COMMAND_LINE], "R+" if shell.terminal else "R"
    own = (
        Process(pid=pid - 12, command=shell.origin.daemon_title, vsz=17804, rss=10860, stat="Ss"),
        Process(pid=pid, user=user, command=_title(shell), vsz=8932, rss=5540, stat="Ss", tty=tty),
        Process(pid=pid + 3, user=user, command=line, vsz=11084, rss=4420, stat=stat, tty=tty),
    )
    jobs = [
        Process(pid=job.pid, user=user, command=job.command, vsz=5464, rss=884, stat=job.letter, tty=tty)
        for job in shell.jobs.running(shell.clock())
    ]
    machine = shell.machine
    hidden = machine.condition.binds
    running = [
        one for one in machine.condition.processes(machine.persona) if not hidden or f"/proc/{one.pid}" not in hidden
    ]
    found = [Row(one, booted, 0 if one.pid < 3 else 2 if one.command.startswith("[") else 1) for one in running]
    mine = [Row(one, now, parent) for one, parent in zip(own, (1, pid - 12, pid), strict=True)]
    return [*found, *mine[:2], *(Row(one, now, pid) for one in jobs), mine[2]]


def _title(shell: ShellState) -> str:
    return shell.name if shell.command is None else f"{shell.name} -c {shell.command[:2048]}"


def name_of(process: Process) -> str:
    """Return what /proc/PID/comm says."""
    if process.command == "/sbin/init":
        return "systemd"
    return process.command.strip("[]").split(" ")[0].rstrip(":").rpartition("/")[2].lstrip("-")[:15]


def _program_of(row: Row, call: Call) -> str:
    """Return the name of a process's program, whatever it calls itself (`exec -a`)."""
    job = call.shell.jobs.process(row.process.pid)
    return name_of(row.process) if job is None or not job.program else job.program.rpartition("/")[2][:15]


def _hms(text: str) -> str:
    minutes, _, seconds = text.partition(":")
    return f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{seconds}"


class Column(NamedTuple):
    title: str
    width: int
    """Negative: to the right."""
    value: Callable[[Row, Call], str]


def _memory(row: Row, call: Call) -> str:
    return f"{row.process.rss * 100 / call.shell.machine.persona.hardware.memory_kib:.1f}"


_BOOT = "%a %b %e %H:%M:%S %Y"
COLUMNS = {
    "pid": Column("PID", -7, lambda row, _: str(row.process.pid)),
    "ppid": Column("PPID", -7, lambda row, _: str(row.parent)),
    "user": Column("USER", 8, lambda row, _: row.process.user),
    "uid": Column("UID", -5, lambda row, call: str(_uid(row, call))),
    "pcpu": Column("%CPU", -4, lambda row, _: f"{row.process.cpu:.1f}"),
    "pmem": Column("%MEM", -4, _memory),
    "vsz": Column("VSZ", -6, lambda row, _: str(row.process.vsz)),
    "rss": Column("RSS", -5, lambda row, _: str(row.process.rss)),
    "tty": Column("TT", 8, lambda row, _: row.process.tty),
    "tname": Column("TTY", 8, lambda row, _: row.process.tty),
    "stat": Column("STAT", 4, lambda row, _: row.process.stat),
    "state": Column("S", 1, lambda row, _: row.process.stat[:1]),
    "start": Column("STARTED", -8, lambda row, _: row.started),
    "bsdstart": Column("START", 5, lambda row, _: row.started),
    "lstart": Column("STARTED", -24, lambda _row, call: call.shell.date(_BOOT, call.shell.machine.booted)),
    "time": Column("TIME", -8, lambda row, _: _hms(row.process.time)),
    "bsdtime": Column("TIME", -6, lambda row, _: row.process.time),
    "etime": Column("ELAPSED", -11, lambda _row, call: _elapsed(call)),
    "etimes": Column("ELAPSED", -7, lambda _row, call: str(max(0, call.shell.now - call.shell.machine.booted))),
    "comm": Column("COMMAND", 15, _program_of),
    "ucmd": Column("CMD", 15, _program_of),
    "args": Column("COMMAND", 27, lambda row, _: row.process.command),
    "cmd": Column("CMD", 27, lambda row, _: row.process.command),
    "c": Column("C", -2, lambda _row, _call: "0"),
    "ni": Column("NI", -3, lambda _row, _call: "0"),
    "pri": Column("PRI", -3, lambda _row, _call: "19"),
    "nlwp": Column("NLWP", -4, lambda _row, _call: "1"),
    "uname": Column("UID", 8, lambda row, _: row.process.user),
    "stime": Column("STIME", 5, lambda row, _: row.started),
    "psr": Column("PSR", -3, lambda _row, _call: "0"),
    "sz": Column("SZ", -5, lambda row, _: str(row.process.vsz // 4)),
    "f": Column("F", -1, lambda row, _: "1" if row.process.command.startswith("[") else "4"),
    "wchan": Column("WCHAN", 6, lambda row, _: "-" if row.process.stat.startswith("R") else "do_wai"),
    "addr": Column("ADDR", -4, lambda _row, _call: "-"),
    "flsz": Column("ADDR SZ", -7, lambda row, _: f"- {row.process.vsz // 4:>5}"),
    "opri": Column("PRI", -3, lambda _row, _call: "80"),
    "prio": Column("PRI", -3, lambda _row, _call: "20"),
    "cls": Column("CLS", -3, lambda _row, _call: "TS"),
    "rtprio": Column("RTPRIO", -6, lambda _row, _call: "-"),
    "tpgid": Column("TPGID", -7, lambda _row, _call: "-1"),
    "lwp": Column("LWP", -7, lambda row, _: str(row.process.pid)),
    "spid": Column("SPID", -7, lambda row, _: str(row.process.pid)),
    "tid": Column("TID", -7, lambda row, _: str(row.process.pid)),
    "group": Column("GROUP", 8, lambda row, _: row.process.user),
    "gid": Column("GID", -5, lambda row, call: str(_uid(row, call))),
    "label": Column("LABEL", 31, lambda _row, _call: "-"),
    "cgroup": Column("CGROUP", 27, lambda row, _: f"0::/system.slice/{name_of(row.process)}.service"),
    "unit": Column("UNIT", 31, lambda row, _: f"{name_of(row.process)}.service"),
    "majflt": Column("MAJFLT", -6, lambda _row, _call: "0"),
    "minflt": Column("MINFLT", -6, lambda row, _: str(row.process.rss // 9)),
    "pgid": Column("PGID", -7, lambda row, _: str(row.process.pid)),
    "sid": Column("SID", -7, lambda row, _: str(row.process.pid)),
}
ALIASES = {"command": "args", "%cpu": "pcpu", "%mem": "pmem", "ucomm": "comm", "cputime": "time", "s": "state",
            "euser": "user", "ruser": "user", "vsize": "vsz", "rssize": "rss", "tt": "tty", "nice": "ni",
            "thcount": "nlwp",
            "start_time": "bsdstart", "euid": "uid", "pgrp": "pgid", "session": "sid", "sess": "sid",
            "egroup": "group", "rgroup": "group", "flags": "f", "policy": "cls", "class": "cls", "fname": "comm",
            "tgid": "pid"}  # fmt: skip
LONG = "f state uid pid ppid c opri ni flsz wchan tname time ucmd"
LONG_WITH_MEMORY = "state uid pid ppid c opri ni rss sz wchan tname time ucmd"
EXTRA_FULL = "uname pid ppid c sz rss psr stime tname time cmd"
BSD_LONG = "f uid pid ppid prio ni vsz rss wchan stat tname bsdtime args"
BSD_JOBS = "ppid pid pgid sid tname tpgid stat uid bsdtime args"
JOBS, LABELLED = "pid pgid sid tname time ucmd", "label pid tname time ucmd"
FULL_THREADS = "uname pid ppid lwp c nlwp stime tname time cmd"
THREADS = "pid spid tname time ucmd"
FULL, AUX = "uname pid ppid c stime tname time cmd", "user pid pcpu pmem vsz rss tname stat bsdstart bsdtime args"
SHORT, BSD = "pid tname time ucmd", "pid tname stat bsdtime args"


def _uid(row: Row, call: Call) -> int:
    user = call.shell.account(row.process.user)
    return user.uid if user is not None else 0


def _elapsed(call: Call) -> str:
    seconds = max(0, call.shell.now - call.shell.machine.booted)
    return f"{seconds // 86400}-{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
