# SPDX-License-Identifier: MIT
"""Commands about processes: ps, top, pstree (ps(1), top(1))."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from decnet_decoys.personas.schema import Process
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import UsageError
from decnet_decoys.shell.commands.system.hardware import uptime_line
from decnet_decoys.shell.effects import AskKeys, Effects
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.state import ShellState

MAX_COMMAND_LINE = 4096
"""Characters of a command line as ps shows it."""
MAX_COLUMNS = 20


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
        Process(pid=job.pid, user=user, command=job.text, vsz=5464, rss=884, stat="S", tty=tty)
        for job in shell.jobs.running(shell.clock())
    ]
    machine = shell.machine
    running = machine.condition.processes(machine.persona)
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


def _hms(text: str) -> str:
    minutes, _, seconds = text.partition(":")
    return f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{seconds}"


class _Column(NamedTuple):
    title: str
    width: int
    """Negative: to the right."""
    value: Callable[[Row, Call], str]


def _memory(row: Row, call: Call) -> str:
    return f"{row.process.rss * 100 / call.shell.machine.persona.hardware.memory_kib:.1f}"


_BOOT = "%a %b %e %H:%M:%S %Y"
_COLUMNS = {
    "pid": _Column("PID", -7, lambda row, _: str(row.process.pid)),
    "ppid": _Column("PPID", -7, lambda row, _: str(row.parent)),
    "user": _Column("USER", 8, lambda row, _: row.process.user),
    "uid": _Column("UID", -5, lambda row, call: str(_uid(row, call))),
    "pcpu": _Column("%CPU", -4, lambda row, _: f"{row.process.cpu:.1f}"),
    "pmem": _Column("%MEM", -4, _memory),
    "vsz": _Column("VSZ", -6, lambda row, _: str(row.process.vsz)),
    "rss": _Column("RSS", -5, lambda row, _: str(row.process.rss)),
    "tty": _Column("TT", 8, lambda row, _: row.process.tty),
    "tname": _Column("TTY", 8, lambda row, _: row.process.tty),
    "stat": _Column("STAT", 4, lambda row, _: row.process.stat),
    "state": _Column("S", 1, lambda row, _: row.process.stat[:1]),
    "start": _Column("STARTED", -8, lambda row, _: row.started),
    "bsdstart": _Column("START", 5, lambda row, _: row.started),
    "lstart": _Column("STARTED", -24, lambda _row, call: call.shell.date(_BOOT, call.shell.machine.booted)),
    "time": _Column("TIME", -8, lambda row, _: _hms(row.process.time)),
    "bsdtime": _Column("TIME", -6, lambda row, _: row.process.time),
    "etime": _Column("ELAPSED", -11, lambda _row, call: _elapsed(call)),
    "etimes": _Column("ELAPSED", -7, lambda _row, call: str(max(0, call.shell.now - call.shell.machine.booted))),
    "comm": _Column("COMMAND", 15, lambda row, _: name_of(row.process)),
    "ucmd": _Column("CMD", 15, lambda row, _: name_of(row.process)),
    "args": _Column("COMMAND", 27, lambda row, _: row.process.command),
    "cmd": _Column("CMD", 27, lambda row, _: row.process.command),
    "c": _Column("C", -2, lambda _row, _call: "0"),
    "ni": _Column("NI", -3, lambda _row, _call: "0"),
    "pri": _Column("PRI", -3, lambda _row, _call: "19"),
    "nlwp": _Column("NLWP", -4, lambda _row, _call: "1"),
    "uname": _Column("UID", 8, lambda row, _: row.process.user),
    "stime": _Column("STIME", 5, lambda row, _: row.started),
    "pgid": _Column("PGID", -7, lambda row, _: str(row.process.pid)),
    "sid": _Column("SID", -7, lambda row, _: str(row.process.pid)),
}
_ALIASES = {"command": "args", "%cpu": "pcpu", "%mem": "pmem", "ucomm": "comm", "cputime": "time", "s": "state",
            "euser": "user", "ruser": "user", "vsize": "vsz", "rssize": "rss", "tt": "tty", "nice": "ni",
            "thcount": "nlwp",
            "start_time": "bsdstart", "euid": "uid", "pgrp": "pgid", "session": "sid"}  # fmt: skip
_FULL, _AUX = "uname pid ppid c stime tname time cmd", "user pid pcpu pmem vsz rss tname stat bsdstart bsdtime args"
_SHORT, _BSD = "pid tname time ucmd", "pid tname stat bsdtime args"


def _uid(row: Row, call: Call) -> int:
    user = call.shell.account(row.process.user)
    return user.uid if user is not None else 0


def _elapsed(call: Call) -> str:
    seconds = max(0, call.shell.now - call.shell.machine.booted)
    return f"{seconds // 86400}-{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


class _Asked:
    """What the arguments of ps ask for."""

    def __init__(self, call: Call) -> None:
        self.columns: list[tuple[str, str | None]] = []
        self.letters = ""
        self.dashed = ""
        self.sort = ""
        self.headers = True
        self.pids: list[str] = []
        self.names: list[str] = []
        self.users: list[str] = []
        args = list(call.args)[:64]
        while args:
            self._take(args.pop(0), args)

    def _take(self, arg: str, args: list[str]) -> None:
        if arg.startswith("--"):
            name, _, value = arg[2:].partition("=")
            self._long(name, value or (args.pop(0) if name in _VALUED and args else ""))
        elif arg.startswith("-"):
            self._dashed_letters(arg[1:], args)
        elif arg.replace(",", "").isdecimal():
            self.pids += arg.split(",")
        else:
            self._bsd_letters(arg, args)

    def _long(self, name: str, value: str) -> None:
        if name == "sort":
            self.sort = value
        elif name in ("no-headers", "no-heading", "noheaders", "no-header"):
            self.headers = False
        elif name in ("pid", "ppid"):
            self.pids += value.split(",")
        elif name == "format":
            self._format(value)
        elif name in ("user", "User"):
            self.users += value.split(",")
        elif name not in ("forest", "headers", "cols", "columns", "width"):
            raise UsageError(f"error: unknown gnu long option\n\n{_USAGE}".removeprefix("ps: "))

    def _dashed_letters(self, letters: str, args: list[str]) -> None:
        for index, letter in enumerate(letters[:64]):
            if letter in "opCuUtgG":
                value = letters[index + 1 :] or (args.pop(0) if args else "")
                if letter == "u" and not value.replace(",", "").replace("-", "").isalnum():
                    value = ""
                if letter == "o":
                    self._format(value)
                elif letter == "p":
                    self.pids += value.split(",")
                elif letter == "C":
                    self.names += value.split(",")
                elif letter in "uU":
                    self.users += value.split(",")
                return
            self.dashed += letter

    def _bsd_letters(self, letters: str, args: list[str]) -> None:
        for letter in letters[:64]:
            if letter not in "aAcefgjlmnoprsuUvwxXZLhHkT":
                raise UsageError("error: unsupported option (BSD syntax)")
            if letter in "ok" and args:
                self._format(args.pop(0)) if letter == "o" else setattr(self, "sort", args.pop(0))
            else:
                self.letters += letter
        self.headers = self.headers and "h" not in self.letters

    def _format(self, text: str) -> None:
        for piece in re.split(r"[,\s]+", text)[:MAX_COLUMNS]:
            name, equals, title = piece.partition("=")
            known = _ALIASES.get(name, name)
            if known not in _COLUMNS:
                raise UsageError(f'error: unknown user-defined format specifier "{name[:64]}"\n\n{_USAGE}')
            self.columns.append((known, title if equals else None))

    def layout(self) -> list[tuple[str, str | None]]:
        if self.columns:
            return self.columns
        if "u" in self.letters:
            names = _AUX
        elif "f" in self.dashed:
            names = _FULL
        else:
            names = _BSD if self.letters else _SHORT
        return [(name, None) for name in names.split()]

    def chosen(self, call: Call, found: list[Row]) -> list[Row]:
        if self.pids or self.names or self.users:
            return [
                row
                for row in found
                if str(row.process.pid) in self.pids
                or name_of(row.process) in self.names
                or row.process.user in self.users
            ]
        if set(self.dashed) & set("eA") or {"a", "x"} <= set(self.letters) or "A" in self.letters:
            return found
        if "x" in self.letters:
            return [row for row in found if row.process.user == call.shell.user.name]
        terminal = [row for row in found if row.process.tty != "?"]
        return terminal if {"a", "d"} & set(self.letters + self.dashed) and terminal else found[-2:]


_VALUED = frozenset(("sort", "pid", "ppid", "format", "user", "User", "cols", "columns", "width"))
_USAGE = """\
Usage:
 ps [options]

 Try 'ps --help <simple|list|output|threads|misc|all>'
  or 'ps --help <s|l|o|t|m|a>'
 for additional help text.

