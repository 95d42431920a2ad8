# SPDX-License-Identifier: MIT
from __future__ import annotations

import json
from pathlib import Path

from decnet_decoys.evidence.recording import Recording, commands_in, finish


def test_a_recording_is_asciicast_of_version_2(tmp_path: Path) -> None:
    cast = Recording(tmp_path / "a", columns=100, rows=30, started=5, terminal="xterm", limit_bytes=10_000)
    cast.typed(0.5, b"ls\r")
    cast.command(0.6, "ls")
    cast.shown(0.7, b"gr\xc3")
    cast.shown(0.8, b"\xbcn \xff")
    cast.close()
    lines = [json.loads(line) for line in (tmp_path / "a").read_text().splitlines()]
    assert lines[0] == {"version": 2, "width": 100, "height": 30, "timestamp": 5, "env": {"TERM": "xterm"}}
    assert lines[1:] == [[0.5, "i", "ls\r"], [0.6, "m", "ls"], [0.7, "o", "gr"], [0.8, "o", "ün \ufffd"]]
    assert commands_in(tmp_path / "a") == 1


def test_a_recording_stops_at_its_limit(tmp_path: Path) -> None:
    cast = Recording(tmp_path / "a", columns=80, rows=24, started=5, terminal=None, limit_bytes=500)
    for _ in range(100):
        cast.shown(1.0, b"x" * 50)
    cast.close()
    assert cast.full
    assert (tmp_path / "a").stat().st_size <= 500
    assert all(json.loads(line) for line in (tmp_path / "a").read_text().splitlines())


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b'{"version":2}\n[1.0,"o","x"]\n[2.0,"o')
    finish(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b'{"version":2}\n[1.0,"o","x"]\n'
