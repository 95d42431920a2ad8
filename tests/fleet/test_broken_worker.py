# SPDX-License-Identifier: MIT
"""A broken distribution of one worker is that worker's failure: the fleet starts, and says what is the matter."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fleet.arena import Arena
from tests.fleet.installed import install

from decnet_core.runtime import worker_registry
from decnet_core.runtime.restarts.policy import Phase

BROKEN = {"broken": "half_installed.worker:Broken"}
MODULES = {"half_installed": "import a_library_that_is_missing\n"}
REASON = "cannot import half_installed.worker:Broken: ModuleNotFoundError: No module named 'a_library_that_is_missing'"


@pytest.mark.parametrize(
    "mode", ["fork", *(pytest.param(name, marks=pytest.mark.fault) for name in ("tasks", "units"))]
)
async def test_the_others_start_and_the_broken_one_is_reported_with_its_reason(tmp_path: Path, mode: str) -> None:
    arena = Arena(tmp_path, mode=mode, besides=install(tmp_path / "site", BROKEN, MODULES))
    async with arena.running():
        report = arena.report()
        assert report is not None
        found = {status.name: status for status in report.workers}
    broken = found.pop("broken")
    assert (broken.phase, broken.restarts) == (Phase.REFUSED, 0)
    assert broken.reason.startswith(REASON)
    assert {status.phase for status in found.values()} == {Phase.READY}
    assert set(found) >= set(worker_registry.FLOW)


async def test_a_group_starts_without_a_worker_whose_group_is_unknown(tmp_path: Path) -> None:
    arena = Arena(tmp_path, groups=("bus",), besides=install(tmp_path / "site", BROKEN, MODULES))
    async with arena.running():
        report = arena.report()
        assert report is not None
        assert [(status.name, status.phase) for status in report.workers] == [("bus", Phase.READY)]
    assert f"broken: not started ({REASON}" in (tmp_path / "supervise.log").read_text()
