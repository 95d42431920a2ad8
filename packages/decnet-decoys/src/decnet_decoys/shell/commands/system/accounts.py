# SPDX-License-Identifier: MIT
"""Commands about users: id, whoami, who, w, last, passwd, su, sudo, useradd, chpasswd."""

from decnet_decoys.personas.schema import User
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.system.hardware import uptime_line
from decnet_decoys.shell.effects import AskLine, Effects, Pause, turn
from decnet_decoys.shell.encoding import decode, quoted
from decnet_decoys.shell.machine.tree import ROOT
from decnet_decoys.shell.programs import command

MAX_USERS = 100


@command("id")
def id_(call: Call) -> int:
    options, operands = call.flags()
    user = call.shell.account(operands[0]) if operands else call.shell.user
    if user is None:
        return call.fail(f"{quoted(operands[0])}: no such user")
    if "u" in options:
        call.print(user.name if "n" in options else str(user.uid))
    elif "g" in options:
        call.print(user.name if "n" in options else str(user.gid))
    else:
        numbered = [f"{gid}({name})" for name, gid in call.shell.machine.groups_of(user).items()]
        call.print(f"uid={user.uid}({user.name}) gid={numbered[0]} groups={','.join(numbered)}")
    return 0


@command("whoami", "logname")
def whoami(call: Call) -> int:
    call.print(call.shell.user.name)
    return 0


@command("groups")
def groups(call: Call) -> int:
    call.print(" ".join(call.shell.machine.groups_of(call.shell.user)))
    return 0


@command("w", "who", "users")
def w(call: Call) -> int:
    """List the users that are logged in: the attacker alone."""
    shell = call.shell
    since = shell.date("%H:%M")
    if call.name == "users":
        call.print(shell.user.name)
    elif call.name == "who":
        day = shell.date("%Y-%m-%d")
        call.print(f"{shell.user.name:<8} pts/0        {day} {since} ({shell.origin.address})")
    else:
        call.print(uptime_line(call, users=1))
        call.print("USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT")
        call.print(f"{shell.user.name:<8} pts/0    {shell.origin.address:<16} {since}    0.00s  0.02s  0.00s w")
    return 0


@command("last", "lastlog")
def last(call: Call) -> int:
    shell = call.shell
    now = shell.date("%a %b %e %H:%M")
    boot = shell.date("%a %b %e %H:%M", shell.machine.booted)
    call.print(f"{shell.user.name:<8} pts/0        {shell.origin.address:<16} {now}   still logged in")
    call.print(f"reboot   system boot  {shell.machine.persona.kernel[:16]:<16} {boot}   still running")
    call.print(f"\nwtmp begins {boot}")
    return 0


@command("passwd")
def passwd(call: Call) -> Effects:
    """Change a password: asks twice, and seems to have done it."""
    shell = call.shell
    name = next((arg for arg in call.args if not arg.startswith("-")), shell.user.name)
    if call.shell.account(name) is None:
        return call.fail(f"user '{name}' does not exist")
    if shell.identity.uid != 0 and name != shell.user.name:
        return call.fail(f"You may not view or modify password information for {name}.")
    prompts = ["New password: ", "Retype new password: "]
    if shell.identity.uid != 0:
        call.print(f"Changing password for {name}.")
        prompts.insert(0, "Current password: ")
    given = []
    for prompt in prompts:
        if call.stdin is not None:
            given.append(call.stdin.line())
        else:
            given.append((yield AskLine(prompt, echo=False)))
    if given[-1] != given[-2] or not given[-1]:
        call.print_error("Sorry, passwords do not match.\npasswd: Authentication token manipulation error")
        call.print_error("passwd: password unchanged")
        return 10
    call.print_error("passwd: password updated successfully")
    return 0


@command("chpasswd", folder="/usr/sbin")
def chpasswd(call: Call) -> Effects:
    """Change passwords from `user:password` lines."""
    source = yield from call.input()
    if call.shell.identity.uid != 0:
        return call.fail("cannot lock /etc/passwd; try again later.")
    for line in source.lines():
        yield from turn()
        name = decode(line.partition(b":")[0])
        if call.shell.account(name) is None:
            return call.fail(f"(user {name}) pam_chauthtok() failed, error:\nAuthentication token manipulation error")
    return 0


