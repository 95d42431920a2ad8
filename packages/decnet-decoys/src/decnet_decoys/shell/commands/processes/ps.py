# SPDX-License-Identifier: MIT
"""Commands about processes: ps, top, pstree (ps(1), top(1))."""

import re
from collections.abc import Callable
from typing import Any

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import UsageError, options
from decnet_decoys.shell.commands.processes import ps_columns as layouts
from decnet_decoys.shell.commands.processes.ps_columns import ALIASES, COLUMNS, Row, name_of, rows
from decnet_decoys.shell.commands.system.hardware import uptime_line
from decnet_decoys.shell.effects import AskKeys, Effects
from decnet_decoys.shell.programs import command

MAX_COLUMNS = 40


class _Asked:
    """What the arguments of ps ask for."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.columns: list[tuple[str, str | None, int]] = []
        """Name, title where it is given, and width where it is given."""
        self.letters = ""
        self.dashed = ""
        self.sort = ""
        self.headers = True
        self.selected = False
        """Whether processes are selected by what follows."""
        self.pids: list[str] = []
        self.parents: list[str] = []
        self.names: list[str] = []
        self.users: list[str] = []
        args = list(call.args)[:64]
        while args:
            self._take(args.pop(0), args)

    def _take(self, arg: str, args: list[str]) -> None:
        if arg.startswith("--"):
            name, equals, value = arg[2:].partition("=")
            self._long(name, value if equals else args.pop(0) if name in _VALUED and args else "")
        elif arg.startswith("-"):
            self._dashed_letters(arg[1:], args)
        elif arg.replace(",", "").isdecimal():
            self._select("p", arg)
        else:
            self._bsd_letters(arg, args)

    def _long(self, name: str, value: str) -> None:
        selects = {"pid": "p", "ppid": "P", "user": "u", "User": "u", "quick-pid": "p", "tty": "t", "group": "G",
                   "Group": "G", "sid": "g"}  # fmt: skip
        if name == "sort":
            self._sorted_by(value)
        elif name in ("no-headers", "no-heading", "noheaders", "no-header", "noheader", "noheading"):
            self.headers = False
        elif name in selects:
            self._select(selects[name], value)
        elif name == "format":
            self._format(value)
        elif name not in ("forest", "headers", "cols", "columns", "width", "deselect", "cumulative", "lines", "rows"):
            raise _error("unknown gnu long option")

    def _sorted_by(self, value: str) -> None:
        names = [name.lstrip("+-") for name in value.split(",")][:16]
        if any(ALIASES.get(name, name) not in COLUMNS and name not in _SORT_ONLY for name in names):
            raise _error("unknown sort specifier")
        self.sort = value

    def _select(self, letter: str, value: str) -> None:
        """Add processes to those that are shown; raises UsageError for a list that is none."""
        wanted = [one for one in re.split(r"[,\s]+", value) if one][:256]
        if not wanted:
            raise _error(_MUST_FOLLOW.get(letter, "list of process IDs must follow -p"))
        self.selected = True
        if letter in "pP":
            if not all(one.isdecimal() and len(one) < 10 for one in wanted):
                raise _error("process ID list syntax error")
            (self.pids if letter == "p" else self.parents).extend(wanted)
        elif letter == "C":
            self.names += wanted
        elif letter == "u":
            known = {user.name: user.name for user in self._call.shell.users}
            known |= {str(user.uid): user.name for user in self._call.shell.users}
            if any(one not in known for one in wanted):
                raise _error("user name does not exist")
            self.users += [known[one] for one in wanted]
        elif letter == "t":
            raise _error("TTY could not be found")
        elif letter == "g" and not all(one.isdecimal() for one in wanted):
            raise _error("list of session leaders OR effective group IDs was invalid")

    def _dashed_letters(self, letters: str, args: list[str]) -> None:
        for index, letter in enumerate(letters[:64]):
            if letter in "oOpCuUtgGqskn":
                rest = letters[index + 1 :]
                if letter == "u" and letters != "u" and set(letters) <= set("auxwfe") and not self._is_user(rest):
                    self.dashed = ""
                    self._bsd_letters(letters, args)  # `ps -aux` is read as `ps aux`
                    return
                self._valued(letter, rest or (args.pop(0) if args else ""))
                return
            if letter not in "AaceFfHjlLMmNPTwVyZd":
                raise _error("unsupported SysV option")
            self.dashed += letter

    def _is_user(self, text: str) -> bool:
        return self._call.shell.account(text) is not None

    def _valued(self, letter: str, value: str) -> None:
        """Take the value of an option with a dash."""
        if letter in "oO":
            if not value:
                raise _error(f"format specification must follow -{letter}")
            self._format(value)
        elif letter in "pCgGquU":
            self._select({"q": "p", "U": "u"}.get(letter, letter), value)
        elif letter == "t" and value.removeprefix("/dev/") not in ("pts/0", "?"):
            self._select("t", value)

    def _bsd_letters(self, letters: str, args: list[str]) -> None:
        for letter in letters[:64]:
            if letter not in "aAcefgjlmnoOpqrsStTuUvwxXZLhHkNV":
                raise _error("unsupported option (BSD syntax)")
            if letter in "ok" and args:
                self._format(args.pop(0)) if letter == "o" else self._sorted_by(args.pop(0))
            elif letter in "pU" and args:
                self._select("p" if letter == "p" else "u", args.pop(0))
            else:
                self.letters += letter
        self.headers = self.headers and "h" not in self.letters

    def _format(self, text: str) -> None:
        for piece in re.split(r"[,\s]+", text)[:MAX_COLUMNS]:
            name, equals, title = piece.partition("=")
            name, _, width = name.partition(":")
            known = ALIASES.get(name, name)
            if known not in COLUMNS:
                raise _error(f'unknown user-defined format specifier "{name[:64]}"')
            self.columns.append((known, title if equals else None, min(int(width), 512) if width.isdecimal() else 0))

    def layout(self) -> list[tuple[str, str | None, int]]:
        return self.columns or [(name, None, 0) for name in self._named().split()]

    def _named(self) -> str:
        letters, dashed = self.letters, self.dashed
        by_letter = (("u", layouts.AUX), ("j", layouts.BSD_JOBS), ("l", layouts.BSD_LONG))
        if letters:
            return next((names for letter, names in by_letter if letter in letters), layouts.BSD)
        by_dashed = (
            ("fL", layouts.FULL_THREADS), ("ly", layouts.LONG_WITH_MEMORY), ("F", layouts.EXTRA_FULL),
            ("f", layouts.FULL), ("l", layouts.LONG), ("j", layouts.JOBS), ("M", layouts.LABELLED),
            ("Z", layouts.LABELLED), ("T", layouts.THREADS), ("L", layouts.THREADS.replace("spid", "lwp")),
        )  # fmt: skip
        return next((names for needed, names in by_dashed if set(needed) <= set(dashed)), layouts.SHORT)

    def chosen(self, call: Call, found: list[Row]) -> list[Row]:
        if self.selected:
            return [
                row
                for row in found
                if str(row.process.pid) in self.pids
                or str(row.parent) in self.parents
                or name_of(row.process) in self.names
                or row.process.user in self.users
            ]
        if set(self.dashed) & set("eA") or {"a", "x"} <= set(self.letters) or "A" in self.letters:
            return found
        if "x" in self.letters:
            return [row for row in found if row.process.user == call.shell.user.name]
        terminal = [row for row in found if row.process.tty != "?"]
        if set("ul") & set(self.letters) and not terminal:
            return []
        return terminal if {"a", "d"} & set(self.letters + self.dashed) and terminal else found[-2:]


_MUST_FOLLOW = {"C": "list of command names must follow -C", "u": "list of user names must follow -u",
                "g": "list of session leaders OR effective group names must follow -g",
                "G": "list of real groups must follow -G",
                "t": "list of terminals (pty, tty...) must follow -t"}  # fmt: skip
_SORT_ONLY = frozenset(("size", "resident", "share", "cutime", "cstime", "utime", "priority", "tty_nr"))


def _error(wrong: str) -> UsageError:
    return UsageError(f"error: {wrong}\n\n{_USAGE}")


_VALUED = frozenset(("sort", "pid", "ppid", "format", "user", "User", "cols", "columns", "width", "quick-pid",
                     "tty", "group", "Group", "sid", "lines", "rows"))  # fmt: skip
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
    return keys.get(ALIASES.get(name, name), lambda row: row.process.pid)


def _table(call: Call, asked: _Asked, chosen: list[Row]) -> None:
    layout = asked.layout()
    columns = [(COLUMNS[name], width) for name, _, width in layout]
    titles = [COLUMNS[name].title if title is None else title for name, title, _ in layout]
    widths = [
        width or max(abs(column.width), len(title)) for (column, width), title in zip(columns, titles, strict=True)
    ]

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


@command("top")
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
    """Show a process tree, or the part below a process."""
    found = options(call, "aAcgGhH:lnN:psStTuUVZC:", {"arguments": "a", "show-pids": "p", "long": "l",
                    "uid-changes": "u", "numeric-sort": "n", "ascii": "A", "unicode": "U", "show-parents": "s",
                    "thread-names": "t"})  # fmt: skip
    asked = found.operands[0] if found.operands else ""
    shown = [row for row in rows(call) if not row.process.command.startswith("[")]
    if asked and not asked.isdecimal():
        if call.shell.account(asked) is None:
            call.print_error(f"No such user name: {asked[:64]}")
            return 1
        shown = [shown[0], *(row for row in shown[1:] if row.process.user == asked)]
    elif asked:
        shown = [row for row in shown if str(row.process.pid) == asked or str(row.parent) == asked or asked == "1"]
        if str(shown[0].process.pid) != asked if shown else True:
            return 1
    names = [name_of(row.process) + (f"({row.process.pid})" if "p" in found else "") for row in shown]
    first, *below = names
    indent = " " * len(first)
    for index, name in enumerate(below):
        last = index == len(below) - 1
        mark = "---" if not index and last else "-+-" if not index else " `-" if last else " |-"
        call.print((first if not index else indent) + mark + name)
    if not below:
        call.print(first)
    return 0
