# SPDX-License-Identifier: MIT
"""Where cp, mv and ln put each of their sources: into a directory, or under a name (GNU coreutils 9.1)."""

import posixpath
from typing import NamedTuple

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.options import Options, UsageError, tried
from decnet_decoys.shell.effects import AskLine, Effects
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.fs_errors import NOT_DIRECTORY, FileSystemError


class Placed(NamedTuple):
    """A source and the target that it is for, both as they were named."""

    source: str
    target: str


def placed(call: Call, found: Options, *, alone: bool = False) -> list[Placed]:
    """Return where each source goes; raises UsageError. `alone`: one operand goes into the working directory."""
    operands = found.operands
    if not operands:
        raise tried(call, "missing file operand")
    if "t" in found:
        _check(call, found.last("t"), "target directory")
        return [_into(found.last("t"), source) for source in operands]
    if len(operands) == 1:
        if alone:
            return [_into(".", operands[0])]
        raise tried(call, f"missing destination file operand after {shell_quoted(operands[0])}")
    last = operands[-1]
    if "T" in found:
        if len(operands) > 2:
            raise tried(call, f"extra operand {shell_quoted(operands[2])}")
        return [Placed(operands[0], last)]
    if len(operands) > 2:
        _check(call, last, "target")
        return [_into(last, source) for source in operands[:-1]]
    return [_into(last, operands[0]) if is_folder(call, last, link_counts="n" not in found) else Placed(*operands)]


def is_folder(call: Call, path: str, *, link_counts: bool = True) -> bool:
    """Return whether a path leads to a directory; a link to one may not count."""
    files, access = call.shell.files, call.shell.access
    try:
        itself = files.stat(path, access, follow=False).kind
        return files.stat(path, access).kind == "dir" and (link_counts or call.name != "ln" or itself == "dir")
    except FileSystemError:
        return False


def _check(call: Call, path: str, what: str) -> None:
    try:
        kind = call.shell.files.stat(path, call.shell.access).kind
    except FileSystemError as error:
        raise UsageError(f"{what} {shell_quoted(path)}: {error}") from error
    if kind != "dir":
        raise UsageError(f"{what} {shell_quoted(path)}: {NOT_DIRECTORY}")


def _into(folder: str, source: str) -> Placed:
    name = posixpath.basename(source.rstrip("/"))
    return Placed(source, posixpath.join(folder, name) if name not in ("", ".", "..") else folder)


def confirmed(call: Call, question: str) -> Effects:
    """Ask a question on standard error; the generator returns whether the answer is yes."""
    call.print_error(f"{call.called}: {question}? ", end="")
    given = (yield AskLine("")) if call.stdin is None else call.stdin.line()
    return int(given is not None and decode(given)[:1] in ("y", "Y"))
