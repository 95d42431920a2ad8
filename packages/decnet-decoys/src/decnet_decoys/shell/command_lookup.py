# SPDX-License-Identifier: MIT
"""From a command's name to what it is on this machine: a program, a script the attacker brought, or nothing."""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from decnet_decoys.shell.call import Call, Handler
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry, Filler
from decnet_decoys.shell.programs import BUILTINS, programs
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.syntax.lexer import MAX_SCRIPT
from decnet_decoys.shell.syntax.nodes import Command, Sequence, Simple

_MANY = frozenset(("busybox", "dash", "bash", "systemctl", "xtables-nft-multi", "kmod"))
"""Programs that do what the name says by which they are called."""
MAX_FOLDERS = 12
"""Folders of $PATH that are looked through."""
ELF_HEADER = 52
"""Bytes of the smallest header of an ELF file (elf(5)); the kernel runs nothing shorter."""


class Found(NamedTuple):
    """A program's function, or a script's text, or a complaint with its status."""

    name: str
    handler: Handler | None = None
    script: str | None = None
    complaint: str = ""
    status: int = 127


def find(shell: ShellState, name: str) -> Found:
    """Return what running `name` means."""
    if "/" in name:
        return _at_path(shell, name)
    program = programs().get(name)
    if program is not None and name not in shell.disabled and (name in BUILTINS or not program.folder):
        known = shell.machine.persona.family in program.families
        return Found(name, program.handler) if known else _missing(shell, name)
    if not shell.variables.get("PATH"):
        return Found(name, complaint=f"{name}: No such file or directory")
    refused = ""
    for path, entry in _on_path(shell, name):
        if entry.mode & 0o111:
            return _at_path(shell, path)
        refused = refused or path
    return _at_path(shell, refused) if refused else _missing(shell, name)


def remembered(shell: ShellState, name: str) -> Found | None:
    """Return what is where the shell remembers a program, or the complaint that it is gone (bash(1), checkhash)."""
    if name not in shell.hashed or shell.dash:
        return None
    return _at_path(shell, shell.hashed[name][0])


def find_program(shell: ShellState, name: str) -> Found:
    """Return what another program finds that runs `name`: a file, for there are no builtins but in a shell."""
    if "/" in name or on_path(shell, name) is not None:
        return find(shell, name)
    return _missing(shell, name)


def on_path(shell: ShellState, name: str) -> str | None:
    """Return the first file of this name in the folders of $PATH that the user may run, as bash finds it."""
    return next(all_on_path(shell, name), None)


def all_on_path(shell: ShellState, name: str) -> Iterator[str]:
    """Yield all files of this name in the folders of $PATH that the user may run."""
    return (path for path, entry in _on_path(shell, name) if entry.mode & 0o111)


def _on_path(shell: ShellState, name: str) -> Iterator[tuple[str, Entry]]:
    """Yield the files of this name in the folders of $PATH."""
    access = shell.access
    for folder in shell.variables.get("PATH", "").split(":", MAX_FOLDERS)[:MAX_FOLDERS]:
        path = posixpath.join(folder or ".", name)
        try:
            entry = shell.files.stat(path, access)
        except FileSystemError:
            continue
        if entry.kind == "file":
            yield path, entry


def _missing(shell: ShellState, name: str) -> Found:
    if shell.machine.persona.family == "busybox":
        return Found(name, complaint=f"{name}: not found")
    return Found(name, complaint=f"{name}: command not found")


def _at_path(shell: ShellState, path: str) -> Found:
    try:
        resolved = shell.files.locate(path, shell.access)
        entry = shell.files.stat(resolved)
    except FileSystemError as fault:
        return Found(path, complaint=f"{path}: {fault}")
    if entry.kind == "dir":
        return Found(path, complaint=f"{path}: Is a directory", status=126)
    if not entry.mode & 0o111:
        return Found(path, complaint=f"{path}: Permission denied", status=126)
    if isinstance(entry.content, Filler):
        return _installed(path, posixpath.basename(resolved), entry.content.seed.rpartition("/")[2])
    return _brought(shell, path, entry.content)


def _installed(path: str, resolved: str, name: str) -> Found:
    """Return what the program `name` does that was installed here, wherever it was copied or moved since.

    A link's name counts where the program goes by it: `sh` leads to dash, applets to busybox. Others are themselves
    whatever the link is called.
    """
    called = posixpath.basename(path)
    linked = programs().get(called) if called != resolved else None
    program = programs().get(name)
    own = program.handler if program is not None and program.folder and name not in _MANY else None
    if linked is not None and linked.folder and own in (None, linked.handler):
        return Found(called, linked.handler)
    if name == "busybox" and not called.startswith("busybox"):  # it goes by the name under which it is run
        applet = programs().get(called)
        return Found(called, applet.handler if applet is not None and applet.folder else _no_applet)
    return Found(name if name != "busybox" else called, program.handler if program else _silent)


def _no_applet(call: Call) -> int:
    call.print_error(f"{call.name}: applet not found")
    return 127


def _brought(shell: ShellState, path: str, data: bytes) -> Found:
    """Return how to run a file of the attacker's: a script is interpreted, a binary only appears to run."""
    if data.startswith(b"\x7fELF") and len(data) >= ELF_HEADER:
        program = _copied(shell, data)
        return Found(path, _silent) if program is None else _installed(path, posixpath.basename(path), program)
    if data.startswith(b"\x7fELF") or b"\0" in data[:512]:
        return Found(path, complaint=f"{path}: cannot execute binary file: Exec format error", status=126)
    if data.startswith(b"#!"):
        wanted = decode(data[2:258]).partition("\n")[0].strip(" \t").split(" ")[0]
        if not shell.files.exists(wanted):
            return Found(path, complaint=f"{path}: cannot execute: required file not found")
    return Found(path, script=decode(data[:MAX_SCRIPT]))


def _copied(shell: ShellState, data: bytes) -> str | None:
    """Return of which program of this machine a file is a copy byte for byte, as `cat /bin/echo > x` makes one."""
    for entry in shell.machine.tree.entries.values():
        content = entry.content
        if isinstance(content, Filler) and content.size == len(data) and content.piece(0, len(data)) == data:
            return content.seed.rpartition("/")[2]
    return None


def _silent(_call: object) -> int:
    """Act as a program without output; the attacker's binary is never run."""
    return 0


def known(shell: ShellState, sequence: Sequence) -> Steps[bool]:
    """Return whether the decoy has an answer for every command of a line whose name is written out."""
    for pipeline, _ in sequence.items:
        for command in pipeline.commands:
            if not _known(shell, command):
                return False
            yield from turn()
    return True


def _known(shell: ShellState, command: Command) -> bool:
    if not isinstance(command, Simple) or not command.words:
        return True
    first = command.words[0]
    if any(part.kind != "text" for part in first):
        return True
    name = "".join(part.text for part in first)
    found = find(shell, name)
    return name in shell.functions or found.handler is not None or found.script is not None
