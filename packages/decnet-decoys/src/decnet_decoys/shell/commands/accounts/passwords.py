# SPDX-License-Identifier: MIT
"""The commands passwd and chpasswd."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.accounts.rows import edit, set_password
from decnet_decoys.shell.commands.options import options
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
        call.print(f"{name} {state} {shell.date('%m/%d/%Y')} 0 99999 7 -1")
        return 0
    if found.any("lude"):
        changed = {"l": "!" + field.lstrip("!"), "u": field.lstrip("!"), "d": ""}
        for letter in "lud":
            if letter in found:
                edit(call, "/etc/shadow", name, 1, changed[letter])
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
