# SPDX-License-Identifier: MIT
"""How a program starts another (execvp(3)): no function, no builtin that is no file."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.command_lookup import find_program
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.fs_errors import DENIED, NOT_FOUND
from decnet_decoys.shell.streams import Streams

_COMPLAINTS = {
    "xargs": "xargs: {name}: {why}", "env": "env: {quoted}: {why}", "nice": "nice: {quoted}: {why}",
    "find": "find: {quoted}: {why}",
    "nohup": "nohup: failed to run command '{name}': {why}",
    **dict.fromkeys(("timeout", "stdbuf"), "{program}: failed to run command {quoted}: {why}"),
    **dict.fromkeys(
        ("setsid", "ionice", "taskset", "chrt", "runuser"), "{program}: failed to execute {name}: {why}"
    ),
}  # fmt: skip


def started(call: Call, argv: list[str], streams: Streams | None = None) -> Effects:
    """Run a program for another one; the generator returns its status, or 126 or 127 when there is none to run."""
    streams = call.streams if streams is None else streams
    yield from turn()  # `env env env ...` reads its operands again each time
    if call.shell.machine.persona.family != "debian":
        return (yield from call.runner.execute(argv, streams))
    found = find_program(call.shell, argv[0])
    if found.complaint:
        why = NOT_FOUND if found.status == 127 else DENIED
        form = _COMPLAINTS.get(call.name, call.name + ": {name}: {why}")
        name = argv[0][:4096]
        call.print_error(form.format(program=call.name, name=name, quoted=quoted(name), why=why))
        return found.status
    return (yield from call.runner.execute(argv, streams, program=True))