For more details see ps(1)."""


@command("ps")
def ps(call: Call) -> int:
    """List processes: by which are asked for, in the columns that are."""
    if call.shell.machine.persona.family == "busybox":
        call.print("  PID USER       VSZ STAT COMMAND")
        for process, *_ in rows(call):
            call.print(f"{process.pid:5} {process.user:<8} {process.vsz:>5} {process.stat:<4} {process.command}")
        return 0
    try:
        asked = _Asked(call)
    except UsageError as error:
        call.print_error(str(error))
        return 1
    if call.args in (["--version"], ["-V"]):
        call.print("ps from procps-ng 4.0.2")
        return 0
    chosen = asked.chosen(call, rows(call))
    for name in [one for one in asked.sort.split(",") if one][:4][::-1]:
        chosen.sort(key=_sort_key(name.lstrip("+-")), reverse=name.startswith("-"))
    _table(call, asked, chosen)
    return int(not chosen)


def _sort_key(name: str) -> Callable[[Row], Any]:
    keys: dict[str, Callable[[Row], Any]] = {
        "pcpu": lambda row: row.process.cpu, "rss": lambda row: row.process.rss, "vsz": lambda row: row.process.vsz,
        "pmem": lambda row: row.process.rss, "user": lambda row: row.process.user,
        "comm": lambda row: name_of(row.process),
    }  # fmt: skip
    return keys.get(_ALIASES.get(name, name), lambda row: row.process.pid)


def _table(call: Call, asked: _Asked, chosen: list[Row]) -> None:
    layout = asked.layout()
    columns = [(_COLUMNS[name], title) for name, title in layout]
    titles = [column.title if title is None else title for column, title in columns]
    widths = [max(abs(column.width), len(title)) for (column, _), title in zip(columns, titles, strict=True)]

    def line(cells: list[str]) -> str:
        last = len(cells) - 1
        return " ".join(
            cell.rjust(width) if column.width < 0 else cell if index == last else cell.ljust(width)
            for index, (cell, width, (column, _)) in enumerate(zip(cells, widths, columns, strict=True))
        )

    if asked.headers and any(titles):
        call.print(line(titles))
    for row in chosen:
        call.print(line([column.value(row, call) for column, _ in columns]))


@command("top", "htop")
def top(call: Call) -> Effects:
    """Show processes: once with -b, at a terminal every few seconds until q."""
    letters = "".join(arg[1:] for arg in call.args if arg.startswith("-"))
    wrong = next((one for one in letters if one not in "bcEeHhiOopSsTuUVvwdn1-0123456789"), "")
    if wrong:
        return call.fail(f"invalid option -- '{wrong}'", 0)
    if "b" in letters:
        _top_screen(call, 40)
        return 0
    if not call.tty:
        return call.fail("failed tty get")
    data: bytes | None = b""
    while data is not None and not set(data) & set(b"qQ\x03"):
        call.print("\x1b[H\x1b[2J", end="")
        _top_screen(call, 17)
        yield from call.runner.flush()
        data = yield AskKeys(3.0)
    call.print("\x1b[24;1H\x1b[K", end="")
    return 0


def _top_screen(call: Call, most: int) -> None:
    hardware, found = call.shell.machine.persona.hardware, rows(call)
    call.print("top -" + uptime_line(call))
    call.print(f"Tasks: {len(found):3} total,   1 running, {len(found) - 1:3} sleeping,   0 stopped,   0 zombie")
    call.print("%Cpu(s):  0.7 us,  0.3 sy,  0.0 ni, 98.8 id,  0.1 wa,  0.0 hi,  0.1 si,  0.0 st ")
    left, cached = (hardware.memory_kib - hardware.used_kib) / 1024, hardware.memory_kib / 4096
    total, used = hardware.memory_kib / 1024, hardware.used_kib / 1024
    call.print(f"MiB Mem : {total:8.1f} total, {left:8.1f} free, {used:8.1f} used, {cached:8.1f} buff/cache     ")
    call.print(f"MiB Swap: {0:8.1f} total, {0:8.1f} free, {0:8.1f} used. {left:8.1f} avail Mem \n")
    call.print("    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND")
    for process, *_ in sorted(found, key=lambda row: -row.process.cpu)[:most]:
        share = process.rss * 100 / hardware.memory_kib
        call.print(
            f"{process.pid:>7} {process.user:<9} 20   0 {process.vsz:>7} {process.rss:>6} {process.rss // 2:>6} "
            f"{process.stat[0]} "
            f"{process.cpu:>5.1f} {share:>5.1f} {process.time + '.00':>9} {name_of(process)}"
        )


@command("pstree")
def pstree(call: Call) -> int:
    """Show a process tree."""
    names = [name_of(process) for process, *_ in rows(call) if not process.command.startswith("[")][1:]
    for index, name in enumerate(names):
        head = "systemd-+-" if not index else "        `-" if index == len(names) - 1 else "        |-"
        call.print(head + name)
    return 0
