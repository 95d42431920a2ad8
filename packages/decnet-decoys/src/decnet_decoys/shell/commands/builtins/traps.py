# SPDX-License-Identifier: MIT
"""The builtin trap: what a shell does when it ends, when a command fails or is about to run, and on signals."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.processes.listed_signals import SIGNALS, list_signals
from decnet_decoys.shell.encoding import single_quoted
from decnet_decoys.shell.environment.traps import EVENTS
from decnet_decoys.shell.programs import command

MAX_TRAPS = 32


def _named(signal: str) -> str:
    """Return a signal by the name under which it is kept, empty for none."""
    if signal.isdecimal() and len(signal) < 3:
        return "EXIT" if int(signal) == 0 else next(iter(SIGNALS[int(signal) - 1 : int(signal)]), "")
    name = signal.upper().removeprefix("SIG")
    return name if name in EVENTS or name in SIGNALS else ""


@command("trap", folder="")
def trap(call: Call) -> int:
    """Keep what is done on EXIT, ERR, DEBUG, RETURN and signals, or show it."""
    args = [arg for arg in call.args if arg not in ("-p", "--")]
    traps, status = call.shell.traps, 0
    if args == ["-l"]:
        list_signals(call, [])
        return 0
    if not args or "-p" in call.args:
        wanted = [_named(one) for one in args]
        for name in (one for one in ("EXIT", *SIGNALS, "DEBUG", "ERR", "RETURN") if one in traps):
            if not wanted or name in wanted:
                shown = name if name in EVENTS or call.shell.dash else f"SIG{name}"
                call.print(f"trap -- {single_quoted(traps[name])} {shown}")
        return 0
    action, *names = args
    if not names:
        names, action = [action], "-"
    for given in names[:MAX_TRAPS]:
        name = _named(given)
        if not name:
            status = _bad_signal(call, given)
        elif action == "-":
            traps.pop(name, None)
        elif len(traps) < MAX_TRAPS:
            traps[name] = action[:4096]
    return status


def _bad_signal(call: Call, given: str) -> int:
    if not call.shell.dash:
        return call.shell_error(f"trap: {given}: invalid signal specification")
    call.print_error(f"trap: {given}: bad trap")
    return 1
