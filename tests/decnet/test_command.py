# SPDX-License-Identifier: MIT
"""The command line as a whole: loaded on use, clear about what is wrong."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet.command_result import Run

from decnet.command import COMMANDS, OPTIONS, UsageError, main, split_options
from decnet.fleet.deployment import Deployment

NAMES = [command.name for command in COMMANDS]


def test_help_imports_nothing_that_costs() -> None:
    heavy = {"typer", "msgspec", "sqlalchemy", "asyncio", "rich", "decnet_core"}
    script = f"import sys; from decnet.command import main; main(['--help']); print({heavy!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_help_names_every_command(run: Run) -> None:
    said = run("--help")
    assert said.code == 0
    assert all(f"  {name} " in said.out for name in NAMES)
    assert run().out == said.out


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_of_its_own(name: str, run: Run) -> None:
    said = run(name, "--help")
    assert said.code == 0
    assert f"decnet {name}" in said.out


def test_every_module_of_a_command_is_listed() -> None:
    folder = Path(importlib.import_module("decnet.commands").__file__ or "").parent
    assert {file.stem for file in folder.rglob("*.py")} - {"__init__"} == set(NAMES)


def test_version_is_printed(run: Run) -> None:
    assert run("--version").out.startswith("decnet ")


def test_unknown_command_gets_a_suggestion(run: Run) -> None:
    said = run("attckers")
    assert said.code == 2
    assert "did you mean 'attackers'?" in said.err


def test_unknown_option_is_wrong_usage(run: Run) -> None:
    said = run("events", "--no-such-option")
    assert said.code == 2
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "arguments",
    [["events", "--no-such-option"], ["events", "--limit", "x"], ["canary"], ["canary", "new"], ["canary", "nwe"]],
)
def test_wrong_usage_is_one_line_that_names_the_help_page(arguments: list[str], run: Run) -> None:
    said = run(*arguments)
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert f"see decnet {arguments[0]}" in said.err
    assert said.err.endswith("--help\n")


def test_option_without_value_is_wrong_usage(run: Run) -> None:
    assert run("events", "--state").code == 2


@pytest.mark.parametrize("arguments", [["events"], ["attackers"], ["attacker", "192.0.2.1"], ["canary", "list"]])
def test_missing_fleet_is_one_line_that_says_what_to_do(arguments: list[str], run: Run, tmp_path: Path) -> None:
    said = run("--state", str(tmp_path / "none"), *arguments)
    assert said.code == 78
    assert "decnet up" in said.err
    assert said.err.count("\n") == 1


def test_wrong_settings_file_is_one_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "decnet.toml"
    file.write_text("[database]\nurrl = 'x'\n")
    said = run("events", "--settings", str(file))
    assert said.code == 78
    assert "did you mean 'url'?" in said.err
    assert said.err.count("\n") == 1


def test_unreadable_database_is_one_line(run: Run, deployment: Deployment) -> None:
    (deployment.state.root / "decnet.db").write_bytes(b"this is not a database" * 100)
    said = run("events")
    assert said.code == 78
    assert said.err.count("\n") == 1


def test_an_output_that_is_full_is_not_the_fleets_fault(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        with Path("/dev/full").open("w") as output:
            output.write("x")

    monkeypatch.setattr("decnet.commands.events.find_deployment", full)
    said = run("events")
    assert (said.code, said.err.split(":")[1]) == (78, " cannot use the output or the state directory")


def test_defect_is_one_line_without_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("decnet.commands.events.find_deployment", broken)
    said = run("events")
    assert said.code == 70
    assert said.err == "decnet: unexpected ZeroDivisionError: of ours (a defect; DECNET_DEBUG=1 shows where)\n"


def test_defect_shows_its_place_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setenv("DECNET_DEBUG", "1")
    monkeypatch.setattr("decnet.commands.events.find_deployment", broken)
    with pytest.raises(ZeroDivisionError):
        main(["events"])


@given(st.lists(st.sampled_from(["up", "--json", "--state", "--settings=/a", "--state=/b", "--", "/dir", ""])))
def test_global_options_are_taken_out_and_nothing_else(words: list[str]) -> None:
    try:
        given_, rest = split_options(words)
    except UsageError:
        return
    before_dashes = rest[: rest.index("--")] if "--" in rest else rest
    assert not any(word.partition("=")[0] in OPTIONS for word in before_dashes)
    assert set(given_) <= {variable for variable, _, _ in OPTIONS.values()}
    assert all(value.startswith("/") for value in given_.values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["attackers", "--limit", "0"], "'--limit': it must be at least 1;"),
        (["attackers", "--limit", "1000000"], "'--limit': it must be at most 100000;"),
        (["incident", "show", "x"], "'number': it must be a whole number;"),
        (["export", "--format", "xml"], "'--format': 'xml' is not one of"),
        (["export", "--format", "csv", "--identity", "zz"], "'--identity': it must be a whole id,"),
        (["footprint", "--seconds", "x"], "'--seconds': it must be a number;"),
    ],
)
def test_wrong_value_is_answered_in_plain_words(run: Run, arguments: list[str], words: str) -> None:
    said = run(*arguments)
    assert said.code == 2
    assert words in said.err


@pytest.mark.parametrize("command", [("deploy", "--plan"), ("persona", "check")])
def test_file_that_cannot_be_read_is_answered_without_pythons_words(
    run: Run, deployment: Deployment, tmp_path: Path, command: tuple[str, str]
) -> None:
    missing, binary = tmp_path / "none.toml", tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for file, why in ((missing, "No such file or directory"), (tmp_path, "Is a directory"), (binary, "it is not text")):
        said = run(*command, str(file))
        assert said.code != 0
        assert f"{file} cannot be read: {why}\n" in said.out + said.err
