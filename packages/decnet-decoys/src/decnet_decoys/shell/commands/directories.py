# SPDX-License-Identifier: MIT
"""Commands about files as things: ls, stat, find, cp, mv, rm, mkdir, chmod, touch, ln, du."""

from __future__ import annotations

import posixpath
import stat
import time

from decnet_decoys.shell.call import Call, quoted
from decnet_decoys.shell.expand import matches
from decnet_decoys.shell.files import MAX_ENTRIES, Entry, FileFault
from decnet_decoys.shell.registry import command
from decnet_decoys.shell.steps import Steps

MAX_LISTED = 5000


@command("ls", "dir", "vdir", "ll")
def ls(call: Call) -> int:
    """List directories; -a -A -l -h -d -1 -R are understood."""
    options, operands = call.flags()
    if call.name in ("ll", "vdir"):
        options["l"] = ""
    status, shown = 0, 0
    for path in operands or ["."]:
        try:
            entry = call.shell.files.stat(path, call.shell.cwd, follow="l" not in options and "d" not in options)
            if entry.kind != "dir" or "d" in options:
                _rows(call, [(path, entry)], options)
                continue
            if len(operands) > 1:
                call.print(("\n" if shown else "") + f"{path}:")
            shown += 1
            _directory(call, path, options)
        except FileFault as fault:
            opened = fault.args[0] == "Permission denied"
            status = call.fail(f"cannot {'open directory' if opened else 'access'} '{path}': {fault}", 2)
    return status


