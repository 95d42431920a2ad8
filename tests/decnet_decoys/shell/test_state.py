# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.decnet_decoys.decky_host import NOW, ORIGIN, Player, root_shell

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.environment.history import MAX_HISTORY_CHARACTERS
from decnet_decoys.shell.environment.language import MAX_FUNCTION_CHARACTERS
from decnet_decoys.shell.environment.origin import Origin
from decnet_decoys.shell.environment.variables import MAX_VARIABLE_CHARACTERS, MAX_VARIABLES
from decnet_decoys.shell.interactive.completion import completion
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.state import ShellState


def test_a_user_has_an_identity_a_home_and_an_environment(machine: Machine) -> None:
    shell = root_shell(machine, "deploy")
    assert (shell.identity.uid, shell.cwd) == (1000, "/home/deploy")
    environment = {name: shell.variables[name] for name in ("HOME", "USER", "LOGNAME", "PWD", "SHELL", "TERM")}
    assert environment == {
        "HOME": "/home/deploy", "USER": "deploy", "LOGNAME": "deploy", "PWD": "/home/deploy", "SHELL": "/bin/bash",
        "TERM": "xterm",
    }  # fmt: skip
    assert not any(name.startswith("SSH") for name in shell.variables)


def test_the_service_adds_to_the_environment_and_su_keeps_it(machine: Machine) -> None:
    origin = Origin("192.0.2.9", 23, 23, "in.telnetd", "in.telnetd: 192.0.2.9", environment={"REMOTEHOST": "192.0.2.9"})
    shell = ShellState(machine, machine.users[0], lambda: float(NOW), origin)
    run = Player(shell)
    assert run("printenv REMOTEHOST").text == "192.0.2.9\n"
    assert run("su deploy; printenv REMOTEHOST USER").text == "192.0.2.9\ndeploy\n"


def test_the_service_names_itself_in_what_the_machine_shows(machine: Machine) -> None:
    origin = Origin("192.0.2.9", 4711, 23, "in.telnetd", "in.telnetd: 192.0.2.9", "connect from 192.0.2.9")
    run = Player(ShellState(machine, machine.users[0], lambda: float(NOW), origin, terminal="vt100"))
    assert " in.telnetd: 192.0.2.9\n" in run("ps aux").text
    assert "10.20.0.10:23 " in run("netstat -tn").text
    assert "/in.telnetd " in run("netstat -tnp").text
    assert "]: connect from 192.0.2.9\n" in run("journalctl").text
    assert "sshd" not in run("journalctl").text


@pytest.mark.parametrize(
    ("cwd", "place"), [("/root", "~"), ("/root/a", "~/a"), ("/rooty", "/rooty"), ("/", "/"), ("/etc", "/etc")]
)
def test_the_prompt_names_user_host_and_directory(machine: Machine, cwd: str, place: str) -> None:
    shell = root_shell(machine)
    shell.cwd = cwd
    assert shell.prompt == f"root@web-01:{place}# "


def test_only_root_has_a_hash_in_the_prompt(machine: Machine) -> None:
    assert root_shell(machine, "deploy").prompt == "deploy@web-01:~$ "


def test_the_shell_is_named_as_it_was_started(machine: Machine, player: Callable[..., Player]) -> None:
    login = root_shell(machine)
    command = ShellState(machine, machine.users[0], lambda: float(NOW), ORIGIN, command="id")
    assert [(shell.name, shell.error_prefix) for shell in (login, command)] == [
        ("-bash", "-bash"), ("bash", "bash: line 1"),
    ]  # fmt: skip
    assert player("nas").shell.name == "-sh"


def test_variables_are_bounded_in_number_and_length(shell: ShellState) -> None:
    for number in range(2 * MAX_VARIABLES):
        shell.set(f"v{number}", "x" * (2 * MAX_WORD) if number == 0 else "x")
    assert len(shell.variables) == MAX_VARIABLES
    assert len(shell.variables["v0"]) == MAX_WORD
    shell.set("v0", "still")
    assert shell.variables["v0"] == "still"


def test_variables_functions_and_history_are_bounded_in_all(shell: ShellState) -> None:
    for number in range(MAX_VARIABLES):
        shell.set(f"v{number}", "x" * MAX_WORD)
    assert (
        MAX_VARIABLE_CHARACTERS - MAX_WORD <= sum(map(len, shell.variables.values())) <= MAX_VARIABLE_CHARACTERS + 4096
    )
    shell.unset("v0")
    shell.set("again", "y" * MAX_WORD)
    assert shell.variables["again"] == "y" * MAX_WORD
    run = Player(shell)
    for number in range(200):
        run(f"f{number}() {{ echo {'x' * 1000}; }}")
        run(f"f() {{ echo {number} {'x' * 1000}; }}")
    assert 50 <= len(shell.functions) <= MAX_FUNCTION_CHARACTERS // 1000
    assert run("f").text.startswith("199 ")
    for number in range(2000):
        shell.history.add(str(number) * 1000)
    assert sum(map(len, shell.history.lines)) <= MAX_HISTORY_CHARACTERS
    assert sum(map(len, shell.history._entered)) <= MAX_HISTORY_CHARACTERS
    assert shell.history.lines[-1].startswith("1999")


def test_a_child_changes_nothing_of_its_parent(shell: ShellState) -> None:
    before = (shell.user, shell.identity, shell.cwd, dict(shell.variables), set(shell.exported))
    with shell.forked():
        shell.become(shell.machine.users[-1])
        shell.set("x", "1")
        shell.exported.add("x")
    assert (shell.user, shell.identity, shell.cwd, shell.variables, shell.exported) == before


def test_parameters_are_set_and_what_they_were_is_returned(shell: ShellState) -> None:
    before = shell.set_parameters(["s", "a", "b c"])
    assert [shell.variables[name] for name in ("0", "1", "2", "#", "@")] == ["s", "a", "b c", "2", "a b c"]
    assert "3" not in shell.variables
    shell.give_back_parameters(before)
    assert "1" not in shell.variables


@pytest.mark.parametrize(
    ("line", "added"),
    [
        ("hostn", "ame"), ("cat /etc/hostn", "ame "), ("cat /et", "c/"), ("cd /ho", "me/"), ("ls /nosuch/x", ""),
        ("lsb_", "release "), ("", ""), ("cat /etc/host", ""), ("ls /etc/hostn", "ame "), ("cat x", ""),
    ],
)  # fmt: skip
def test_tab_adds_what_all_candidates_share(shell: ShellState, line: str, added: str) -> None:
    assert completion(shell, line)[0] == added
