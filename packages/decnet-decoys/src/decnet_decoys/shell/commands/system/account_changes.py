# SPDX-License-Identifier: MIT
"""Commands that change accounts by editing their files: passwd, chpasswd, useradd, userdel, usermod, groupadd."""

import posixpath

from decnet_decoys.personas.schema import User
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, options
from decnet_decoys.shell.effects import AskLine, Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine import account_files
from decnet_decoys.shell.machine.filesystem import KERNEL
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command

MAX_SECRETS = 256
"""Passwords that intruders set on one machine."""
_LOCKED = "cannot lock /etc/passwd; try again later."


def _lines(call: Call, path: str) -> list[str]:
    """Return the lines of one of the accounts' files, as far as it is read at all."""
    try:
        content = call.shell.files.read(path, KERNEL)
    except FileSystemError:
        return []
    return decode(content[: account_files.MAX_READ] if isinstance(content, bytes) else b"").splitlines()


def _store(call: Call, path: str, lines: list[str]) -> None:
    files = call.shell.files
    text = encode("".join(line + "\n" for line in lines))[: account_files.MAX_READ]
    files.write(path, text, KERNEL._replace(now=call.shell.now))


def _edit(call: Call, path: str, name: str, column: int, value: str) -> None:
    """Change one column of the row `name`."""
    lines = _lines(call, path)
    for index, line in enumerate(lines):
        fields = line.split(":")
        if fields[0] == name and column < len(fields):
            fields[column] = value
            lines[index] = ":".join(fields)
    _store(call, path, lines)


def _append(call: Call, path: str, row: str) -> None:
    _store(call, path, [*_lines(call, path), row])


def _drop(call: Call, path: str, name: str) -> None:
    _store(call, path, [line for line in _lines(call, path) if not line.startswith(f"{name}:")])


