# SPDX-License-Identifier: MIT
"""The command ls (POSIX.1-2017, ls; GNU coreutils)."""

import posixpath
import re
import stat
from collections.abc import Callable
from typing import Any

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.files.permissions import group_of
from decnet_decoys.shell.commands.options import Options, options
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.environment.collation import in_locale
from decnet_decoys.shell.machine.fs_errors import DENIED, FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command

HALF_A_YEAR = 15_778_476
_LONG = {
    "all": "a", "almost-all": "A", "human-readable": "h", "directory": "d",
    "recursive": "R", "reverse": "r", "inode": "i",
    "size": "s", "numeric-uid-gid": "n", "classify": "F", "color": "color?",
    "time-style": "style:", "full-time": "full",
    "sort": "sort:", "format": "format:", "no-group": "G", "dereference": "L", "quote-name": "Q", "literal": "N",
    "group-directories-first": "dirs", "hide": "hide:", "ignore": "I:", "indicator-style": "ind:", "help": "help",
    "author": "author", "escape": "b", "kibibytes": "k", "si": "h", "time": "time:", "width": "w:", "zero": "zero",
}  # fmt: skip
_HELP = """\
Usage: ls [OPTION]... [FILE]...
List information about the FILEs (the current directory by default).
Sort entries alphabetically if none of -cftuvSUX nor --sort is specified.
"""
Row = tuple[str, Entry, str]
"""Name as it is shown, what it is, and its absolute path."""


@command("ls", "dir", "vdir")
def ls(call: Call) -> Effects:
    """List directories."""
    found = options(call, "aAlhdR1rtSisnoFgpCmxXvUucLHkQbqGNBfDTw:I:Z", _LONG, status=2)
    if "help" in found:
        call.print(_HELP, end="")
        return 0
    lister = _Lister(call, found)
    status = 0
    rows: list[Row] = []
    folders: list[Row] = []
    for path in found.operands or ["."]:
        yield from turn()
        if path == "." and not call.shell.files.exists(call.shell.cwd):  # removed, but still open
            call.print("total 0" if lister.long else "", end="\n" if lister.long else "")
            continue
        try:
            follow = not (lister.long or found.any("dF")) or found.any("LH")
            entry = call.shell.files.stat(path, call.shell.access, follow=follow)
            if entry.kind == "link" and "d" not in found and path.endswith("/"):
                entry = call.shell.files.stat(path, call.shell.access)
            where = call.shell.files.locate(path, call.shell.access, follow=follow)
            (rows if entry.kind != "dir" or "d" in found else folders).append((path, entry, where))
        except FileSystemError as error:
            call.fail(f"cannot access {shell_quoted(path)}: {error}")
            status = 2
    yield from lister.rows(lister.ordered(rows))
    several = len(found.operands) > 1 or "R" in found
    for index, (path, _, where) in enumerate(lister.ordered(folders)):
        head = ("\n" if rows or index else "") + f"{path}:" if several else None
        status = (yield from lister.directory(path, where, head)) or status
    return status


