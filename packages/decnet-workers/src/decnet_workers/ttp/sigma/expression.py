# SPDX-License-Identifier: MIT
"""Regular expressions in linear time: RE2.

The standard library's `re` backtracks: `(a+)+$` on 30 characters takes minutes, and a thread cannot be interrupted. A
provably linear subset of it would exclude what rules need (two stars in a row already cost quadratic time). RE2 costs
2.8 MiB of memory, once, when the first rule with `|re` is loaded, and about 4 µs per search. It has no look-around and
no back-references; a rule that uses them is rejected with its line.
"""

from collections.abc import Callable

MAX_BYTES = 1 << 20
"""Memory of one compiled expression, including the automaton cache; beyond it RE2 is slower, still in linear time."""


def searcher(pattern: str, flags: str) -> Callable[[bytes], bool]:
    """Return a function that searches a text (UTF-8) for `pattern`; `flags` are some of `i`, `m`, `s`.

    Raises ValueError for what RE2 does not support.
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
