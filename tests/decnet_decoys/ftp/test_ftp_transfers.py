# SPDX-License-Identifier: MIT
"""An upload that is written over a part of a file (REST, then STOR): its bytes, and the memory that it takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from decnet_decoys.ftp.transfers import _write_over
from decnet_decoys.memory_budget import MemoryBudget, MemoryLease


class Files:
    def __init__(self, content: bytes, lease: MemoryLease) -> None:
        self.content = content
        self.held_when_written = 0
        self._lease = lease

    def read(self, _path: str, _access: object) -> bytes:
        return self.content

    def write(self, _path: str, data: bytes, _access: object) -> None:
        self.content, self.held_when_written = data, self._lease.held


def client(content: bytes, memory: int = 1000, most: int = 100) -> Any:
    lease = MemoryLease(MemoryBudget(memory))
    limits = SimpleNamespace(limits=SimpleNamespace(upload_bytes=most))
    recorder = SimpleNamespace(context=SimpleNamespace(settings=limits))
    return SimpleNamespace(
        shell=SimpleNamespace(files=Files(content, lease), access=None, lease=lease), recorder=recorder
    )


@pytest.mark.parametrize(
    ("place", "data", "after"),
    [
        (4, b"AB", b"0123AB6789"),
        (8, b"wxyz", b"01234567wxyz"),
        (12, b"z", b"0123456789\0\0z"),
        (98, b"wxyz", b"0123456789" + bytes(88) + b"wx"),
    ],
)
def test_upload_is_written_over_what_follows_its_place(place: int, data: bytes, after: bytes) -> None:
    one = client(b"0123456789")
    assert _write_over(one, "x", place, data)
    assert one.shell.files.content == after
    assert one.shell.files.held_when_written >= len(after)
    assert one.shell.lease.held == 0


def test_file_stays_as_it_is_without_memory_for_a_new_one() -> None:
    one = client(b"0123456789", memory=5)
    assert not _write_over(one, "x", 4, b"AB")
    assert one.shell.files.content == b"0123456789"
    assert one.shell.lease.held == 0
