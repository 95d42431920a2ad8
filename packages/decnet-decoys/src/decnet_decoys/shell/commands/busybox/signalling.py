# SPDX-License-Identifier: MIT
"""kill and killall of BusyBox, where they differ from the builtin and from psmisc."""

from collections.abc import Callable

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.busybox.words import worded
from decnet_decoys.shell.commands.processes.listed_signals import is_signal, list_as_busybox
from decnet_decoys.shell.effects import Effects, turn


def _signalling(call: Call) -> Effects:
    """Send a signal as the program of the name does, once there is somebody to send it to."""
    yield from turn()
    args = list(call.args)
    if args == ["-l"]:
        return list_as_busybox(call)
    given = args[0][1:] if args[:1] and args[0].startswith("-") and len(args[0]) > 1 else ""
    if args[:1] == ["-s"] and len(args) > 1:
        given, args = args[1], args[1:]
    if given and given not in ("l", "q", "-", "o") and not is_signal(given):
        return call.fail(f"bad signal name '{given[:64]}'")
    if not args[bool(given) :]:
        return call.fail("you need to specify whom to kill")
    return (yield from worded(call, call.args, program=False))


SIGNALLING: dict[str, Callable[[Call], Effects]] = {"kill": _signalling, "killall": _signalling}
"""By applet: what it does otherwise than the program of the name."""
