# SPDX-License-Identifier: MIT
"""Commands that copy files: cp, install."""

import posixpath
import re

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.files.destinations import Placed, confirmed, is_folder, placed
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.effects import Effects, Steps, listed, turn
from decnet_decoys.shell.machine.filesystem import MAX_ENTRIES
from decnet_decoys.shell.machine.fs_errors import DENIED, NO_SPACE, FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command

_CP = {"archive": "a", "recursive": "r", "verbose": "v", "force": "f", "interactive": "i", "no-clobber": "n",
       "update": "u", "preserve": "p?", "target-directory": "t:", "no-target-directory": "T", "parents": "parents",
       "symbolic-link": "s", "link": "l", "dereference": "L", "no-dereference": "P", "one-file-system": "x",
       "backup": "b?", "suffix": "S:", "no-preserve": "x?", "remove-destination": "f", "reflink": "x?",
       "sparse": "x?", "attributes-only": "x", "copy-contents": "x", "strip-trailing-slashes": "x"}  # fmt: skip
_INSTALL = {"mode": "m:", "owner": "o:", "group": "g:", "directory": "d", "verbose": "v", "target-directory": "t:",
            "no-target-directory": "T", "preserve-timestamps": "p", "compare": "C", "strip": "s"}  # fmt: skip


@command("cp")
def cp(call: Call) -> Effects:
    """Copy files; -r copies directories."""
    found = options(call, "abdfiHlLnPpRrsS:t:TuvxZ", _CP)
    if "parents" in found and len(found.operands) > 1 and not is_folder(call, found.operands[-1]):
        raise tried(call, "with --parents, the destination must be a directory")
    status = 0
    for one in placed(call, found):
        if "parents" in found:
            one = _with_parents(call, one, found.operands[-1])  # noqa: PLW2901
        status = (yield from _copied(call, one, found)) or status
        yield from turn()
    return status


def _with_parents(call: Call, one: Placed, folder: str) -> Placed:
    files, access = call.shell.files, call.shell.access
    target = posixpath.join(folder, one.source.lstrip("/"))
    parts = target.split("/")[:50]
    for count in range(1, len(parts)):
        above = "/".join(parts[:count])
        if above and not files.exists(above, access):
            files.mkdir(above, access)
    return Placed(one.source, target)


@command("install")
def install(call: Call) -> Effects:
    """Copy files and set their mode, or with -d make directories."""
    found = options(call, "bcCdDg:m:o:pst:TvZ", _INSTALL)
    mode = found.last("m", "755")
    number = int(mode, 8) if re.fullmatch("[0-7]{1,4}", mode) else 0o755
    if "d" in found:
        if not found.operands:
            raise tried(call, "missing file operand")
        return (yield from _made_folders(call, found.operands, number, loud="v" in found))
    status = 0
    if "D" in found and len(found.operands) == 2 and posixpath.dirname(found.operands[1]):
        yield from _made_folders(call, [posixpath.dirname(found.operands[1])], 0o755, loud="v" in found)
    for one in placed(call, found):
        failed = yield from _copied(call, one, found)
        if not failed:
            call.shell.files.change(one.target, call.shell.access, mode=number)
        status = failed or status
    return status


def _made_folders(call: Call, paths: list[str], mode: int, *, loud: bool) -> Effects:
    files, access, status = call.shell.files, call.shell.access, 0
    for path in paths:
        parts = path.rstrip("/").split("/")[:200]
        for count in range(1, len(parts) + 1):
            yield from turn()
            above = "/".join(parts[:count])
            if not above or files.exists(above, access):
                continue
            try:
                files.mkdir(above, access)
            except FileSystemError as error:
                status = call.fail(f"cannot create directory {shell_quoted(above)}: {error}")
                break
            if loud:
                call.print(f"{call.called}: creating directory {shell_quoted(above)}")
        else:
            files.change(path, access, mode=mode)
    return status


