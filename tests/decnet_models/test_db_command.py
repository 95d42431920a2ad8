# SPDX-License-Identifier: MIT
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from decnet_models.command import app
from decnet_models.database.engine import open_engine, writing
from decnet_models.migrations.chain import newest_revision


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_upgrade_makes_a_database_and_says_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'decnet.db'}"
    assert run("upgrade", "--url", url) == (0, f"{url} upgraded from nothing to {newest_revision()}\n")
    assert run("upgrade", "--url", url) == (0, f"{url} is already at {newest_revision()}\n")
    code, output = run("current", "--url", url, "--json")
    assert code == 0
    assert json.loads(output)["current"] == newest_revision()
    assert run("check", "--url", url) == (0, f"{url}: schema and classes agree, nothing is damaged\n")
    assert run("check", "--quick", "--url", url) == (0, f"{url}: schema and classes agree\n")


def test_the_settings_say_where_the_database_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECNET_STATE_DIR", str(tmp_path / "state"))
    assert run("upgrade")[0] == 0
    assert (tmp_path / "state" / "decnet.db").exists()
    settings = tmp_path / "decnet.toml"
    settings.write_text(f'[database]\nurl = "sqlite:///{tmp_path / "other.db"}"\n')
    assert run("upgrade", "--settings", str(settings))[0] == 0
    assert (tmp_path / "other.db").exists()


def test_check_fails_and_names_the_difference(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        connection.execute(text("DROP INDEX ix_event_ts"))
    engine.dispose()
    code, output = run("check", "--url", sqlite_url)
    assert (code, output) == (1, "this database: add index event.ix_event_ts\n")
    assert json.loads(run("check", "--url", sqlite_url, "--json")[1])["differences"]


def test_an_old_database_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = open_engine(url, create=True)
    engine.connect().close()
    engine.dispose()
    code, output = run("current", "--url", url)
    assert code == 1
    assert "decnet-db upgrade" in output
    assert run("check", "--url", url)[0] == 2


@pytest.mark.parametrize("command", ["current", "check", "upgrade", "backup"])
def test_a_newer_versions_database_is_refused_with_what_can_be_done(
    command: str, sqlite_url: str, tmp_path: Path
) -> None:
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
        connection.execute(text("UPDATE schema_floor SET revision = '9999_future'"))
    engine.dispose()
    code, output = run(command, *([str(tmp_path / "backup")] if command == "backup" else []), "--url", sqlite_url)
    assert code == (1 if command == "current" else 2)
    assert "newer" in output
    assert "install the newer version" in output
    assert "decnet-db upgrade" not in output
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("command", ["current", "check", "upgrade"])
@pytest.mark.parametrize("url", ["nonsense", "sqlite:////nowhere/at/all.db", "postgresql://nobody@/x?host=/nowhere"])
def test_what_cannot_be_used_is_a_sentence_and_exit_code_2(command: str, url: str) -> None:
    code, output = run(command, "--url", url)
    assert code == 2
    assert output.startswith("decnet-db: ")
    assert "Traceback" not in output


def test_a_wrong_settings_file_is_a_sentence(tmp_path: Path) -> None:
    settings = tmp_path / "decnet.toml"
    settings.write_text('[database]\nulr = "x"\n')
    code, output = run("current", "--settings", str(settings))
    assert code == 2
    assert "did you mean 'url'" in output


def test_the_console_script_prints_its_version() -> None:
    script = Path(sys.executable).with_name("decnet-db")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("decnet-db 2.")
