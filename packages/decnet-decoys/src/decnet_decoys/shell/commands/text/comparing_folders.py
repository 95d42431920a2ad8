# SPDX-License-Identifier: MIT
"""How diff compares folders: name by name, with -r those within them too (GNU diffutils 3.8)."""

import posixpath
from collections.abc import Callable

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry, size_of

MAX_DEPTH = 48
"""Folders within each other that are compared."""
MAX_NAMES = 4000
"""Names of a folder that are compared."""

Compare = Callable[[Call, Options, list[str], str], Steps[int]]
"""Compares two files, whose differences stand below a line that names them."""


def entry_of(call: Call, path: str) -> Entry | None:
    """Return what a path leads to, None for nothing."""
    try:
        return call.shell.files.stat(path, call.shell.access)
    except FileSystemError:
        return None


def compare_folders(call: Call, found: Options, pair: tuple[str, str], compare: Compare, depth: int = 0) -> Steps[int]:
    """Show in what two folders differ; returns the status."""
    names: list[set[str]] = []
    if pair[0] == pair[1]:
        return 0
    for folder in pair:
        if depth and entry_of(call, folder) is None:  # with -N
            names.append(set())
            continue
        try:
            names.append(set(call.shell.files.names(folder, call.shell.access)[:MAX_NAMES]))
        except FileSystemError as error:
            call.fail(f"{folder}: {error}")
            return 2
    status = 0
    for name in sorted(names[0] | names[1], key=lambda one: (one.lower(), one)):
        yield from turn()
        present = [name in own for own in names]
        if not all(present) and "N" not in found:
            call.print(f"Only in {pair[present.index(True)]}: {name}")
            status = max(status, 1)
            continue
        paths = posixpath.join(pair[0], name), posixpath.join(pair[1], name)
        status = max(status, (yield from _compare_named(call, found, paths, compare, depth)))
    return status


def _compare_named(call: Call, found: Options, paths: tuple[str, str], compare: Compare, depth: int) -> Steps[int]:
    entries = [entry_of(call, path) for path in paths]
    folders = [entry is not None and entry.kind == "dir" for entry in entries]
    if all(folders) or (any(folders) and None in entries):
        if "r" not in found:
            call.print(f"Common subdirectories: {paths[0]} and {paths[1]}")
            return 0
        return (yield from compare_folders(call, found, paths, compare, depth + 1)) if depth < MAX_DEPTH else 0
    if any(folders):
        one, other = (_kind(entry) for entry in entries)
        call.print(f"File {paths[0]} is a {one} while file {paths[1]} is a {other}")
        return 1
    given = [arg for arg in call.args[:64] if arg.startswith("-") and len(arg) > 1]
    return (yield from compare(call, found, list(paths), " ".join(("diff", *given, *paths))))


def _kind(entry: Entry | None) -> str:
    if entry is None:
        return "regular empty file"
    if entry.kind == "dir":
        return "directory"
    return "regular file" if size_of(entry.content) else "regular empty file"
