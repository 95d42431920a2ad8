# SPDX-License-Identifier: MIT
"""A program that is forked for each run: who takes too long disturbs no run that follows."""

from __future__ import annotations

import os

import pytest

from tests.forked_program import ForkedProgram

PROGRAM = "import sys, time; time.sleep(float(sys.argv[1])); sys.exit(int(sys.argv[2]))"


def test_a_run_that_takes_too_long_is_ended_and_the_next_ones_get_their_own_exit_codes() -> None:
    program = ForkedProgram(PROGRAM)
    try:
        assert program.run("0", "3").returncode == 3
        with pytest.raises(TimeoutError):
            program.run("600", "4", seconds=0.5)
        assert [program.run("0", code).returncode for code in ("5", "6")] == [5, 6]
    finally:
        program.close(os.getpid())
