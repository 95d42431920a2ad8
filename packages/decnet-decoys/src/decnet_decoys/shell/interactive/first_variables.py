# SPDX-License-Identifier: MIT
"""The variables with which a shell begins: those of a log-in, and those that bash itself sets (bash(1))."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet_decoys.personas.schema import User
from decnet_decoys.shell.expansion import arrays
from decnet_decoys.shell.interactive import prompts

if TYPE_CHECKING:
    from decnet_decoys.shell.state import ShellState

USER_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
LOGIN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def first_variables(shell: ShellState, user: User) -> dict[str, str]:
    """Return the variables of a shell whose user and directory are known."""
    variables = _environment(shell, user) | {"IFS": " \t\n", "PPID": str(shell.pid - 12)}
    variables["HOSTNAME"] = shell.machine.hostname
    if shell.terminal:
        variables["PS1"] = prompts.USUAL if shell.kind == "bash" else "\\u@\\h:\\w\\$ "
    if shell.machine.persona.family == "debian":
        variables |= _of_bash(shell, user)
    return variables


def exported_at_first(shell: ShellState) -> set[str]:
    """Return the names of those that programs get."""
    return set(_environment(shell, shell.user))


def _environment(shell: ShellState, user: User) -> dict[str, str]:
    found = {
        "HOME": user.home, "USER": user.name, "LOGNAME": user.name, "SHELL": user.shell,
        "PATH": _first_path(shell, user), "PWD": shell.cwd, "LANG": "en_US.UTF-8", "SHLVL": "1",
        **shell.origin.environment,
    }  # fmt: skip
    return found | ({"TERM": shell.terminal} if shell.terminal else {})


def _first_path(shell: ShellState, user: User) -> str:
    """Return $PATH as Debian's /etc/profile sets it: only root's has the folders of sbin."""
    persona = shell.machine.persona
    is_debian = persona.family == "debian" and "Ubuntu" not in persona.os
    return USER_PATH if is_debian and user.uid else LOGIN_PATH


def _of_bash(shell: ShellState, user: User) -> dict[str, str]:
    """Return the variables that bash itself sets (bash(1), Shell Variables)."""
    machine = shell.machine.persona.machine
    version = "5.1.16" if "Ubuntu" in shell.machine.persona.os else "5.2.15"
    variables = {
        "BASH_VERSION": f"{version}(1)-release",
        "BASH": "/bin/bash" if shell.command is None else "/usr/bin/bash",
        "BASHPID": str(shell.pid),
        "OSTYPE": "linux-gnu",
        "HOSTTYPE": machine,
        "MACHTYPE": f"{machine}-pc-linux-gnu",
        "EUID": str(user.uid),
        "UID": str(user.uid),
    }
    if shell.terminal and shell.command is None:
        variables |= {"HISTFILE": f"{user.home}/.bash_history", "HISTSIZE": "1000", "HISTFILESIZE": "2000"}
    arrays.keep(variables, "GROUPS", [str(number) for number in shell.own_groups.values()])
    arrays.keep(variables, "BASH_VERSINFO", [*version.split("."), "1", "release", f"{machine}-pc-linux-gnu"])
    return variables | ({} if shell.terminal else {"TERM": "dumb"})
