# SPDX-License-Identifier: MIT
"""Which logins a decky accepts. Bounded memory of sources, no clock and no socket."""

from collections import OrderedDict
from collections.abc import Iterable

from decnet_decoys.personas.schema import User

MAX_SOURCES = 4096
"""Sources whose login attempts are remembered; the one that was silent longest is forgotten first."""
MAX_ATTEMPTS = 64
"""Accounts that one source has opened by guessing, remembered so that the same password works again."""


class _Attempts:
    """What is remembered of one source."""

    def __init__(self) -> None:
        self.count = 0
        self.opened: dict[tuple[str, str], None] = {}


class CredentialPolicy:
    """Decides which passwords a decky accepts: its weak ones, and the nth guess of a source that keeps guessing.

    What was accepted once is accepted again from the same source, and no other guess is: an account has one password.
    """

    def __init__(self, users: Iterable[User], accept_after: int) -> None:
        users = tuple(users)
        self._passwords = {(user.name, word) for user in users for word in user.passwords}
        self._accounts = {user.name for user in users if user.passwords}
        self._after = accept_after
        self._sources: OrderedDict[str, _Attempts] = OrderedDict()

    def accepts(self, source: str, username: str, password: str) -> bool:
        """Return whether this login succeeds; counts the attempt."""
        attempts = self._sources.setdefault(source, _Attempts())
        self._sources.move_to_end(source)
        if len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)
        attempts.count += 1
        pair = (username, password)
        if pair in self._passwords or pair in attempts.opened:
            return True
        if not self._after or attempts.count < self._after or username not in self._accounts:
            return False
        if any(name == username for name, _ in attempts.opened) or len(password) > 128 or not password:
            return False
        if len(attempts.opened) < MAX_ATTEMPTS:
            attempts.opened[pair] = None
        return True
