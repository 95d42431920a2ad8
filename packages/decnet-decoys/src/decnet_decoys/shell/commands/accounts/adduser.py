# SPDX-License-Identifier: MIT
"""Debian's adduser, deluser, addgroup and delgroup (adduser(8)): they say each step, and choose numbers by kind."""

from decnet_decoys.personas.schema import User
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.accounts.groups import free_number, joined
from decnet_decoys.shell.commands.accounts.rows import append, drop, edit
from decnet_decoys.shell.commands.accounts.users import drop_account, make_home
from decnet_decoys.shell.commands.options import Options, UsageError, options
from decnet_decoys.shell.effects import AskLine, Effects, turn
from decnet_decoys.shell.machine.files import account_files
from decnet_decoys.shell.programs import command

_SYSTEM = range(100, 1000)
_LONG = {
    "system": "system", "group": "group", "no-create-home": "M", "create-home": "m", "shell": "s:", "gid": "gid:",
    "uid": "u:", "home": "d:", "gecos": "c:", "comment": "c:", "ingroup": "in:", "disabled-password": "disabled",
    "disabled-login": "disabled", "quiet": "q", "force-badname": "force", "allow-badname": "force", "conf": "conf:",
    "allow-bad-names": "force", "add-extra-groups": "extra", "firstuid": "x:", "lastuid": "x:", "debug": "x",
    "remove-home": "r", "remove-all-files": "r", "backup": "x", "backup-to": "x:", "only-if-empty": "empty",
    "force": "f", "help": "h", "version": "v",
}  # fmt: skip
_ROOT_ONLY = "Only root may {} a user or group {} the system."
_NAMES = "Only one or two names allowed."


def _asked(call: Call, doing: str, where: str) -> Options:
    """Return the options; raises UsageError unless root asks with one or two names."""
    found = options(call, "qhvfrs:d:u:", _LONG, status=1)
    if call.shell.identity.uid != 0:
        raise UsageError(_ROOT_ONLY.format(doing, where))
    if not 0 < len(found.operands) < 3:
        raise UsageError(_NAMES)
    return found


@command("adduser", folder="/usr/sbin")
def adduser(call: Call) -> Effects:
    """Add a user, with group and home, or an existing one to a group."""
    found = _asked(call, "add", "to")
    name, shell = found.operands[0][:32], call.shell
    user = shell.account(name)
    if len(found.operands) == 2:
        return _joined(call, user, name, found.operands[1][:32])
    if user is not None and "system" in found and user.uid in _SYSTEM:
        call.print(f"The system user `{name}' already exists. Exiting.")
        return 0
    if user is not None:
        return call.fail(f"The user `{name}' already exists.")
    if not (name[:1].isalpha() or name[:1] == "_") or any(one in name for one in ":/\n \\"):
        return call.fail("Please enter a username matching the regular expression configured\nvia the NAME_REGEX.")
    if "system" in found:
        return (yield from _system_user(call, name, found))
    return (yield from _person(call, name, found))


def _joined(call: Call, user: User | None, name: str, group: str) -> int:
    if user is None:
        return call.fail(f"The user `{name}' does not exist.")
    if name in account_files.groups(call.shell.files).get(group, (0, ()))[1]:
        call.print(f"The user `{name}' is already a member of `{group}'.")
        return 0
    return int(joined(call, name, group, quiet=False) != 0)


def _told(call: Call, found: Options, line: str) -> None:
    if "q" not in found:
        call.print(line)


def _system_user(call: Call, name: str, found: Options) -> Effects:
    shell = call.shell
    groups = account_files.groups(shell.files)
    uid = _free({user.uid for user in shell.users})
    _told(call, found, f"Adding system user `{name}' (UID {uid}) ...")
    group = found.last("in", "nogroup")
    if "group" in found and name not in groups:
        number = _free({number for number, _ in groups.values()})
        _told(call, found, f"Adding new group `{name}' (GID {number}) ...")
        append(call, "/etc/group", f"{name}:x:{number}:")
        groups, group = account_files.groups(shell.files), name
    elif "group" in found:
        group = name
    if group not in groups:
        return call.fail(f"The group `{group[:64]}' does not exist.")
    _told(call, found, f"Adding new user `{name}' (UID {uid}) with group `{group}' ...")
    home = _clean(found.last("d", "/nonexistent"))
    login_shell = _clean(found.last("s", "/usr/sbin/nologin"))
    append(call, "/etc/passwd", f"{name}:x:{uid}:{groups[group][0]}:{_clean(found.last('c'))}:{home}:{login_shell}")
    append(call, "/etc/shadow", f"{name}:!:{shell.now // 86400}::::::")
    if "M" in found or home == "/nonexistent":
        _told(call, found, f"Not creating `{home}'.")
    else:
        _told(call, found, f"Creating home directory `{home}' ...")
        yield from make_home(call, User(name=name, uid=uid, gid=groups[group][0], home=home, shell=login_shell))
    yield from turn()
    return 0


