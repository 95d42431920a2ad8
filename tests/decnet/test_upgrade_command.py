# SPDX-License-Identifier: MIT
"""`decnet upgrade --check`: what another version still needs here."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment
from decnet.installation import upgrade
from decnet_core.setup.plan import Action, FileChange
from decnet_models.database.engine import open_engine, writing


@pytest.fixture(autouse=True)
def _no_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the host of the tests has in /etc does not matter."""
    monkeypatch.setattr(upgrade, "_units_are_ours", lambda: False)


@pytest.mark.usefixtures("deployment")
def test_nothing_has_to_be_done_for_a_fleet_of_this_version(run: Run) -> None:
    said = run("upgrade", "--check")
    assert (said.code, said.err) == (0, "")
    assert "everything here is of this version" in said.out


def test_an_older_database_is_to_be_copied_then_migrated(run: Run, deployment: Deployment) -> None:
    engine = open_engine(deployment.database_url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    said = run("upgrade", "--check")
    assert said.code == 1
    assert said.out.index("decnet-db backup") < said.out.index("decnet-db upgrade")
    assert run("upgrade").code == 0


@pytest.mark.usefixtures("deployment")
def test_settings_that_this_version_does_not_know_are_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.toml").write_text("[canary]\nhttp_lisen = 'x'\n")
    os.environ["DECNET_SETTINGS"] = str(tmp_path / "old.toml")
    found = run("upgrade", "--json").document["steps"]
    assert any("http_listen" in step["what"] and step["command"] == "decnet config edit" for step in found)


@pytest.mark.usefixtures("deployment")
def test_units_that_would_be_written_otherwise_are_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    change = FileChange("/etc/systemd/system/decnet-bus.service", Action.UPDATE, "a", "b")
    monkeypatch.setattr(upgrade, "_units_are_ours", lambda: True)
    monkeypatch.setattr(upgrade, "plan", lambda *_: SimpleNamespace(pending=[change]))
    found = run("upgrade", "--json").document["steps"]
    assert [step["command"] for step in found] == ["decnet init"]
    assert "/etc/systemd/system/decnet-bus.service" in found[0]["what"]
