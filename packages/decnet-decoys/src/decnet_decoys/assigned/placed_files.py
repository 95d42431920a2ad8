# SPDX-License-Identifier: MIT
"""Files that `orchestrator` and the operator put on the deckies' machines, kept over restarts: one document per decky.

They go into the part of a machine's file system that all its visitors share. What a visitor has changed or deleted
(`decnet_decoys.changes`) stays as he left it.
"""

import logging
import posixpath
from collections.abc import Iterable
from pathlib import Path

import msgspec

from decnet_core.deckies.messages import PlacedFile
from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.tree import Entry

log = logging.getLogger(__name__)

MOST_FILES = 200
"""On one decky."""
MOST_BYTES = 1 << 20
"""Of all files on one decky."""
MOST_DECKIES = 1000
"""Of which files are kept; beyond that, of those that are not played, the ones that were not changed for longest go."""
SITE = "/var/www/html"
"""What is placed below this directory the decky's web server shows, too."""
_NOT_THERE = ("/proc", "/sys", "/dev")
_MISSING_MODE = 0o755


class PlacementError(DecoysError, ValueError):
    """A file cannot be placed; the message says why."""


class PlacedFiles:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._machines: dict[str, Machine] = {}
        self._sites: dict[str, dict[str, PlacedFile]] = {}

    def place(self, decky: str, files: Iterable[PlacedFile]) -> None:
        """Put files on a decky's machine, instead of those of the same paths. Raises PlacementError, OSError."""
        new = list(files)
        for file in new:
            _check(file.path)
        kept = {file.path: file for file in self._read(decky)} | {file.path: file for file in new}
        if len(kept) > MOST_FILES or sum(len(file.content) for file in kept.values()) > MOST_BYTES:
            raise PlacementError(f"decky {decky} has {MOST_FILES} files or {MOST_BYTES} bytes of them already")
        self._write(decky, list(kept.values()))
        self._sites.pop(decky, None)
        if (machine := self._machines.get(decky)) is not None:
            for file in new:
                _put(machine, file)

    def mount(self, decky: str, machine: Machine) -> Machine:
        """Put what was placed on a machine that was just made, and from now on what will be; return the machine."""
        self._machines[decky] = machine
        for file in self._read(decky):
            _put(machine, file)
        return machine

    def on_site(self, decky: str, path: str) -> PlacedFile | None:
        """Return the file that a decky's web server has at the path of a URL, if one was placed there."""
        if decky not in self._sites:
            placed = (file for file in self._read(decky) if file.path.startswith(SITE + "/") and file.mode & 0o044)
            self._sites[decky] = {file.path.removeprefix(SITE): file for file in placed}
        return self._sites[decky].get(path)

    def unmount(self, decky: str) -> None:
        """Forget a machine; its files stay, for the decky may come back."""
        self._machines.pop(decky, None)
        self._sites.pop(decky, None)

    def _read(self, decky: str) -> list[PlacedFile]:
        try:
            return msgspec.json.decode(self._file(decky).read_bytes(), type=list[PlacedFile])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            log.warning("the files placed on decky %s cannot be read: %s", decky, error)
            return []

    def _write(self, decky: str, files: list[PlacedFile]) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._file(decky).with_suffix(".new")
        new.write_bytes(msgspec.json.encode(files))
        new.replace(self._file(decky))
        self._drop_excess()

    def _drop_excess(self) -> None:
        stored = list(self._directory.glob("*.json"))
        idle = [file for file in stored if file.stem not in self._machines]
        idle.sort(key=lambda file: file.stat().st_mtime_ns)
        for file in idle[: max(0, len(stored) - MOST_DECKIES)]:
            file.unlink(missing_ok=True)

    def _file(self, decky: str) -> Path:
        return self._directory / f"{decky}.json"


def _check(path: str) -> None:
    if posixpath.normpath(path) != path or not path.startswith("/") or path == "/" or path.startswith("//"):
        raise PlacementError(f"{path!r} is no plain absolute path")
    if any(path == folder or path.startswith(f"{folder}/") for folder in _NOT_THERE):
        raise PlacementError(f"{path!r} is in a file system that the kernel makes")


def _put(machine: Machine, file: PlacedFile) -> None:
    """Put a file into the machine's tree; not where something else is in its way, as on another persona's machine."""
    entries = machine.tree.entries
    user = machine.user(file.owner)
    uid, gid = (user.uid, user.gid) if user is not None else (0, 0)
    parent, missing = posixpath.dirname(file.path), []
    while parent not in entries:
        missing.append(parent)
        parent = posixpath.dirname(parent)
    there = entries.get(file.path)
    if file.path in machine.tree.changed:
        return
    if entries[parent].kind != "dir" or (there is not None and there.kind != "file"):
        return
    at_home = user is not None and file.path.startswith(user.home.rstrip("/") + "/")
    for folder in reversed(missing):
        machine.tree.put(folder, Entry("dir", _MISSING_MODE, *((uid, gid) if at_home else (0, 0)), file.mtime))
    machine.tree.put(file.path, Entry("file", file.mode, uid, gid, file.mtime, file.content))
    if file.token:
        machine.tree.baits[file.path] = file.token
    else:
        machine.tree.baits.pop(file.path, None)
