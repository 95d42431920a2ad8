# SPDX-License-Identifier: MIT
"""`decnet init` on a root file system: written once, told apart from the operator's edits, taken away whole."""

from __future__ import annotations

import errno
import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from decnet.command import main
from decnet_core.durable import replace_file
from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings

UNIT = "etc/systemd/system/decnet-ingest.service"
SETTINGS = "etc/decnet/decnet.toml"
ENVIRONMENT = "etc/decnet/decnet.env"


def init(root: Path, *options: str) -> int:
    return main(["init", "--prefix", str(root), "--bin", "/opt/decnet/bin", *options])


def actions(root: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, str]:
    capsys.readouterr()
    assert init(root, "--json", "--dry-run", *options) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {file["path"].lstrip("/"): file["action"] for file in document["files"]}


def content(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_every_installed_worker_gets_its_unit(tmp_path: Path) -> None:
    assert init(tmp_path) == 0
    for name in worker_registry.wanted(Settings({}, {}, "defaults")):
        assert (tmp_path / f"etc/systemd/system/decnet-{name}.service").exists()
    assert (tmp_path / SETTINGS).stat().st_mode & 0o777 == 0o640
    assert (tmp_path / ENVIRONMENT).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / UNIT).stat().st_mode & 0o777 == 0o644


def test_a_second_run_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init(tmp_path)
    before = content(tmp_path)
    capsys.readouterr()
    assert init(tmp_path) == 0
    assert "nothing to change" in capsys.readouterr().out
    assert content(tmp_path) == before


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path, "--dry-run") == 0
    assert list(tmp_path.iterdir()) == []
    assert "create    /etc/decnet/decnet.toml" in capsys.readouterr().out


def test_a_dry_run_shows_what_the_files_would_contain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init(tmp_path, "--dry-run")
    said = capsys.readouterr().out
    assert "    [Service]\n" in said
    assert "    ProtectSystem=strict\n" in said
    assert "    [canary]\n" in said


@pytest.mark.parametrize(
    "written", ['[canary]\ndns_listen = "127.77.0.1:53"\n', "[database]\n# mine\n", "", "[database]"]
)
def test_settings_that_were_there_first_are_kept_and_learn_where_the_database_is(tmp_path: Path, written: str) -> None:
    (tmp_path / "etc/decnet").mkdir(parents=True)
    (tmp_path / SETTINGS).write_text(written)
    assert init(tmp_path) == 0
    found = tomllib.loads((tmp_path / SETTINGS).read_text())
    assert found.pop("database") == {"url": "sqlite:////var/lib/decnet/database/decnet.db"}
    assert found == {name: table for name, table in tomllib.loads(written).items() if name != "database"}
    before = content(tmp_path)
    assert init(tmp_path) == 0
    assert content(tmp_path) == before


def test_a_database_that_the_operator_chose_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "etc/decnet").mkdir(parents=True)
    chosen = '[database]\nurl = "sqlite:////srv/decnet.db"\n'
    (tmp_path / SETTINGS).write_text(chosen)
    assert init(tmp_path) == 0
    assert (tmp_path / SETTINGS).read_text() == chosen


def test_edited_settings_are_kept_and_shape_the_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init(tmp_path)
    settings = tmp_path / SETTINGS
    settings.write_text(settings.read_text().replace('#dns_listen = "127.77.0.1:8853"', 'dns_listen = "0.0.0.0:53"'))
    found = actions(tmp_path, capsys)
    assert found[SETTINGS] == "keep"
    assert found["etc/systemd/system/decnet-canary.service"] == "update"
    assert init(tmp_path) == 0
    assert 'dns_listen = "0.0.0.0:53"' in settings.read_text()
    assert "CAP_NET_BIND_SERVICE" in (tmp_path / "etc/systemd/system/decnet-canary.service").read_text()


def test_an_edited_unit_is_shown_and_replaced_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init(tmp_path)
    unit = tmp_path / UNIT
    unit.write_text(unit.read_text() + "Nice=5\n")
    assert actions(tmp_path, capsys)[UNIT] == "keep"
    options = ("--bin", "/usr/bin")
    assert init(tmp_path, *options) == 1
    said = capsys.readouterr().err
    assert "-Nice=5" in said
    assert "--force" in said
    assert "Nice=5" in unit.read_text()
    assert "/usr/bin/decnet-bus" not in (tmp_path / "etc/systemd/system/decnet-bus.service").read_text()
    assert init(tmp_path, "--force", *options) == 0
    assert "-Nice=5" in capsys.readouterr().out
    assert "Nice=5" not in unit.read_text()


def test_removing_leaves_what_was_there_before(tmp_path: Path) -> None:
    other = tmp_path / "etc/systemd/system/other.service"
    other.parent.mkdir(parents=True)
    other.write_text("[Service]\n")
    init(tmp_path)
    assert init(tmp_path, "--remove") == 0
    assert content(tmp_path) == {"etc/systemd/system/other.service": "[Service]\n"}
    assert sorted(path.name for path in (tmp_path / "etc").iterdir()) == ["systemd"]
    assert init(tmp_path, "--remove") == 0


