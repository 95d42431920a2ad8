# SPDX-License-Identifier: MIT
"""The files of a user that a shell runs when it starts (bash(1), INVOCATION; dash(1), Invocation)."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.state import ShellState

_OF_LOGIN = {"bash": (".bash_profile", ".bash_login", ".profile"), "dash": (".profile",), "ash": (".profile",)}


def read_startup_files(call: Call, *, login: bool, interactive: bool) -> Effects:
    """Run the first of a login shell's files that there is, or the file of an interactive bash.

    What /etc/profile and /etc/bash.bashrc do is done already.
    """
    shell = call.shell
    names = _OF_LOGIN[shell.kind] if login else (".bashrc",) if interactive and shell.kind == "bash" else ()
    home = shell.variables.get("HOME", "")
    for path in (f"{home}/{name}" for name in names if home):
        if _is_file(shell, path):
            yield from call.runner.execute([".", path], call.streams)
            break
    shell.status = 0
    return 0


def changed_at_login(shell: ShellState) -> str:
    """Return the file that a log-in's shell runs at its start if anybody changed it, or what it runs; else nothing.

    A bash that sshd begins to run a command reads ~/.bashrc, as Debian builds it. What other files do is done already.
    """
    if shell.machine.persona.family != "debian" or not shell.user.shell.endswith("bash"):
        return ""
    of_command = shell.command is not None
    if of_command and shell.origin.daemon != "sshd":
        return ""
    home = shell.user.home
    names = (".bashrc",) if of_command else _OF_LOGIN["bash"]
    path = next((f"{home}/{name}" for name in names if _is_file(shell, f"{home}/{name}")), "")
    entries = shell.machine.tree.entries
    read = {path, f"{home}/.bashrc"} if path else set()
    changed = any(_is_file(shell, one) and shell.files.entry(one) is not entries.get(one) for one in read)
    return path if changed else ""


def _is_file(shell: ShellState, path: str) -> bool:
    return shell.files.exists(path, shell.access) and shell.files.stat(path, shell.access).kind == "file"
