# SPDX-License-Identifier: MIT
"""Units as their files say: where each lies, what enables it, whether it runs (systemd.unit(5))."""

import posixpath
from contextlib import suppress
from typing import NamedTuple

from decnet_decoys.personas.schema import Process
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.condition import MAX_STOPPED, runs
from decnet_decoys.shell.machine.files.unit_files import MADE, PACKAGED, has_service
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import piece_of
from decnet_decoys.shell.state import ShellState

MAX_UNIT_FILE = 8 << 10
"""Bytes that are read of a unit's file."""
MAX_LINES = 150
MAX_UNITS = 300
MAX_LINKS = 32
"""Links by which one unit is enabled."""
_FOLDERS = (MADE, "/run/systemd/system", PACKAGED)
_KINDS = ("service", "timer", "socket", "target", "mount", "path", "slice", "scope", "swap", "device", "automount")


class Unit(NamedTuple):
    """A unit with a file; `fields` are the values of the file by their names, the last one counts."""

    name: str
    path: str
    text: str
    fields: dict[str, list[str]]

    @property
    def bare(self) -> str:
        """Return the name without the kind of unit."""
        return self.name.rpartition(".")[0]

    @property
    def description(self) -> str:
        return self.fields.get("Description", [self.name])[-1] or self.name

    @property
    def wanted_by(self) -> list[str]:
        """Return the folders in which a link enables the unit."""
        return [
            f"{MADE}/{target[:200]}.{kind}"
            for field, kind in (("WantedBy", "wants"), ("RequiredBy", "requires"))
            for given in self.fields.get(field, [])[:8]
            for target in given.split()[:8]
        ]

    @property
    def links(self) -> list[str]:
        """Return all links by which the unit is enabled."""
        aliases = [f"{MADE}/{name[:200]}" for given in self.fields.get("Alias", []) for name in given.split()[:8]]
        return [*aliases, *(f"{folder}/{self.name}" for folder in self.wanted_by)][:MAX_LINKS]


def full_name(name: str) -> str:
    """Return a unit's name with its kind, which is a service where none is given."""
    return name if name.rpartition(".")[2] in _KINDS else f"{name}.service"


def find_unit(shell: ShellState, name: str) -> Unit | None:
    """Return the unit of this name, or of which this is an alias; None if there is none or it is masked."""
    name = full_name(posixpath.basename(name)[:255])
    if is_masked(shell, name):
        return None
    template = f"{name.partition('@')[0]}@.{name.rpartition('.')[2]}" if "@" in name else name
    for folder in _FOLDERS:
        for one in dict.fromkeys((name, template)):
            try:
                path = shell.files.locate(f"{folder}/{one}")
                entry = shell.files.stat(path)
            except FileSystemError:
                continue
            if entry.kind == "file":
                text = decode(piece_of(entry.content, 0, MAX_UNIT_FILE))
                shown = posixpath.basename(path) if path.endswith(_KINDS) and "@" not in name else name
                return Unit(shown, path.removeprefix("/usr"), text, _fields(text))
    return None


def _fields(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines()[:MAX_LINES]:
        name, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            found.setdefault(name.strip(), []).append(value.strip())
    return found


def is_masked(shell: ShellState, name: str) -> bool:
    """Return whether the unit's file is a link to /dev/null."""
    entry = shell.files.entry(f"{MADE}/{full_name(name)}")
    return entry is not None and entry.kind == "link" and entry.target == "/dev/null"


def file_state(shell: ShellState, unit: Unit) -> str:
    """Return enabled, disabled or static, as `systemctl is-enabled` has it."""
    if not unit.links:
        return "static"
    folders = [f"{folder}/{unit.name}" for folder in unit.wanted_by] or unit.links
    return "enabled" if any(shell.files.entry(path) is not None for path in folders) else "disabled"


def active_state(shell: ShellState, unit: Unit) -> str:
    """Return active, inactive or failed: what the machine came with runs unless stopped, other units once started."""
    condition = shell.machine.condition
    if has_service(shell.machine.persona, unit.bare) and unit.name.endswith(".service"):
        return "inactive" if unit.bare in condition.stopped else "active"
    if unit.name not in condition.started:
        return "inactive"
    program = next(iter(unit.fields.get("ExecStart", [""])[-1].lstrip("@-:+!").split()), "")
    if not unit.name.endswith(".service"):
        return "active"
    try:
        return "active" if shell.files.stat(program or "/nonexistent").mode & 0o111 else "failed"
    except FileSystemError:
        return "failed"


def start(shell: ShellState, unit: Unit) -> None:
    condition = shell.machine.condition
    if has_service(shell.machine.persona, unit.bare):
        condition.start(unit.bare, shell.machine.persona)
    elif unit.name not in condition.started and len(condition.started) < MAX_STOPPED:
        condition.started.append(unit.name)


def stop(shell: ShellState, unit: Unit) -> None:
    condition = shell.machine.condition
    if has_service(shell.machine.persona, unit.bare):
        condition.stop(unit.bare)
    elif unit.name in condition.started:
        condition.started.remove(unit.name)


def main_process(shell: ShellState, unit: Unit) -> Process | None:
    """Return the process of the machine that is the unit's first one."""
    running = shell.machine.condition.processes(shell.machine.persona)
    return next((one for one in running if runs(one.command, unit.bare)), None)


def all_units(shell: ShellState) -> Steps[list[Unit]]:
    """Return every unit of which there is a file, by name."""
    names: set[str] = set()
    for folder in _FOLDERS:
        with suppress(FileSystemError):
            names |= {name for name in shell.files.names(folder)[:MAX_UNITS] if name.endswith(_KINDS)}
    by_name: dict[str, Unit] = {}
    for name in sorted(names)[:MAX_UNITS]:
        yield from turn()
        unit = find_unit(shell, name)
        if unit is not None:
            by_name[unit.name] = unit
    return [by_name[name] for name in sorted(by_name)]
