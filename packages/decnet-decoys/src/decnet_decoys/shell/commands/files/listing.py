# SPDX-License-Identifier: MIT
"""Commands that say what files there are and what they are like: ls, stat, readlink, du, file."""

import posixpath
import stat

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.files.permissions import group_of
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.machine.fs_errors import DENIED, FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command

HALF_A_YEAR = 15_778_476
_KINDS = {"file": "regular file", "dir": "directory", "link": "symbolic link", "device": "character special file"}
"""As stat(1) names them."""


@command("ls", "dir", "vdir", "ll")
def ls(call: Call) -> Effects:
    """List directories; -a -A -l -h -d -1 -R are understood."""
    options, operands = call.flags()
    if call.name in ("ll", "vdir"):
        options["l"] = ""
    status, shown = 0, 0
    for path in operands or ["."]:
        yield from turn()
        try:
            entry = call.shell.files.stat(path, call.shell.access, follow="l" not in options and "d" not in options)
            if entry.kind != "dir" or "d" in options:
                yield from _rows(call, [(path, entry)], options)
                continue
            if len(operands) > 1:
                call.print(("\n" if shown else "") + f"{path}:")
            shown += 1
            yield from _directory(call, path, options)
        except FileSystemError as error:
            verb = "open directory" if str(error) == DENIED else "access"
            status = call.fail(f"cannot {verb} '{path}': {error}", 2)
    return status


def _directory(call: Call, path: str, options: dict[str, str]) -> Steps[None]:
    shell = call.shell
    resolved = shell.files.locate(path, shell.access)
    names = shell.files.names(resolved, shell.access)
    if "a" not in options and "A" not in options:
        names = [name for name in names if not name.startswith(".")]
    rows: list[tuple[str, Entry]] = []
    for name in names:
        rows.append((name, shell.files.stat(posixpath.join(resolved, name), follow=False)))
        yield from turn()
    if "a" in options:
        parent = shell.files.stat(posixpath.dirname(resolved))
        rows = [(".", shell.files.stat(resolved)), ("..", parent), *rows]
    if "l" in options:
        call.print(f"total {sum(entry.kib for _, entry in rows)}")
    yield from _rows(call, rows, options)
    if "R" in options:
        for name, entry in rows:
            if entry.kind == "dir" and name not in (".", ".."):
                below = f"{path.rstrip('/')}/{name}"
                call.print(f"\n{below}:")
                yield from _directory(call, below, options)


def _rows(call: Call, rows: list[tuple[str, Entry]], options: dict[str, str]) -> Steps[None]:
    if "l" not in options:
        names = [name for name, _ in rows]
        if call.tty and "1" not in options:
            _columns(call, names)
        else:
            for name in names:
                call.print(name)
                yield from turn()
        return
    sizes = [_size(entry.size, options) for _, entry in rows]
    width = max((len(size) for size in sizes), default=0)
    for (name, entry), size in zip(rows, sizes, strict=True):
        arrow = f" -> {entry.target}" if entry.kind == "link" else ""
        owner, group = call.shell.owner_name(entry.uid), group_of(call, entry.gid)
        links = 2 if entry.kind == "dir" else 1
        when = _date(call, entry.mtime)
        call.print(f"{stat.filemode(entry.st_mode)} {links} {owner} {group} {size:>{width}} {when} {name}{arrow}")
        yield from turn()


def _columns(call: Call, names: list[str]) -> None:
    if not names:
        return
    width = max(len(name) for name in names) + 2
    count = max(1, call.shell.columns // width)
    rows = -(-len(names) // count)
    for row in range(rows):
        call.print("".join(name.ljust(width) for name in names[row::rows]).rstrip())


def _size(size: int, options: dict[str, str]) -> str:
    return human(size) if "h" in options else str(size)


def human(size: float) -> str:
    """Return a size as `-h` shows it."""
    for unit in ("", "K", "M", "G"):
        if size < 1024:
            return f"{size:.1f}{unit}" if unit and size < 10 else f"{size:.0f}{unit}"
        size /= 1024
    return f"{size:.1f}T"


def _date(call: Call, mtime: int) -> str:
    """Return a time as `ls -l` shows it: with the year when it is half a year ago."""
    return call.shell.date("%b %e  %Y" if call.shell.now - mtime > HALF_A_YEAR else "%b %e %H:%M", mtime)


@command("stat")
def stat_(call: Call) -> Effects:
    _, operands = call.flags("cf")

    def describe(path: str) -> None:
        entry = call.shell.files.stat(path, call.shell.access, follow=False)
        when = call.shell.date("%Y-%m-%d %H:%M:%S.000000000 +0000", entry.mtime)
        kind = _KINDS[entry.kind]
        call.print(f"  File: {path}\n  Size: {entry.size:<10}\tBlocks: {entry.kib * 2:<10} IO Block: 4096   {kind}")
        call.print(
            f"Access: ({entry.mode:04o}/{stat.filemode(entry.st_mode)})  "
            f"Uid: ({entry.uid:5}/{call.shell.owner_name(entry.uid):>8})   "
            f"Gid: ({entry.gid:5}/{group_of(call, entry.gid):>8})\nAccess: {when}\nModify: {when}\nChange: {when}"
        )

    return call.for_each(operands, describe, "cannot statx '%s'")


@command("readlink", "realpath")
def readlink(call: Call) -> Effects:
    options, operands = call.flags()
    for path in operands:
        yield from turn()
        try:
            if call.name == "realpath" or "f" in options:
                call.print(call.shell.files.locate(path, call.shell.access))
                continue
            entry = call.shell.files.stat(path, call.shell.access, follow=False)
        except FileSystemError:
            return 1
        if entry.kind != "link":
            return 1
        call.print(entry.target)
    return 0


@command("du")
def du(call: Call) -> Effects:
    options, operands = call.flags("d")
    for path in operands or ["."]:
        yield from turn()
        try:
            resolved = call.shell.files.locate(path, call.shell.access)
            total = 0
            for _, entry in call.shell.files.walk(resolved):
                total += entry.kib
                yield from turn()
        except FileSystemError as error:
            return call.fail(f"cannot access '{path}': {error}")
        call.print(f"{human(total * 1024) if 'h' in options else total}\t{path}")
    return 0


@command("file")
def file(call: Call) -> Effects:
    for path in call.args:
        yield from turn()
        try:
            entry = call.shell.files.stat(path, call.shell.access)
        except FileSystemError as error:
            call.print(f"{path}: cannot open `{path}' ({error})")
            continue
        call.print(f"{path}: {_described(entry, call.shell.machine.persona.machine)}")
    return 0


def _described(entry: Entry, machine: str) -> str:
    if entry.kind == "dir":
        return "directory"
    data = entry.piece(0, 512)
    if data.startswith(b"\x7fELF"):
        what = "x86-64" if machine == "x86_64" else "ARM aarch64"
        return f"ELF 64-bit LSB pie executable, {what}, version 1 (SYSV), dynamically linked, stripped"
    if not data:
        return "empty"
    if data.startswith(b"#!"):
        return "POSIX shell script, ASCII text executable"
    return "data" if b"\0" in data else "ASCII text"
