# SPDX-License-Identifier: MIT
"""Hashes passwords with argon2id, a few at a time, and says which may be chosen.

19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet, 2025). Each hash under way takes its memory, so the
number of hashes at once is what bounds the memory of a flood of log-ins; those who do not get their turn in time are
told to come again. A name that does not exist costs a verification of the same parameters, so that time tells nothing.
Parameters that were raised are applied at the next log-in, the only moment at which the password is known.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from decnet.cli.errors import WrongUsageError
from decnet_web.api.fleet import Fleet
from decnet_web.api.problems import Problem

if TYPE_CHECKING:
    from argon2 import PasswordHasher

T = TypeVar("T")

SHORTEST = 12
LONGEST = 256
"""Characters; a longer one is refused before it is hashed."""

AT_ONCE = 2
WAITING = 16
"""Who may wait for a turn."""

_MEMORY_KIB = 19_456
_PASSES = 2

_WORDS = """
    password passwort motdepasse contrasena senha letmein welcome admin administrator root qwerty qwertz azerty
    qwertyuiop asdfghjkl zxcvbnm iloveyou monkey dragon master login princess sunshine football baseball superman
    batman trustno changeme default secret test testing guest user abc abcd abcdef abcdefgh abcdefghijkl decnet
    honeypot deception summer winter spring autumn january february march april may june july august september
    october november december monday tuesday wednesday thursday friday saturday sunday company access system
    correcthorsebatterystaple
"""
_COMMON = frozenset(_WORDS.split())
"""What common passwords of twelve characters or more are made of, in NIST SP 800-63B's sense."""

_FILLING = re.compile(r"[\d\W_]+")
_LEET = str.maketrans("@$!013457|", "asioleastl")
_ROWS = ("0123456789012345678901", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjkl")


class Hasher:
    """Hashes and verifies in the fleet's threads, `AT_ONCE` at once."""

    def __init__(self, *, memory_kib: int = _MEMORY_KIB, passes: int = _PASSES) -> None:
        self._memory_kib = memory_kib
        self._passes = passes
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._under_way = 0
        self._nobody: str | None = None

    async def hash(self, fleet: Fleet, password: str) -> str:
        """Return the PHC string of a new password; raises Problem 503 when too many wait."""
        return await self._turn(fleet, lambda: self._argon.hash(password))

    async def matches(self, fleet: Fleet, stored: str | None, password: str) -> bool:
        """Return whether `password` is that of the PHC string; for None (no such password) no, after as long.

        Raises Problem 503 when too many wait.
        """
        return await self._turn(fleet, lambda: self._verify(stored, password))

    def is_outdated(self, stored: str) -> bool:
        """Return whether a hash was made with other parameters than those of now."""
        return self._argon.check_needs_rehash(stored)

    @cached_property
    def _argon(self) -> PasswordHasher:
        """Imported by the first log-in: most requests need none."""
        from argon2 import PasswordHasher

        return PasswordHasher(time_cost=self._passes, memory_cost=self._memory_kib, parallelism=1)

    def _verify(self, stored: str | None, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        if self._nobody is None:
            self._nobody = self._argon.hash("nobody's password")
        try:
            return self._argon.verify(stored or self._nobody, password[:LONGEST]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    async def _turn(self, fleet: Fleet, work: Callable[[], T]) -> T:
        if self._under_way >= AT_ONCE + WAITING:
            raise Problem(503, detail="too many log-ins at once; try again in a moment", headers={"Retry-After": "2"})
        self._under_way += 1
        try:
            async with self._turns:
                return await fleet.thread(work)
        finally:
            self._under_way -= 1


def check_new(password: str, name: str) -> None:
    """Raise WrongUsageError, which does not repeat the password, unless the user `name` may choose it."""
    if len(password) < SHORTEST:
        raise WrongUsageError(f"a password has at least {SHORTEST} characters; three or four random words are good")
    if len(password) > LONGEST:
        raise WrongUsageError(f"a password has at most {LONGEST} characters")
    if not password.isprintable():
        raise WrongUsageError("a password has no control characters")
    plain = password.casefold()
    if len(set(plain)) < 5:
        raise WrongUsageError("this password repeats a few characters; choose another one")
    own = name.partition("@")[0]
    if len(own) > 2 and len(plain.replace(own, "")) < SHORTEST // 2:
        raise WrongUsageError("this password is made of the user's name; choose another one")
    if is_common(plain):
        raise WrongUsageError("this password is among those that are tried first; choose another one")


def is_common(plain: str) -> bool:
    """Return whether a password in lower case is a run of the keyboard, or common words with figures and marks."""
    if any(plain in row * 3 or plain in row[::-1] * 3 for row in _ROWS):
        return True
    for text in (plain, plain.translate(_LEET)):
        words = [word for word in _FILLING.split(text) if word]
        if all(_of_common(word) for word in words):
            return True
    return False


def _of_common(word: str) -> bool:
    """Return whether a word is one or several common ones written together."""
    reachable = {0}
    for end in range(1, len(word) + 1):
        if any(start in reachable and word[start:end] in _COMMON for start in range(end)):
            reachable.add(end)
    return len(word) in reachable
