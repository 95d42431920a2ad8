# SPDX-License-Identifier: MIT
"""busybox: runs an applet, as the program of its name does it or as only BusyBox does."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.busybox.downloads import wget
from decnet_decoys.shell.commands.busybox.signalling import SIGNALLING
from decnet_decoys.shell.commands.busybox.tables import TABLES
from decnet_decoys.shell.commands.busybox.words import APPLETS, refused, said, usage
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.programs import command, programs

_OWN = TABLES | SIGNALLING | {"wget": wget}
"""By applet: what does otherwise what Debian's program of the name does."""


@command("busybox")
def busybox(call: Call) -> Effects:
    """Run an applet."""
    if not call.args or call.args[0] == "--help":
        call.print(_BUSYBOX + (_functions() if call.shell.machine.persona.family == "debian" else ""))
        return 0
    name = call.args[0]
    if name == "--list":
        for applet in _applets(call):
            call.print(applet)
            yield from turn()
        return 0
    if name not in _applets(call):
        call.print_error(f"{name}: applet not found")
        return 127
    debian = call.shell.machine.persona.family == "debian"
    only_here = _only_in_busybox(call, name) if debian else None
    if only_here is not None:
        return (yield from only_here)
    with call.shell.running.applet_of_this():
        if name in ("sh", "ash", "vi", "login"):
            return (yield from call.runner.execute(call.args, call.streams))
        errors = call.runner.buffer()
        status = yield from call.runner.execute(call.args, call.streams._replace(err=errors), program=True)
    errors_of_gnu = decode(errors.take())
    wrong = refused(name, errors_of_gnu) if debian else None
    text, status = (wrong, 1) if wrong is not None else said(name, errors_of_gnu, status)
    call.err.write(encode(text))
    return status


def _only_in_busybox(call: Call, name: str) -> Effects | None:
    """Return what Debian's BusyBox does where no program of the system does the same: tell its usage, or its own."""
    told, status = usage(name)
    if told and (call.args[1:] == ["--help"] or (len(call.args) == 1 and status is not None)):
        return _told(call, told, 0 if len(call.args) > 1 else status or 0)
    if name in _OWN:
        return _OWN[name](Call(call.runner, name, call.args[1:], call.streams, tty=call.tty))
    program = programs().get(name)
    if program is None:
        return _told(call, "", 0)
    if "debian" in program.families:
        return None
    answer = program.handler(Call(call.runner, name, call.args[1:], call.streams, tty=call.tty))
    return _told(call, "", answer) if isinstance(answer, int) else answer


def _told(call: Call, text: str, status: int) -> Effects:
    yield from turn()
    call.print_error(text, end="")
    return status


def _functions() -> str:
    """Return the list of applets as it is shown below the usage."""
    lines, column = "", MAX_COLUMN
    for index, name in enumerate(APPLETS):
        word = f"{name}, " if index + 1 < len(APPLETS) else name
        if column + len(word) > MAX_COLUMN:
            lines, column = f"{lines.rstrip(' ')}\n\t", FIRST_COLUMN
        lines, column = lines + word, column + len(word)
    return f"\nCurrently defined functions:{lines}"


def _applets(call: Call) -> list[str]:
    """Return the names of the applets: as Debian builds it, or all that a smaller machine has."""
    if call.shell.machine.persona.family == "debian":
        return list(APPLETS)
    return sorted(one for one, program in programs().items() if program.folder or one in ("echo", "test", "printf"))


MAX_COLUMN, FIRST_COLUMN = 80, 8
_BUSYBOX = """\
BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.
BusyBox is copyrighted by many authors between 1998-2015.
Licensed under GPLv2. See source distribution for detailed
copyright notices.

Usage: busybox [function [arguments]...]
   or: busybox --list[-full]
   or: busybox --show SCRIPT
   or: busybox --install [-s] [DIR]
   or: function [arguments]...

\tBusyBox is a multi-call binary that combines many common Unix
\tutilities into a single executable.  Most people will create a
\tlink to busybox for each function they wish to use and BusyBox
\twill act like whatever it was invoked as.
"""