def _copied(call: Call, one: Placed, found: Options) -> Effects:
    """Copy one source; returns 1 when it is refused."""
    if one.source in call.shell.opened:  # <(...)
        return (yield from _copied_stream(call, one))
    files, access = call.shell.files, call.shell.access
    recursive = found.any("rRa")
    follow = not found.any("Pda") and not (recursive and "L" not in found)
    try:
        entry = files.stat(one.source, access, follow=follow)
        resolved = files.locate(one.source, access, follow=follow)
    except FileSystemError as error:
        return call.fail(f"cannot stat {shell_quoted(one.source)}: {error}")
    if entry.kind == "dir" and not recursive:
        return call.fail(f"-r not specified; omitting directory {shell_quoted(one.source)}")
    try:
        target = files.locate(one.target, access)
        refusal = _refusal(call, one, entry, (resolved, target))
        if not refusal and (yield from _wanted(call, one, entry, found)):
            yield from _copy(call, Placed(resolved, target), one, found)
    except FileSystemError as error:
        kind = "directory" if entry.kind == "dir" else "regular file"
        refusal = f"cannot create {kind} {shell_quoted(one.target)}: {error}"
    return call.fail(refusal) if refusal else 0


def _refusal(call: Call, one: Placed, entry: Entry, paths: tuple[str, str]) -> str:
    """Return why a source is not copied, empty if it is."""
    resolved, target = paths
    there, folder = call.shell.files.entry(target), entry.kind == "dir"
    source, into = shell_quoted(one.source), shell_quoted(one.target)
    why = ""
    if resolved == target:
        why = f"{source} and {into} are the same file"
    elif folder and target.startswith(resolved.rstrip("/") + "/"):
        why = f"cannot copy a directory, {source}, into itself, {into}"
    elif there is not None and (there.kind == "dir") != folder:
        over, by = ("non-directory", f"directory {source}") if folder else ("directory", "non-directory")
        why = f"cannot overwrite {over} {into} with {by}"
    elif one.target.endswith("/") and there is None and not folder:
        why = f"cannot create regular file {into}: Not a directory"
    elif not folder and not call.shell.access.identity.may(entry, 4):
        why = f"cannot open {source} for reading: {DENIED}"
    return why


def _wanted(call: Call, one: Placed, entry: Entry, found: Options) -> Effects:
    """Return whether a file is to be copied, which -n, -u and -i say."""
    files, access = call.shell.files, call.shell.access
    there = files.stat(one.target, access) if files.exists(one.target, access) else None
    if there is None or entry.kind == "dir":
        return 1
    if "n" in found or ("u" in found and there.mtime >= entry.mtime):
        return 0
    return 1 if "i" not in found else (yield from confirmed(call, f"overwrite {shell_quoted(one.target)}"))


def _copied_stream(call: Call, one: Placed) -> Effects:
    target, access = call.shell.files.locate(one.target, call.shell.access), call.shell.access
    try:
        call.shell.files.write(target, b"", access)
    except FileSystemError as error:
        return call.fail(f"cannot create regular file {shell_quoted(one.target)}: {error}")
    yield from call.runner.save(target, call.shell.opened[one.source], err=call.err)
    return 0


def _copy(call: Call, paths: Placed, named: Placed, found: Options) -> Steps[None]:
    """Copy a path and what is below it; raises FileSystemError."""
    files = call.shell.files
    for count, (path, entry) in enumerate((yield from listed(files.walk(paths.source)))):
        if count > MAX_ENTRIES:
            raise FileSystemError(NO_SPACE)
        yield from turn()
        below = path[len(paths.source) :]
        _copy_entry(call, path, entry, paths.target + below, found)
        if "v" in found:
            call.print(f"{shell_quoted(named.source + below)} -> {shell_quoted(named.target + below)}")


def _copy_entry(call: Call, path: str, entry: Entry, target: str, found: Options) -> None:
    files, access = call.shell.files, call.shell.access
    new = files.entry(target) is None
    if entry.kind == "dir":
        if new:
            files.mkdir(target, access)
    elif entry.kind == "link" or "s" in found:
        if not new:
            files.remove(target, access)
        files.link(files.target(path) if entry.kind == "link" else path, target, access)
        return
    else:
        files.write(target, files.read(path, access), access)
    keeps = found.any("ap") and call.name == "cp"
    if new and (entry.kind != "dir" or keeps):
        files.change(target, access, mode=entry.permissions if keeps else entry.permissions & ~call.shell.umask)
    if keeps:
        owned = {"uid": entry.uid, "gid": entry.gid} if access.identity.uid == 0 else {}
        files.change(target, access, mtime=entry.mtime, **owned)


def copy_file(call: Call, source: str, target: str) -> None:
    """Copy one file, as a hard link looks like; raises FileSystemError."""
    files, access = call.shell.files, call.shell.access
    entry = files.stat(source, access)
    files.write(target, files.read(source, access), access)
    files.change(target, access, mode=entry.permissions, mtime=entry.mtime)
