# SPDX-License-Identifier: MIT
"""What intruders changed on one decky: kept in the machine's tree, which all its visitors share, and on disk.

A visitor's own layer holds what he changes until his line ends; then what is small goes into the tree. What is large,
or for which there is no room here, stays in his layer, so that one intruder cannot take away the room of all.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from decnet_decoys.changes import saved
from decnet_decoys.changes.saved import Account, Saved, SavedEntry
from decnet_decoys.memory_budget import MemoryBudget, MemoryLease

if TYPE_CHECKING:
    from decnet_decoys.shell.machine.filesystem import FileSystem
    from decnet_decoys.shell.machine.machine import Machine
    from decnet_decoys.shell.machine.tree import Entry

log = logging.getLogger(__name__)

MAX_FILE = 128 << 10
"""Bytes of one file that is kept."""
MAX_BYTES = 1 << 20
"""Of all changes of a decky."""
MAX_ENTRIES = 1000
MAX_KEYS = 32
"""Public keys of an account that let somebody in."""
SAVE_SECONDS = 1.0
"""Between two writes of the document."""
_ENTRY_BYTES = 512
"""Memory that an entry takes besides its content."""
_ALL_BITS = (1 << 32) - 1
"""Of a user's or group's number."""
_KEYS_FILE = "/.ssh/authorized_keys"


class DeckyChanges:
    def __init__(self, file: Path, persona: str, budget: MemoryBudget, keep_seconds: float = math.inf) -> None:
        self._file = file
        self._persona = persona
        self._keep_seconds = keep_seconds
        self._saved: Saved | None = None
        self._entries: dict[str, SavedEntry] = {}
        self._bytes = 0
        self._sources: dict[str, int] = {}
        self._lease = MemoryLease(budget, f"decky {file.stem}")
        self._written_at = 0.0
        self._waiting: asyncio.TimerHandle | None = None
        self._dirty = False
        self.before_end: Callable[[], None] | None = None
        """Called before the document is written for the last time: a server stores by `put` what it has in memory."""

        self.databases_of: Callable[[], bytes] | None = None
        """Asked for what the database server holds before the document is written, once that was changed."""
        self._databases_changed = False

    @property
    def _document(self) -> Saved:
        if self._saved is None:
            self._saved = saved.read(self._file, self._persona, self._keep_seconds)
            self._entries = {one.path: one for one in self._saved.entries[:MAX_ENTRIES]}
            self._bytes = sum(map(_weight, self._entries.values()))
            self._lease.hold(self._bytes + len(self._saved.databases))
        return self._saved

    @property
    def accounts(self) -> dict[str, Account]:
        """The accounts that are not as the persona has them."""
        return self._document.accounts

    @property
    def databases(self) -> bytes:
        """What the database server held when it was written last."""
        return self._document.databases

    def note_databases(self) -> None:
        """Have what the database server holds written, soon."""
        self._databases_changed = self._dirty = True
        self.save_soon()

    def password_planted_by(self, username: str, password: str) -> str:
        """Return the session that set this password of the account, empty if none did."""
        account = self.accounts.get(username)
        fits = account is not None and account.password_by and account.password == password
        return account.password_by if account is not None and fits else ""

    def key_planted_by(self, username: str, key: str) -> str:
        """Return the session that planted this public key (base64) for the account, empty if none did."""
        account = self.accounts.get(username)
        return account.keys.get(key, "") if account is not None else ""

    def entry(self, path: str) -> SavedEntry | None:
        """Return what is at an absolute path since it was changed, without the machine; None: it was not changed."""
        return self._entries.get(path) if self._document is not None else None

    def apply(self, machine: Machine) -> None:
        """Change a machine that was just made as it was left."""
        document, condition = self._document, machine.condition
        machine.secrets.update(document.secrets)
        condition.stopped, condition.started = document.stopped[:], document.started[:]
        condition.killed, condition.rules = document.killed[:], document.rules[:]
        condition.mounts, condition.held = document.mounts[:], document.held[:]
        condition.hostname = document.hostname
        for one in self._entries.values():
            _put(machine, one)

    def take(self, machine: Machine, files: FileSystem, source: str, session: str) -> None:
        """Move what a visitor changed from his layer into the machine, and write it down."""
        taken: list[str] = []
        for path, entry in files.changes():
            one = _saved_entry(path, entry)
            if one is not None and self._make_room(one, source):
                self._entries[path] = one
                _put(machine, one)
                taken.append(path)
        files.settle(taken)
        changed = self._note_condition(machine)
        if changed or taken:
            if any(path in ("/etc/passwd", "/etc/shadow") or path.endswith(_KEYS_FILE) for path in taken):
                self._note_accounts(machine, files, session)
            self._dirty = True
            self.save_soon()

    def put(self, one: SavedEntry, source: str, machine: Machine | None) -> bool:
        """Keep a file that a server writes, without the machine if it was not made yet; False: there is no room."""
        if self._document is None or not self._make_room(one, source):
            return False
        self._entries[one.path] = one
        if machine is not None:
            _put(machine, one)
        self._dirty = True
        return True

    def _note_condition(self, machine: Machine) -> bool:
        """Write down what runs, if that has changed; returns whether."""
        document, now = self._document, machine.condition
        fields = ("stopped", "started", "killed", "rules", "mounts", "held", "hostname")
        if all(getattr(now, field) == getattr(document, field) for field in fields):
            return False
        for field in fields:
            setattr(document, field, copy(getattr(now, field)))
        return True

    def _make_room(self, one: SavedEntry, source: str) -> bool:
        """Return whether the entry can be kept; a source may fill up to half of what others leave."""
        document = self._document
        assert document is not None
        old = self._entries.get(one.path)
        more = _weight(one) - (_weight(old) if old is not None else 0)
        mine = self._sources.get(source, 0) + more
        left = MAX_BYTES - self._bytes - more
        if more > 0 and (left < 0 or mine > 2 * left or (old is None and len(self._entries) >= MAX_ENTRIES)):
            return False
        if not self._lease.hold(more):
            return False
        self._bytes += more
        if mine > 0:
            self._sources[source] = mine
        else:
            self._sources.pop(source, None)
        return True

    def _note_accounts(self, machine: Machine, files: FileSystem, session: str) -> None:
        """Write down who may log in now, and that the session decided so, where it is new."""
        from decnet_decoys.shell.machine.files import account_files

        before = self.accounts
        users = {user.name: user for user in account_files.users(files)}
        fields = account_files.shadow(files)
        own = {user.name: account_files.own_field(machine, user) for user in machine.users}
        found: dict[str, Account] = {}
        for name in {**own, **users}:
            old = before.get(name, Account())
            account = Account(keys=_keys(files, users[name].home, old, session) if name in users else {})
            field = fields.get(name, "*") if name in users else "!"
            if field != own.get(name):
                account.password = machine.secrets.get(field)
                same = old.password_by and old.password == account.password
                account.password_by = old.password_by if same else session
            if account.password_by or account.keys:
                found[name] = account
        document = self._document
        document.accounts = found
        current = set(fields.values())
        document.secrets = {field: word for field, word in machine.secrets.items() if field in current}

    def save_soon(self) -> None:
        """Write the document now, or a second after the last time."""
        wait = self._written_at + SAVE_SECONDS - time.monotonic()
        if wait <= 0:
            self.save()
        elif self._waiting is None:
            try:
                self._waiting = asyncio.get_running_loop().call_later(wait, self.save)
            except RuntimeError:  # driven without a loop
                self.save()

    def save(self) -> None:
        """Write the document if anything was changed; a disk that refuses is logged, and tried at the next change."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if not self._dirty:
            return
        self._written_at = time.monotonic()
        document = self._document
        document.entries = list(self._entries.values())
        self._take_databases(document)
        try:
            saved.write(self._file, document)
        except OSError as error:
            log.warning("what intruders changed cannot be written: file=%s error=%s", self._file, error)
            return
        self._dirty = False

    def _take_databases(self, document: Saved) -> None:
        """Ask the database server for what it holds; without room it stays as it was written last."""
        if self.databases_of is None or not self._databases_changed:
            return
        made = self.databases_of()
        if self._lease.hold(len(made) - len(document.databases)):
            document.databases = made
        self._databases_changed = False

    def end(self) -> None:
        """Write the document for the last time."""
        if self.before_end is not None:
            self.before_end()
        self.save()


