# SPDX-License-Identifier: MIT
"""When a zygote prepares its memory for sharing, and that it says so when it does not."""

from __future__ import annotations

import gc
import sys
from types import SimpleNamespace

import pytest

from decnet_core.supervise.preload import before_fork, heap_fill, refcounts, rehearsal


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that were taken; none of them happens to this process."""
    taken: list[str] = []
    monkeypatch.delenv("DECNET_SUPERVISE_SHARE_MEMORY", raising=False)
    monkeypatch.setattr(refcounts, "make_immortal", lambda: taken.append("refcounts"))
    monkeypatch.setattr(heap_fill, "fill", lambda: taken.append("heap"))
    monkeypatch.setattr(gc, "freeze", lambda: taken.append("freeze"))
    monkeypatch.setattr(rehearsal, "rehearse", lambda: taken.append("rehearsal"))
    return taken


def test_memory_is_shared_on_a_python_where_that_was_measured(
    steps: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(before_fork, "unverified", lambda: "")
    before_fork.preload([])
    assert steps == ["rehearsal", "refcounts", "heap", "freeze"]
    assert caplog.text == ""


def test_a_setting_turns_it_off(
    steps: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DECNET_SUPERVISE_SHARE_MEMORY", "false")
    before_fork.preload([])
    assert steps == ["rehearsal", "freeze"]
    assert caplog.text == ""


def test_an_unknown_python_is_named_in_one_line_and_left_alone(
    steps: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(before_fork, "sys", as_python((3, 14)))
    before_fork.preload([])
    assert steps == ["rehearsal", "freeze"]
    [record] = caplog.records
    assert record.getMessage() == (
        "cpython 3.14 was not measured; workers are forked without [supervise] share_memory and use more memory"
    )


@pytest.mark.parametrize(
    ("version", "abiflags", "name", "reason"),
    [
        ((3, 11), "", "cpython", ""),
        ((3, 13), "t", "cpython", "cpython 3.13t was not measured"),
        ((3, 13), "d", "cpython", "cpython 3.13d was not measured"),
        ((3, 11), "", "pypy", "pypy 3.11 was not measured"),
    ],
)
def test_what_is_verified(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], abiflags: str, name: str, reason: str
) -> None:
    monkeypatch.setattr(before_fork, "sys", as_python(version, abiflags, name))
    assert before_fork.unverified() == reason


def test_a_build_that_counts_in_another_way_is_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(before_fork, "sys", as_python((3, 13)))
    monkeypatch.setattr(refcounts, "supported", lambda: False)
    assert before_fork.unverified() == "this build of cpython 3.13 stores reference counts in another way"
    monkeypatch.setattr(refcounts, "supported", lambda: True)
    assert before_fork.unverified() == ""


def as_python(version: tuple[int, int], abiflags: str = "", name: str = "cpython") -> SimpleNamespace:
    return SimpleNamespace(
        version_info=(*version, 0), abiflags=abiflags, implementation=SimpleNamespace(name=name), modules=sys.modules
    )
