# SPDX-License-Identifier: MIT
"""Whose password is taken: bounded memory of sources, no clock and no socket."""

from __future__ import annotations

from collections import OrderedDict

from decnet_decoys.personas.schema import Persona

MAX_SOURCES = 4096
"""Sources whose log-in attempts are remembered; the longest silent is forgotten first."""
MAX_ATTEMPTS = 64
"""Accounts that one source has opened by persistence, remembered so that the same password works again."""


class _Record:
    """What a doorman remembers of one source."""

    def __init__(self) -> None:
        self.attempts = 0
        self.opened: dict[tuple[str, str], None] = {}


class Doorman:
    """Decides which passwords a decky takes: its weak ones, and the nth guess of one who keeps guessing.

    What was taken once is taken again from the same source, and another guess then is not: a machine has one password.
    """

    def __init__(self, persona: Persona) -> None:
        self._passwords = {(user.name, word) for user in persona.users for word in user.passwords}
        self._accounts = {user.name for user in persona.users if user.passwords}
        self._after = persona.ssh.accept_after
        self._sources: OrderedDict[str, _Record] = OrderedDict()

    def accepts(self, source: str, username: str, password: str) -> bool:
        """Tell whether this log-in succeeds; counts the attempt."""
        record = self._sources.setdefault(source, _Record())
        self._sources.move_to_end(source)
        if len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)
        record.attempts += 1
        pair = (username, password)
        if pair in self._passwords or pair in record.opened:
            return True
        if not self._after or record.attempts < self._after or username not in self._accounts:
            return False
        if any(name == username for name, _ in record.opened) or len(password) > 128 or not password:
            return False
        if len(record.opened) < MAX_ATTEMPTS:
            record.opened[pair] = None
        return True
