# SPDX-License-Identifier: MIT
"""The files of a host, or of a root file system prepared for one, and the record of what init wrote there."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from decnet_core.durable import replace_file
from decnet_core.setup.errors import SetupError
from decnet_core.setup.plan import Action, FileChange, digest
from decnet_core.setup.roles import Role
from decnet_core.units.job import Site

RECORD = "/etc/decnet/installed.json"
_MODES = {Site(programs="").settings: 0o640, Site(programs="").environment: 0o600}
"""Modes of files that are not public; systemd itself reads the environment file, as root."""


class InstallRecord(msgspec.Struct, frozen=True):
    """What init has done here."""

    written: dict[str, str] = {}
    """Path and digest of each file that init wrote."""
    directories: tuple[str, ...] = ()
    """Directories that were not there before."""
    role: Role | None = None
    """What this host is for; None if no init recorded it."""


class Host:
    """A root file system below `prefix`; paths are those that it will have when it runs."""

    def __init__(self, prefix: Path = Path("/")) -> None:
        self.prefix = prefix

    def place(self, path: str) -> Path:
        return self.prefix / path.lstrip("/")

    def record(self) -> InstallRecord:
        """Return the record of earlier runs; raises SetupError if it cannot be read."""
        try:
            return msgspec.json.decode(self.place(RECORD).read_bytes(), type=InstallRecord)
        except FileNotFoundError:
            return InstallRecord()
        except (OSError, msgspec.DecodeError) as error:
            raise SetupError(f"{self.place(RECORD)} cannot be read: {error}; restore it or remove it") from error

    def present(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the text of those files that are there; raises SetupError."""
        texts: dict[str, str] = {}
        for path in paths:
            try:
                texts[path] = self.place(path).read_text(encoding="utf-8")
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as error:
                raise SetupError(f"{self.place(path)} cannot be read: {error}") from error
        return texts

    def apply(self, changes: Sequence[FileChange], role: Role | None = None) -> None:
        """Make the changes and record them; raises SetupError if the file system refuses one.

        New files are recorded before the first is written: when the disk is full in between, `--remove` finds all that
        are there. So are those that are there already as they should be, whose record was lost.
        """
        record = self.record()
        role = role or record.role
        written, directories = dict(record.written), list(record.directories)
        ours = {change.path: digest(change.after) for change in changes if _is_ours(change) and change.after}
        place = RECORD
        try:
            if not ours.items() <= written.items():
                directories += self._keep(InstallRecord({**written, **ours}, record.directories, role))
            written |= {path: mark for path, mark in ours.items() if self.place(path).exists()}
            for change in changes:
                place = change.path
                if change.action is not Action.UNCHANGED:
                    directories += self._change(change, written)
            place = RECORD
        except OSError as error:
            raise SetupError(f"cannot change {self.place(place)}: {error.strerror}") from error
        finally:
            with contextlib.suppress(OSError):  # the record of before is a longer one
                self._keep(InstallRecord(written, tuple(dict.fromkeys(directories)), role))

    def _change(self, change: FileChange, written: dict[str, str]) -> list[str]:
        """Make one change, in the record too; return the directories that were made for it."""
        if change.after is None:
            self.place(change.path).unlink(missing_ok=True)
            written.pop(change.path, None)
            return []
        made = self._make_directory(change.path)
        replace_file(self.place(change.path), change.after.encode(), _MODES.get(change.path, 0o644))
        if not change.added_to:
            written[change.path] = digest(change.after)
        return made

    def forget(self) -> None:
        """Remove the record, and the directories that init made and that are empty now."""
        directories = self.record().directories
        self.place(RECORD).unlink(missing_ok=True)
        for path in sorted(directories, key=len, reverse=True):
            with contextlib.suppress(OSError):  # not empty
                self.place(path).rmdir()

    def _make_directory(self, path: str) -> list[str]:
        missing = [above for above in Path(path).parents if not self.place(str(above)).exists()]
        for directory in reversed(missing):
            self.place(str(directory)).mkdir(0o755)
        return [str(directory) for directory in missing]

    def _keep(self, record: InstallRecord) -> list[str]:
        """Write the record; return the directories that were made for it."""
        if not record.written and not self.place(RECORD).exists():
            return []
        made = self._make_directory(RECORD)
        record = InstallRecord(record.written, (*record.directories, *made), record.role)
        replace_file(self.place(RECORD), msgspec.json.format(msgspec.json.encode(record)), 0o644)
        return made


def _is_ours(change: FileChange) -> bool:
    """Whether a file is new, or is what init would write; one that the operator wrote and init adds to is his."""
    return (change.before is None or change.action is Action.UNCHANGED) and not change.added_to
