# SPDX-License-Identifier: MIT
"""A recording reaches the store also from another mount: a hardened unit binds each writable directory by itself."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pytest

from decnet_decoys.evidence.artifact_store import ArtifactStore

OTHER = Path("/dev/shm")


def test_a_file_of_another_mount_is_kept_whole_once_and_gone_from_where_it_was(tmp_path: Path) -> None:
    if not OTHER.is_dir() or OTHER.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system here")
    artifacts, content = ArtifactStore(tmp_path, 1 << 20), b"recording" * 1000
    for _ in range(2):
        with tempfile.NamedTemporaryFile(dir=OTHER, delete=False) as file:
            file.write(content)
        artifacts.adopt(Path(file.name))
        assert not Path(file.name).exists()
    kept = artifacts.path(hashlib.sha256(content).hexdigest())
    assert kept.read_bytes() == content
    assert kept.stat().st_mode & 0o777 == 0o440
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]
    assert artifacts.counters() == {"artifacts_bytes": len(content), "artifacts_refused": 0}
