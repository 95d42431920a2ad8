# SPDX-License-Identifier: MIT
"""The commands useradd, userdel and usermod."""

import posixpath

from decnet_decoys.personas.schema import User
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.accounts.groups import free_number, joined
from decnet_decoys.shell.commands.accounts.rows import append, drop, edit
from decnet_decoys.shell.commands.options import Options, options
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.machine.access import KERNEL
from decnet_decoys.shell.machine.files import account_files
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command

_LOCKED = "cannot lock /etc/passwd; try again later."

_USERADD = {"create-home": "m", "no-create-home": "M", "shell": "s:", "groups": "G:", "gid": "g:", "uid": "u:",
            "home-dir": "d:", "comment": "c:", "non-unique": "o", "password": "p:", "system": "r", "no-user-group": "N",
            "user-group": "U", "defaults": "D", "disabled-password": "disabled", "gecos": "c:", "home": "d:",
            "quiet": "q", "disabled-login": "disabled", "ingroup": "ingroup:", "force-badname": "force", "append": "a",
            "login": "l:", "lock": "L", "unlock": "Un", "skel": "k:", "expiredate": "e:", "inactive": "f:"}  # fmt: skip
_ADD_USAGE = "Usage: useradd [options] LOGIN\n       useradd -D\n       useradd -D [options]\n\nOptions:"


@command("useradd", folder="/usr/sbin")
def useradd(call: Call) -> Effects:
    """Add an account, with its group and, if asked, its home."""
    shell = call.shell
    found = options(call, "mMs:G:g:u:d:c:op:rNUDk:K:e:f:b:lh", _USERADD, status=2)
    if not found.operands:
        call.print_error(_ADD_USAGE)
        return 2
    name = found.operands[0][:32]
    if shell.identity.uid != 0:
        return call.fail(f"Permission denied.\nuseradd: {_LOCKED}")
    groups = account_files.groups(shell.files)
    problem = _problem(call, name, found, groups)
    if problem is not None:
        return problem
    yield from _added(call, name, found, groups)
    return 0


def _problem(call: Call, name: str, found: Options, groups: dict[str, tuple[int, tuple[str, ...]]]) -> int | None:
    """Refuse a name or number that is wrong; returns the status."""
    shell, asked = call.shell, found.last("u")
    number = int(asked) if asked.isdecimal() and len(asked) < 10 else None
    unknown = [group for group in found.last("G").split(",") if "G" in found and group not in groups]
    valid = name[:1].isalpha() or name[:1] == "_"
    for wrong, message, status in (
        (shell.account(name) is not None, f"user '{name}' already exists", 9),
        (not valid or any(one in name for one in ":/\n \\"), f"invalid user name '{name}': use --badname to ignore", 3),
        (bool(asked) and number is None, f"invalid user ID '{asked}'", 3),
        ("o" not in found and any(user.uid == number for user in shell.users), f"UID {asked} is not unique", 4),
        (
            found.last("g", "0") not in groups and not found.last("g", "0").isdecimal(),
            f"group '{found.last('g')}' does not exist",
            6,
        ),
        (bool(unknown), f"group '{''.join(unknown[:1])}' does not exist", 6),
    ):
        if wrong:
            return call.fail(message, status)
    return None


def _added(call: Call, name: str, found: Options, groups: dict[str, tuple[int, tuple[str, ...]]]) -> Steps[None]:
    shell = call.shell
    taken = [user.uid for user in shell.users if 1000 <= user.uid < 60000]
    uid = int(found.last("u")) if "u" in found else max(taken, default=999) + 1
    gid = _group_of(call, name, found, groups, uid)
    home = found.last("d", f"/home/{name}")
    if not 1000 <= uid <= 60000 and "r" not in found:
        call.print_error(f"useradd warning: {name}'s uid {uid} outside of the UID_MIN 1000 and UID_MAX 60000 range.")
    login_shell = found.last("s", "/bin/sh")
    append(call, "/etc/passwd", f"{name}:x:{uid}:{gid}:{found.last('c')}:{home}:{login_shell}")
    field = found.last("p", "!").replace(":", "")[:256]
    append(call, "/etc/shadow", f"{name}:{field}:{shell.now // 86400}:0:99999:7:::")
    for group in found.last("G").split(",") if "G" in found else ():
        joined(call, name, group, quiet=True)
    if "m" in found and "M" not in found:
        yield from make_home(call, User(name=name, uid=uid, gid=gid, home=home, shell=login_shell))


def _group_of(call: Call, name: str, found: Options, groups: dict[str, tuple[int, tuple[str, ...]]], uid: int) -> int:
    """Return the first group's number; that of a new group of the user's name unless one is asked for."""
    asked = found.last("g")
    if asked in groups:
        return groups[asked][0]
    if asked.isdecimal() and len(asked) < 10:
        return int(asked)
    if name in groups:
        return groups[name][0]
    number = uid if uid >= 1000 and all(number != uid for number, _ in groups.values()) else free_number(groups)
    append(call, "/etc/group", f"{name}:x:{number}:")
    return number