class ChangesStore:
    """The changes of all deckies of a process, by name."""

    def __init__(self, directory: Path, budget: MemoryBudget, keep_seconds: float) -> None:
        """`keep_seconds` is how long they are kept after the last one."""
        self._directory = directory
        self._budget = budget
        self._keep_seconds = keep_seconds
        self._deckies: dict[tuple[str, str], DeckyChanges] = {}

    def of(self, decky: str, persona: str) -> DeckyChanges:
        key = (decky, persona)
        if key not in self._deckies:
            file = self._directory / f"{decky}.msgpack"
            self._deckies[key] = DeckyChanges(file, persona, self._budget, self._keep_seconds)
        return self._deckies[key]

    def save(self) -> None:
        """Write all documents, for the last time."""
        for changes in self._deckies.values():
            changes.end()


def _weight(one: SavedEntry) -> int:
    return _ENTRY_BYTES + len(one.path) + len(one.content) + len(one.target)


def _saved_entry(path: str, entry: Entry | None) -> SavedEntry | None:
    """Return a change as it is kept; None if it is too large."""
    if entry is None:
        return SavedEntry(path, "")
    program = None
    if isinstance(entry.content, bytes):
        content = entry.content
    else:
        content, program = entry.content.head, (entry.content.size, entry.content.seed)
    if len(content) > MAX_FILE:
        return None
    uid, gid = entry.uid & _ALL_BITS, entry.gid & _ALL_BITS
    mtime = max(0, min(entry.mtime, saved.LATEST))
    return SavedEntry(path, entry.kind, entry.mode & saved.MODE_BITS, uid, gid, mtime, content, entry.target, program)


def _put(machine: Machine, one: SavedEntry) -> None:
    from decnet_decoys.shell.machine.tree import Entry, Filler

    tree = machine.tree
    tree.baits.pop(one.path, None)
    tree.changed.add(one.path)
    if not one.kind:
        tree.remove(one.path)
        return
    content = one.content if one.program is None else Filler(one.content, *one.program)
    kind = one.kind if one.kind in ("dir", "link", "device", "pipe") else "file"
    entry = Entry(kind, one.mode, one.uid, one.gid, one.mtime, content, one.target)  # type: ignore[arg-type]  # checked
    tree.put(one.path, entry)


def _keys(files: FileSystem, home: str, old: Account, session: str) -> dict[str, str]:
    """Return the keys in an account's file that nobody but intruders wrote."""
    from decnet_decoys.shell.machine.files import account_files

    found = account_files.keys(files, home.rstrip("/") + _KEYS_FILE, MAX_KEYS)
    return {key: old.keys.get(key, session) for key in found}
