# SPDX-License-Identifier: MIT
"""`decnet config`: what the settings are, where from, and what is wrong with them."""

import os
from pathlib import Path

import pytest
from tests.decnet.command_result import Run

SETTINGS = """\
[canary]
http_listen = "0.0.0.0:8880"

[database]
url = "postgresql+psycopg://decnet:hidden-word@db.example.net/decnet"

[[decoys.decky]]
name = "web-01"
address = "127.77.0.10"
persona = "debian-web"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "decnet.toml"
    file.write_text(SETTINGS)
    os.environ["DECNET_SETTINGS"] = str(file)
    return file


def test_every_value_says_where_it_comes_from(run: Run, file: Path) -> None:
    os.environ["DECNET_BUS_TCP"] = "127.0.0.1:4222"
    found = {(one["section"], one["name"]): one for one in run("config", "show", "--json").document}
    assert found["canary", "http_listen"] == {
        "section": "canary",
        "name": "http_listen",
        "value": "0.0.0.0:8880",
        "origin": f"{file}:2",
    }
    assert (found["bus", "tcp"]["value"], found["bus", "tcp"]["origin"]) == ("127.0.0.1:4222", "DECNET_BUS_TCP")
    assert found["bus", "url"]["origin"] == "default"
    assert found["decoys", "decky"]["origin"] == f"{file}:7"


def test_only_what_was_changed(run: Run, file: Path) -> None:
    del os.environ["DECNET_STATE_DIR"]
    found = run("config", "show", "--changed", "--json").document
    assert {(one["section"], one["name"]) for one in found} == {
        ("canary", "http_listen"),
        ("database", "url"),
        ("decoys", "decky"),
    }
    assert run("config", "show", "spool", "--changed").out == "everything is the default\n"


def test_no_password_is_shown(run: Run, file: Path) -> None:
    said = run("config", "show")
    assert "db.example.net" in said.out
    assert "hidden-word" not in said.out + run("config", "show", "--json").out


def test_no_key_is_shown_but_files_and_addresses_are(run: Run, file: Path) -> None:
    file.write_text(
        "[enrich]\nthreatfox_key = 'hidden-word'\nproviders = []\n[bus]\ntls_key_file = '/etc/key'\n"
        "[orchestrator]\ntext_key = 'hidden-word'\ntoken_url = 'https://intra.example.org/{token}'\n"
    )
    said = run("config", "show", "--json").out
    assert "hidden-word" not in said
    assert "/etc/key" in said
    assert "intra.example.org" in said


def test_good_settings_are_good(run: Run, file: Path) -> None:
    said = run("config", "check")
    assert (said.code, said.out) == (0, f"{file}: all settings are good\n")


def test_every_section_that_is_wrong_is_named_with_its_line(run: Run, file: Path) -> None:
    file.write_text("[canary]\nhttp_lisen = ''\n[bus]\n\nping_seconds = 'soon'\n[decoyz]\n")
    said = run("config", "check")
    assert said.code == 78
    assert f"{file}:2: [canary] has no setting 'http_lisen'; did you mean 'http_listen'?" in said.out
    assert f"{file}:5: [bus] ping_seconds: " in said.out
    assert f"{file}:6: there is no section [decoyz]; did you mean 'decoys'?" in said.out
    assert said.err == "decnet: 3 of the settings are wrong\n"


def test_everything_that_is_wrong_in_a_section_is_named(run: Run, file: Path) -> None:
    file.write_text("[spool]\nfsync = 'x'\nbatch_ms = 0\nquota_bytes = 'q'\nsegment_bytes = 4000000000\nbatch = 1\n")
    said = run("config", "check").out.splitlines()
    assert [line.split()[2].rstrip(":") for line in said] == ["has", "fsync", "batch_ms", "quota_bytes"]
    assert said[1] == f"{file}:2: [spool] fsync: must be one of always, batch, off, not 'x'"


@pytest.mark.parametrize(
    ("section", "line", "words"),
    [
        ("decoys", "address = '10.0.0.999'", "[decoys] decky web-01: '10.0.0.999' does not appear to be"),
        ("decoys", "[[decoys.decky]]\nname = 'a'\naddress = '127.0.0.1'\npersona = 'amiga'", "[decoys] decky a: "),
        ("webhook", "allow_networks = ['10.0.0.0/99']", "[webhook] allow_networks: "),
        ("webhook", "ca_file = '/nowhere.pem'", "[webhook] ca_file: /nowhere.pem cannot be read"),
        ("enrich", "providers = ['greynose']", "greynose"),
        ("orchestrator", "timezone = 'Mars/Olympus'", "there is no time zone 'Mars/Olympus' here"),
        ("ttp", "rules_dir = '/nowhere'", "[ttp] rules_dir = '/nowhere' is no folder"),
        ("canary", "dns_listen = 'here'", "[canary] "),
    ],
)
def test_what_a_worker_would_refuse_at_its_start_is_named(
    run: Run, file: Path, section: str, line: str, words: str
) -> None:
    file.write_text(f"[{section}]\n{line}\n")
    said = run("config", "check")
    assert (said.code, said.err) == (78, "decnet: a setting is wrong\n")
    assert said.out.startswith(f"{file}:1: ")
    assert words in said.out


def test_an_unknown_section_is_refused(run: Run, file: Path) -> None:
    said = run("config", "show", "decoyz")
    assert (said.code, said.err) == (2, "decnet: there is no section [decoyz]; did you mean 'decoys'?\n")


def editor(place: Path, script: str) -> None:
    """Have a shell script that gets the file as $1 be the operator's editor."""
    program = place / "editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    os.environ["VISUAL"] = str(program)


def test_edited_settings_replace_the_file_when_they_are_good(run: Run, file: Path, tmp_path: Path) -> None:
    file.chmod(0o600)
    editor(tmp_path, """sed -i 's/0.0.0.0:8880/127.77.0.1:8881/' "$1\"""")
    said = run("config", "edit")
    assert (said.code, said.err.startswith("done, but not recorded in the audit: ")) == (0, True)
    assert "127.77.0.1:8881" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".toml") == ["decnet.toml"]


@pytest.mark.parametrize(("script", "complaint"), [("s/http_listen/http_lisen/", "http_listen"), ("s/]$//", "line 1")])
def test_edited_settings_that_are_wrong_change_nothing(
    run: Run, file: Path, tmp_path: Path, script: str, complaint: str
) -> None:
    editor(tmp_path, f"""sed -i '{script}' "$1\"""")
    said = run("config", "edit")
    assert said.code == 78
    assert f"{file} is as it was" in said.err
    assert complaint in said.err
    assert file.read_text() == SETTINGS


def test_an_editor_that_fails_changes_nothing(run: Run, file: Path, tmp_path: Path) -> None:
    editor(tmp_path, 'echo broken > "$1"; exit 3')
    said = run("config", "edit")
    assert said.code == 1
    assert "ended with 3" in said.err
    assert file.read_text() == SETTINGS


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(run: Run, file: Path, tmp_path: Path) -> None:
    editor(tmp_path, f"""echo '# theirs' >> {file}; echo '# ours' >> "$1\"""")
    said = run("config", "edit")
    assert said.code == 78
    assert file.read_text() == SETTINGS + "# theirs\n"


def test_a_new_file_begins_with_every_setting(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    os.environ["DECNET_SETTINGS"] = str(file)
    editor(tmp_path, """sed -i 's/^#log_level = .*/log_level = "debug"/' "$1\"""")
    assert run("config", "edit").code == 0
    assert 'log_level = "debug"' in file.read_text()
    assert "#   [[decoys.decky]]" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
