# SPDX-License-Identifier: MIT
"""Commands that give files other names: mv, ln, link."""

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.files.copying import copy_file
from decnet_decoys.shell.commands.files.destinations import Placed, confirmed, placed
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command

_MV = {"force": "f", "interactive": "i", "no-clobber": "n", "update": "u", "verbose": "v", "target-directory": "t:",
       "no-target-directory": "T", "backup": "b?", "suffix": "S:", "strip-trailing-slashes": "x"}  # fmt: skip
_LN = {"symbolic": "s", "force": "f", "interactive": "i", "verbose": "v", "no-dereference": "n", "relative": "r",
       "target-directory": "t:", "no-target-directory": "T", "logical": "L", "physical": "P", "backup": "b?",
       "suffix": "S:", "directory": "d"}  # fmt: skip


@command("mv")
def mv(call: Call) -> Effects:
    """Move files, also into a directory."""
    found, status = options(call, "bfinS:t:TuvZ", _MV), 0
    for one in placed(call, found):
        status = (yield from _moved(call, one, found)) or status
        yield from turn()
    return status


def _moved(call: Call, one: Placed, found: Options) -> Effects:
    files, access = call.shell.files, call.shell.access
    source, into = shell_quoted(one.source), shell_quoted(one.target)
    try:
        entry = files.stat(one.source, access, follow=False)
        here = files.locate(one.source, access, follow=False)
    except FileSystemError as error:
        return call.fail(f"cannot stat {source}: {error}")
    try:
        target = files.locate(one.target, access, follow=False)
        there = files.entry(target)
        refusal = _refusal(one, (here, target), entry, there)
        if one.target.endswith("/") and entry.kind != "dir" and not refusal and (there is None or there.kind != "dir"):
            refusal = (
                f"cannot stat {into}: Not a directory" if there else f"cannot move {source} to {into}: Not a directory"
            )
        if not refusal and (there is None or (yield from _replaces(call, one, found, older=there.mtime < entry.mtime))):
            files.rename(here, target, access)
            if "v" in found:
                call.print(f"renamed {source} -> {into}")
    except FileSystemError as error:
        refusal = f"cannot move {source} to {into}: {error}"
    return call.fail(refusal) if refusal else 0


def _refusal(one: Placed, paths: tuple[str, str], entry: Entry, there: Entry | None) -> str:
    """Return why a source is not moved, empty if it is."""
    (here, target), (source, into) = paths, map(shell_quoted, one)
    if here == target:
        return f"{source} and {into} are the same file"
    if target.startswith(here.rstrip("/") + "/"):
        return f"cannot move {source} to a subdirectory of itself, {into}"
    if there is not None and (there.kind == "dir") != (entry.kind == "dir"):
        over, kind = ("non-directory", "directory") if entry.kind == "dir" else ("directory", "non-directory")
        return f"cannot overwrite {over} {into} with {kind} {source}"
    return ""


def _replaces(call: Call, one: Placed, found: Options, *, older: bool) -> Effects:
    """Return whether what is in the way is replaced, which -n, -u and -i say."""
    if "n" in found or ("u" in found and not older):
        return 0
    return 1 if "i" not in found else (yield from confirmed(call, f"overwrite {shell_quoted(one.target)}"))


@command("ln")
def ln(call: Call) -> Effects:
    """Make links; without -s a copy stands for the hard link."""
    found, status = options(call, "bdfFiLnPrsS:t:Tv", _LN), 0
    for one in placed(call, found, alone=True):
        status = _linked(call, one, found) or status
        yield from turn()
    return status


def _linked(call: Call, one: Placed, found: Options) -> int:
    files, access, symbolic = call.shell.files, call.shell.access, "s" in found
    into = shell_quoted(one.target)
    try:
        if not symbolic and files.stat(one.source, access).kind == "dir":
            return call.fail(f"{one.source}: hard link not allowed for directory")
    except FileSystemError as error:
        return call.fail(f"failed to access {shell_quoted(one.source)}: {error}")
    kind = "symbolic link" if symbolic else "hard link"
    try:
        target = files.locate(one.target, access, follow=False)
        if files.entry(target) is not None:
            if "f" not in found:
                return call.fail(f"failed to create {kind} {into}: File exists")
            if files.locate(one.source, access, follow=False) == target:
                return call.fail(f"{shell_quoted(one.source)} and {into} are the same file")
            files.remove(target, access)
        if symbolic:
            files.link(one.source, target, access)
        else:
            copy_file(call, one.source, target)
    except FileSystemError as error:
        to = "" if symbolic else f" => {shell_quoted(one.source)}"
        return call.fail(f"failed to create {kind} {into}{to}: {error}")
    if "v" in found:
        call.print(f"{into} {'->' if symbolic else '=>'} {shell_quoted(one.source)}")
    return 0


@command("link", families=("debian",))
def link(call: Call) -> int:
    """Make one hard link, for which a copy stands."""
    operands = options(call, "", {}).operands
    if len(operands) < 2:
        raise tried(call, "missing operand" if not operands else f"missing operand after {quoted(operands[0])}")
    if len(operands) > 2:
        raise tried(call, f"extra operand {quoted(operands[2])}")
    source, target = operands
    why = "File exists" if call.shell.files.exists(target, call.shell.access) else ""
    try:
        if not why:
            copy_file(call, source, target)
    except FileSystemError as error:
        why = str(error)
    return call.fail(f"cannot create link {shell_quoted(target)} to {shell_quoted(source)}: {why}") if why else 0