def _directory(call: Call, path: str, options: dict[str, str]) -> None:
    shell = call.shell
    place = shell.files.locate(path, shell.cwd)
    names = shell.files.names(place, shell.identity)
    if "a" not in options and "A" not in options:
        names = [name for name in names if not name.startswith(".")]
    rows = [(name, shell.files.stat(posixpath.join(place, name), follow=False)) for name in names]
    if "a" in options:
        parent = shell.files.stat(posixpath.dirname(place))
        rows = [(".", shell.files.stat(place)), ("..", parent), *rows]
    if "l" in options:
        blocks = sum(-(-entry.size // 4096) * 4 for _, entry in rows)
        call.print(f"total {blocks}")
    _rows(call, rows, options)
    if "R" in options:
        for name, entry in rows:
            if entry.kind == "dir" and name not in (".", ".."):
                below = f"{path.rstrip('/')}/{name}"
                call.print(f"\n{below}:")
                _directory(call, below, options)


def _rows(call: Call, rows: list[tuple[str, Entry]], options: dict[str, str]) -> None:
    if "l" not in options:
        names = [name for name, _ in rows]
        if call.tty and "1" not in options:
            _columns(call, names)
        else:
            for name in names:
                call.print(name)
        return
    sizes = [_size(entry.size, options) for _, entry in rows]
    width = max((len(size) for size in sizes), default=0)
    for (name, entry), size in zip(rows, sizes, strict=True):
        arrow = f" -> {entry.target}" if entry.kind == "link" else ""
        owner, group = owner_of(call, entry.uid), group_of(call, entry.gid)
        links = 2 if entry.kind == "dir" else 1
        when = moment(entry.mtime, call.shell.now)
        call.print(f"{stat.filemode(entry.st_mode)} {links} {owner} {group} {size:>{width}} {when} {name}{arrow}")


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


def moment(mtime: int, now: int) -> str:
    """Return a time as `ls -l` shows it: with the year when it is half a year ago."""
    when = time.gmtime(mtime)
    return time.strftime("%b %e  %Y" if now - mtime > 15_778_476 else "%b %e %H:%M", when)


def owner_of(call: Call, uid: int) -> str:
    """Return the account's name."""
    return next((user.name for user in call.shell.users if user.uid == uid), str(uid))


def group_of(call: Call, gid: int) -> str:
    """Return the group's name; each account has one of its own."""
    return next((user.name for user in call.shell.users if user.gid == gid), str(gid))


@command("stat")
def stat_(call: Call) -> int:
    """Describe files."""
    status = 0
    _, operands = call.flags("cf")
    for path in operands:
        try:
            entry = call.shell.files.stat(path, call.shell.cwd, follow=False)
        except FileFault as fault:
            status = call.fail(f"cannot statx '{path}': {fault}")
            continue
        kinds = {
            "file": "regular file",
            "dir": "directory",
            "link": "symbolic link",
            "device": "character special file",
        }
        when = time.strftime("%Y-%m-%d %H:%M:%S.000000000 +0000", time.gmtime(entry.mtime))
        blocks = -(-entry.size // 4096) * 8
        call.print(
            f"  File: {path}\n  Size: {entry.size:<10}\tBlocks: {blocks:<10} IO Block: 4096   {kinds[entry.kind]}"
        )
        call.print(
            f"Access: ({entry.mode:04o}/{stat.filemode(entry.st_mode)})  "
            f"Uid: ({entry.uid:5}/{owner_of(call, entry.uid):>8})   "
            f"Gid: ({entry.gid:5}/{group_of(call, entry.gid):>8})\nAccess: {when}\nModify: {when}\nChange: {when}"
        )
    return status


@command("find")
def find(call: Call) -> int:
    """Search below paths; -name, -iname, -type, -perm, -maxdepth and -delete are understood."""
    args = call.args
    cut = next((place for place, arg in enumerate(args) if arg.startswith(("-", "(", "!"))), len(args))
    tests = dict(zip(args[cut:], [*args[cut + 1 :], ""], strict=False))
    status = 0
    for root in args[:cut] or ["."]:
        try:
            place = call.shell.files.locate(root, call.shell.cwd)
            call.shell.files.stat(place)
        except FileFault as fault:
            status = call.fail(f"{quoted(root)}: {fault}")
            continue
        _found(call, root, place, tests)
    return status


def _found(call: Call, root: str, place: str, tests: dict[str, str]) -> None:
    deepest = tests.get("-maxdepth", "")
    limit = int(deepest) if deepest.isdigit() and len(deepest) < 4 else 100
    for seen, (path, entry) in enumerate(call.shell.files.walk(place)):
        below = path[len(place.rstrip("/")) :]
        if below.count("/") > limit or (seen > MAX_LISTED and below):
            continue
        if _fits(call, path, entry, tests):
            call.print(root.rstrip("/") + below if below else root)


def _fits(call: Call, path: str, entry: Entry, tests: dict[str, str]) -> bool:
    name = posixpath.basename(path)
    kinds = {"f": "file", "d": "dir", "l": "link", "c": "device"}
    if "-type" in tests and entry.kind != kinds.get(tests["-type"], "none"):
        return False
    if "-name" in tests and not matches(name, tests["-name"]):
        return False
    if "-iname" in tests and not matches(name.lower(), tests["-iname"].lower()):
        return False
    if "-perm" in tests:
        digits = tests["-perm"].lstrip("-/")
        wanted = (
            int(digits, 8)
            if digits.isdigit() and "8" not in digits and "9" not in digits and len(digits) < 6
            else 0o4000
        )
        return entry.mode & wanted == wanted and bool(wanted)
    if "-user" in tests:
        return owner_of(call, entry.uid) == tests["-user"]
    return "-writable" not in tests or call.shell.identity.may(entry, 2)


@command("mkdir")
def mkdir(call: Call) -> int:
    """Make directories; -p makes those above too."""
    options, operands = call.flags("m")
    status = 0
    for path in operands:
        steps = _parents(path) if "p" in options else [path]
        try:
            for step in steps:
                if "p" in options and call.shell.files.exists(step, call.shell.cwd):
                    continue
                call.shell.files.mkdir(step, call.shell.identity, call.shell.cwd, now=call.shell.now)
        except FileFault as fault:
            status = call.fail(f"cannot create directory {quoted(path)}: {fault}")
    return status


def _parents(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")[:200]
    return ["/".join(parts[: count + 1]) for count in range(len(parts)) if "/".join(parts[: count + 1])]


@command("rm", "unlink")
def rm(call: Call) -> int:
    """Remove files; -r and -f."""
    options, operands = call.flags()
    tree, force, status = bool({"r", "R", "recursive"} & options.keys()), "f" in options, 0
    for path in operands:
        try:
            if posixpath.normpath(path) == "/" and "no-preserve-root" not in options:
                status = call.fail("it is dangerous to operate recursively on '/'")
                continue
            only = None if tree else "file"
            call.shell.files.remove(path, call.shell.identity, call.shell.cwd, tree=tree, only=only)
        except FileFault as fault:
            if not (force and fault.args[0] == "No such file or directory"):
                status = call.fail(f"cannot remove '{path}': {fault}")
    return status


@command("rmdir")
def rmdir(call: Call) -> int:
    """Remove empty directories."""
    status = 0
    for path in call.args:
        try:
            call.shell.files.remove(path, call.shell.identity, call.shell.cwd, only="dir")
        except FileFault as fault:
            status = call.fail(f"failed to remove '{path}': {fault}")
    return status


@command("touch")
def touch(call: Call) -> int:
    """Create files or renew their time."""
    shell, status = call.shell, 0
    _, operands = call.flags("rdt")
    for path in operands:
        try:
            if shell.files.exists(path, shell.cwd):
                shell.files.change(path, shell.identity, shell.cwd, mtime=shell.now)
            else:
                shell.files.write(path, b"", shell.identity, shell.cwd, now=shell.now)
        except FileFault as fault:
            status = call.fail(f"cannot touch '{path}': {fault}")
    return status


@command("chmod")
def chmod(call: Call) -> int:
    """Change permissions, in octal or as +x and the like; -R."""
    operands = [arg for arg in call.args if arg not in ("-R", "-f", "-v", "-c", "--")]
    if len(operands) < 2:
        return call.fail("missing operand" if not operands else f"missing operand after {quoted(operands[0])}")
    return _change(call, operands[1:], lambda entry: _mode(operands[0], entry.mode))


@command("chown", "chgrp")
def chown(call: Call) -> int:
    """Change the owner."""
    operands = [arg for arg in call.args if not arg.startswith("-")]
    if len(operands) < 2:
        return call.fail("missing operand")
    name = operands[0].partition(":")[0]
    user = next((user for user in call.shell.users if name in (user.name, str(user.uid))), None)
    if user is None and name:
        return call.fail(f"invalid user: {quoted(operands[0])}")
    return _change(call, operands[1:], lambda _entry: {"uid": user.uid} if user else {})


def _change(call: Call, paths: list[str], fields: object) -> int:
    shell, status = call.shell, 0
    for path in paths:
        try:
            entry = shell.files.stat(path, shell.cwd)
            shell.files.change(path, shell.identity, shell.cwd, **fields(entry))  # type: ignore[operator]
        except FileFault as fault:
            verb = "cannot access" if fault.args[0] == "No such file or directory" else "changing permissions of"
            status = call.fail(f"{verb} '{path}': {fault}")
    return status


def _mode(text: str, mode: int) -> dict[str, int]:
    if text.isdigit() and not set(text) & {"8", "9"} and len(text) < 6:
        return {"mode": int(text, 8) & 0o7777}
    for clause in text.split(","):
        sign = next((letter for letter in clause if letter in "+-="), "")
        who, _, what = clause.partition(sign) if sign else ("", "", "")
        places = [shift for letter, shift in (("u", 6), ("g", 3), ("o", 0)) if letter in who or "a" in who or not who]
        bits = sum({"r": 4, "w": 2, "x": 1}.get(letter, 0) for letter in set(what))
        changed = sum(bits << shift for shift in places) | (0o4000 if "s" in what else 0)
        mode = mode & ~changed if sign == "-" else mode | changed
    return {"mode": mode}


@command("cp", "install")
def cp(call: Call) -> Steps:
    """Copy files; -r copies directories."""
    options, operands = call.flags("m")
    if len(operands) < 2:
        return call.fail("missing file operand")
    shell, status = call.shell, 0
    for source in operands[:-1]:
        try:
            place = shell.files.locate(source, shell.cwd)
            if shell.files.stat(place).kind == "dir" and not {"r", "R", "a"} & options.keys():
                status = call.fail(f"-r not specified; omitting directory '{source}'")
                continue
            _copy(call, place, _inside(call, operands[-1], source))
        except FileFault as fault:
            status = call.fail(f"cannot stat '{source}': {fault}")
    yield from ()
    return status


def _inside(call: Call, target: str, source: str) -> str:
    """Return the target path: within it when it is a directory."""
    shell = call.shell
    place = shell.files.locate(target, shell.cwd)
    if shell.files.exists(place) and shell.files.stat(place).kind == "dir":
        return posixpath.join(place, posixpath.basename(source.rstrip("/")))
    return place


def _copy(call: Call, place: str, target: str) -> None:
    shell = call.shell
    for count, (path, entry) in enumerate(list(shell.files.walk(place))):
        if count > MAX_ENTRIES:
            raise FileFault("No space left on device")
        copied = target + path[len(place) :]
        if entry.kind == "dir":
            if not shell.files.exists(copied):
                shell.files.mkdir(copied, shell.identity, now=shell.now)
        else:
            data = shell.files.read(path, shell.identity)
            shell.files.write(copied, data, shell.identity, now=shell.now)
            shell.files.change(copied, shell.identity, mode=entry.mode)


@command("mv")
def mv(call: Call) -> int:
    """Move files."""
    shell, status = call.shell, 0
    _, operands = call.flags()
    if len(operands) < 2:
        return call.fail("missing file operand")
    for source in operands[:-1]:
        try:
            shell.files.rename(source, _inside(call, operands[-1], source), shell.identity, shell.cwd)
        except FileFault as fault:
            status = call.fail(f"cannot stat '{source}': {fault}")
    return status


@command("ln")
def ln(call: Call) -> int:
    """Make links; without -s a copy stands for the hard link."""
    options, operands = call.flags()
    shell = call.shell
    if len(operands) < 2:
        return call.fail("missing file operand")
    try:
        target = _inside(call, operands[1], operands[0])
        if "s" in options:
            shell.files.link(operands[0], target, shell.identity, now=shell.now)
        else:
            _copy(call, shell.files.locate(operands[0], shell.cwd), target)
    except FileFault as fault:
        return call.fail(f"failed to create link '{operands[-1]}': {fault}")
    return 0


@command("readlink", "realpath")
def readlink(call: Call) -> int:
    """Say where a link leads."""
    options, operands = call.flags()
    for path in operands:
        try:
            if call.name == "realpath" or "f" in options:
                call.print(call.shell.files.locate(path, call.shell.cwd))
                continue
            entry = call.shell.files.stat(path, call.shell.cwd, follow=False)
        except FileFault:
            return 1
        if entry.kind != "link":
            return 1
        call.print(entry.target)
    return 0


@command("du")
def du(call: Call) -> int:
    """Sum up sizes."""
    options, operands = call.flags("d")
    for path in operands or ["."]:
        try:
            place = call.shell.files.locate(path, call.shell.cwd)
            total = sum(-(-entry.size // 4096) * 4 for _, entry in call.shell.files.walk(place))
        except FileFault as fault:
            return call.fail(f"cannot access '{path}': {fault}")
        call.print(f"{human(total * 1024) if 'h' in options else total}\t{path}")
    return 0


@command("file")
def file(call: Call) -> int:
    """Guess what files are."""
    for path in call.args:
        try:
            entry = call.shell.files.stat(path, call.shell.cwd)
        except FileFault as fault:
            call.print(f"{path}: cannot open `{path}' ({fault})")
            continue
        call.print(f"{path}: {_described(entry, call.shell.machine.persona.machine)}")
    return 0


def _described(entry: Entry, machine: str) -> str:
    if entry.kind == "dir":
        return "directory"
    data = entry.data[:512]
    if data.startswith(b"\x7fELF"):
        what = "x86-64" if machine == "x86_64" else "ARM aarch64"
        return f"ELF 64-bit LSB pie executable, {what}, version 1 (SYSV), dynamically linked, stripped"
    if not data:
        return "empty"
    if data.startswith(b"#!"):
        return "POSIX shell script, ASCII text executable"
    return "data" if b"\0" in data else "ASCII text"
