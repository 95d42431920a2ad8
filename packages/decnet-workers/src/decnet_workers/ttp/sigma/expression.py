# SPDX-License-Identifier: MIT
"""Regular expressions with a guarantee: RE2, whose time is linear in the text whatever the expression.

The standard library's `re` backtracks: `(a+)+$` on 30 characters takes minutes, and a thread cannot be interrupted. A
subset of it that is provably linear would leave out what rules want (two stars in a row already cost quadratic time).
RE2 costs 2.8 MiB of memory, once, when the first rule with `|re` is loaded, and about 4 µs a search. It has no
look-around and no back-references; a rule that uses them is refused with its line.
"""

from __future__ import annotations

from collections.abc import Callable

MAX_BYTES = 1 << 20
"""Memory of one compiled expression, automaton cache included; beyond it RE2 searches slower, still in linear time."""


def searcher(pattern: str, flags: str) -> Callable[[bytes], bool]:
    """Return whether `pattern` is found anywhere in a text (UTF-8), as a function; `flags` are some of `i`, `m`, `s`.

    Raises ValueError for what RE2 does not have.
    """
    import re2  # type: ignore[import-untyped]  # google-re2 ships no type information

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MAX_BYTES
    try:
        search = re2.compile((f"(?{flags}:{pattern})" if flags else pattern).encode(), options).search
    except re2.error as error:
        reason = error.args[0] if error.args else "not valid"
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from error
    return lambda text: search(text) is not None