@pytest.mark.parametrize("fits", [0, 1, 2, 9])
def test_what_a_full_disk_has_stopped_can_be_removed_or_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fits: int
) -> None:
    left = iter(range(fits))

    def full(path: Path, content: bytes, mode: int) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace_file(path, content, mode)

    for finished in (False, True):
        left = iter(range(fits))
        with monkeypatch.context() as patched:
            patched.setattr("decnet_core.setup.host.replace_file", full)
            assert init(tmp_path) == 78
        assert re.search(r"cannot change /.*: No space left on device", capsys.readouterr().err)
        if finished:
            assert init(tmp_path) == 0
        assert init(tmp_path, "--remove") == 0
        assert content(tmp_path) == {}


def test_units_whose_record_was_lost_are_known_again_after_another_init(tmp_path: Path) -> None:
    init(tmp_path)
    shutil.rmtree(tmp_path / "etc/decnet")
    assert init(tmp_path) == 0
    assert init(tmp_path, "--remove") == 0
    assert content(tmp_path) == {}


def test_removing_leaves_settings_that_were_edited_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init(tmp_path)
    edited = (tmp_path / SETTINGS).read_text() + "# ours\n"
    (tmp_path / SETTINGS).write_text(edited)
    capsys.readouterr()
    assert init(tmp_path, "--remove") == 0
    assert "/etc/decnet/decnet.toml stays, for you have edited it" in capsys.readouterr().out
    assert content(tmp_path) == {SETTINGS: edited}
    assert init(tmp_path) == 0
    assert (tmp_path / SETTINGS).read_text() == edited


def test_removing_asks_for_force_where_a_unit_was_edited(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / SETTINGS).write_text("[runtime]\nlog_level = 'debug'\n")
    (tmp_path / UNIT).write_text((tmp_path / UNIT).read_text() + "Nice=5\n")
    assert init(tmp_path, "--remove") == 1
    assert (tmp_path / UNIT).exists()
    assert init(tmp_path, "--remove", "--force") == 0
    assert content(tmp_path) == {}


def test_the_unit_of_a_worker_that_is_gone_goes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init(tmp_path)
    names = tuple(name for name in worker_registry.names() if name != "ttp")
    monkeypatch.setattr(worker_registry, "names", lambda: names)
    assert init(tmp_path) == 0
    assert not (tmp_path / "etc/systemd/system/decnet-ttp.service").exists()


def test_the_target_starts_groups_when_asked(tmp_path: Path) -> None:
    assert init(tmp_path, "--hosting", "groups") == 0
    text = (tmp_path / "etc/systemd/system/decnet.target").read_text()
    assert "decnet-supervise@herd.service" in text
    assert "decnet-ingest.service" not in text


def test_a_host_whose_services_could_not_see_the_programs_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--bin", "/home/someone/.venv/bin"]) == 78
    said = capsys.readouterr().err
    assert "/home" in said or "root" in said
    assert said.count("\n") == 1


def test_a_wrong_setting_is_reported_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "etc/decnet").mkdir(parents=True)
    (tmp_path / SETTINGS).write_text("[canary]\nhttp_lisen = 'x'\n")
    assert init(tmp_path) == 78
    assert "http_listen" in capsys.readouterr().err
    assert list(content(tmp_path)) == [SETTINGS]


def test_the_environment_file_counts_as_it_does_for_the_units(tmp_path: Path) -> None:
    init(tmp_path)
    environment = tmp_path / ENVIRONMENT
    environment.write_text('# ours\nDECNET_DATABASE_URL="postgresql+psycopg://d@db.example.net/d"\n')
    assert init(tmp_path) == 0
    assert "PrivateNetwork=no" in (tmp_path / UNIT).read_text()
    assert environment.read_text().startswith("# ours")


@pytest.mark.parametrize(
    "options", [(), ("--json",), ("--dry-run", "--json"), ("--remove",), ("--remove", "--dry-run", "--json")]
)
def test_a_secret_of_the_environment_file_is_never_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    init(tmp_path)
    with (tmp_path / ENVIRONMENT).open("a") as file:
        file.write("DECNET_DATABASE_URL=postgresql+psycopg://d:hunter2@db.example.net/d\n")
    init(tmp_path, *options)
    said = capsys.readouterr()
    assert "hunter2" not in said.out + said.err


def test_a_host_with_broken_settings_can_still_be_cleaned(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / SETTINGS).write_text("[canary\n")
    assert init(tmp_path, "--remove", "--force") == 0
    assert content(tmp_path) == {}


def test_a_dry_run_shows_also_what_only_force_would_replace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init(tmp_path)
    unit = tmp_path / UNIT
    unit.write_text(unit.read_text() + "Nice=5\n")
    capsys.readouterr()
    assert init(tmp_path, "--dry-run", "--bin", "/usr/bin") == 0
    said = capsys.readouterr().out
    assert f"conflict  /{UNIT}" in said
    assert "-Nice=5" in said
