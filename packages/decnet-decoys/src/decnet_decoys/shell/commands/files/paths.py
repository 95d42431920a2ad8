# SPDX-License-Identifier: MIT
"""Commands that make, move and remove files: mkdir, touch, cp, mv, ln, rm, rmdir."""

import posixpath
import re
from collections.abc import Callable

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.dates import moment_of, stamp_of
from decnet_decoys.shell.commands.files.permissions import MAX_MODE, MODE, mode_after
from decnet_decoys.shell.commands.options import Options, tried
from decnet_decoys.shell.commands.options import options as parsed_options
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.filesystem import MAX_ENTRIES
from decnet_decoys.shell.machine.fs_errors import DENIED, NO_SPACE, NOT_FOUND, FileSystemError
from decnet_decoys.shell.programs import command

_Step = Callable[[Call, str, str, dict[str, str]], Effects]
"""What is done with one source: the call, the source, where to, and the options."""


@command("mkdir")
def mkdir(call: Call) -> Effects | int:
    """Make directories; -p makes those above too, -m is the mode of the last."""
    options, operands = call.flags("m")
    files, access = call.shell.files, call.shell.access
    mode = (options.get("m") or options.get("mode", ""))[:MAX_MODE]
    if mode and not MODE.fullmatch(mode):
        return call.fail(f"invalid mode: {quoted(mode)}")
    loud = bool({"v", "verbose"} & options.keys())

    def make(path: str) -> None:
        for directory in _parents(path) if {"p", "parents"} & options.keys() else [path]:
            if not {"p", "parents"} & options.keys() or not files.exists(directory, access):
                files.mkdir(directory, access)
                if mode and directory.rstrip("/") == path.rstrip("/"):
                    files.change(directory, access, mode=mode_after(mode, 0o777))
                if loud:
                    call.print(f"{call.name}: created directory {shell_quoted(directory)}")

    return call.for_each(operands, make, f"cannot create directory {quoted('%s')}")


