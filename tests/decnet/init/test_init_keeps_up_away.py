# SPDX-License-Identifier: MIT
"""`decnet up` leaves the directories alone that belong to the units' accounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from decnet.command import main
from decnet_core.units.folders import tmpfiles
from decnet_core.units.job import Site


def test_up_refuses_the_state_directory_of_the_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = [line for line in tmpfiles((), Site(programs="/b")).splitlines() if line.split()[1].endswith("/run")]
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(int(line.split()[2], 8))
    monkeypatch.setenv("DECNET_STATE_DIR", str(tmp_path))
    assert main(["up", "--plain", "--for", "0"]) == 78
    assert "systemctl start decnet.target" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
