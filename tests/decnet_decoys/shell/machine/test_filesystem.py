# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.memory_budget import MemoryBudget, MemoryLease
from decnet_decoys.shell.machine.access import KERNEL, Access
from decnet_decoys.shell.machine.filesystem import MAX_ENTRIES, FileSystem
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry, Identity, Tree

NOBODY = Access(Identity(1000, frozenset((1000,))))


def some_files(limit: int = 10_000) -> FileSystem:
    tree = Tree()
    tree.put("/etc/passwd", Entry("file", 0o644, content=b"root"))
    tree.put("/etc/secret", Entry("file", 0o600, content=b"s"))
    tree.put("/bin", Entry("link", 0o777, target="usr/bin"))
    tree.put("/usr/bin/ls", Entry("file", 0o755, content=b"elf"))
    tree.put("/loop", Entry("link", 0o777, target="/loop"))
    tree.put("/tmp", Entry("dir", 0o1777))
    return FileSystem(tree, limit, MemoryLease(MemoryBudget(1 << 20)))


def remove_tree(files: FileSystem, path: str) -> None:
    for below, _ in reversed(list(files.walk(files.locate(path, follow=False)))):
        files.remove(below, KERNEL)


def test_a_link_leads_to_its_target() -> None:
    files = some_files()
    assert files.locate("/bin/ls") == "/usr/bin/ls"
    assert files.locate("../bin/./ls", Access(cwd="/tmp")) == "/usr/bin/ls"
    with pytest.raises(FileSystemError, match="Too many levels"):
        files.stat("/loop")


def test_the_root_has_no_parent() -> None:
    assert some_files().locate("../../../etc/passwd", Access(cwd="/etc")) == "/etc/passwd"


def test_who_may_not_search_a_directory_finds_nothing_below_it() -> None:
    files = some_files()
    files.mkdir("/root", KERNEL)
    files.write("/root/.bashrc", b"alias", KERNEL)
    files.mkdir("/root/open", KERNEL)
    files.change("/root", KERNEL, mode=0o700)
    for path in ("/root/.bashrc", "/root/open/x", "../root/.bashrc", "/root/nope/x"):
        with pytest.raises(FileSystemError, match="Permission denied"):
            files.stat(path, NOBODY._replace(cwd="/tmp"))
    with pytest.raises(FileSystemError, match="Permission denied"):
        files.read("/root/.bashrc", NOBODY)
    assert files.stat("/root", NOBODY).kind == "dir"
    assert files.read("/root/.bashrc") == b"alias"
    below = NOBODY._replace(cwd="/root/open")  # who is there already needs no way to it
    files.write("/root/open/note", b"n", KERNEL)
    assert files.read("note", below) == b"n"
    with pytest.raises(FileSystemError, match="Permission denied"):
        files.read("../.bashrc", below)


def test_permissions_hold() -> None:
    files = some_files()
    with pytest.raises(FileSystemError, match="Permission denied"):
        files.read("/etc/secret", NOBODY)
    with pytest.raises(FileSystemError, match="Permission denied"):
        files.write("/etc/new", b"x", NOBODY)
    assert files.read("/etc/secret", KERNEL) == b"s"
    files.write("/tmp/new", b"x", NOBODY)


def test_what_is_removed_is_gone_and_can_come_again() -> None:
    files = some_files()
    remove_tree(files, "/etc")
    assert files.names("/") == ["bin", "loop", "tmp", "usr"]
    files.mkdir("/etc", KERNEL)
    assert files.names("/etc") == []


def test_a_full_disk_refuses() -> None:
    files = some_files(limit=100)
    files.write("/tmp/a", bytes(90), KERNEL)
    with pytest.raises(FileSystemError, match="No space left"):
        files.write("/tmp/b", bytes(20), KERNEL)
    files.remove("/tmp/a", KERNEL)
    files.write("/tmp/b", bytes(20), KERNEL)


def test_sessions_share_one_memory_and_give_it_back() -> None:
    budget = MemoryBudget(10_000)
    first, second = MemoryLease(budget), MemoryLease(budget)
    files, others = FileSystem(Tree(), 10_000, first), FileSystem(Tree(), 10_000, second)
    files.write("/a", bytes(8000), KERNEL)
    with pytest.raises(FileSystemError, match="No space left"):
        others.write("/b", bytes(3000), KERNEL)
    assert budget.refused == 1
    first.close()
    others.write("/b", bytes(3000), KERNEL)
    assert budget.left == 10_000 - 3000 - 512


@pytest.mark.parametrize("replaced", [True, False], ids=["replaced", "removed"])
def test_what_is_read_is_counted_until_nobody_reads_it(replaced: bool) -> None:
    budget = MemoryBudget(10_000)
    files = FileSystem(Tree(), 10_000, MemoryLease(budget))
    files.write("/a", bytes(4000), KERNEL)
    content = files.read("/a", KERNEL)
    first, second = files.reading(content), files.reading(content)
    if replaced:
        files.write("/a", bytes(3000), KERNEL)
    else:
        files.remove("/a", KERNEL)
    left = 10_000 - 4000 - 512 - 3000 * replaced
    assert budget.left == left
    with pytest.raises(FileSystemError, match="No space left"):
        files.write("/a", bytes(6000), KERNEL)
    del first
    assert budget.left == left
    del second
    assert budget.left == left + 4000


def test_what_is_read_when_the_disk_goes_is_given_back_once() -> None:
    budget = MemoryBudget(10_000)
    lease = MemoryLease(budget)
    files = FileSystem(Tree(), 10_000, lease)
    files.write("/a", bytes(4000), KERNEL)
    reading = files.reading(files.read("/a", KERNEL))
    files.write("/a", b"", KERNEL)
    lease.close()
    del reading
    assert budget.left == 10_000


def test_the_number_of_changes_is_bounded() -> None:
    files = some_files()
    for number in range(MAX_ENTRIES):
        files.write(f"/tmp/{number}", b"", KERNEL)
    with pytest.raises(FileSystemError, match="No space left"):
        files.write("/tmp/more", b"", KERNEL)


def test_a_directory_moves_with_all_below_it() -> None:
    files = some_files()
    files.rename("/usr", "/u", KERNEL)
    assert files.read("/u/bin/ls", KERNEL) == b"elf"
    assert not files.exists("/usr")
    with pytest.raises(FileSystemError, match="Invalid argument"):
        files.rename("/u", "/u/bin/x", KERNEL)


PATHS = st.lists(st.sampled_from(["a", "b", "..", ".", "", "tmp", "loop", "bin", "etc"]), max_size=8).map("/".join)
ACTIONS = st.lists(
    st.tuples(st.sampled_from(["write", "mkdir", "remove", "rename", "link", "names"]), PATHS, PATHS), max_size=30
)


@given(ACTIONS)
def test_any_sequence_of_changes_leaves_a_tree(actions: list[tuple[str, str, str]]) -> None:
    files = some_files()
    for action, one, other in actions:
        try:
            if action == "write":
                files.write(one, b"x", KERNEL)
            elif action == "rename":
                files.rename(one, other, KERNEL)
            elif action == "link":
                files.link(other, one, KERNEL)
            elif action == "remove":
                remove_tree(files, one)
            elif action == "mkdir":
                files.mkdir(one, KERNEL)
            else:
                files.names(one)
        except FileSystemError:
            continue
    seen = [path for path, _ in files.walk("/")]
    assert len(seen) == len(set(seen))
    assert all(path == "/" or files.stat(path.rpartition("/")[0] or "/").kind == "dir" for path in seen)
