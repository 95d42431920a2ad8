# SPDX-License-Identifier: MIT
"""Completion, manual pages and reference: whole, and such that the programs that read them accept them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.decnet.command_result import Run

from decnet.command import COMMANDS
from decnet.manual import roff
from decnet.manual.completion import Shell, script
from decnet.manual.programs import Command, Parameter, programs
from decnet.manual.reference.pages import PAGES

COMPLETE = '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _decnet; printf "%s\\n" "${COMPREPLY[@]}"'


@pytest.fixture(scope="module")
def known() -> list[Command]:
    return list(programs())


@pytest.fixture(scope="module")
def bash(known: list[Command], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("completion") / "decnet.bash"
    file.write_text(script(Shell.BASH, known))
    return file


def test_every_program_and_command_is_known(known: list[Command]) -> None:
    assert {"decnet", "decnet-db", "decnet-supervise", "decnet-ttp"} <= {one.name for one in known}
    assert [one.name for one in known[0].commands] == [f"decnet {one.name}" for one in COMMANDS]
    for program in known:
        options = {name for one in program.parameters for name in one.names}
        assert {"--state", "--settings", "--version"} <= options, program.name


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["decnet", "conf"], {"config"}),
        (["decnet", "config", ""], {"show", "check", "edit"}),
        (["/opt/decnet/bin/decnet", "--state", "/x", "canary", "n"], {"new"}),
        (["decnet", "up", "--host", ""], {"fork", "tasks", "units"}),
        (["decnet", "attacker", "192.0.2.1", "--j"], {"--json"}),
        (["decnet-supervise", "--mode", "t"], {"tasks"}),
        (["decnet-db", "back"], {"backup"}),
        (["decnet", "nonsense", "x", "zzz"], set()),
    ],
)
def test_bash_completes(bash: Path, typed: list[str], expected: set[str]) -> None:
    done = subprocess.run(
        ["bash", "-c", COMPLETE, bash, *typed], capture_output=True, text=True, check=True, timeout=100
    )
    assert done.stderr == ""
    found = set(filter(None, done.stdout.split()))
    assert expected <= found
    if typed[-1] or not expected:
        assert found == expected
    assert all(word.startswith(typed[-1]) for word in found)


@pytest.mark.parametrize("shell", [Shell.ZSH, Shell.FISH])
def test_the_other_shells_parse_their_scripts(known: list[Command], shell: Shell, tmp_path: Path) -> None:
    text = script(shell, known)
    assert "decnet-campaign-clusterer" in text
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    (tmp_path / "script").write_text(text)
    subprocess.run([shell, "-n", tmp_path / "script"], check=True, timeout=100)


def test_manual_pages_are_good_roff(run: Run, tmp_path: Path) -> None:
    assert run("man", "--all", str(tmp_path / "man1")).code == 0
    assert {"decnet.1", "decnet-db.1", "decnet-ttp.1"} <= {page.name for page in (tmp_path / "man1").iterdir()}
    if shutil.which("groff") is None:
        pytest.skip("no groff here")
    for page in (tmp_path / "man1" / "decnet.1", tmp_path / "man1" / "decnet-db.1"):
        done = subprocess.run(
            ["groff", "-man", "-ww", "-Tascii", "-z", page], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stderr == ""


def test_what_roff_would_interpret_is_escaped() -> None:
    parameter = Parameter(("--x",), ".SH \\fBfake")
    page = roff.page(Command("decnet-x", "'quoted", (parameter,)), "1")
    assert "\\&.SH \\efBfake" in page
    assert not any(line.startswith((".SH \\fB", "'quoted")) for line in page.splitlines())


def test_the_reference_comes_with_the_programs(run: Run, tmp_path: Path) -> None:
    assert "](events.md)" in run("docs").out
    assert "## canary.hit" in run("docs", "events").out.replace("`", "")
    said = run("docs", "event")
    assert (said.code, "did you mean 'events'?" in said.err) == (1, True)
    assert run("docs", "--all", str(tmp_path / "reference")).code == 0
    assert {path.stem for path in (tmp_path / "reference").iterdir()} == {"index", *PAGES}


def _commands(command: Command) -> list[Command]:
    return [command, *(one for below in command.commands for one in _commands(below))]


@pytest.mark.parametrize(("option", "short"), [("--output", "-o"), ("--yes", "-y"), ("--lines", "-n")])
def test_an_option_has_its_short_form_with_every_command(known: list[Command], option: str, short: str) -> None:
    with_it = {
        command.name: short in one.names
        for command in _commands(known[0])
        for one in command.parameters
        if option in one.names
    }
    assert with_it
    assert [name for name, has in with_it.items() if not has] == []


def test_an_address_of_events_is_asked_for_by_the_same_option(known: list[Command]) -> None:
    for command in _commands(known[0]):
        if command.name in ("decnet events", "decnet search", "decnet export", "decnet incidents"):
            assert "--attacker" in {name for one in command.parameters for name in one.names}, command.name


def test_help_of_canary_begins_with_making_a_token(known: list[Command]) -> None:
    canary = next(command for command in known[0].commands if command.name == "decnet canary")
    assert canary.commands[0].name == "decnet canary new"
