# SPDX-License-Identifier: MIT
"""Commands that remove files and directories: rm, unlink, rmdir."""

import posixpath

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.files.destinations import confirmed
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.effects import Effects, listed, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command

_RM = {"force": "f", "recursive": "r", "verbose": "v", "dir": "d", "interactive": "i?", "one-file-system": "x",
       "preserve-root": "preserve?", "no-preserve-root": "any"}  # fmt: skip
_KINDS = {"dir": "directory", "link": "symbolic link", "device": "character special file", "pipe": "fifo"}


@command("rm")
def rm(call: Call) -> Effects:
    """Remove files; -r also directories and what is in them, -d also empty ones."""
    found = options(call, "dfiIrRv", _RM)
    if not found.operands and "f" not in found:
        raise tried(call, "missing operand")
    status = 0
    for path in found.operands:
        yield from turn()
        status = (yield from _removed(call, path, found)) or status
    return status


def _removed(call: Call, path: str, found: Options) -> Effects:
    files, access, tree = call.shell.files, call.shell.access, found.any("rR")
    if posixpath.basename(path.rstrip("/")) in (".", "..") and tree:
        return call.fail(f"refusing to remove '.' or '..' directory: skipping {shell_quoted(path)}")
    try:
        resolved, entry = _found(call, path)
        if resolved == "/" and tree and "any" not in found:
            call.fail("it is dangerous to operate recursively on '/'")
            return call.fail("use --no-preserve-root to override this failsafe")
        if "i" in found and not (yield from confirmed(call, f"remove {_kind(entry)} {shell_quoted(path)}")):
            return 0
        if tree and (yield from _removed_below(call, resolved, path, found)):
            return 1
        files.remove(path, access, only=None if found.any("rRd") else "file")
        _tell(call, path, entry, found)
    except FileSystemError as error:
        if not ("f" in found and str(error) == NOT_FOUND):
            return call.fail(f"cannot remove {shell_quoted(path)}: {error}")
    return 0


def _found(call: Call, path: str) -> tuple[str, Entry]:
    """Return the path and entry of what is to be removed; raises FileSystemError."""
    resolved = call.shell.files.locate(path, call.shell.access, follow=False)
    entry = call.shell.files.entry(resolved) if path else None
    if entry is None:
        raise FileSystemError(NOT_FOUND)
    return resolved, entry


def _kind(entry: Entry) -> str:
    return _KINDS.get(entry.kind, "regular file" if entry.size else "regular empty file")


MAX_KEPT = 20
"""What could not be removed that is remembered: what it is in is not tried."""


def _removed_below(call: Call, resolved: str, path: str, found: Options) -> Effects:
    """Remove what is in a directory, from the bottom up; returns how many stay."""
    files = call.shell.files
    kept: list[str] = []
    for below, inner in (yield from listed(files.walk(resolved)))[:0:-1]:
        yield from turn()
        shown = path.rstrip("/") + below[len(resolved.rstrip("/")) :]
        if any(one.startswith(below + "/") for one in kept[-MAX_KEPT:]):
            continue
        try:
            files.remove(below, call.shell.access)
        except FileSystemError as error:
            call.fail(f"cannot remove {shell_quoted(shown)}: {error}")
            kept.append(below)
            continue
        _tell(call, shown, inner, found)
    return len(kept)


def _tell(call: Call, path: str, entry: Entry, found: Options) -> None:
    if "v" in found:
        call.print(f"removed {'directory ' if entry.kind == 'dir' else ''}{shell_quoted(path)}")


@command("unlink")
def unlink(call: Call) -> int:
    """Remove one file."""
    operands = options(call, "", {}).operands
    if not operands:
        raise tried(call, "missing operand")
    if len(operands) > 1:
        raise tried(call, f"extra operand {quoted(operands[1])}")
    try:
        call.shell.files.remove(operands[0], call.shell.access, only="file")
    except FileSystemError as error:
        return call.fail(f"cannot unlink {shell_quoted(operands[0])}: {error}")
    return 0


@command("rmdir")
def rmdir(call: Call) -> Effects:
    """Remove empty directories; with -p those above them, too."""
    found = options(call, "pv", {"parents": "p", "verbose": "v", "ignore-fail-on-non-empty": "ignore"})
    if not found.operands:
        raise tried(call, "missing operand")
    files, access, status = call.shell.files, call.shell.access, 0
    for path in found.operands:
        above = path
        while above.strip("/."):
            yield from turn()
            if "v" in found:
                call.print(f"{call.called}: removing directory, {shell_quoted(above)}")
            try:
                files.remove(above, access, only="dir")
            except FileSystemError as error:
                if "ignore" not in found:
                    what = "failed to remove" if above == path else "failed to remove directory"
                    status = call.fail(f"{what} '{above}': {error}")
                break
            above = posixpath.dirname(above.rstrip("/")) if "p" in found else ""
    return status
