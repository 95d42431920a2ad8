# SPDX-License-Identifier: MIT
"""The life that a zygote lives before it forks leaves nothing behind but what it warmed."""

from __future__ import annotations

import logging
import os
import signal
import threading
from pathlib import Path

import pytest

from decnet_core.supervise.preload import rehearsal


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def test_it_leaves_no_descriptor_thread_handler_or_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rehearsal.rehearse()  # the first imports what it needs
    root = logging.getLogger()
    before = descriptors(), threading.active_count(), root.handlers[:], root.level
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    rehearsal.rehearse()
    assert (descriptors(), threading.active_count(), root.handlers[:], root.level) == before
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert list(tmp_path.iterdir()) == []


def test_it_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    rehearsal.rehearse()
    assert capfd.readouterr() == ("", "")


def test_a_signal_in_the_middle_of_it_is_met_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[int] = []
    previous = signal.signal(signal.SIGHUP, lambda number, _: met.append(number))
    live = rehearsal._live

    async def interrupted(*arguments: object) -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGHUP)  # a zygote has no other thread to take it
        await live(*arguments)  # type: ignore[arg-type]
        assert met == []

    try:
        monkeypatch.setattr(rehearsal, "LIVES", 1)
        monkeypatch.setattr(rehearsal, "_live", interrupted)
        rehearsal.rehearse()
        assert met == [signal.SIGHUP]
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_a_directory_that_cannot_be_had_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError):
        rehearsal.rehearse()
