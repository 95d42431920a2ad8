# SPDX-License-Identifier: MIT
from __future__ import annotations

import re
import shutil
from pathlib import Path

import msgspec
import pytest
from tests.decnet_models.migrated import migrated_database
from typer.testing import CliRunner

from decnet_core.exits import Exit
from decnet_core.runtime.command import build
from decnet_workers.ttp.library import SHIPPED
from decnet_workers.ttp.worker import Ttp


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


def test_good_rules_are_counted(run: CliRunner) -> None:
    result = run.invoke(build(Ttp), ["check-rules", str(SHIPPED)])
    assert result.exit_code == 0
    assert result.output.endswith(" rules are good, 0 are rejected\n")


def test_settings_with_which_the_worker_would_not_start_are_not_called_good(run: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "decnet.toml"
    for folder, code, said in (
        (tmp_path, 0, "settings of ttp: good"),
        (tmp_path / "none", Exit.STARTUP_FAILED, "is no folder that ttp can read; create it"),
        # As a folder that the worker's user may not see, this is an error to look at.
        (tmp_path / ("n" * 300), Exit.STARTUP_FAILED, "is no folder that ttp can read"),
    ):
        file.write_text(f'[ttp]\nrules_dir = "{folder}"\n')
        result = run.invoke(build(Ttp), ["--settings", str(file), "--check-settings"], env={"DECNET_SETTINGS": None})
        assert (result.exit_code, said in result.output) == (code, True), result.output


def test_a_bad_rule_is_named_with_its_line(run: CliRunner, tmp_path: Path) -> None:
    text = (SHIPPED / "file_deletion.yml").read_text()
    (tmp_path / "bad.yml").write_text(text.replace("t1070.004", "t1070.404"))
    result = run.invoke(build(Ttp), ["check-rules", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output.startswith(f"{tmp_path}/bad.yml:11: ATT&CK has no technique T1070.404; did you mean")
    as_json = msgspec.json.decode(run.invoke(build(Ttp), ["check-rules", "--json", str(tmp_path)]).output)
    assert as_json["rules"] == 0
    assert as_json["refused"][0]["line"] == 11


def test_rules_are_listed_with_the_names_of_their_techniques(run: CliRunner) -> None:
    listed = msgspec.json.decode(run.invoke(build(Ttp), ["list-rules", "--json"]).output)
    by_title = {rule["title"]: rule for rule in listed}
    assert by_title["Password guessing"]["techniques"] == {"T1110.001": "Brute Force: Password Guessing"}
    assert "high          T1105                  File left on a decoy" in run.invoke(build(Ttp), ["list-rules"]).output


def test_the_operators_word_on_a_rule_is_kept_and_taken_back(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECNET_STATE_DIR", str(tmp_path))
    migrated_database(tmp_path / "decnet.db")
    app, rule = build(Ttp), "fb20890c-a169-50e0-984a-08c1227fdd74"
    assert run.invoke(app, ["cap", rule, "3", "--hours", "2", "--reason", "noisy\x1b[2J"]).exit_code == 0
    listed = run.invoke(app, ["states"]).output
    assert listed.startswith(f"{rule}  capped at 3 for events before 20")
    assert listed.endswith("noisy\\x1b[2J\n")
    assert run.invoke(app, ["disable", rule]).output == f"{rule}  disabled\n"
    assert run.invoke(app, ["enable", rule]).exit_code == 0
    assert run.invoke(app, ["states"]).output == ""


def test_without_a_database_it_says_so(run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECNET_STATE_DIR", str(tmp_path))
    result = run.invoke(build(Ttp), ["disable", "fb20890c-a169-50e0-984a-08c1227fdd74"])
    assert result.exit_code == 1
    assert "decnet-db upgrade" in result.output
    assert "Traceback" not in result.output


RECORDED = Path(__file__).parent / "recorded"


def copied(stem: str, folder: Path) -> None:
    """Copy a shipped rule, under an id of its own, with its recorded events."""
    text = (SHIPPED / f"{stem}.yml").read_text().replace("\nid: ", "\nid: 0", 1)
    (folder / f"{stem}.yml").write_text(re.sub(r"\nid: 0(\w{7})\w", r"\nid: 0\1", text, count=1))
    for outcome in ("fires", "passes"):
        shutil.copy(RECORDED / f"{stem}.{outcome}.jsonl", folder)


def test_rules_are_tried_on_the_events_beside_them(run: CliRunner, tmp_path: Path) -> None:
    for stem in ("file_deletion", "fetched_then_run"):
        copied(stem, tmp_path)
    result = run.invoke(build(Ttp), ["test", str(tmp_path)])
    assert result.output.endswith("2 files of rules, 0 without recorded events, 0 mistakes\n")
    assert result.exit_code == 0


def test_an_event_that_does_not_do_as_it_must_is_named_with_its_line(run: CliRunner, tmp_path: Path) -> None:
    for stem in ("file_deletion", "fetched_then_run"):
        copied(stem, tmp_path)
    fires, passes = ((tmp_path / f"file_deletion.{outcome}.jsonl") for outcome in ("fires", "passes"))
    bystander, attack = passes.read_text().splitlines()[0], fires.read_text().splitlines()[0]
    with fires.open("a") as file:
        file.write(f"\n{bystander}\nnothing\n")
    passes.write_text(f"{bystander}\n{attack}\n")
    (tmp_path / "fetched_then_run.fires.jsonl").write_text(f"{attack}\n")
    result = run.invoke(build(Ttp), ["test", str(tmp_path), "--json"])
    assert result.exit_code == 1
    trials = msgspec.json.decode(result.output)
    number = len(fires.read_text().splitlines())
    assert [(Path(one["file"]).name, one["line"]) for trial in trials for one in trial["mistakes"]] == [
        ("fetched_then_run.fires.jsonl", 1),
        ("file_deletion.fires.jsonl", number),
        ("file_deletion.fires.jsonl", number - 1),
        ("file_deletion.passes.jsonl", 2),
    ]


def test_a_rejected_rule_fails_its_trial(run: CliRunner, tmp_path: Path) -> None:
    copied("file_deletion", tmp_path)
    rule = tmp_path / "file_deletion.yml"
    rule.write_text(rule.read_text().replace("command|re", "comand|re"))
    result = run.invoke(build(Ttp), ["test", str(tmp_path)])
    assert result.exit_code == 1
    assert "has no field 'comand'" in result.output


def test_what_fires_on_a_file_of_events_is_shown(run: CliRunner, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes((RECORDED / "fetched_then_run.fires.jsonl").read_bytes())
    result = run.invoke(build(Ttp), ["test", "--events", str(events)])
    assert result.exit_code == 0
    assert f"{events.name}:3: critical T1105 Tool fetched, made executable and run: $ /tmp/x86\n" in result.output
    shown = msgspec.json.decode(run.invoke(build(Ttp), ["test", "--events", str(events), "--json"]).output)
    assert shown["events"] == 3
    assert shown["mistakes"] == []
    events.write_text("{}\n")
    result = run.invoke(build(Ttp), ["test", "--events", str(events)])
    assert (result.exit_code, "events.jsonl:1: not an event" in result.output) == (1, True)
