# SPDX-License-Identifier: MIT
"""Programs about names and sizes of files: pathchk (POSIX.1-2017), namei and fallocate (util-linux)."""

import posixpath
import re
import stat

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.options import UsageError, options, tried
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import encode, quoted
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry, whole_of
from decnet_decoys.shell.programs import command

_LONGEST, _LONGEST_PORTABLE = 255, 14
"""Bytes of a name in this file system, and of one that POSIX promises."""
_LONGEST_PATH = 256
_NOT_PORTABLE = re.compile(r"[^A-Za-z0-9._/-]")
MAX_ALLOCATED = 8 << 20
MAX_LINKS = 40
_SIZE = re.compile(r"(\d{1,15})(?:([KMGTPE])(iB|B)?)?", re.ASCII | re.IGNORECASE)


@command("pathchk")
def pathchk(call: Call) -> Effects:
    """Tell of names that cannot be, or with -p and -P are not portable."""
    found = options(call, "pP", {"portability": "both"})
    if not found.operands:
        raise tried(call, "missing operand")
    status = 0
    for path in found.operands:
        yield from turn()
        wrong = _not_portable(path, found.any("p") or "both" in found, found.any("P") or "both" in found)
        status = call.fail(wrong) if wrong or (wrong := _refused(call, path)) else status
    return status


def _not_portable(path: str, posix: bool, strict: bool) -> str:
    """Return what is not portable in a path, empty if it is all right."""
    if strict and any(part.startswith("-") for part in path.split("/")):
        return f"leading '-' in a component of file name {shell_quoted(path)}"
    if not path and (posix or strict):
        return "empty file name"
    wrong = _NOT_PORTABLE.search(path) if posix else None
    if wrong is not None:
        return f"nonportable character {quoted(wrong[0])} in file name {shell_quoted(path)}"
    if posix and len(encode(path)) >= _LONGEST_PATH:
        return f"limit {_LONGEST_PATH - 1} exceeded by length {len(encode(path))} of file name {shell_quoted(path)}"
    if posix:
        long = next((part for part in path.split("/") if len(part) > _LONGEST_PORTABLE), "")
        return f"limit {_LONGEST_PORTABLE} exceeded by length {len(long)} of file name component {quoted(long)}" * bool(
            long
        )
    return ""


def _refused(call: Call, path: str) -> str:
    """Return why lstat(2) does not take a path, empty if it does or nothing is there."""
    try:
        call.shell.files.stat(path, call.shell.access, follow=False)
    except FileSystemError as error:
        if not path:
            return f"{shell_quoted(path)}: {error}"
        return f"{path}: {error}" if str(error) != "No such file or directory" else ""
    return ""


@command("namei")
def namei(call: Call) -> Effects:
    """Show each step of a path, with -l as `ls -l` does; -m modes, -o owners, -x where a file system begins."""
    found = options(call, "hlmnovxVZ", {"long": "l", "modes": "m", "owners": "o", "nosymlinks": "n", "vertical": "v",
                                        "mountpoints": "x"})  # fmt: skip
    if not found.operands:
        raise tried(call, "pathname argument is missing")
    status = 0
    for path in found.operands:
        call.print(f"f: {path}")
        form = "".join(letter for letter in "lmov" if letter in found)
        status = (yield from _steps(call, path, call.shell.cwd, form, 0)) or status
    return status


def _steps(call: Call, path: str, at: str, form: str, depth: int) -> Effects:
    """Show the steps of a path from the directory `at`; of a link those of where it leads, further to the right."""
    files, access = call.shell.files, call.shell.access
    names = [name for name in path.split("/") if name]
    if path.startswith("/"):
        at = "/"
        _show(call, "/", files.stat("/"), form, depth)
    for name in names:
        yield from turn()
        folder, at = at, posixpath.normpath(posixpath.join(at, name))
        try:
            entry = files.stat(at, access, follow=False)
        except FileSystemError as error:
            width = len(_marks(call, None, form))
            call.print(f"{' ' * (width + 1 if width else 3 + 2 * depth)}{name} - {error}")
            return 1
        target = files.target(files.locate(at, access, follow=False)) if entry.kind == "link" else ""
        _show(call, f"{name} -> {target}" if target else name, entry, form, depth)
        if target and depth < MAX_LINKS:
            yield from _steps(call, target, folder, form, depth + 1)
            at = files.locate(at, access)
    return 0


def _marks(call: Call, entry: Entry | None, form: str) -> str:
    mode = stat.filemode(entry.st_mode) if entry is not None else " " * 10
    owner = call.shell.owner_name(entry.uid) if entry is not None else ""
    group = call.shell.owner_name(entry.gid) if entry is not None else ""
    shown = [mode] if set("lm") & set(form) else []
    return " ".join([*shown, *([owner, group] if set("lo") & set(form) else [])])


def _show(call: Call, name: str, entry: Entry, form: str, depth: int) -> None:
    kind = stat.filemode(entry.st_mode)[0]
    if set("lmo") & set(form):
        before = "" if set("lv") & set(form) else " " + "  " * depth
        before += "" if set("lm") & set(form) else f"{kind} "
        call.print(f"{before}{_marks(call, entry, form)} {name}")
    else:
        call.print(f" {'  ' * depth}{kind} {name}")


@command("fallocate")
def fallocate(call: Call) -> Effects:
    """Make a file as long as it is told, or longer."""
    found = options(call, "l:o:cdinpvxz", {"length": "l:", "offset": "o:", "keep-size": "n", "punch-hole": "p",
                                           "dig-holes": "d", "zero-range": "z", "posix": "x", "verbose": "v",
                                           "collapse-range": "c", "insert-range": "i"})  # fmt: skip
    size, start = (_bytes(found.last(letter, "0")) for letter in "lo")
    if "l" in found and not size:
        raise UsageError("invalid length value specified")
    if not found.operands:
        raise UsageError("no filename specified")
    if "l" not in found and "d" not in found:
        raise UsageError("no length argument specified")
    if len(found.operands) > 1:
        raise UsageError("unexpected number of arguments")
    path, files, access = found.operands[0], call.shell.files, call.shell.access
    yield from turn()
    end = (start or 0) + (size or 0)
    if end > MAX_ALLOCATED:
        return call.fail("fallocate failed: No space left on device")
    try:
        old = whole_of(files.read(path, access)) if files.exists(path, access) else b""
        files.write(path, old if found.any("npdz") else old.ljust(end, b"\0"), access)
    except FileSystemError as error:
        return call.fail(f"cannot open {path}: {error}")
    return 0


def _bytes(text: str) -> int | None:
    """Return a size with its unit in bytes, None if it is none."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return None
    power = " KMGTPE".index(found[2].upper()) if found[2] else 0
    return int(found[1]) * int((1000 if (found[3] or "") == "B" else 1024) ** power)
