# SPDX-License-Identifier: MIT
"""What one place in the source logs again and again is bounded, and the log says what it left out."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from decnet_core.runtime.logs import BURST_SECONDS, MOST_LINES, MOST_TRACEBACKS, RepeatFilter


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def record(level: int = logging.WARNING, line: int = 7, error: Exception | None = None) -> logging.LogRecord:
    trace = None if error is None else (type(error), error, None)
    return logging.LogRecord("decnet", level, "place.py", line, "refused %s", ("x",), trace)


@pytest.mark.parametrize(("error", "most"), [(None, MOST_LINES), (ValueError("x"), MOST_TRACEBACKS)])
def test_a_burst_from_one_place_ends_with_a_word_and_the_next_says_how_many_were_omitted(
    error: Exception | None, most: int
) -> None:
    clock = Clock()
    limit = RepeatFilter(clock)
    records = [record(error=error) for _ in range(most + 5)]
    assert [limit.filter(one) for one in records] == [True] * most + [False] * 5
    assert records[0].getMessage() == "refused x"
    assert records[most - 1].getMessage() == "refused x; more like this are omitted for a minute"
    assert limit.filter(record(line=8)), "another place"
    clock.now = BURST_SECONDS
    later = record(error=error)
    assert limit.filter(later)
    assert later.getMessage() == "refused x; 5 more like this were omitted before it"
    assert limit.filter(record(error=error))


def test_what_is_less_than_a_warning_is_not_counted() -> None:
    limit = RepeatFilter(Clock())
    assert all(limit.filter(record(logging.INFO)) for _ in range(2 * MOST_LINES))
    assert limit.filter(record())


def test_the_log_of_a_process_has_the_limit() -> None:
    program = (
        "import logging; from decnet_core.runtime import logs; logs.configure('decoys', 'info')\n"
        f"for number in range({2 * MOST_LINES}): logging.getLogger('x').warning('refused %d', number)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    lines = done.stderr.splitlines()
    assert len(lines) == MOST_LINES
    assert "more like this are omitted" in lines[-1]
