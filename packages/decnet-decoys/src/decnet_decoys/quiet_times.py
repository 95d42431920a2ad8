# SPDX-License-Identifier: MIT
"""When the process that plays deckies is worth replacing: nobody comes any more, and it holds what visitors needed.

Attacks come in bursts, hours apart. What a visitor made this process import stays in it, asyncssh with its bindings
above all, 10 MiB that a new process does not have until somebody comes again. Sockets are kept, so a client that comes
in that moment waits for it. If there was no such visitor, it was the making of keys: then there is nothing to wait for.
"""

from collections.abc import Container

LARGE = ("asyncssh", "cryptography", "re2")
"""Packages that only visitors need, or the making of keys."""
QUIET_SECONDS = 300.0
"""Who plans his next step, or reads what he found, may take minutes; and the first client of a new process waits for it
to import a server."""


class QuietTimes:
    """Looked at now and then; the clock is any that counts seconds."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._admitted = 0

    def worth_replacing(
        self, now: float, *, open_places: int, admitted: int, modules: Container[str], visited: bool = True
    ) -> bool:
        """Return whether nobody has been there for a while, and one of `LARGE` is among the imported `modules`.

        `open_places` and `admitted` are those of `Places`. Once it has been, it is only after another while. If not
        `visited`, nobody came for whom these were imported, and it is at once when nobody is there.
        """
        if open_places or admitted != self._admitted:
            self._since, self._admitted = now, admitted
        is_quiet = now - self._since >= QUIET_SECONDS or (not visited and not open_places)
        if not is_quiet or not any(name in modules for name in LARGE):
            return False
        self._since = now
        return True