def make_home(call: Call, user: User) -> Steps[None]:
    """Make a home with what /etc/skel has."""
    files, access = call.shell.files, KERNEL._replace(now=call.shell.now)
    try:
        if files.exists(user.home, access):
            call.print_error(
                f"useradd: warning: the home directory {user.home} already exists.\n"
                "useradd: Not copying any file from skel directory into it."
            )
            return
        files.mkdir(user.home, access)
        files.change(user.home, access, mode=0o755, uid=user.uid, gid=user.gid)
        for name in (".profile", ".bashrc", ".bash_logout"):
            yield from turn()
            source = f"/root/{name}" if not files.exists(f"/etc/skel/{name}") else f"/etc/skel/{name}"
            if files.exists(source):
                path = files.write(posixpath.join(user.home, name), files.read(source), access)
                files.change(path, access, mode=0o644, uid=user.uid, gid=user.gid)
    except FileSystemError as error:
        call.print_error(f"useradd: cannot create directory {user.home}: {error}")


@command("userdel", folder="/usr/sbin")
def userdel(call: Call) -> Effects:
    """Remove an account, and with -r its home."""
    shell = call.shell
    found = options(call, "rfhZ", {"remove": "r", "force": "f", "remove-home": "r", "quiet": "q"}, status=2)
    if not found.operands:
        call.print_error("Usage: userdel [options] LOGIN\n\nOptions:")
        return 2
    name = found.operands[0]
    if shell.identity.uid != 0:
        return call.fail(f"Permission denied.\nuserdel: {_LOCKED}")
    user = shell.account(name)
    if user is None:
        return call.fail(f"user '{name}' does not exist", 6)
    if user.uid == 0 or name == shell.user.name:
        call.fail(f"user {name} is currently used by process {1 if user.uid == 0 else shell.pid}")
        if "f" not in found:
            return 8
    yield from drop_account(call, user)
    if "r" in found:
        call.print_error(f"userdel: {name} mail spool (/var/mail/{name}) not found")
        if not shell.files.exists(user.home):
            call.print_error(f"userdel: {name} home directory ({user.home}) not found")
        yield from call.runner.execute(["rm", "-rf", "--", user.home], call.streams)
    return 0


def drop_account(call: Call, user: User) -> Steps[None]:
    """Take an account out of the files, and out of its groups."""
    shell, name = call.shell, user.name
    for path in ("/etc/passwd", "/etc/shadow"):
        drop(call, path, name)
    for group, (number, members) in account_files.groups(shell.files).items():
        yield from turn()
        if group == name and number == user.gid and not members:
            drop(call, "/etc/group", group)
        elif name in members:
            edit(call, "/etc/group", group, 3, ",".join(one for one in members if one != name))


@command("usermod", folder="/usr/sbin")
def usermod(call: Call) -> Effects:
    """Change an account's groups, shell, home, name, number or password."""
    found = options(call, "aG:g:s:d:mc:u:ol:Lp:Ue:f:hrv:w:", _USERADD, status=2)
    if not found.operands:
        call.print_error("Usage: usermod [options] LOGIN\n\nOptions:")
        return 2
    name = found.operands[0]
    if call.shell.identity.uid != 0:
        return call.fail(f"Permission denied.\nusermod: {_LOCKED}")
    if call.shell.account(name) is None:
        return call.fail(f"user '{name}' does not exist", 6)
    for group in found.last("G").split(",") if "G" in found else ():
        yield from turn()
        if (status := joined(call, name, group, quiet=True)) != 0:
            return status
    _modify(call, name, found)
    return 0


def _modify(call: Call, name: str, found: Options) -> None:
    field = account_files.shadow(call.shell.files).get(name, "!")
    unlocked = field.lstrip("!")
    changed = {"p": found.last("p").replace(":", ""), "L": "!" + unlocked, "U": unlocked, "Un": unlocked}
    for letter, value in changed.items():
        if letter in found:
            edit(call, "/etc/shadow", name, 1, value[:256])
    groups = account_files.groups(call.shell.files)
    for letter, column in (("u", 2), ("g", 3), ("c", 4), ("d", 5), ("s", 6), ("l", 0)):
        if letter in found:
            value = found.last(letter).replace(":", "").replace("\n", "")[:256]
            edit(
                call, "/etc/passwd", name, column, str(groups[value][0]) if letter == "g" and value in groups else value
            )
    if "l" in found:
        edit(call, "/etc/shadow", name, 0, found.last("l").replace(":", "").replace("\n", "")[:32])
