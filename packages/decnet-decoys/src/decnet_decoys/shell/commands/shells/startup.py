# SPDX-License-Identifier: MIT
"""The files of a user that a shell runs when it starts (bash(1), INVOCATION; dash(1), Invocation)."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects

_OF_LOGIN = {"bash": (".bash_profile", ".bash_login", ".profile"), "dash": (".profile",), "ash": (".profile",)}


def read_startup_files(call: Call, *, login: bool, interactive: bool) -> Effects:
    """Run the first of a login shell's files that there is, or the file of an interactive bash.

    What /etc/profile and /etc/bash.bashrc do is done already.
    """
    shell = call.shell
    names = _OF_LOGIN[shell.kind] if login else (".bashrc",) if interactive and shell.kind == "bash" else ()
    home = shell.variables.get("HOME", "")
    for path in (f"{home}/{name}" for name in names if home):
        if shell.files.exists(path, shell.access) and shell.files.stat(path, shell.access).kind == "file":
            yield from call.runner.execute([".", path], call.streams)
            break
    shell.status = 0
    return 0
