# SPDX-License-Identifier: MIT
"""Which logins a decky accepts. Bounded memory of sources, no clock and no socket."""

from collections import OrderedDict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from decnet_decoys.changes.decky_changes import DeckyChanges
from decnet_decoys.changes.saved import Account
from decnet_decoys.personas.schema import User

MAX_SOURCES = 4096
"""Sources whose login attempts are remembered; the one that was silent longest is forgotten first."""
MAX_ATTEMPTS = 64
"""Accounts that one source has opened by guessing, remembered so that the same password works again."""


class _Attempts:
    """What is remembered of one source."""

    def __init__(self) -> None:
        self.failures = 0
        self.known: set[str] = set()
        """Accounts whose password it has used."""
        self.opened: dict[tuple[str, str], None] = {}


@cache
def honeypot_tests() -> frozenset[tuple[str, str]]:
    """Return names and passwords that bots try to find out whether anything is let in; an empty name is any."""
    text = Path(__file__).with_name("honeypot_tests.txt").read_text(encoding="ascii")
    rows = (line.partition(":") for line in text.splitlines() if line and not line.startswith("#"))
    return frozenset((name, password) for name, _, password in rows)


class CredentialPolicy:
    """Decides which passwords a decky accepts: an account's one, and the nth failed guess of a source.

    What was accepted once is accepted again from the same source, and no other guess is: an account has one password.
    One that an intruder set is the account's only one, for everybody, until another sets another.
    """

    def __init__(self, users: Iterable[User], accept_after: int, changes: DeckyChanges | None = None) -> None:
        users = tuple(users)
        self._passwords = {user.name: user.passwords[0] for user in users if user.passwords}
        self._after = accept_after
        self._changes = changes
        self._sources: OrderedDict[str, _Attempts] = OrderedDict()

    def accepts(self, source: str, username: str, password: str) -> bool:
        """Return whether this login succeeds; counts a failure."""
        attempts = self._sources.setdefault(source, _Attempts())
        self._sources.move_to_end(source)
        if len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)
        accepted = self._is_right(attempts, username, password)
        if not accepted:
            attempts.failures += 1
            accepted = self._guessed(attempts, username, password)
        return accepted

    def planted_by(self, username: str, password: str) -> str:
        """Return the session that set this password, empty if none did."""
        return self._changes.password_planted_by(username, password) if self._changes is not None else ""

    def _changed(self, username: str) -> Account | None:
        account = self._changes.accounts.get(username) if self._changes is not None else None
        return account if account is not None and account.password_by else None

    def _is_right(self, attempts: _Attempts, username: str, password: str) -> bool:
        changed = self._changed(username)
        if changed is not None:
            return bool(password) and changed.password == password
        right = (bool(password) and self._passwords.get(username) == password) or (
            username,
            password,
        ) in attempts.opened
        if right and len(attempts.known) < MAX_ATTEMPTS:
            attempts.known.add(username)
        return right

    def _guessed(self, attempts: _Attempts, username: str, password: str) -> bool:
        """Return whether a source has failed so often that this guess is let in."""
        if not self._after or attempts.failures < self._after or username not in self._passwords:
            return False
        tests = honeypot_tests()
        if (username, password) in tests or ("", password) in tests or self._changed(username) is not None:
            return False
        if username in attempts.known or len(password) > 128 or not password:
            return False
        if len(attempts.opened) < MAX_ATTEMPTS:
            attempts.opened[username, password] = None
            attempts.known.add(username)
        return True
