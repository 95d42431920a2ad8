# SPDX-License-Identifier: MIT
"""The condition commands: test, [ and [[ (POSIX.1-2017, test)."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.expansion.arithmetic import arithmetic
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command


@command("test", "[", "[[")
def test(call: Call) -> int:
    args = list(call.args)
    if call.name != "test" and args and args[-1] in ("]", "]]"):
        args.pop()
    for joint, combine in (("-o", any), ("||", any), ("-a", all), ("&&", all)):
        if joint in args and args.index(joint) not in (0, len(args) - 1):
            at = args.index(joint)
            return int(not combine([_holds(call, args[:at]), _holds(call, args[at + 1 :])]))
    return int(not _holds(call, args))


def _holds(call: Call, args: list[str]) -> bool:
    bangs = next((index for index, arg in enumerate(args) if arg != "!"), len(args))
    return _is_true(call, args[bangs:]) != bool(bangs % 2)


def _is_true(call: Call, args: list[str]) -> bool:
    if len(args) == 1:
        return bool(args[0])
    if len(args) == 2:
        return _unary(call, args[0], args[1])
    if len(args) >= 3:
        return _binary(call, args[0], args[1], args[2])
    return False


def _unary(call: Call, operator: str, value: str) -> bool:
    if operator in ("-z", "-n"):
        return bool(value) == (operator == "-n")
    if operator == "-t":
        return call.shell.terminal is not None
    shell = call.shell
    try:
        entry = shell.files.stat(value, shell.access, follow=operator not in ("-h", "-L"))
    except FileSystemError:
        return False
    bits = {"-r": 4, "-w": 2, "-x": 1}
    if operator in bits:
        return shell.identity.may(entry, bits[operator])
    kinds = {"-f": "file", "-d": "dir", "-h": "link", "-L": "link", "-c": "device"}
    return entry.size > 0 if operator == "-s" else entry.kind == kinds.get(operator, entry.kind)


def _binary(call: Call, left: str, operator: str, right: str) -> bool:
    if operator in ("=", "==", "=~"):
        return left == right
    if operator == "!=":
        return left != right
    a, b = arithmetic(left, call.shell.variables), arithmetic(right, call.shell.variables)
    if a is None or b is None:
        call.fail(f"{left if a is None else right}: integer expression expected", 2)
        return False
    return {"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b, "-ge": a >= b}.get(operator, False)
