# SPDX-License-Identifier: MIT
from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import pytest

from decnet_decoys.evidence.artifact_store import ArtifactStore

OTHER = Path("/dev/shm")
"""Another mount: a hardened unit binds each writable directory by itself."""


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    (tmp_path / "artifacts").mkdir()
    return ArtifactStore(tmp_path / "artifacts", 1000)


def test_large_file_is_stored_in_steps(tmp_path: Path) -> None:
    artifacts = ArtifactStore(tmp_path, 64 << 20)
    content = os.urandom(16 << 20)
    steps = artifacts.storing(content)
    count = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            digest = end.value
            break
        count += 1
    assert count == 32  # hashed and written, 1 MiB at a time
    assert digest == hashlib.sha256(content).hexdigest()
    assert artifacts.path(digest).read_bytes() == content


def test_file_that_is_abandoned_while_it_is_stored_leaves_nothing(tmp_path: Path) -> None:
    artifacts = ArtifactStore(tmp_path, 64 << 20)
    steps = artifacts.storing(bytes(4 << 20))
    for _ in range(6):
        next(steps)
    steps.close()
    assert artifacts.counters()["artifacts_bytes"] == 0
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_content_is_kept_once_under_its_hash(artifacts: ArtifactStore) -> None:
    digest = artifacts.keep(b"x")
    assert digest == hashlib.sha256(b"x").hexdigest() == artifacts.keep(b"x")
    assert artifacts.path(digest).read_bytes() == b"x"
    assert artifacts.path(digest).stat().st_mode & 0o111 == 0
    assert artifacts.counters() == {"artifacts_bytes": 1, "artifacts_refused": 0}


def test_a_full_store_refuses_and_counts(artifacts: ArtifactStore, tmp_path: Path) -> None:
    artifacts.keep(bytes(900))
    digest = artifacts.keep(bytes(200))
    assert not artifacts.path(digest).exists()
    assert artifacts.counters()["artifacts_refused"] == 1
    assert ArtifactStore(tmp_path / "artifacts", 1000).counters()["artifacts_bytes"] == 900


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


@pytest.mark.parametrize("left", [b"", b"half"])
def test_a_file_that_a_power_cut_left_incomplete_is_kept_anew(
    artifacts: ArtifactStore, tmp_path: Path, left: bytes
) -> None:
    kept = artifacts.path(artifacts.keep(b"half and half"))
    kept.chmod(0o600)
    kept.write_bytes(left)
    again = ArtifactStore(tmp_path / "artifacts", 13)
    again.keep(b"half and half")
    assert kept.read_bytes() == b"half and half"
    assert again.counters() == {"artifacts_bytes": 13, "artifacts_refused": 0}
    kept.chmod(0o600)
    kept.write_bytes(left)
    (tmp_path / "recording").write_bytes(b"half and half")
    ArtifactStore(tmp_path / "artifacts", 13).adopt(tmp_path / "recording")
    assert kept.read_bytes() == b"half and half"
