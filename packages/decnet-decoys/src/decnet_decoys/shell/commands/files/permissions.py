# SPDX-License-Identifier: MIT
"""Commands about whose files are and who may what with them: chmod, chown; and the names of groups."""

import re
from collections.abc import Callable, Iterator

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import tried
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine import account_files
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command

MAX_MODE = 256
"""Characters of a mode."""

MODE = re.compile(r"[0-7]{1,5}|[ugoa]*([-+=][rwxXst]*[ugo]?)+(,[ugoa]*([-+=][rwxXst]*[ugo]?)+)*")


@command("chmod")
def chmod(call: Call) -> Effects:
    """Change permissions, in octal or as +x and the like; -R."""
    operands = [arg for arg in call.args if arg not in ("-R", "-f", "-v", "-c", "--")]
    if len(operands) < 2:
        raise tried(call, "missing operand" if not operands else f"missing operand after {quoted(operands[0])}")
    if not MODE.fullmatch(operands[0][:MAX_MODE]):
        raise tried(call, f"invalid mode: {quoted(operands[0])}")
    paths = iter(operands[1:]) if "-R" not in call.args else below(call, operands[1:])
    return (yield from _change(call, paths, lambda entry: {"mode": mode_after(operands[0][:MAX_MODE], entry.mode)}))


def below(call: Call, paths: list[str]) -> Iterator[str]:
    """Yield each path and all that is below it, those that there are not as they are."""
    for path in paths:
        try:
            resolved = call.shell.files.locate(path, call.shell.access)
            yield from (found for found, _ in call.shell.files.walk(resolved))
        except FileSystemError:
            yield path


@command("chown", "chgrp")
def chown(call: Call) -> Effects:
    """Change whose files are: USER, USER:GROUP, :GROUP, and with chgrp GROUP; -R."""
    shell, operands = call.shell, call.words
    if len(operands) < 2:
        raise tried(call, "missing operand" if not operands else f"missing operand after {quoted(operands[0])}")
    name, colon, group = operands[0].partition(":") if call.name == "chown" else ("", ":", operands[0])
    user = next((user for user in shell.users if name in (user.name, str(user.uid))), None)
    if (user is None and name and not name.isdecimal()) or (not name and not group):
        return call.fail(f"invalid user: {quoted(operands[0])}")
    groups = account_files.groups(shell.files)
    if group and group not in groups and not group.isdecimal():
        return call.fail(f"invalid group: {quoted(operands[0])}")
    fields = {} if not name else {"uid": user.uid if user is not None else int(name[:9])}
    if group:
        fields["gid"] = groups[group][0] if group in groups else int(group[:9])
    elif colon and user is not None:
        fields["gid"] = user.gid
    recursive = any(arg.startswith("-") and not arg.startswith("--") and "R" in arg for arg in call.args)
    paths = below(call, operands[1:]) if recursive or "--recursive" in call.args else iter(operands[1:])
    return (yield from _change(call, paths, lambda _entry: fields, "changing ownership of"))


def _change(
    call: Call,
    paths: Iterator[str],
    fields: Callable[[Entry], dict[str, int]],
    failure: str = "changing permissions of",
) -> Effects:
    shell, status = call.shell, 0
    for path in paths:
        yield from turn()
        try:
            entry = shell.files.stat(path, shell.access)
            shell.files.change(path, shell.access, **fields(entry))
        except FileSystemError as error:
            verb = "cannot access" if str(error) == NOT_FOUND else failure
            status = call.fail(f"{verb} '{path}': {error}")
    return status


_PLACES = (("u", 6, 0o4000), ("g", 3, 0o2000), ("o", 0, 0))
"""Of each class the letter, how far its bits are shifted, and what `s` is for it."""


def mode_after(text: str, mode: int) -> int:
    """Return a mode as chmod changes it: to an octal number, or by clauses as `u=s,g+w`."""
    if text.isdecimal() and not set(text) & {"8", "9"} and len(text) < 6:
        return int(text, 8) & 0o7777
    for clause in text.split(","):
        sign = next((letter for letter in clause if letter in "+-="), "")
        who, _, what = clause.partition(sign) if sign else ("", "", "")
        places = [place for letter, *place in _PLACES if letter in who or "a" in who or not who]
        if sign == "=":
            mode &= ~sum(7 << shift | special for shift, special in places)
        bits = sum({"r": 4, "w": 2, "x": 1}.get(letter, 0) for letter in set(what))
        changed = sum(bits << shift | ("s" in what) * special for shift, special in places)
        changed |= 0o1000 if "t" in what else 0
        mode = mode & ~changed if sign == "-" else mode | changed
    return mode


def group_of(call: Call, gid: int) -> str:
    """Return the group's name; one that was made here has its account's."""
    named = next((name for name, number in call.shell.machine.groups.items() if number == gid), None)
    return named or call.shell.owner_name(gid)
