# SPDX-License-Identifier: MIT
"""What is resident bounds what is unique, and costs next to nothing to ask."""

from __future__ import annotations

import os
import subprocess
import sys

from decnet_core.footprint import resident_of, uss_of

MIB = 1 << 20


def test_no_more_is_unique_than_is_resident() -> None:
    held = bytearray(os.urandom(20 * MIB))
    assert 20 * MIB < uss_of(os.getpid()) <= resident_of(os.getpid())
    del held


def test_a_process_that_is_gone_holds_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(60)
    assert (resident_of(gone.pid), uss_of(gone.pid)) == (0, 0)
