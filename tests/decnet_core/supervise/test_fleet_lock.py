# SPDX-License-Identifier: MIT
"""Who may supervise what on one state directory at the same time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from decnet_core.supervise.lock import FleetBusyError, FleetLock


def test_second_fleet_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    lock = FleetLock(tmp_path)
    with pytest.raises(FleetBusyError, match=f"pid {os.getpid()}"):
        FleetLock(tmp_path)
    lock.release()
    FleetLock(tmp_path).release()


@pytest.mark.parametrize(
    ("first", "second"), [(["all"], ["herd"]), (["herd"], ["all"]), (["herd", "heavy"], ["sensor", "herd"])]
)
def test_same_workers_are_not_hosted_twice(tmp_path: Path, first: Sequence[str], second: Sequence[str]) -> None:
    lock = FleetLock(tmp_path, first)
    with pytest.raises(FleetBusyError):
        FleetLock(tmp_path, second)
    lock.release()
    FleetLock(tmp_path, second).release()


def test_different_groups_share_the_directory(tmp_path: Path) -> None:
    locks = [FleetLock(tmp_path, [group]) for group in ("herd", "sensor")]
    for lock in locks:
        lock.release()


def test_pid_of_a_fleet_that_is_gone_is_not_reported(tmp_path: Path) -> None:
    FleetLock(tmp_path).release()
    lock = FleetLock(tmp_path, ["herd"])
    with pytest.raises(FleetBusyError, match="pid unknown"):
        FleetLock(tmp_path)
    lock.release()
