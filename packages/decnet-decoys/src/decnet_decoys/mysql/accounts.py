# SPDX-License-Identifier: MIT
"""Accounts that visitors create, change and drop: whoever comes later may log in by them.

What an account had from the start stays: a password that is set is one more, so that the next intruder gets in, too.
"""

from typing import Final

import msgspec

from decnet_decoys.mysql import authentication

MOST_ACCOUNTS: Final = 100
_LONGEST_NAME, _LONGEST_PASSWORD = 80, 256
EVERYTHING: Final = "ALL PRIVILEGES"


class Account(msgspec.Struct):
    """Who may log in."""

    passwords: tuple[str, ...]
    host: str = "%"
    rights: str = "USAGE"
    grants: bool = False
    """Whether it may grant what it has."""
    is_own: bool = True
    """Whether a visitor has made it."""

    @property
    def password_hash(self) -> str:
        """What mysql_native_password keeps of the last password; empty without one."""
        return authentication.kept(self.passwords[-1] if self.passwords else "")


class Accounts:
    """Those of one server, by their names."""

    def __init__(self, known: dict[str, tuple[str, ...]]) -> None:
        self._initial = known
        self._known = {
            name: Account(words, rights=EVERYTHING, grants=True, is_own=False) for name, words in known.items()
        }

    def listed(self) -> list[tuple[str, Account]]:
        """Return all of them, by name."""
        return sorted(self._known.items())

    def get(self, name: str) -> Account | None:
        return self._known.get(name)

    def passwords(self, name: str) -> tuple[str, ...]:
        """Return the passwords by which somebody may log in; none if there is no such account."""
        found = self._known.get(name)
        return () if found is None else found.passwords

    def create(self, name: str, host: str, password: str) -> bool:
        """Make an account; False: there is one. One too many is not kept."""
        if name in self._known:
            return False
        if len(self._known) < MOST_ACCOUNTS and len(name) <= _LONGEST_NAME:
            self._known[name] = Account((password[:_LONGEST_PASSWORD],), host[:_LONGEST_NAME])
        return True

    def drop(self, name: str) -> bool:
        """Remove an account that a visitor has made; False: there is none."""
        found = self._known.get(name)
        if found is not None and found.is_own:
            del self._known[name]
        return found is not None

    def set_password(self, name: str, password: str) -> bool:
        """Let an account have another password; False: there is none."""
        found = self._known.get(name)
        if found is None:
            return False
        kept = () if found.is_own else self._initial.get(name, ())
        found.passwords = (*kept, password[:_LONGEST_PASSWORD])
        return True

    def saved(self) -> dict[str, Account]:
        """Return what visitors have changed."""
        return {
            name: one for name, one in self._known.items() if one.is_own or one.passwords != self._initial.get(name)
        }

    def load(self, saved: dict[str, Account]) -> None:
        """Take the accounts as visitors left them."""
        self._known |= dict(list(saved.items())[:MOST_ACCOUNTS])