@command("su", "login")
def su(call: Call) -> Effects:
    shell = call.shell
    options, operands = call.flags("cs")
    operands = [name for name in operands if name != "-"]
    user = call.shell.account(operands[0] if operands else "root")
    if user is None:
        return call.fail(
            f"user {operands[0]} does not exist or the user entry does not contain all the required fields"
        )
    if shell.identity.uid != 0:
        given = yield AskLine("Password: ", echo=False)
        if given is None or decode(given) not in user.passwords:
            yield Pause(1.5)
            return call.fail("Authentication failure")
    if "c" in options:
        with shell.forked():
            shell.become(user)
            return (yield from call.runner.subshell(options["c"], ["sh"], call.streams))
    shell.become(user)
    return 0


@command("sudo", families=("debian",))
def sudo(call: Call) -> Effects:
    """Run a command as root after the user's password."""
    shell = call.shell
    args = list(call.args)
    while args and args[0].startswith("-"):
        option = args.pop(0)
        if option in ("-u", "-g", "-p") and args:
            args.pop(0)
        if option in ("-i", "-s"):
            args = args or ["su", "-"]
        if option == "-l":
            args = ["true"]
    if not args:
        return call.fail("usage: sudo -h | -K | -k | -V")
    if shell.identity.uid == 0:
        return (yield from call.runner.execute(args, call.streams))
    return (yield from _sudo_after_password(call, args))


def _sudo_after_password(call: Call, args: list[str]) -> Effects:
    shell = call.shell
    for attempt in range(3):
        given = yield AskLine(f"[sudo] password for {shell.user.name}: ", echo=False)
        if given is None:
            break
        if shell.user.sudo and decode(given) in shell.user.passwords:
            return (yield from _as_root(call, args))
        yield Pause(1.5)
        if attempt < 2:
            call.print_error("Sorry, try again.")
    if not shell.user.sudo:
        return call.fail(f"{shell.user.name} is not in the sudoers file.")
    return call.fail("3 incorrect password attempts")


def _as_root(call: Call, args: list[str]) -> Effects:
    shell = call.shell
    root = call.shell.account("root") or shell.user
    if args[0] == "su" or args[0].endswith("sh"):
        shell.become(root)
        return 0
    with shell.forked():
        shell.user, shell.identity = root, ROOT
        return (yield from call.runner.execute(args, call.streams))


@command("useradd", "adduser", folder="/usr/sbin")
def useradd(call: Call) -> Effects | int:
    """Add an account for this session."""
    shell = call.shell
    _, operands = call.flags("dgGsupcek")
    if not operands:
        return call.fail("Usage: useradd [options] LOGIN", 2)
    name = operands[0][:32]
    if shell.identity.uid != 0:
        return call.fail("Permission denied.\nuseradd: cannot lock /etc/passwd; try again later.")
    if call.shell.account(name) is not None:
        return call.fail(f"user '{name}' already exists", 9)
    uid = max(1000, *(user.uid for user in shell.users if user.uid < 60000)) + 1
    if len(shell.users) < MAX_USERS:
        shell.users.append(User(name=name, uid=uid, gid=uid, home=f"/home/{name}", shell="/bin/sh"))  # noqa: S604  # a field, not a call of a shell
    return _recorded(call, f"{name}:x:{uid}:{uid}::/home/{name}:/bin/sh\n")


def _recorded(call: Call, line: str) -> Effects:
    shell = call.shell
    shell.files.write("/etc/passwd", line.encode("utf-8", "replace"), shell.access, append=True)
    yield from ()
    return 0


@command("userdel", "deluser", "usermod", "groupadd", "addgroup", "chage", "gpasswd", folder="/usr/sbin")
def usermod(call: Call) -> int:
    """Change accounts, silently, when root asks."""
    if call.shell.identity.uid != 0:
        return call.fail("Permission denied.")
    return 0
