# SPDX-License-Identifier: MIT
"""A host that is set up as a sensor: by either command, after its enrolment, and never a master by mistake."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from tests.decnet_swarm.swarm_pki import master, sensor

from decnet.command import main
from decnet_core.supervise.command import main as supervise
from decnet_swarm.pki import files

SETTINGS = "etc/decnet/decnet.toml"
UNIT = "etc/systemd/system/decnet-supervise@sensor.service"
OPTIONS = ("--bin", "/opt/decnet/bin")


def content(root: Path) -> dict[str, str]:
    found = (path for path in (root / "etc").rglob("*") if path.is_file() and path.name != "installed.json")
    return {str(path.relative_to(root)): path.read_text() for path in found}


def set_up(root: Path, *options: str) -> int:
    return supervise(["init", "--prefix", str(root), *OPTIONS, *options])


@pytest.fixture
def enrolled(tmp_path: Path) -> Path:
    """Return the root file system of a host that has enrolled and nothing else."""
    master(tmp_path / "master")
    root = tmp_path / "root"
    sensor(tmp_path / "master", files.forwarder_folder(root / "var/lib/decnet"), server="master.example:6514")
    return root


def test_enrolled_host_gets_settings_with_its_name_and_master(enrolled: Path) -> None:
    assert set_up(enrolled) == 0
    found = tomllib.loads((enrolled / SETTINGS).read_text())
    assert found["state"] == {"dir": "/var/lib/decnet", "sensor": "berlin-1"}
    assert found["forwarder"] == {"server": "master.example:6514"}
    assert "database" not in found
    assert not {"ingest", "webhook", "decoys", "listener"} & found.keys()
    assert "swarm/forwarder" in (enrolled / UNIT).read_text()
    before = content(enrolled)
    assert set_up(enrolled) == 0
    assert content(enrolled) == before


def test_both_commands_make_the_same_sensor(enrolled: Path, tmp_path: Path) -> None:
    assert set_up(enrolled) == 0
    before = content(enrolled)
    assert set_up(enrolled, "--remove") == 0
    assert content(enrolled) == {}
    assert main(["init", "--role", "sensor", "--prefix", str(enrolled), *OPTIONS]) == 0
    assert content(enrolled) == before
    assert main(["init", "--prefix", str(enrolled), *OPTIONS]) == 0, "it is still a sensor"
    assert content(enrolled) == before


def test_worker_that_waits_for_a_setting_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set_up(tmp_path) == 0
    said = capsys.readouterr().out
    assert "off: forwarder, until you set server below [forwarder]" in said
    assert "off: sniff, until you set interfaces below [sniff]" in said
    assert "listener" not in said


def test_master_is_made_a_sensor_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--prefix", str(tmp_path), *OPTIONS]) == 0
    before = content(tmp_path)
    assert set_up(tmp_path) == 78
    assert "--force" in capsys.readouterr().err
    assert main(["init", "--role", "sensor", "--prefix", str(tmp_path), *OPTIONS]) == 78
    assert content(tmp_path) == before
    assert set_up(tmp_path, "--force") == 0
    assert not (tmp_path / "etc/systemd/system/decnet-ingest.service").exists()


def test_edited_settings_are_kept_and_a_worker_that_they_switch_on_joins(tmp_path: Path) -> None:
    assert set_up(tmp_path) == 0
    settings = tmp_path / SETTINGS
    settings.write_text(settings.read_text().replace("#interfaces = []", 'interfaces = ["eth0"]'))
    target = tmp_path / "etc/systemd/system/decnet.target"
    sniff = tmp_path / "etc/systemd/system/decnet-sniff.service"
    assert "sniff" not in target.read_text()
    assert set_up(tmp_path) == 0
    assert 'interfaces = ["eth0"]' in settings.read_text()
    assert "CAP_NET_RAW" in sniff.read_text()
    assert "decnet-sniff.service" in target.read_text()
    assert "CAP_NET_RAW" not in (tmp_path / UNIT).read_text()


def test_file_that_somebody_changed_is_in_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set_up(tmp_path) == 0
    unit = tmp_path / UNIT
    unit.write_text(unit.read_text() + "Nice=5\n")
    assert set_up(tmp_path, "--bin", "/usr/bin") == 1
    assert "was changed by hand" in capsys.readouterr().err
    assert set_up(tmp_path, "--remove") == 1
    assert set_up(tmp_path, "--remove", "--force") == 0
    assert content(tmp_path) == {}


def test_an_unsuitable_host_is_reported_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert supervise(["init", "--bin", "/home/someone/.venv/bin"]) == 78
    assert capsys.readouterr().err.count("\n") == 1