def _parents(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")[:200]
    return ["/".join(parts[: count + 1]) for count in range(len(parts)) if "/".join(parts[: count + 1])]


@command("touch")
def touch(call: Call) -> Effects:
    """Create files or renew their time: now, -d DATE, -t STAMP, or that of -r FILE."""
    files, access = call.shell.files, call.shell.access
    found = parsed_options(call, "acd:fhmr:t:", {"date": "d:", "no-create": "c", "reference": "r:", "time": "time:"})
    if not found.operands:
        raise tried(call, "missing file operand")
    asked = found.last("d") or found.last("t")
    try:
        when = _asked_time(call, found)
    except FileSystemError as error:
        return call.fail(f"failed to get attributes of {shell_quoted(found.last('r'))}: {error}")
    if when is None:
        return call.fail(f"invalid date format {quoted(asked)}")

    def renew(path: str) -> None:
        if not files.exists(path, access):
            if "c" in found:
                return
            files.write(path, b"", access)
        files.change(path, access, mtime=when)

    return (yield from call.for_each(found.operands, renew, "cannot touch '%s'"))


def _asked_time(call: Call, found: Options) -> int | None:
    """Return which time is wanted, None for one that is none."""
    shell = call.shell
    if "d" in found:
        return moment_of(found.last("d"), shell.now)
    if "t" in found:
        return stamp_of(found.last("t"), shell.now)
    return shell.files.stat(found.last("r"), shell.access).mtime if "r" in found else shell.now


@command("cp", "install")
def cp(call: Call) -> Effects:
    """Copy files; -r copies directories."""
    options, operands = call.flags("mog" if call.name == "install" else "")
    if call.name == "install" and "d" in options and operands:
        return (yield from call.runner.execute(["mkdir", "-p", "-m", options.get("m", "755"), *operands], call.streams))
    _need_two(call, operands)
    return (yield from _each_into(call, _copied, operands, options))


def _need_two(call: Call, operands: list[str]) -> None:
    if not operands:
        raise tried(call, "missing file operand")
    if len(operands) < 2:
        raise tried(call, f"missing destination file operand after {shell_quoted(operands[0])}")


def _each_into(call: Call, step: _Step, operands: list[str], options: dict[str, str]) -> Effects:
    """Do `step` with each operand but the last, which says where to; returns the last status that is not 0."""
    status = 0
    for source in operands[:-1]:
        status = (yield from step(call, source, operands[-1], options)) or status
        yield from turn()
    return status


def _copied(call: Call, source: str, into: str, options: dict[str, str]) -> Effects:
    files, access, shown = call.shell.files, call.shell.access, _named_inside(call, into, source)
    if source in call.shell.opened:  # <(...)
        return (yield from _copied_stream(call, source, into))
    try:
        resolved = files.locate(source, access)
        entry = files.stat(resolved)
    except FileSystemError as error:
        return call.fail(f"cannot stat {shell_quoted(source)}: {error}")
    if entry.kind == "dir" and not {"r", "R", "a"} & options.keys():
        return call.fail(f"-r not specified; omitting directory {shell_quoted(source)}")
    if entry.kind != "dir" and not access.identity.may(entry, 4):
        return call.fail(f"cannot open {shell_quoted(source)} for reading: {DENIED}")
    try:
        yield from _copy(call, resolved, _inside(call, into, source))
    except FileSystemError as error:
        kind = "directory" if entry.kind == "dir" else "regular file"
        return call.fail(f"cannot create {kind} {shell_quoted(shown)}: {error}")
    if "v" in options:
        call.print(f"{shell_quoted(source)} -> {shell_quoted(shown)}")
    if call.name == "install" and entry.kind != "dir":
        mode = options.get("m", "755")
        number = int(mode, 8) & 0o7777 if re.fullmatch("[0-7]{1,4}", mode) else 0o755
        files.change(_inside(call, into, source), access, mode=number)
    return 0


def _copied_stream(call: Call, source: str, into: str) -> Effects:
    target, access = _inside(call, into, source), call.shell.access
    try:
        call.shell.files.write(target, b"", access)
    except FileSystemError as error:
        return call.fail(f"cannot create regular file {shell_quoted(into)}: {error}")
    yield from call.runner.save(target, call.shell.opened[source], err=call.err)
    return 0


def _named_inside(call: Call, target: str, source: str) -> str:
    """Return the target path as it was named: within it when it is a directory."""
    files, access = call.shell.files, call.shell.access
    if files.exists(target, access) and files.stat(target, access).kind == "dir":
        return posixpath.join(target, posixpath.basename(source.rstrip("/")))
    return target


def _inside(call: Call, target: str, source: str) -> str:
    """Return the target path: within it when it is a directory."""
    files = call.shell.files
    resolved = files.locate(target, call.shell.access)
    if files.exists(resolved) and files.stat(resolved).kind == "dir":
        return posixpath.join(resolved, posixpath.basename(source.rstrip("/")))
    return resolved


def _copy(call: Call, resolved: str, target: str) -> Steps[None]:
    files, access = call.shell.files, call.shell.access
    for count, (path, entry) in enumerate(list(files.walk(resolved))):
        if count > MAX_ENTRIES:
            raise FileSystemError(NO_SPACE)
        yield from turn()
        copied = target + path[len(resolved) :]
        if entry.kind != "dir":
            new = not files.exists(copied)
            files.write(copied, files.read(path, access), access)
            if new:
                files.change(copied, access, mode=entry.permissions)
        elif not files.exists(copied):
            files.mkdir(copied, access)


@command("mv")
def mv(call: Call) -> Effects:
    files, access = call.shell.files, call.shell.access
    options, operands = call.flags()
    _need_two(call, operands)

    status = 0
    for source in operands[:-1]:
        yield from turn()
        shown = _named_inside(call, operands[-1], source)
        failure = f"cannot stat {shell_quoted(source)}"
        try:
            files.stat(source, access, follow=False)
            failure = f"cannot move {shell_quoted(source)} to {shell_quoted(shown)}"
            files.rename(source, _inside(call, operands[-1], source), access)
        except FileSystemError as error:
            status = call.fail(f"{failure}: {error}")
            continue
        if {"v", "verbose"} & options.keys():
            call.print(f"renamed {shell_quoted(source)} -> {shell_quoted(shown)}")
    return status


@command("ln")
def ln(call: Call) -> Effects:
    """Make links; without -s a copy stands for the hard link."""
    options, operands = call.flags()
    if not operands:
        raise tried(call, "missing file operand")
    if len(operands) == 1:
        operands.append(".")
    return (yield from _each_into(call, _linked, operands, options))


def _linked(call: Call, source: str, into: str, options: dict[str, str]) -> Effects:
    files, access, symbolic = call.shell.files, call.shell.access, "s" in options or "symbolic" in options
    kind = "symbolic" if symbolic else "hard"
    try:
        target = named = files.locate(into, access, follow=False)
        there = files.entry(target)
        itself = there is not None and there.kind == "link" and bool({"n", "T", "no-dereference"} & options.keys())
        if not itself and files.exists(into, access) and files.stat(into, access).kind == "dir":
            target = _inside(call, into, source)
        if files.entry(target) is not None:
            if not {"f", "force"} & options.keys():
                shown = shell_quoted(into if target == named else target)
                return call.fail(f"failed to create {kind} link {shown}: File exists")
            files.remove(target, access)
        if not symbolic and files.stat(source, access).kind == "dir":
            return call.fail(f"{source}: hard link not allowed for directory")
        if symbolic:
            files.link(source, target, access)
        else:
            yield from _copy(call, files.locate(source, access), target)
    except FileSystemError as error:
        return call.fail(f"failed to create link '{into}': {error}")
    return 0


@command("rm", "unlink")
def rm(call: Call) -> Effects:
    """Remove files; -r and -f."""
    options, operands = call.flags()
    if not operands and not {"f", "force"} & options.keys():
        raise tried(call, "missing operand")
    tree, force, status = bool({"r", "R", "recursive"} & options.keys()), "f" in options, 0
    for path in operands:
        yield from turn()
        try:
            if posixpath.normpath(path) == "/" and "no-preserve-root" not in options:
                status = call.fail("it is dangerous to operate recursively on '/'")
                call.fail("use --no-preserve-root to override this failsafe")
                continue
            yield from _remove(call, path, tree=tree)
            if "v" in options:
                call.print(f"removed {shell_quoted(path)}")
        except FileSystemError as error:
            if not (force and str(error) == NOT_FOUND):
                status = call.fail(f"cannot remove '{path}': {error}")
    return status


def _remove(call: Call, path: str, *, tree: bool) -> Steps[None]:
    """Remove a file, or with `tree` also a directory and what is in it, from the bottom up."""
    files, access = call.shell.files, call.shell.access
    resolved = files.locate(path, access, follow=False)
    if tree and files.exists(resolved):
        for below, _ in list(files.walk(resolved))[:0:-1]:
            files.remove(below, access)
            yield from turn()
    files.remove(path, access, only=None if tree else "file")
    yield from turn()


@command("rmdir")
def rmdir(call: Call) -> Effects:
    """Remove empty directories; with -p those above them, too."""
    found = parsed_options(call, "pv", {"parents": "p", "verbose": "v", "ignore-fail-on-non-empty": "ignore"})
    if not found.operands:
        raise tried(call, "missing operand")
    files, access, status = call.shell.files, call.shell.access, 0
    for path in found.operands:
        above = path
        while above.strip("/."):
            yield from turn()
            try:
                files.remove(above, access, only="dir")
            except FileSystemError as error:
                if "ignore" not in found:
                    what = "failed to remove" if above == path else "failed to remove directory"
                    status = call.fail(f"{what} '{above}': {error}")
                break
            above = posixpath.dirname(above.rstrip("/")) if "p" in found else ""
    return status
