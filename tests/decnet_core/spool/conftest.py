# SPDX-License-Identifier: MIT
"""Events to write, and a disk so small that it fills."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7_of

MakeEvent = Callable[..., Event]


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """Return a directory in one of the test's own, for a spool's readers acknowledge beside it."""
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


@pytest.fixture
def make_event() -> MakeEvent:
    def make(number: int, text: str = "uname -a") -> Event:
        payload = CommandRun(service="ssh", command=f"{number} {text}")
        return Event(id=uuid7_of(number, b""), ts=number, sensor="s", payload=payload)

    return make


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 64 KiB: a real disk that is really full."""
    if os.getuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"cannot mount a tmpfs here: {done.stderr.decode()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)
