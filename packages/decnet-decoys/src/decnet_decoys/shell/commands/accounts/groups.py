# SPDX-License-Identifier: MIT
"""The commands groupadd, groupdel and gpasswd, and chage and vipw, which change nothing that is seen."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.accounts.rows import append, drop, edit
from decnet_decoys.shell.commands.options import options
from decnet_decoys.shell.machine import account_files
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
        drop(call, "/etc/group", name)
        return 0
    if name in groups:
        return 0 if "f" in found else call.fail(f"group '{name}' already exists", 9)
    asked = found.last("g")
    number = int(asked) if asked.isdecimal() and len(asked) < 10 else free_number(groups)
    append(call, "/etc/group", f"{name.replace(':', '')}:x:{number}:")
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
        return joined(call, found.last("a"), found.operands[0], quiet=True)
    return 0
