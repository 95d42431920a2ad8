# SPDX-License-Identifier: MIT
"""Commands that make, move and remove files: mkdir, touch, cp, mv, ln, rm, rmdir."""

from __future__ import annotations

import posixpath

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.filesystem import MAX_ENTRIES
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.registry import command


@command("mkdir")
def mkdir(call: Call) -> int:
    """Make directories; -p makes those above too."""
    options, operands = call.flags("m")
    status = 0
    for path in operands:
        steps = _parents(path) if "p" in options else [path]
        try:
            for step in steps:
                if "p" in options and call.shell.files.exists(step, call.shell.access):
                    continue
                call.shell.files.mkdir(step, call.shell.access)
        except FileSystemError as error:
            status = call.fail(f"cannot create directory {quoted(path)}: {error}")
    return status


def _parents(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")[:200]
    return ["/".join(parts[: count + 1]) for count in range(len(parts)) if "/".join(parts[: count + 1])]


@command("touch")
def touch(call: Call) -> int:
    """Create files or renew their time."""
    shell, status = call.shell, 0
    _, operands = call.flags("rdt")
    for path in operands:
        try:
            if shell.files.exists(path, shell.access):
                shell.files.change(path, shell.access, mtime=shell.now)
            else:
                shell.files.write(path, b"", shell.access)
        except FileSystemError as error:
            status = call.fail(f"cannot touch '{path}': {error}")
    return status


@command("cp", "install")
def cp(call: Call) -> Effects:
    """Copy files; -r copies directories."""
    options, operands = call.flags("m")
    if len(operands) < 2:
        return call.fail("missing file operand")
    shell, status = call.shell, 0
    for source in operands[:-1]:
        try:
            place = shell.files.locate(source, shell.access)
            if shell.files.stat(place).kind == "dir" and not {"r", "R", "a"} & options.keys():
                status = call.fail(f"-r not specified; omitting directory '{source}'")
                continue
            _copy(call, place, _inside(call, operands[-1], source))
        except FileSystemError as error:
            status = call.fail(f"cannot stat '{source}': {error}")
    yield from ()
    return status


def _inside(call: Call, target: str, source: str) -> str:
    """Return the target path: within it when it is a directory."""
    shell = call.shell
    place = shell.files.locate(target, shell.access)
    if shell.files.exists(place) and shell.files.stat(place).kind == "dir":
        return posixpath.join(place, posixpath.basename(source.rstrip("/")))
    return place


def _copy(call: Call, place: str, target: str) -> None:
    shell = call.shell
    for count, (path, entry) in enumerate(list(shell.files.walk(place))):
        if count > MAX_ENTRIES:
            raise FileSystemError("No space left on device")
        copied = target + path[len(place) :]
        if entry.kind == "dir":
            if not shell.files.exists(copied):
                shell.files.mkdir(copied, shell.access)
        else:
            data = shell.files.read(path, shell.access)
            shell.files.write(copied, data, shell.access)
            shell.files.change(copied, shell.access, mode=entry.mode)


@command("mv")
def mv(call: Call) -> int:
    """Move files."""
    shell, status = call.shell, 0
    _, operands = call.flags()
    if len(operands) < 2:
        return call.fail("missing file operand")
    for source in operands[:-1]:
        try:
            shell.files.rename(source, _inside(call, operands[-1], source), shell.access)
        except FileSystemError as error:
            status = call.fail(f"cannot stat '{source}': {error}")
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
            shell.files.link(operands[0], target, shell.access)
        else:
            _copy(call, shell.files.locate(operands[0], shell.access), target)
    except FileSystemError as error:
        return call.fail(f"failed to create link '{operands[-1]}': {error}")
    return 0


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
            call.shell.files.remove(path, call.shell.access, tree=tree, only=only)
        except FileSystemError as error:
            if not (force and error.args[0] == "No such file or directory"):
                status = call.fail(f"cannot remove '{path}': {error}")
    return status


@command("rmdir")
def rmdir(call: Call) -> int:
    """Remove empty directories."""
    status = 0
    for path in call.args:
        try:
            call.shell.files.remove(path, call.shell.access, only="dir")
        except FileSystemError as error:
            status = call.fail(f"failed to remove '{path}': {error}")
    return status
