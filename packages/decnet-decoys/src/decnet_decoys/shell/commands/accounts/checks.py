# SPDX-License-Identifier: MIT
"""Programs that check the account files, or show what is kept beside them: pwck, grpck, pwconv, faillog (pwck(8))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.starting import started
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.programs import command


@command("pwck", "grpck", folder="/usr/sbin", families=("debian",))
def check(call: Call) -> int:
    """Find the account files as they should be, but for homes that are not there."""
    if call.shell.identity.uid != 0:
        return call.fail("Permission denied", 1)
    missing = [user for user in call.shell.users if not call.shell.files.exists(user.home)]
    for user in missing[:64] if call.name == "pwck" else ():
        call.print(f"user '{user.name}': directory '{user.home}' does not exist")
    if call.name == "pwck":
        call.print("pwck: no changes")
    return 2 if missing and call.name == "pwck" else 0


@command("pwconv", "grpconv", "pwunconv", "grpunconv", folder="/usr/sbin", families=("debian",))
def convert(call: Call) -> int:
    """Find passwords where they belong already."""
    return 0 if call.shell.identity.uid == 0 else call.fail("cannot lock /etc/passwd; try again later.", 5)


@command("faillog", families=("debian",))
def faillog(call: Call) -> int:
    """Show that no log-in of an account has failed."""
    _, operands = call.flags("ulmrtR")
    if operands:
        call.print_error(f"faillog: unexpected argument: {operands[0][:64]}\nUsage: faillog [options]")
        return 2
    call.print("Login       Failures Maximum Latest                   On\n")
    return 0


@command("newgrp", "sg", families=("debian",))
def sg(call: Call) -> Effects:
    """Run a command line, or be a shell, with another group."""
    name, *rest = call.words or [""]
    if not name and call.name == "newgrp":
        return 0
    if not name:
        call.print_error("Usage: sg group [[-c] command]")
        return 1
    if name not in call.shell.machine.groups and f"\n{name}:" not in "\n" + _groups(call):
        return call.fail(f"group '{name[:64]}' does not exist")
    line = " ".join(word for word in rest)
    return (yield from started(call, ["sh", "-c", line])) if line else 0


def _groups(call: Call) -> str:
    source = call.open("/etc/group")
    return "" if source is None else source.whole(1 << 16).decode("utf-8", "replace")
