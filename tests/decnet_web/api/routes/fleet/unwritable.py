# SPDX-License-Identifier: MIT
"""A directory that nobody may write to, not even root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def unwritable(directory: Path) -> Iterator[None]:
    """Skips the test on a file system that cannot do it."""
    mode = directory.stat().st_mode
    if os.geteuid() == 0:
        done = subprocess.run(["chattr", "+i", directory], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("this file system has no immutable directories")
    else:
        directory.chmod(0o500)
    try:
        yield
    finally:
        if os.geteuid() == 0:
            subprocess.run(["chattr", "-i", directory], check=True)
        directory.chmod(mode)