def _person(call: Call, name: str, found: Options) -> Effects:
    shell = call.shell
    groups = account_files.groups(shell.files)
    taken = [user.uid for user in shell.users if 1000 <= user.uid < 60000]
    asked = found.last("u")
    uid = int(asked) if asked.isdecimal() and len(asked) < 7 else max(taken, default=999) + 1
    _told(call, found, f"Adding user `{name}' ...")
    group = found.last("in", name)
    if "in" in found and group not in groups:
        return call.fail(f"The group `{group[:64]}' does not exist.")
    gid = groups[group][0] if group in groups else uid
    if group not in groups:
        gid = uid if all(number != uid for number, _ in groups.values()) else free_number(groups)
        _told(call, found, f"Adding new group `{name}' ({gid}) ...")
        append(call, "/etc/group", f"{name}:x:{gid}:")
    _told(call, found, f"Adding new user `{name}' ({uid}) with group `{group} ({gid})' ...")
    home, login_shell = _clean(found.last("d", f"/home/{name}")), _clean(found.last("s", "/bin/bash"))
    append(call, "/etc/passwd", f"{name}:x:{uid}:{gid}:{_clean(found.last('c'))}:{home}:{login_shell}")
    append(call, "/etc/shadow", f"{name}:!:{shell.now // 86400}:0:99999:7:::")
    if "M" in found:
        _told(call, found, f"Not creating `{home}'.")
    else:
        _told(call, found, f"Creating home directory `{home}' ...")
        if not shell.files.exists(home):
            _told(call, found, "Copying files from `/etc/skel' ...")
        yield from make_home(call, User(name=name, uid=uid, gid=gid, home=home, shell=login_shell))
    if "disabled" not in found:
        status = yield from call.runner.execute(["passwd", name], call.streams)
        if status:
            return status
    if "users" in groups:
        _told(call, found, f"Adding new user `{name}' to supplemental / extra groups `users' ...")
        _told(call, found, f"Adding user `{name}' to group `users' ...")
        joined(call, name, "users", quiet=True)
    return 0


def _clean(text: str) -> str:
    return text.replace(":", "").replace("\n", "")[:256]


def _free(taken: set[int]) -> int:
    return next((number for number in _SYSTEM if number not in taken), _SYSTEM[-1])


@command("deluser", folder="/usr/sbin")
def deluser(call: Call) -> Effects:
    """Remove a user, with --remove-home what he has, or from a group."""
    shell = call.shell
    if not [one for one in call.args if not one.startswith("-")] and shell.identity.uid == 0:
        call.print("Enter a user name to remove: ", end="")
        name = (yield AskLine("")) or b""
        call.args.append(name.decode("utf-8", "replace").strip() or "\n")
    found = _asked(call, "remove", "from")
    name = found.operands[0][:32]
    user = shell.account(name)
    if user is None:
        return call.fail(f"The user `{name.strip()}' does not exist.", 2)
    if len(found.operands) == 2:
        return _left_group(call, name, found.operands[1][:32])
    if user.uid == 0:
        call.print_error(
            "WARNING: You are just about to delete the root account (uid 0)\n"
            "Usually this is never required as it may render the whole system unusable\n"
            "If you really want this, call deluser with parameter --force\n"
            "(but this will fail if there are processes running as user root)\n"
            "Stopping now without having performed any action"
        )
        return 9
    if "r" in found:
        _told(call, found, "Looking for files to backup/remove ...\nRemoving files ...")
        yield from call.runner.execute(["rm", "-rf", "--", user.home], call.streams)
    _told(call, found, f"Removing crontab ...\nRemoving user `{name}' ...")
    yield from drop_account(call, user)
    _told(call, found, "Done.")
    return 0


def _left_group(call: Call, name: str, group: str) -> int:
    """Make a user no longer a member of a group, as `deluser USER GROUP` does."""
    groups = account_files.groups(call.shell.files)
    if group not in groups:
        return call.fail(f"The group `{group}' does not exist.", 3)
    members = groups[group][1]
    if name not in members:
        return call.fail(f"The user `{name}' is not a member of group `{group}'.", 6)
    call.print(f"Removing user `{name}' from group `{group}' ...")
    edit(call, "/etc/group", group, 3, ",".join(one for one in members if one != name))
    call.print("Done.")
    return 0


@command("addgroup", "delgroup", folder="/usr/sbin")
def addgroup(call: Call) -> Effects:
    """Add or remove a group; addgroup with two names makes a user a member."""
    adds = call.name == "addgroup"
    found = _asked(call, "add" if adds else "remove", "to" if adds else "from")
    yield from turn()
    groups = account_files.groups(call.shell.files)
    name = found.operands[-1][:32]
    if len(found.operands) == 2:
        user = found.operands[0][:32]
        return joined(call, user, name, quiet=False) if adds else _left_group(call, user, name)
    if not adds:
        if name not in groups:
            return call.fail(f"The group `{name}' does not exist.", 3)
        holder = next((user.name for user in call.shell.users if user.gid == groups[name][0]), None)
        if holder is not None:
            return call.fail(f"`{holder}' still has `{name}' as their primary group!", 7)
        _told(call, found, f"Removing group `{name}' ...")
        drop(call, "/etc/group", name)
    elif name in groups:
        return call.fail(f"The group `{name}' already exists.")
    else:
        asked, system = found.last("gid"), "system" in found
        number = _free({number for number, _ in groups.values()}) if system else free_number(groups)
        number = int(asked) if asked.isdecimal() and len(asked) < 7 else number
        _told(call, found, f"Adding group `{name}' (GID {number}) ...")
        append(call, "/etc/group", f"{name.replace(':', '')}:x:{number}:")
    _told(call, found, "Done.")
    return 0
