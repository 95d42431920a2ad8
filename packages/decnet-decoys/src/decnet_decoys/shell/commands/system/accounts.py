# SPDX-License-Identifier: MIT
"""Commands about users: id, whoami, who, w, last, su, chsh."""

from decnet_decoys.personas.schema import User
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.accounts.rows import edit
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.commands.shells.startup import read_startup_files
from decnet_decoys.shell.commands.system.hardware import uptime_line
from decnet_decoys.shell.effects import AskLine, Effects, Pause, turn
from decnet_decoys.shell.encoding import decode, encode, quoted
from decnet_decoys.shell.environment.language import ShellKind
from decnet_decoys.shell.interactive.nesting import enter
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import size_of, whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.state import ShellState

_ID = {"user": "u", "group": "g", "groups": "G", "name": "n", "real": "r", "zero": "z", "context": "Z"}


@command("id")
def id_(call: Call) -> int:
    """Show who somebody is: -u -g -G with -n."""
    found = options(call, "ugGnrzaZ", _ID)
    if "Z" in found:
        return call.fail("--context (-Z) works only on an SELinux-enabled kernel")
    if sum(one in found for one in "ugG") > 1:
        return call.fail('cannot print "only" of more than one choice')
    if found.any("nr") and not found.any("ugG"):
        return call.fail("cannot print only names or real IDs in default format")
    if "z" in found and not found.any("ugG"):
        return call.fail("option --zero not permitted in default format")
    status = 0
    if not found.operands:
        _identify(call, found, call.shell.user)
    for name in found.operands[:100]:
        user = call.shell.account(name) or call.shell.account_of(name) or _of_number(call, name)
        if user is None:
            status = call.fail(f"{quoted(name)}: no such user")
        else:
            _identify(call, found, user)
    return status


def _of_number(call: Call, name: str) -> User | None:
    """Return the first account of a number, which may have a plus sign before it."""
    digits = name.removeprefix("+")
    known = digits.isascii() and digits.isdecimal() and len(digits) < 11
    return next((user for user in call.shell.users if known and user.uid == int(digits)), None)


def _identify(call: Call, found: Options, user: User) -> None:
    groups = call.shell.groups_of(user) if found.operands else call.shell.own_groups
    first = next(iter(groups))
    if "u" in found:
        call.print(call.shell.owner_name(user.uid) if "n" in found else str(user.uid))
    elif "G" in found:
        call.print(" ".join(groups if "n" in found else map(str, groups.values())))
    elif "g" in found:
        call.print(first if "n" in found else str(user.gid))
    else:
        numbered = [f"{gid}({name})" for name, gid in groups.items()]
        name = call.shell.owner_name(user.uid)
        call.print(f"uid={user.uid}({name}) gid={numbered[0]} groups={','.join(numbered)}")


@command("whoami", "logname")
def whoami(call: Call) -> int:
    if call.words:
        raise tried(call, f"extra operand {quoted(call.words[0])}")
    if call.name == "logname" and call.shell.terminal is None:
        return call.fail("no login name")
    user = call.shell.user
    call.print(
        next((one.name for one in call.shell.users if one.uid == user.uid), user.name)
    )  # the first of the number
    return 0


@command("groups")
def groups(call: Call) -> int:
    """Show whose member somebody is."""
    status = 0
    for name in call.words[:50]:
        user = call.shell.account(name)
        if user is None:
            status = call.fail(f"{quoted(name)}: no such user")
        else:
            call.print(f"{name} : {' '.join(call.shell.groups_of(user))}")
    if not call.words:
        call.print(" ".join(call.shell.own_groups))
    return status