def _set_password(call: Call, name: str, password: str) -> None:
    """Put a hash into /etc/shadow, and keep which password it stands for."""
    machine, shell = call.shell.machine, call.shell
    field = account_files.made_field(f"{machine.hostname}:{name}:{password}:{shell.now}:{len(machine.secrets)}")
    while len(machine.secrets) >= MAX_SECRETS:
        machine.secrets.pop(next(iter(machine.secrets)))
    machine.secrets[field] = password
    if name not in account_files.shadow(shell.files):
        _append(call, "/etc/shadow", f"{name}:!:{shell.now // 86400}:0:99999:7:::")
    _edit(call, "/etc/shadow", name, 1, field)
    _edit(call, "/etc/shadow", name, 2, str(shell.now // 86400))


@command("passwd")
def passwd(call: Call) -> Effects:
    """Change a password, asked for twice; -l -u -d -S and -e change or show its state."""
    shell = call.shell
    found = options(
        call, "adeSlun:x:w:i:qkR:", {"delete": "d", "lock": "l", "unlock": "u", "status": "S", "expire": "e"}
    )
    name = found.operands[0] if found.operands else shell.user.name
    if shell.account(name) is None:
        return call.fail(f"user '{name}' does not exist")
    if shell.identity.uid != 0 and (name != shell.user.name or found.any("deluS")):
        return call.fail(f"You may not view or modify password information for {name}.")
    field = account_files.shadow(shell.files).get(name, "*")
    if "S" in found:
        state = "NP" if not field else "L" if field[0] in "!*" else "P"
        call.print(f"{name} {state} {shell.date('%m/%d/%Y')} 0 99999 7 -1")
        return 0
    if found.any("lude"):
        changed = {"l": "!" + field.lstrip("!"), "u": field.lstrip("!"), "d": ""}
        for letter in "lud":
            if letter in found:
                _edit(call, "/etc/shadow", name, 1, changed[letter])
        call.print("passwd: password changed." if found.any("lud") else "passwd: password expiry information changed.")
        return 0
    return (yield from _asked(call, name))


def _asked(call: Call, name: str) -> Effects:
    """Ask for the new password twice and set it."""
    shell = call.shell
    prompts = ["New password: ", "Retype new password: "]
    if shell.identity.uid != 0:
        call.print(f"Changing password for {name}.")
        prompts.insert(0, "Current password: ")
    given = []
    for prompt in prompts:
        if call.stdin is not None:
            call.print_error(prompt, end="")
            given.append(call.stdin.line())
        else:
            given.append((yield AskLine(prompt, echo=False)))
    user = shell.account(name)
    if len(given) > 2 and user is not None and not shell.password_is(user, decode(given[0] or b"")):
        call.print_error("passwd: Authentication token manipulation error\npasswd: password unchanged")
        return 10
    if given[-1] != given[-2] or not given[-1]:
        wrong = "Sorry, passwords do not match." if given[-1] or given[-2] else "No password has been supplied."
        call.print_error(f"{wrong}\npasswd: Authentication token manipulation error\npasswd: password unchanged")
        return 10
    _set_password(call, name, decode(given[-1])[:512])
    call.print_error("passwd: password updated successfully")
    return 0


@command("chpasswd", folder="/usr/sbin")
def chpasswd(call: Call) -> Effects:
    """Change passwords from `user:password` lines."""
    found = options(call, "c:ehmR:s:", {"encrypted": "e", "md5": "m", "crypt-method": "c:"})
    source = yield from call.input()
    if call.shell.identity.uid != 0:
        return call.fail("cannot lock /etc/passwd; try again later.")
    failed = False
    for number, line in enumerate(source.lines(), 1):
        yield from turn()
        name, colon, password = decode(line).partition(":")
        if not colon:
            failed = bool(call.fail(f"line {number}: missing new password"))
        elif call.shell.account(name) is None:
            call.print_error(
                f"chpasswd: (user {name}) pam_chauthtok() failed, error:\nAuthentication token manipulation error"
            )
            call.print_error(f"chpasswd: (line {number}, user {name}) password not changed")
            failed = True
        elif "e" in found:
            _edit(call, "/etc/shadow", name, 1, password.replace(":", "")[:256])
        else:
            _set_password(call, name, password[:512])
    return int(failed)


_USERADD = {"create-home": "m", "no-create-home": "M", "shell": "s:", "groups": "G:", "gid": "g:", "uid": "u:",
            "home-dir": "d:", "comment": "c:", "non-unique": "o", "password": "p:", "system": "r", "no-user-group": "N",
            "user-group": "U", "defaults": "D", "disabled-password": "disabled", "gecos": "c:", "home": "d:",
            "quiet": "q", "disabled-login": "disabled", "ingroup": "ingroup:", "force-badname": "force", "append": "a",
            "login": "l:", "lock": "L", "unlock": "Un", "skel": "k:", "expiredate": "e:", "inactive": "f:"}  # fmt: skip
_ADD_USAGE = "Usage: useradd [options] LOGIN\n       useradd -D\n       useradd -D [options]\n\nOptions:"


@command("useradd", "adduser", folder="/usr/sbin")
def useradd(call: Call) -> Effects:
    """Add an account, with its group and, if asked, its home."""
    shell = call.shell
    letters = "mMs:G:g:u:d:c:op:rNUDk:K:e:f:b:lh" if call.name == "useradd" else "qh"
    found = options(call, letters, _USERADD, status=2)
    if not found.operands:
        call.print_error("adduser: Only one or two names allowed." if call.name == "adduser" else _ADD_USAGE)
        return 1 if call.name == "adduser" else 2
    name = found.operands[0][:32]
    if shell.identity.uid != 0:
        only = "Only root may add a user or group to the system."
        return call.fail(only if call.name == "adduser" else f"Permission denied.\nuseradd: {_LOCKED}")
    groups = account_files.groups(shell.files)
    if call.name == "adduser" and len(found.operands) == 2:
        return _joined(call, name, found.operands[1], quiet=False)
    problem = _problem(call, name, found, groups)
    if problem is not None:
        return problem
    yield from _added(call, name, found, groups)
    return 0


def _problem(call: Call, name: str, found: Options, groups: dict[str, tuple[int, tuple[str, ...]]]) -> int | None:
    """Refuse a name or number that is wrong; returns the status."""
    shell, asked, is_useradd = call.shell, found.last("u"), call.name == "useradd"
    number = int(asked) if asked.isdecimal() and len(asked) < 10 else None
    unknown = [group for group in found.last("G").split(",") if "G" in found and group not in groups]
    exists = f"user '{name}' already exists" if is_useradd else f"The user `{name}' already exists."
    valid = name[:1].isalpha() or name[:1] == "_"
    for wrong, message, status in (
        (shell.account(name) is not None, exists, 9 if is_useradd else 1),
        (not valid or any(one in name for one in ":/\n \\"), f"invalid user name '{name}': use --badname to ignore", 3),
        (bool(asked) and number is None, f"invalid user ID '{asked}'", 3),
        ("o" not in found and any(user.uid == number for user in shell.users), f"UID {asked} is not unique", 4),
        (bool(unknown), f"group '{''.join(unknown[:1])}' does not exist", 6),
    ):
        if wrong:
            return call.fail(message, status)
    return None


def _added(call: Call, name: str, found: Options, groups: dict[str, tuple[int, tuple[str, ...]]]) -> Steps[None]:
    shell = call.shell
    adduser = call.name == "adduser"
    taken = [user.uid for user in shell.users if 1000 <= user.uid < 60000]
    uid = int(found.last("u")) if "u" in found else max(taken, default=999) + 1
    gid = _group_of(call, name, found, groups, uid)
    home = found.last("d", f"/home/{name}")
    if adduser:
        call.print(
            f"Adding user `{name}' ...\nAdding new group `{name}' ({gid}) ...\nAdding new user `{name}' ({uid}) with "
            f"group `{name} ({gid})' ...\nCreating home directory `{home}' ...\nCopying files from `/etc/skel' ..."
        )
    elif not 1000 <= uid <= 60000 and "r" not in found:
        call.print_error(f"useradd warning: {name}'s uid {uid} outside of the UID_MIN 1000 and UID_MAX 60000 range.")
    login_shell = found.last("s", "/bin/bash" if adduser else "/bin/sh")
    _append(call, "/etc/passwd", f"{name}:x:{uid}:{gid}:{found.last('c')}:{home}:{login_shell}")
    field = found.last("p", "!").replace(":", "")[:256]
    _append(call, "/etc/shadow", f"{name}:{field}:{shell.now // 86400}:0:99999:7:::")
    for group in found.last("G").split(",") if "G" in found else ():
        _joined(call, name, group, quiet=True)
    if ("m" in found or adduser) and "M" not in found:
        yield from _home(call, User(name=name, uid=uid, gid=gid, home=home, shell=login_shell))


def _group_of(call: Call, name: str, found: Options, groups: dict[str, tuple[int, tuple[str, ...]]], uid: int) -> int:
    """Return the first group's number; that of a new group of the user's name unless one is asked for."""
    asked = found.last("g")
    if asked in groups:
        return groups[asked][0]
    if asked.isdecimal() and len(asked) < 10:
        return int(asked)
    if name in groups:
        return groups[name][0]
    number = uid if uid >= 1000 and all(number != uid for number, _ in groups.values()) else _free(groups)
    _append(call, "/etc/group", f"{name}:x:{number}:")
    return number


def _free(groups: dict[str, tuple[int, tuple[str, ...]]]) -> int:
    return max((number for number, _ in groups.values() if 1000 <= number < 60000), default=999) + 1


def _home(call: Call, user: User) -> Steps[None]:
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


def _joined(call: Call, name: str, group: str, *, quiet: bool) -> int:
    """Make a user a member of a group."""
    groups = account_files.groups(call.shell.files)
    if group not in groups:
        return call.fail(
            f"The group `{group}' does not exist." if not quiet else f"group '{group}' does not exist",
            6 if quiet else 1,
        )
    if not quiet:
        call.print(f"Adding user `{name}' to group `{group}' ...\nDone.")
    members = groups[group][1]
    if name not in members:
        _edit(call, "/etc/group", group, 3, ",".join((*members, name)))
    return 0


@command("userdel", "deluser", folder="/usr/sbin")
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
        wanted = f"user '{name}' does not exist" if call.name == "userdel" else f"The user `{name}' does not exist."
        return call.fail(wanted, 6 if call.name == "userdel" else 2)
    if name == shell.user.name and "f" not in found:
        return call.fail(f"user {name} is currently used by process {shell.pid}", 8)
    for path in ("/etc/passwd", "/etc/shadow"):
        _drop(call, path, name)
    for group, (number, members) in account_files.groups(shell.files).items():
        yield from turn()
        if group == name and number == user.gid and not members:
            _drop(call, "/etc/group", group)
        elif name in members:
            _edit(call, "/etc/group", group, 3, ",".join(one for one in members if one != name))
    if "r" in found:
        yield from call.runner.execute(["rm", "-rf", "--", user.home], call.streams)
        call.print_error(f"userdel: {name} mail spool (/var/mail/{name}) not found")
    return 0


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
        if (status := _joined(call, name, group, quiet=True)) != 0:
            return status
    _modify(call, name, found)
    return 0


def _modify(call: Call, name: str, found: Options) -> None:
    field = account_files.shadow(call.shell.files).get(name, "!")
    unlocked = field.lstrip("!")
    changed = {"p": found.last("p").replace(":", ""), "L": "!" + unlocked, "U": unlocked, "Un": unlocked}
    for letter, value in changed.items():
        if letter in found:
            _edit(call, "/etc/shadow", name, 1, value[:256])
    groups = account_files.groups(call.shell.files)
    for letter, column in (("u", 2), ("g", 3), ("c", 4), ("d", 5), ("s", 6), ("l", 0)):
        if letter in found:
            value = found.last(letter).replace(":", "").replace("\n", "")[:256]
            _edit(
                call, "/etc/passwd", name, column, str(groups[value][0]) if letter == "g" and value in groups else value
            )
    if "l" in found:
        _edit(call, "/etc/shadow", name, 0, found.last("l").replace(":", "").replace("\n", "")[:32])


@command("groupadd", "addgroup", "groupdel", "delgroup", folder="/usr/sbin")
def groupadd(call: Call) -> int:
    """Add or remove a group."""
    found = options(call, "g:forhp:K:", {"gid": "g:", "force": "f", "system": "r"}, status=2)
    if not found.operands:
        call.print_error(f"Usage: {call.name} [options] GROUP\n\nOptions:")
        return 2
    name = found.operands[0][:32]
    if call.shell.identity.uid != 0:
        return call.fail(f"Permission denied.\n{call.name}: cannot lock /etc/group; try again later.", 10)
    groups = account_files.groups(call.shell.files)
    if "del" in call.name:
        if name not in groups:
            return call.fail(f"group '{name}' does not exist", 6)
        _drop(call, "/etc/group", name)
        return 0
    if name in groups:
        return 0 if "f" in found else call.fail(f"group '{name}' already exists", 9)
    asked = found.last("g")
    number = int(asked) if asked.isdecimal() and len(asked) < 10 else _free(groups)
    _append(call, "/etc/group", f"{name.replace(':', '')}:x:{number}:")
    return 0


@command("chage", "gpasswd", "vipw", folder="/usr/sbin")
def chage(call: Call) -> int:
    """Take other changes silently when root asks; `gpasswd -a USER GROUP` makes a member."""
    if call.shell.identity.uid != 0:
        return call.fail("Permission denied.")
    found = options(call, "a:d:lM:m:E:I:W:rRA:h", {})
    if call.name == "chage" and found.operands and call.shell.account(found.operands[0]) is None:
        return call.fail(f"user '{found.operands[0][:64]}' does not exist in /etc/passwd")
    if call.name == "gpasswd" and "a" in found and found.operands:
        call.print(f"Adding user {found.last('a')} to group {found.operands[0]}")
        return _joined(call, found.last("a"), found.operands[0], quiet=True)
    return 0
