# SPDX-License-Identifier: MIT
"""Objects that are no longer counted: in processes of their own, for there is no way back."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

from decnet_core.supervise.preload import refcounts

KNOWN = sys.implementation.name == "cpython" and sys.version_info[:2] in ((3, 12), (3, 13)) and sys.abiflags == ""


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_is_supported_where_the_layout_is_known() -> None:
    assert refcounts.supported() == KNOWN


def test_without_immortal_objects_nothing_happens() -> None:
    done = run("""
        import sys
        from decnet_core.supervise.preload.refcounts import make_immortal
        from decnet_core.supervise.preload import refcounts
        one = [object()]
        before = sys.getrefcount(one[0])
        refcounts.supported = lambda: refcounts.__name__ == ""
        assert make_immortal() == 0
        assert sys.getrefcount(one[0]) == before
    """)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "difference",
    [
        {"version_info": (3, 14, 0)},
        {"abiflags": "t"},
        {"abiflags": "d"},
        {"implementation": SimpleNamespace(name="pypy")},
        {"maxsize": (1 << 31) - 1},
        {"byteorder": "big"},
        {"getrefcount": lambda _: 0xC0000000},
        {"getobjects": list},
    ],
    ids=lambda difference: next(iter(difference)),
)
def test_an_interpreter_that_differs_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, difference: dict[str, object]
) -> None:
    as_known = {
        "version_info": (3, 13, 0),
        "abiflags": "",
        "implementation": SimpleNamespace(name="cpython"),
        "maxsize": sys.maxsize,
        "byteorder": "little",
        "getrefcount": lambda _: refcounts.IMMORTAL,
    }
    monkeypatch.setattr(refcounts, "_counts_are_first", lambda: True)
    monkeypatch.setattr(refcounts, "sys", SimpleNamespace(**as_known))
    assert refcounts.supported()
    monkeypatch.setattr(refcounts, "sys", SimpleNamespace(**as_known | difference))
    assert not refcounts.supported()
    assert refcounts.make_immortal() == 0
