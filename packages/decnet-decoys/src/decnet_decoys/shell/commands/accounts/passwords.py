# SPDX-License-Identifier: MIT
"""The commands passwd and chpasswd."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.accounts.rows import edit, lines_of, set_password
from decnet_decoys.shell.commands.options import Options, UsageError, options
from decnet_decoys.shell.effects import AskLine, Effects, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.files import account_files
from decnet_decoys.shell.programs import command


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
        call.print(f"{name} {state} {_ageing(call, name)}")
        return 0
    if found.any("lude"):
        changed = {"l": "!" + field.lstrip("!"), "u": field.lstrip("!"), "d": ""}
        for letter in "lud":
            if letter in found:
                edit(call, "/etc/shadow", name, 1, changed[letter])
        call.print("passwd: password changed." if found.any("lud") else _expiry_changed(call))
        return 0
    if found.any("nxwi"):
        return _aged(call, found, name)
    return (yield from _asked(call, name))


_AGES = {"n": 3, "x": 4, "w": 5, "i": 6}
"""Columns of /etc/shadow (shadow(5)) that options set, counted from 0: days."""


def _aged(call: Call, found: Options, name: str) -> int:
    """Set after how many days a password must or may be changed."""
    for letter, column in _AGES.items():
        if letter in found and not found.last(letter).removeprefix("-").isdecimal():
            raise UsageError(f"invalid numeric argument '{found.last(letter)[:64]}'", 6)
        if letter in found:
            edit(call, "/etc/shadow", name, column, found.last(letter)[:9])
    call.print(_expiry_changed(call))
    return 0


def _expiry_changed(call: Call) -> str:
    """Return what is told of a changed age: shadow 4.13 no longer tells it from a changed password."""
    return "passwd: password expiry information changed." if _is_older(call) else "passwd: password changed."


def _is_older(call: Call) -> bool:
    """Return whether passwd is that of Ubuntu, from before shadow 4.13."""
    return "Ubuntu" in call.shell.machine.persona.os


def _ageing(call: Call, name: str) -> str:
    """Return when a password was changed and its ages, as `passwd -S` shows them."""
    row = next((line.split(":") for line in lines_of(call, "/etc/shadow") if line.startswith(f"{name}:")), [])
    days, *ages = [column or "-1" for column in (*row[2:7], *[""] * 5)][:5]
    layout = "%m/%d/%Y" if _is_older(call) else "%Y-%m-%d"
    changed = call.shell.date(layout, int(days) * 86400) if days.isdecimal() and len(days) < 6 else days
    return " ".join((changed, *ages))


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
            if given[-1] is None and len(given) < len(prompts):
                given += [None] * (len(prompts) - len(given))
                break
        else:
            given.append((yield AskLine(prompt, echo=False)))
    user = shell.account(name)
    if len(given) > 2 and user is not None and not shell.password_is(user, decode(given[0] or b"")):
        call.print_error("passwd: Authentication token manipulation error\npasswd: password unchanged")
        return 10
    if given[-1] != given[-2] or not given[-1]:
        wrong = "Sorry, passwords do not match." if given[-1] else "Password change has been aborted."
        call.print_error(f"{wrong}\npasswd: Authentication token manipulation error\npasswd: password unchanged")
        return 10
    set_password(call, name, decode(given[-1])[:512])
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
            edit(call, "/etc/shadow", name, 1, password.replace(":", "")[:256])
        else:
            set_password(call, name, password[:512])
    return int(failed)