@command("w", "who", "users")
def w(call: Call) -> int:
    """List the users that are logged in: the attacker alone, if he has a terminal."""
    shell = call.shell
    since, here = shell.date("%H:%M"), shell.terminal is not None
    if call.name == "who" and {"-q", "--count"} & set(call.args):
        call.print(f"{shell.user.name if here else ''}\n# users={int(here)}")
        return 0
    if call.name != "w" and not here:
        return 0
    if call.name == "users":
        call.print(shell.user.name)
    elif call.name == "who":
        day = shell.date("%Y-%m-%d")
        call.print(f"{shell.user.name:<8} pts/0        {day} {since} ({shell.origin.address})")
    else:
        if "h" not in call.flags()[0]:
            call.print(uptime_line(call))
            call.print("USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT")
        if here:
            call.print(f"{shell.user.name:<8} pts/0    {shell.origin.address:<16} {since}    0.00s  0.02s  0.00s w")
    return 0


@command("last", "lastb", "lastlog")
def last(call: Call) -> int:
    """Show who was logged in, of the users or terminals that are named: the attacker, and the system since its boot."""
    shell = call.shell
    if call.name == "lastlog":
        return _last_log(call)
    call.args[:] = [f"-n{arg[1:]}" if arg[:1] == "-" and arg[1:].isdecimal() else arg for arg in call.args]
    found = options(call, "n:f:s:t:p:adFiwxRh")
    log = found.last("f") or f"/var/log/{'wtmp' if call.name == 'last' else 'btmp'}"
    if not shell.files.exists(log, shell.access):
        return call.fail(f"cannot open {log[:4096]}: {NOT_FOUND}")
    if not size_of(shell.files.read(log, shell.access)):  # somebody emptied it
        call.print(f"\n{log.rpartition('/')[2]} begins {shell.date('%a %b %e %H:%M:%S %Y')}")
        return 0
    now = shell.date("%a %b %e %H:%M")
    boot = shell.date("%a %b %e %H:%M", shell.machine.booted)
    mine = (shell.user.name, "pts/0", f"{shell.origin.address:<16} {now}   still logged in")
    shown = [
        *([mine] if shell.terminal is not None else []),
        ("reboot", "system boot", f"{shell.machine.persona.kernel[:16]:<16} {boot}   still running"),
    ]
    if found.operands:
        shown = [row for row in shown if {row[0], row[1], row[1].removeprefix("pts/")} & set(found.operands)]
    most = found.last("n", "2")
    for user, line, rest in shown[: int(most[:4]) if most.isdecimal() else 2] if call.name == "last" else ():
        call.print(f"{user:<8} {line:<12} {rest}")
    begins = shell.date("%a %b %e %H:%M:%S %Y", shell.machine.booted)
    call.print(f"\n{'wtmp' if call.name == 'last' else 'btmp'} begins {begins}")
    return 0


_LASTLOG = "/var/log/lastlog"


def _last_log(call: Call) -> int:
    """Show when each account was last logged in: the attacker's now, the others never."""
    shell = call.shell
    if not shell.files.exists(_LASTLOG):
        call.print_error(f"{_LASTLOG}: {NOT_FOUND}")
        return 1
    asked = call.flags("ubt")[0].get("u", "")
    users = [user for user in shell.users if not asked or user.name == asked]
    if not users:
        return call.fail(f"Unknown user or range: {asked[:64]}")
    call.print("Username         Port     From                                       Latest")
    for user in users[:200]:
        when = shell.date("%a %b %e %H:%M:%S +0000 %Y", shell.began)
        here = f"pts/0    {shell.origin.address:<42} {when}"
        seen = here if user.name == shell.user.name else f"{'':51} **Never logged in**"
        call.print(f"{user.name:<16} {seen}")
    return 0


