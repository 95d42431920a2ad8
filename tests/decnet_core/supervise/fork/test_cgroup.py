# SPDX-License-Identifier: MIT
"""Control groups, on a directory tree of the same shape: the kernel's own needs systemd and cgroup v2."""

from __future__ import annotations

from pathlib import Path

import pytest

from decnet_core.supervise.fork import cgroup


def group(root: Path, path: str, controllers: str = "cpu memory pids") -> Path:
    directory = root / path
    directory.mkdir(parents=True)
    (directory / "cgroup.controllers").write_text(controllers + "\n")
    (directory / "cgroup.subtree_control").write_text("")
    return directory


@pytest.mark.parametrize(
    ("membership", "path"),
    [
        ("0::/system.slice/decnet-supervise@herd.service\n", "/system.slice/decnet-supervise@herd.service"),
        ("4:memory:/a\n1:name=systemd:/b\n0::/c\n", "/c"),
        ("4:memory:/a\n1:name=systemd:/b\n", None),
        ("", None),
    ],
)
def test_the_v2_path_is_found_among_others(membership: str, path: str | None) -> None:
    assert cgroup.path_in(membership) == path


def test_a_group_with_the_memory_controller_is_ours(tmp_path: Path) -> None:
    ours = group(tmp_path, "system.slice/a.service")
    assert cgroup.delegated(tmp_path, "/system.slice/a.service") == ours


@pytest.mark.parametrize("path", [None, "/", "/nowhere"])
def test_no_group_the_root_group_and_a_missing_one_are_not_ours(tmp_path: Path, path: str | None) -> None:
    assert cgroup.delegated(tmp_path, path) is None


def test_a_group_without_the_memory_controller_is_of_no_use(tmp_path: Path) -> None:
    group(tmp_path, "a", "cpu pids")
    assert cgroup.delegated(tmp_path, "/a") is None


def test_dividing_leaves_no_process_in_the_group_itself(tmp_path: Path) -> None:
    ours = group(tmp_path, "a")
    cgroup.divide(ours)
    assert (ours / "supervisor/cgroup.procs").read_text() == "0"
    assert (ours / "cgroup.subtree_control").read_text() == "+memory"


def test_a_worker_is_limited_to_twice_its_budget_for_its_successor_lives_there_too(tmp_path: Path) -> None:
    cgroup.enter(tmp_path, "ttp", 64 << 20)
    assert (tmp_path / "ttp/memory.max").read_text() == str(128 << 20)
    assert (tmp_path / "ttp/cgroup.procs").read_text() == "0"
    cgroup.enter(tmp_path, "ttp", 64 << 20)


def test_a_worker_without_a_budget_has_no_limit(tmp_path: Path) -> None:
    cgroup.enter(tmp_path, "free", 0)
    assert not (tmp_path / "free/memory.max").exists()


def test_caches_are_not_what_a_worker_holds(tmp_path: Path) -> None:
    (tmp_path / "ttp").mkdir()
    (tmp_path / "ttp/memory.stat").write_text("anon 4096\nfile 8192\nanon_thp 2097152\n")
    assert cgroup.used_bytes(tmp_path, "ttp") == 4096
    assert cgroup.used_bytes(tmp_path, "gone") == 0
