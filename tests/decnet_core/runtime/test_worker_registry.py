# SPDX-License-Identifier: MIT
"""The list of workers is that of what is installed now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from decnet_core.runtime import worker_registry


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed distributions, still empty."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def install(site: Path) -> Path:
    metadata = site / "another_worker-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: another-worker\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[decnet.workers]\nanother = another_worker.worker:Another\n")
    return metadata


def test_a_worker_that_is_installed_or_removed_meanwhile_is_noticed(site: Path) -> None:
    assert "another" not in worker_registry.names()
    metadata = install(site)
    assert "another" in worker_registry.names()
    assert worker_registry.entry_point("another") == "another_worker.worker:Another"
    shutil.rmtree(metadata)
    with pytest.raises(worker_registry.UnknownWorker):
        worker_registry.entry_point("another")


def test_what_is_installed_is_read_once(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site)
    before = worker_registry.names()
    monkeypatch.setattr(worker_registry, "entry_points", None)
    assert worker_registry.names() == before
    assert worker_registry.entry_point("another")