@command("su", "login")
def su(call: Call) -> Effects:
    shell = call.shell
    options, operands = call.flags("cs")
    operands = [name for name in operands if name != "-"]
    name = operands[0] if operands else "root"
    user = call.shell.account(name)
    if user is None:
        return call.fail(f"user {name} does not exist or the user entry does not contain all the required fields")
    if shell.identity.uid == 0 and not _has_shadow(shell, user.name):
        return call.fail("Authentication failure")
    if shell.identity.uid != 0:
        given = yield AskLine("Password: ", echo=False)
        if given is None or not shell.password_is(user, decode(given)):
            yield Pause(1.5)
            return call.fail("Authentication failure")
    is_login = bool({"l", "login"} & options.keys()) or "-" in call.args
    stays = None if is_login else (shell.cwd, shell.directory)
    if stays is None and not shell.files.exists(user.home):
        call.fail(f"warning: cannot change directory to {user.home}: {NOT_FOUND}")
        stays = (shell.cwd, shell.directory)
    program = options.get("s", user.shell)
    if program.endswith(("nologin", "false")):
        if not program.endswith("false"):
            call.print("This account is currently not available.")
        return 1
    if "c" in options:
        with shell.forked():
            _become(call, user, stays)
            if shell.machine.persona.family == "debian":
                shell.kind = "dash" if program.endswith(("/sh", "/dash")) else "bash"
            yield from read_startup_files(call, login=is_login, interactive=False)
            argv = [f"{'-' if is_login else ''}{program.rpartition('/')[2]}"]
            return (yield from call.runner.subshell(options["c"], argv, call.streams, named=True))
    name = program.rpartition("/")[2]
    kind: ShellKind = "ash" if shell.ash else "dash" if name in ("sh", "dash") else "bash"
    enter(shell, kind, f"{'-' * is_login}{name}")
    _become(call, user, stays)
    yield from read_startup_files(call, login=is_login, interactive=True)
    return 0


def _has_shadow(shell: ShellState, name: str) -> bool:
    """Return whether pam_unix finds out if an account has expired: it needs a row in /etc/shadow, if there is that."""
    try:
        rows = whole_of(shell.files.read("/etc/shadow"))
    except FileSystemError:
        return True
    return encode(f"\n{name}:") in b"\n" + rows


def _become(call: Call, user: User, stays: tuple[str, str] | None) -> None:
    """Become a user: in his home, or in the working directory, which has a path and a name."""
    call.shell.become(user)
    if stays is not None:
        call.shell.cwd = stays[0]
        call.shell.set("PWD", stays[1])


@command("nologin", folder="/usr/sbin")
def nologin(call: Call) -> int:
    """Refuse a log-in."""
    call.print("This account is currently not available.")
    return 1


@command("wall", "write", families=("debian",))
def wall(call: Call) -> Effects:
    """Write to the terminals of those who are logged in: nobody else is."""
    if call.name == "wall":
        if not call.words:
            yield from call.input()
        return 0
    yield from turn()
    if not call.words:
        call.print_error("Try 'write --help' for more information.")
        return 1
    if not any(user.name == call.words[0] for user in call.shell.users) or call.shell.terminal is None:
        return call.fail(f"{call.words[0][:64]} is not logged in")
    return 0


@command("mesg")
def mesg(call: Call) -> int:
    """Tell whether others may write to the terminal."""
    if call.shell.terminal is None:
        return 2
    if not call.words:
        call.print("is y")
    return 0


def _is_listed(shell: ShellState, program: str) -> bool:
    """Return whether a shell is one of /etc/shells, if there is that."""
    try:
        return encode(program) in whole_of(shell.files.read("/etc/shells")).split(b"\n")
    except FileSystemError:
        return True


@command("chsh")
def chsh(call: Call) -> int:
    """Change the shell of an account."""
    options, operands = call.flags("s")
    name = operands[0] if operands else call.shell.user.name
    user = call.shell.account(name)
    if user is None:
        call.print_error(f"chsh: user '{name[:32]}' does not exist")
        return 1
    wanted = options.get("s", options.get("shell", ""))
    caller = call.shell.account(call.shell.user.name)
    if caller is not None and not _is_listed(call.shell, caller.shell):  # pam_shells
        if wanted:
            call.print_error("Password: chsh: PAM: Authentication failure")
        return 1
    if wanted and not call.shell.files.exists(wanted):
        call.print_error(f"chsh: Warning: {wanted[:256]} does not exist")
    if wanted and call.shell.identity.uid == 0:
        edit(call, "/etc/passwd", name, 6, wanted.replace(":", "").replace("\n", "")[:256])
    return 0
