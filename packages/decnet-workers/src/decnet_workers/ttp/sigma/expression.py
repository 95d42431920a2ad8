# SPDX-License-Identifier: MIT
"""Regular expressions in linear time: RE2.

The standard library's `re` backtracks: `(a+)+$` on 30 characters takes minutes, and a thread cannot be interrupted. A
provably linear subset of it would exclude what rules need (two stars in a row already cost quadratic time). RE2 costs
2.8 MiB of memory, once, when the first rule with `|re` is loaded. It has no look-around and no back-references; a rule
that uses them is rejected with its line.

All expressions on one field are searched with one call. RE2's filter first looks for the literals that each of them
needs, all at once, and then tries only those expressions whose literals are there: for most texts none.
"""

from collections.abc import Iterable
from typing import Any

MAX_BYTES = 1 << 20
"""Memory of one compiled expression, including the automaton cache; beyond it RE2 is slower, still in linear time."""

NONE: frozenset[int] = frozenset()


class Expressions:
    """The regular expressions of all rules on one field."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._filter: Any = None
        self._complete = False
        """Whether the filter looks for what was added, and takes nothing more."""

    def add(self, pattern: str, flags: str) -> int:
        """Return the number of `pattern` among the expressions; `flags` are some of `i`, `m`, `s`.

        Raises ValueError for what RE2 does not support.
        """
        number = self._numbers.get((pattern, flags))
        if number is None:
            if self._filter is None or self._complete:
                self._begin()
            self._put(pattern, flags)
            number = self._numbers[pattern, flags] = len(self._numbers)
        return number

    def found(self, texts: Iterable[bytes]) -> frozenset[int]:
        """Return the numbers of the expressions that are found in one of the texts (UTF-8)."""
        if not self._complete:
            self._filter.Compile()
            self._complete = True
        found = NONE
        for text in texts:
            numbers = self._filter.Match(text)
            if numbers:
                found = found.union(numbers)
        return found

    def _begin(self) -> None:
        """Make the filter anew: one that is complete cannot be added to."""
        import re2  # type: ignore[import-untyped]  # google-re2 ships no type information

        self._filter, self._complete = re2.Filter(), False
        for pattern, flags in self._numbers:
            self._put(pattern, flags)

    def _put(self, pattern: str, flags: str) -> None:
        import re2

        try:
            self._filter.Add(_written(pattern, flags), _options())
        except re2.error as error:
            raise ValueError(_reason(_written(pattern, flags))) from error


def _written(pattern: str, flags: str) -> bytes:
    return (f"(?{flags}:{pattern})" if flags else pattern).encode()


def _options() -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MAX_BYTES
    return options


def _reason(pattern: bytes) -> str:
    """Return why RE2 does not take the pattern, which its filter does not say."""
    import re2

    try:
        re2.compile(pattern, _options())
    except re2.error as error:
        reason = error.args[0] if error.args else "not valid"
        return reason.decode() if isinstance(reason, bytes) else str(reason)
    return "not valid"
