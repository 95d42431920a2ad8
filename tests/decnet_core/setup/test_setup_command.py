# SPDX-License-Identifier: MIT
"""`decnet-supervise init` needs nothing but the core: it sets up whatever is installed beside it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from decnet_core.setup.host import Host
from decnet_core.supervise.command import main

UNIT = "etc/systemd/system/decnet-supervise@sensor.service"


def set_up(root: Path, *options: str) -> int:
    return main(["init", "--prefix", str(root), "--bin", "/opt/decnet/bin", *options])


def test_unit_runs_the_supervisor_from_where_it_is(tmp_path: Path) -> None:
    assert set_up(tmp_path) == 0
    assert "ExecStart=/opt/decnet/bin/decnet-supervise --separate bus" in (tmp_path / UNIT).read_text()
    settings = tomllib.loads((tmp_path / "etc/decnet/decnet.toml").read_text())
    assert settings["state"] == {"dir": "/var/lib/decnet"}
    assert Host(tmp_path).record().role == "sensor"


def test_dry_run_writes_nothing_and_prints_all_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set_up(tmp_path, "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["dry_run"] is True
    assert {"path": f"/{UNIT}", "action": "create"}.items() <= {
        key: value for file in told["files"] if file["path"] == f"/{UNIT}" for key, value in file.items()
    }.items()
    assert list(tmp_path.iterdir()) == []


def test_unreadable_settings_are_reported_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "etc/decnet").mkdir(parents=True)
    (tmp_path / "etc/decnet/decnet.toml").write_text("[state\n")
    assert set_up(tmp_path) == 78
    assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "etc/decnet/installed.json").write_text("{")
    assert set_up(tmp_path) == 78


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ('[bus]\ntcp = "127.0.0.1:4222"\ntcp_token = "hidden"\n', "DECNET_BUS_TCP_TOKEN"),
        ('[database]\nurl = "postgresql+psycopg://decnet:hidden@db/decnet"\n', "DECNET_DATABASE_URL"),
    ],
)
def test_a_secret_in_the_settings_that_all_workers_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, instead: str
) -> None:
    (tmp_path / "etc/decnet").mkdir(parents=True)
    (tmp_path / "etc/decnet/decnet.toml").write_text(text)
    assert set_up(tmp_path) == 78
    said = capsys.readouterr().err
    assert instead in said
    assert "decnet.env" in said
    assert "hidden" not in said
    assert not (tmp_path / UNIT).exists()


def test_help_names_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["init", "--help"])
    assert end.value.code == 0
    assert "sensor" in capsys.readouterr().out
