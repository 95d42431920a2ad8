# SPDX-License-Identifier: MIT
"""help: the builtins and keywords of bash with their synopses (bash(1)), as Debian's bash lists them."""

from itertools import zip_longest

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.system.synopses import synopses
from decnet_decoys.shell.programs import command

_WIDTHS = (37, 36)
"""Characters of a synopsis that each of the two columns shows."""
_COLUMN = 40
_HEAD = """\
GNU bash, version {version} ({machine})
These shell commands are defined internally.  Type `help' to see this list.
Type `help name' to find out more about the function `name'.
Use `info bash' to find out more about the shell in general.
Use `man -k' or `info' to find out more about commands not in this list.

A star (*) next to a name means that the command is disabled.
"""


@command("help", folder="")
def help_(call: Call) -> int:
    """List all synopses, or those of the builtins that are named."""
    names = [one for one in call.args if one not in ("-s", "-d", "-m", "--")]
    status = 0 if names else _list(call)
    for name in names[:100]:
        found = [(known, synopsis) for known, synopsis in synopses() if known == name]
        found = found or [one for one in synopses() if one[0].startswith(name)]
        for known, synopsis in found:
            call.print(f"{known}: {synopsis}")
        if not found:
            hint = f"Try `help help' or `man -k {name}' or `info {name}'."
            status = call.shell_error(f"help: no help topics match `{name}'.  {hint}")
    return status


def _list(call: Call) -> int:
    variables = call.shell.variables
    call.print(_HEAD.format(version=variables.get("BASH_VERSION", ""), machine=variables.get("MACHTYPE", "")))
    shown = [":" if name == ":" else synopsis for name, synopsis in synopses()]
    half = (len(shown) + 1) // 2
    for left, right in zip_longest(shown[:half], shown[half:]):
        first = f" {_cut(left, _WIDTHS[0])}"
        call.print(f"{first:<{_COLUMN}} {_cut(right, _WIDTHS[1])}" if right else f"{first:<{_COLUMN}}")
    return 0


def _cut(synopsis: str, width: int) -> str:
    return synopsis if len(synopsis) <= width else synopsis[:width] + ">"