class _Lister:
    def __init__(self, call: Call, found: Options) -> None:
        self._call, self._found = call, found
        self.long = found.any("lnog") or call.name == "vdir" or "full" in found

    def ordered(self, rows: list[Row]) -> list[Row]:
        found = self._found
        place = in_locale(self._call.shell.variables)
        asked = {"time": "t", "size": "S", "none": "U", "extension": "X"}.get(found.last("sort"), "")
        if found.any("Uf") or asked == "U":
            return rows
        key: Callable[[Row], Any] = lambda row: place(row[0])  # noqa: E731  # replaced below
        if "t" in found or asked == "t":
            key = lambda row: (-row[1].mtime, place(row[0]))  # noqa: E731
        elif "S" in found or asked == "S":
            key = lambda row: (-row[1].size, place(row[0]))  # noqa: E731
        elif "X" in found or asked == "X":
            key = lambda row: (posixpath.splitext(row[0])[1], place(row[0]))  # noqa: E731
        rows = sorted(rows, key=key, reverse="r" in found)
        if "dirs" in found:
            rows.sort(key=lambda row: row[1].kind != "dir")
        return rows

    def directory(self, path: str, where: str, head: str | None) -> Effects:
        call, found = self._call, self._found
        files, access = call.shell.files, call.shell.access
        try:
            names = files.names(where, access)
        except FileSystemError as error:
            verb = "open directory" if str(error) == DENIED else "access"
            call.fail(f"cannot {verb} {shell_quoted(path)}: {error}")
            return 2
        if head is not None:
            call.print(head)
        if not found.any("aAf"):
            names = [name for name in names if not name.startswith(".")]
        rows: list[Row] = []
        for name in names:
            below = posixpath.join(where, name)
            rows.append((name, files.stat(below, follow=False), below))
            yield from turn()
        rows = self.ordered(rows)
        if found.any("af"):
            above = posixpath.dirname(where)
            dots: list[Row] = [(".", files.stat(where), where), ("..", files.stat(above), above)]
            rows = [*rows, *reversed(dots)] if "r" in found else [*dots, *rows]
        if self.long or "s" in found:
            total = sum(entry.kib for _, entry, _ in rows)
            call.print(f"total {human(total * 1024) if 'h' in found and total else total}")
        yield from self.rows(rows)
        return (yield from self._below(path, rows)) if "R" in found else 0

    def _below(self, path: str, rows: list[Row]) -> Effects:
        status = 0
        for name, entry, where in rows:
            if entry.kind == "dir" and name not in (".", ".."):
                shown = f"{path.rstrip('/')}/{name}"
                status = (yield from self.directory(shown, where, f"\n{shown}:")) or status
        return status

    def rows(self, rows: list[Row]) -> Steps[None]:
        call, found = self._call, self._found
        if self.long:
            yield from self._table(rows)
            return
        heads = self._heads(rows)
        names = [head + self._name(name, entry) for head, (name, entry, _) in zip(heads, rows, strict=True)]
        if (call.tty or "C" in found or "x" in found) and "1" not in found:
            yield from _columns(call, names)
        elif "m" in found:
            call.print(_with_commas(names, call.shell.columns), end="\n" if names else "")
        else:
            for name in names:
                call.print(name)
                yield from turn()

    def _heads(self, rows: list[Row]) -> list[str]:
        """Return what -i and -s put before each name."""
        heads = [""] * len(rows)
        if "i" in self._found:
            numbers = [str(inode(where)) for _, _, where in rows]
            width = max(map(len, numbers), default=0)
            heads = [f"{number:>{width}} " for number in numbers]
        if "s" in self._found:
            sizes = [str(entry.kib) for _, entry, _ in rows]
            width = max(map(len, sizes), default=0)
            heads = [head + f"{size:>{width}} " for head, size in zip(heads, sizes, strict=True)]
        return heads

    def _name(self, name: str, entry: Entry) -> str:
        if "Q" in self._found:
            name = f'"{name}"'
        elif self._call.tty and not name.replace("/", "").isalnum() and re.search(r"[\s'\"$*?&;|<>()`\\]", name):
            name = shell_quoted(name)
        if not self._found.any("Fp"):
            return name
        mark = {"dir": "/"} | ({"link": "@"} if "F" in self._found else {})
        if "F" in self._found and entry.kind == "file" and entry.mode & 0o111:
            return name + "*"
        return name + ("" if self.long and entry.kind == "link" else mark.get(entry.kind, ""))

    def _table(self, rows: list[Row]) -> Steps[None]:
        call, found = self._call, self._found
        cells = []
        for name, entry, where in rows:
            yield from turn()
            owner = str(entry.uid) if "n" in found else call.shell.owner_name(entry.uid)
            group = str(entry.gid) if "n" in found else group_of(call, entry.gid)
            size = entry.target if entry.kind == "device" else human(entry.size) if "h" in found else str(entry.size)
            columns = [str(call.shell.files.links(where))]
            columns += ([] if "g" in found else [owner]) + ([] if found.any("oG") else [group])
            arrow = f" -> {call.shell.files.target(where)}" if entry.kind == "link" else ""
            cells.append((stat.filemode(entry.st_mode), columns, size, entry.mtime, self._name(name, entry) + arrow))
        widths = [max(map(len, column)) for column in zip(*(one[1] for one in cells), strict=True)]
        wide = max((len(one[2]) for one in cells), default=0)
        for head, (mode, columns, size, mtime, name) in zip(self._heads(rows), cells, strict=True):
            links, *who = columns
            shown = " ".join(one.ljust(width) for one, width in zip(who, widths[1:], strict=True))
            before = f"{head}{mode} {links:>{widths[0]}} {shown}" + (" " if who else "")
            call.print(f"{before}{size:>{wide}} {self._date(mtime)} {name}")
            yield from turn()

    def _date(self, mtime: int) -> str:
        """Return a time as `ls -l` shows it: with the year when it is half a year ago."""
        shell, style = self._call.shell, self._found.last("style")
        if style.startswith("+"):
            return shell.date(style[1:65], mtime)
        if "full" in self._found or style == "full-iso":
            return shell.date("%Y-%m-%d %H:%M:%S.000000000 +0000", mtime)
        if style in ("long-iso", "iso"):
            return shell.date("%Y-%m-%d %H:%M", mtime)
        old = shell.now - mtime > HALF_A_YEAR or mtime > shell.now
        return shell.date("%b %e  %Y" if old else "%b %e %H:%M", mtime)


def _with_commas(names: list[str], width: int) -> str:
    """Return the names one after another, in lines that are not wider than the terminal."""
    shown, at = [], 0
    for index, name in enumerate(names):
        if index:
            fits = at + len(name) + 2 < width
            shown.append(", " if fits else ",\n")
            at = at + 2 if fits else 0
        shown.append(name)
        at += len(name)
    return "".join(shown)


def _columns(call: Call, names: list[str]) -> Steps[None]:
    """Write the names in as many columns as fit the terminal, each as wide as it must be."""
    if not names:
        return
    width, most = call.shell.columns, min(len(names), max(1, call.shell.columns // 3))
    for count in range(most, 0, -1):
        yield from turn()
        down = -(-len(names) // count)
        groups = [names[start : start + down] for start in range(0, len(names), down)]
        widths = [max(map(len, group)) + 2 for group in groups]
        if sum(widths) - 2 < width or count == 1:
            break
    for row in range(down):
        line = [group[row].ljust(wide) for group, wide in zip(groups, widths, strict=True) if row < len(group)]
        call.print("".join(line).rstrip(" "))
        yield from turn()


def inode(path: str) -> int:
    """Return a number for a path that stays the same."""
    import zlib

    return 2 if path == "/" else 131_072 + zlib.crc32(path.encode("utf-8", "surrogateescape")) % 2_000_000


def human(size: float) -> str:
    """Return a size as `-h` shows it: rounded up."""
    for unit in ("", "K", "M", "G", "T"):
        if size < 1024 or unit == "T":
            if unit and size < 10:
                return f"{-(-size * 10 // 1) / 10:.1f}{unit}" if -(-size * 10 // 1) < 100 else f"10{unit}"
            return f"{-(-size // 1):.0f}{unit}"
        size /= 1024
    return f"{size:.0f}"
