# SPDX-License-Identifier: MIT
"""Plans the change of each file: a pure comparison of the wanted, the present, and the previously written text.

A file that init wrote and that was not changed may be replaced. One that was edited since belongs to the operator: it
is kept if init would write the same as before, and otherwise only replaced with the operator's consent.
"""

import difflib
import enum
import hashlib
from collections.abc import Iterable, Mapping

import msgspec


class Action(enum.StrEnum):
    """What happens to one file."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    KEEP = "keep"
    """The operator has edited it, and init has nothing new."""
    CONFLICT = "conflict"
    """The operator has edited it, and init has another text for it."""
    REMOVE = "remove"


class FileChange(msgspec.Struct, frozen=True):
    """One file; `before` is None if it does not exist, `after` None if it is to be removed."""

    path: str
    action: Action
    before: str | None
    after: str | None
    private: bool = False
    """What the operator wrote into it may hold secrets."""
    added_to: bool = False
    """The operator wrote the file and init only adds to it: it is not recorded as one that init wrote."""

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty for a file that is kept, without contents if it may hold secrets."""
        if self.action is Action.KEEP:
            return ""
        if self.private and self.action is Action.CONFLICT:
            return f"--- {self.path}\n(has been edited; its content may be secret and is not shown)\n"
        old, new = (self.before or "").splitlines(keepends=True), (self.after or "").splitlines(keepends=True)
        names = ("/dev/null" if self.before is None else self.path, "/dev/null" if self.after is None else self.path)
        return "".join(difflib.unified_diff(old, new, *names))


def digest(text: str) -> str:
    """Return the SHA-256 of `text` in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def changes(
    wanted: Mapping[str, str], present: Mapping[str, str], written: Mapping[str, str], *, operators: Iterable[str] = ()
) -> list[FileChange]:
    """Return what to do to every file that is wanted or that we once wrote.

    `written` maps a path to the digest of what we wrote there. The files in `operators` are made once and are then the
    operator's. A file that we wrote and no longer want (a worker that is not installed any more) is removed.
    """
    mine = set(operators)
    planned = [_one(path, text, present.get(path), written.get(path), path in mine) for path, text in wanted.items()]
    left = {path: mark for path, mark in written.items() if path not in wanted}
    return planned + removals(present, left, operators=mine)


def removals(
    present: Mapping[str, str], written: Mapping[str, str], *, operators: Iterable[str] = (), force: bool = False
) -> list[FileChange]:
    """Return how to take away all that we wrote; those in `operators` stay if they were edited, unless `force`."""
    mine = set(operators)
    return [_removal(path, present.get(path), mark, path in mine, force) for path, mark in written.items()]


def _removal(path: str, before: str | None, mark: str, is_operators: bool, force: bool) -> FileChange:
    """Return how to take away one file; a unit that was edited is a conflict."""
    if before is None:
        return FileChange(path, Action.UNCHANGED, None, None)
    if digest(before) == mark or (is_operators and force):
        return FileChange(path, Action.REMOVE, before, None, is_operators)
    return FileChange(path, Action.KEEP if is_operators else Action.CONFLICT, before, None, is_operators)


def _one(path: str, text: str, before: str | None, mark: str | None, is_operators: bool) -> FileChange:
    if before is None:
        return FileChange(path, Action.CREATE, None, text)
    if before == text:
        return FileChange(path, Action.UNCHANGED, before, text)
    if digest(before) == mark:
        return FileChange(path, Action.UPDATE, before, text)
    nothing_new = mark == digest(text)
    return FileChange(path, Action.KEEP if is_operators or nothing_new else Action.CONFLICT, before, text)
