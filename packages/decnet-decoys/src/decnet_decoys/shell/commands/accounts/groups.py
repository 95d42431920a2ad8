# SPDX-License-Identifier: MIT
"""The commands groupadd, groupdel, groupmod, gpasswd and chage, and vipw, which changes nothing."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.accounts.rows import append, drop, edit, lines_of
from decnet_decoys.shell.commands.options import options
from decnet_decoys.shell.machine.files import account_files
from decnet_decoys.shell.programs import command


def free_number(groups: dict[str, tuple[int, tuple[str, ...]]]) -> int:
    return max((number for number, _ in groups.values() if 1000 <= number < 60000), default=999) + 1


def joined(call: Call, name: str, group: str, *, quiet: bool) -> int:
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
        edit(call, "/etc/group", group, 3, ",".join((*members, name)))
    return 0


@command("groupadd", "groupdel", folder="/usr/sbin")
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
        drop(call, "/etc/group", name)
        return 0
    if name in groups:
        return 0 if "f" in found else call.fail(f"group '{name}' already exists", 9)
    asked = found.last("g")
    number = int(asked) if asked.isdecimal() and len(asked) < 10 else free_number(groups)
    append(call, "/etc/group", f"{name.replace(':', '')}:x:{number}:")
    return 0


@command("groupmod", folder="/usr/sbin", families=("debian",))
def groupmod(call: Call) -> int:
    """Change a group's name or number."""
    found = options(call, "ag:n:op:U:h", {"gid": "g:", "new-name": "n:", "non-unique": "o"}, status=2)
    if not found.operands:
        call.print_error("Usage: groupmod [options] GROUP\n\nOptions:")
        return 2
    name, groups = found.operands[0], account_files.groups(call.shell.files)
    if call.shell.identity.uid != 0:
        return call.fail("Permission denied.\ngroupmod: cannot lock /etc/group; try again later.", 10)
    if name not in groups:
        return call.fail(f"group '{name[:64]}' does not exist", 6)
    wanted = found.last("n").replace(":", "").replace("\n", "")[:32]
    if "n" in found and wanted in groups:
        return call.fail(f"group '{wanted}' already exists", 9)
    if found.last("g").isdecimal() and len(found.last("g")) < 10:
        edit(call, "/etc/group", name, 2, found.last("g"))
    if wanted:
        edit(call, "/etc/group", name, 0, wanted)
    return 0


@command("vipw", "vigr", folder="/usr/sbin")
def vipw(call: Call) -> int:
    return 0 if call.shell.identity.uid == 0 else call.fail("Permission denied.")


@command("gpasswd")
def gpasswd(call: Call) -> int:
    """Make a user a member of a group (-a), or no longer one (-d)."""
    found = options(call, "a:d:M:A:rR", {"add": "a:", "delete": "d:"}, status=2)
    if call.shell.identity.uid != 0:
        return call.fail("Permission denied.")
    name, group = (found.last("a") or found.last("d"))[:64], (found.operands or [""])[0][:64]
    if not name or not group:
        return 0
    groups = account_files.groups(call.shell.files)
    if call.shell.account(name) is None:
        return call.fail(f"user '{name}' does not exist", 3)
    if group not in groups:
        return call.fail(f"group '{group}' does not exist in /etc/group", 3)
    if "a" in found:
        call.print(f"Adding user {name} to group {group}")
        return joined(call, name, group, quiet=True)
    return _left(call, name, group, groups[group][1])


def _left(call: Call, name: str, group: str, members: tuple[str, ...]) -> int:
    """Make a user no longer a member of a group."""
    call.print(f"Removing user {name} from group {group}")
    if name not in members:
        return call.fail(f"user '{name}' is not a member of '{group}'", 3)
    edit(call, "/etc/group", group, 3, ",".join(one for one in members if one != name))
    return 0


_AGES = (
    "Last password change\t\t\t\t\t", "Password expires\t\t\t\t\t", "Password inactive\t\t\t\t\t",
    "Account expires\t\t\t\t\t\t", "Minimum number of days between password change\t\t",
    "Maximum number of days between password change\t\t", "Number of days of warning before password expires\t",
)  # fmt: skip


@command("chage")
def chage(call: Call) -> int:
    """List how old a password is and may become, or change that."""
    found = options(call, "d:lm:M:E:I:W:ihR:", {"list": "l"}, status=2)
    name = (found.operands or [""])[0]
    if call.shell.account(name) is None:
        return call.fail(f"user '{name[:64]}' does not exist in /etc/passwd")
    if call.shell.identity.uid != 0 and (name != call.shell.user.name or "l" not in found):
        return call.fail("Permission denied.")
    row = next((line for line in lines_of(call, "/etc/shadow") if line.startswith(f"{name}:")), "").split(":")
    row += [""] * (9 - len(row))
    for letter, column in (("d", 2), ("m", 3), ("M", 4), ("W", 5), ("I", 6), ("E", 7)):
        if letter in found and found.last(letter).lstrip("-").isdecimal():
            edit(call, "/etc/shadow", name, column, found.last(letter)[:9])
    if "l" in found:
        for title, value in zip(_AGES, _ages(call, row), strict=True):
            call.print(f"{title}: {value}")
    return 0


def _ages(call: Call, row: list[str]) -> list[str]:
    """Return what `chage -l` tells of a row of /etc/shadow."""
    changed, least, most, warned, inactive, ends = (int(one[:7]) if one[:7].isdecimal() else -1 for one in row[2:8])

    def day(number: int) -> str:
        return call.shell.date("%b %d, %Y", number * 86400)

    expires = changed + most if 0 <= most < 10_000 else -1
    if changed == 0:
        return ["password must be changed"] * 3 + [day(ends) if ends > 0 else "never", *map(str, (least, most, warned))]
    shown = [
        day(changed) if changed > 0 else "never",
        day(expires) if expires > 0 else "never",
        day(expires + inactive) if expires > 0 and inactive > 0 else "never",
        day(ends) if ends > 0 else "never",
    ]
    return [*shown, *map(str, (least, most, warned))]
