# SPDX-License-Identifier: MIT
"""The power of a whole fleet is cut: what its visitors were answered a moment before is recorded, once."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fleet.up_process import Up
from tests.power_cut import MISSING, disk

pytestmark = [pytest.mark.fault, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

PROMISED_SECONDS = 2.0
"""`[spool] batch_ms` is 50 ms; a busy machine writes to its disk more slowly."""


@pytest.fixture
def root() -> Iterator[Path]:
    """Short: the path of a UNIX socket has 107 bytes at most."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.timeout(400)
def test_what_was_answered_before_the_power_was_cut_is_recorded_once(root: Path) -> None:
    with disk(root, "state") as state:
        up = Up(root)
        state.sync()
        with up.running():
            for number in range(10):
                up.visit(f"promised-{number}")
            time.sleep(PROMISED_SECONDS)
            promised = list(up.answered)
            for number in range(5):
                up.visit(f"late-{number}")
            up.answered = promised
            state.cut_power()
            up.kill()
        state.mount_again()
        with up.running():
            up.assert_all_recorded_once()
