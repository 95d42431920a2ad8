# SPDX-License-Identifier: MIT
"""The command find."""

import posixpath
import stat

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command

MAX_LISTED = 5000
_KINDS = {"f": "file", "d": "dir", "l": "link", "c": "device"}
"""As `-type` names them."""


@command("find")
def find(call: Call) -> Effects:
    """Search below paths; -name, -iname, -type, -perm, -maxdepth and -delete are understood."""
    args = call.args
    cut = next((index for index, arg in enumerate(args) if arg.startswith(("-", "(", "!"))), len(args))
    tests = dict(zip(args[cut:], [*args[cut + 1 :], ""], strict=False))
    status = 0
    for root in args[:cut] or ["."]:
        yield from turn()
        try:
            resolved = call.shell.files.locate(root, call.shell.access)
            call.shell.files.stat(resolved)
        except FileSystemError as error:
            status = call.fail(f"{quoted(root)}: {error}")
            continue
        yield from _found(call, root, resolved, tests)
    return status


def _found(call: Call, root: str, resolved: str, tests: dict[str, str]) -> Steps[None]:
    deepest = tests.get("-maxdepth", "")
    limit = int(deepest) if deepest.isdigit() and len(deepest) < 4 else 100
    for seen, (path, entry) in enumerate(call.shell.files.walk(resolved)):
        yield from turn()
        below = path[len(resolved.rstrip("/")) :]
        if below.count("/") > limit or (seen > MAX_LISTED and below):
            continue
        if _fits(call, path, entry, tests):
            call.print(root.rstrip("/") + below if below else root)


def _fits(call: Call, path: str, entry: Entry, tests: dict[str, str]) -> bool:
    name = posixpath.basename(path)
    if "-type" in tests and entry.kind != _KINDS.get(tests["-type"], "none"):
        return False
    if "-name" in tests and not matches(name, tests["-name"]):
        return False
    if "-iname" in tests and not matches(name.lower(), tests["-iname"].lower()):
        return False
    if "-perm" in tests:
        return _permitted(entry.mode, tests["-perm"].lstrip("-/"))
    if "-user" in tests:
        return call.shell.owner_name(entry.uid) == tests["-user"]
    return "-writable" not in tests or call.shell.identity.may(entry, 2)


def _permitted(mode: int, digits: str) -> bool:
    """Return whether `mode` has all bits of `digits`; no octal number stands for set-user-id, the usual hunt."""
    octal = digits.isdigit() and not set(digits) & {"8", "9"} and len(digits) < 6
    wanted = int(digits, 8) if octal else stat.S_ISUID
    return mode & wanted == wanted and bool(wanted)
