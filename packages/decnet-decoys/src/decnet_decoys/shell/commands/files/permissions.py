# SPDX-License-Identifier: MIT
"""Commands about whose files are and who may what with them: chmod, chown; and the names of groups."""

import re
import stat
from collections.abc import Iterator

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.files import account_files
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command

MAX_MODE = 256
"""Characters of a mode."""

MODE = re.compile(r"[0-7]{1,5}|[ugoa]*([-+=][rwxXst]*[ugo]?)+(,[ugoa]*([-+=][rwxXst]*[ugo]?)+)*")


_CHMOD = {"recursive": "R", "verbose": "v", "changes": "c", "quiet": "f", "silent": "f", "reference": "reference:",
          "preserve-root": "preserve", "no-preserve-root": "any"}  # fmt: skip
_MINUS = re.compile(r"-[rwxXst]+")
"""A mode that looks like options."""


@command("chmod")
def chmod(call: Call) -> Effects:
    """Change permissions, in octal or as +x and the like; -R, -v, -c, -f, --reference."""
    modes = [arg for arg in call.args if _MINUS.fullmatch(arg)][:1]
    call.args[:] = [arg for arg in call.args if arg not in modes]
    found = options(call, "Rvcf", _CHMOD)
    if "reference" in found:
        modes = [f"{call.shell.files.stat(found.last('reference'), call.shell.access).permissions:o}"]
    operands = [*modes, *found.operands]
    if len(operands) < 2:
        raise tried(
            call, f"missing operand after {quoted(operands[0])}" if operands and not modes else "missing operand"
        )
    mode = operands[0][:MAX_MODE]
    if not MODE.fullmatch(mode):
        raise tried(call, f"invalid mode: {quoted(operands[0])}")
    status = 0
    for path in below(call, operands[1:]) if "R" in found else iter(operands[1:]):
        yield from turn()
        status = _chmod(call, path, mode, found) or status
    return status


def _chmod(call: Call, path: str, mode: str, found: Options) -> int:
    files, access = call.shell.files, call.shell.access
    try:
        entry = files.stat(path, access)
        new = mode_after(mode, entry.permissions, call.shell.umask, folder=entry.kind == "dir")
        files.change(path, access, mode=new)
    except FileSystemError as error:
        verb = "cannot access" if str(error) == NOT_FOUND else "changing permissions of"
        if "f" not in found:
            call.fail(f"{verb} {shell_quoted(path)}: {error}")
        if "v" in found:
            call.print(f"{shell_quoted(path)} could not be accessed")
        return 1
    if new != entry.permissions and found.any("vc"):
        call.print(f"mode of {shell_quoted(path)} changed from {_shown(entry.permissions)} to {_shown(new)}")
    elif "v" in found:
        call.print(f"mode of {shell_quoted(path)} retained as {_shown(new)}")
    return 0


def _shown(mode: int) -> str:
    return f"{mode:04o} ({stat.filemode(mode)[1:]})"


def below(call: Call, paths: list[str]) -> Iterator[str]:
    """Yield each path and all that is below it, those that there are not as they are."""
    for path in paths:
        try:
            resolved = call.shell.files.locate(path, call.shell.access)
            call.shell.files.stat(resolved)
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
    dotted = call.name == "chown" and not colon and "." in name and shell.account(name) is None
    if dotted:  # as BSD had it, which coreutils still takes
        name, colon, group = name.partition(".")
        dotted = not group or group in account_files.groups(shell.files)
        name = name if dotted else operands[0]
    user = next((user for user in shell.users if name in (user.name, str(user.uid))), None)
    if (user is None and name and not name.isdecimal()) or (not name and not group):
        return call.fail(f"invalid user: {quoted(operands[0])}")
    if dotted:
        call.fail(f"warning: '.' should be ':': {quoted(operands[0])}")
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
    letters = {letter for arg in call.args if arg[:1] == "-" and arg[:2] != "--" for letter in arg[1:]}
    status = 0
    for path in paths:
        yield from turn()
        status = _chown(call, path, fields, letters) or status
    return status


def _chown(call: Call, path: str, fields: dict[str, int], letters: set[str]) -> int:
    files, access = call.shell.files, call.shell.access
    what = "ownership" if call.name == "chown" else "group"
    try:
        entry = files.stat(path, access)
        files.change(path, access, **fields)
    except FileSystemError as error:
        verb = "cannot access" if str(error) == NOT_FOUND else f"changing {what} of"
        return 1 if "f" in letters else call.fail(f"{verb} {shell_quoted(path)}: {error}")
    new = entry._replace(uid=fields.get("uid", entry.uid), gid=fields.get("gid", entry.gid))
    if letters & {"v", "c"} and (new.uid, new.gid) != (entry.uid, entry.gid):
        call.print(
            f"changed {what} of {shell_quoted(path)} from {_owner(call, entry, fields)} to {_owner(call, new, fields)}"
        )
    elif "v" in letters:
        call.print(f"{what} of {shell_quoted(path)} retained as {_owner(call, new, fields)}")
    return 0


def _owner(call: Call, entry: Entry, fields: dict[str, int]) -> str:
    names = {"uid": call.shell.owner_name(entry.uid), "gid": group_of(call, entry.gid)}
    return ":".join(names[name] for name in ("uid", "gid") if name in fields)


_PLACES = (("u", 6, 0o4000), ("g", 3, 0o2000), ("o", 0, 0o1000))
"""Of each class the letter, how far its bits are shifted, and what `s` is for it."""


_CLAUSE = re.compile(r"([-+=])([rwxXst]*)([ugo]?)")


def mode_after(text: str, mode: int, umask: int = 0, *, folder: bool = False) -> int:
    """Return a mode as chmod changes it: to an octal number, or by clauses as `u=s,g+w,o=g`.

    Clauses that name nobody leave what the umask masks; `X` is x for directories and what somebody may execute.
    """
    if text.isdecimal() and not set(text) & {"8", "9"} and len(text) < 6:
        return int(text, 8) & 0o7777
    for clause in text.split(","):
        who = clause[: len(clause) - len(clause.lstrip("ugoa"))]
        places = [place for letter, *place in _PLACES if letter in who or "a" in who or not who]
        for sign, what, copied in _CLAUSE.findall(clause[len(who) :]):
            bits = sum({"r": 4, "w": 2, "x": 1}.get(letter, 0) for letter in set(what))
            bits |= int("X" in what and (folder or bool(mode & 0o111)))
            bits |= mode >> {"u": 6, "g": 3, "o": 0}[copied] & 7 if copied else 0
            special_bits = ("s" in what) * 0o6000 | ("t" in what) * 0o1000
            changed = sum(bits << shift | (special_bits & special) for shift, special in places)
            changed = changed & ~umask if not who else changed
            if sign == "=":
                mode &= ~sum(7 << shift | special for shift, special in places) | (0o6000 if folder else 0)
            mode = mode & ~changed if sign == "-" else mode | changed
    return mode


def group_of(call: Call, gid: int) -> str:
    """Return the group's name; one that was made here has its account's."""
    named = next((name for name, number in call.shell.machine.groups.items() if number == gid), None)
    return named or call.shell.owner_name(gid)
