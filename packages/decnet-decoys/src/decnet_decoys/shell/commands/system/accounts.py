# SPDX-License-Identifier: MIT
"""Commands about users: id, whoami, who, w, last, su, sudo."""

from decnet_decoys.personas.schema import User
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.command_lookup import find_program, on_path
from decnet_decoys.shell.commands.accounts.rows import edit
from decnet_decoys.shell.commands.options import options, tried
from decnet_decoys.shell.commands.system.hardware import uptime_line
from decnet_decoys.shell.effects import AskLine, Effects, Pause
from decnet_decoys.shell.encoding import decode, quoted
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND
from decnet_decoys.shell.programs import BUILTINS, command


@command("id")
def id_(call: Call) -> int:
    """Show who somebody is: -u -g -G with -n."""
    found = options(call, "ugGnrza", {"user": "u", "group": "g", "groups": "G", "name": "n", "real": "r"})
    user = call.shell.account(found.operands[0]) if found.operands else call.shell.user
    if user is None:
        return call.fail(f"{quoted(found.operands[0])}: no such user")
    if "z" in found and not found.any("ugG"):
        return call.fail("option --zero not permitted in default format")
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
    return 0


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
            argv = [f"{'-' if is_login else ''}{program.rpartition('/')[2]}"]
            return (yield from call.runner.subshell(options["c"], argv, call.streams, named=True))
    _become(call, user, stays)
    return 0


def _become(call: Call, user: User, stays: tuple[str, str] | None) -> None:
    """Become a user: in his home, or in the working directory, which has a path and a name."""
    call.shell.become(user)
    if stays is not None:
        call.shell.cwd = stays[0]
        call.shell.set("PWD", stays[1])


@command("mesg")
def mesg(call: Call) -> int:
    """Tell whether others may write to the terminal."""
    if call.shell.terminal is None:
        return 2
    if not call.words:
        call.print("is y")
    return 0


@command("chsh")
def chsh(call: Call) -> int:
    """Change the shell of an account."""
    options, operands = call.flags("s")
    name = operands[0] if operands else call.shell.user.name
    if call.shell.account(name) is None:
        call.print_error(f"chsh: user '{name[:32]}' does not exist")
        return 1
    wanted = options.get("s", options.get("shell", ""))
    if wanted and not call.shell.files.exists(wanted):
        call.print_error(f"chsh: Warning: {wanted[:256]} does not exist")
    if wanted and call.shell.identity.uid == 0:
        edit(call, "/etc/passwd", name, 6, wanted.replace(":", "").replace("\n", "")[:256])
    return 0


@command("visudo", folder="/usr/sbin", families=("debian",))
def visudo(call: Call) -> int:
    """Check /etc/sudoers."""
    if call.shell.identity.uid != 0:
        return call.fail("/etc/sudoers: Permission denied")
    found, files, access = options(call, "cf:hqsVxO:P"), call.shell.files, call.shell.access
    asked = found.last("f") or next(iter(found.operands), "")
    paths = [asked] if asked else ["/etc/sudoers"]
    if not asked and files.exists("/etc/sudoers.d"):
        paths += [f"/etc/sudoers.d/{name}" for name in files.names("/etc/sudoers.d")[:50] if "." not in name]
    for path in paths:
        if not files.exists(path, access):
            return call.fail(f"unable to open {path}: No such file or directory")
        if "q" not in found:
            call.print(f"{path}: parsed OK")
    return 0


@command("sudo", families=("debian",))
def sudo(call: Call) -> Effects:
    """Run a command as root after the user's password."""
    shell = call.shell
    if {"-V", "--version"} & set(call.args[:1]):
        call.print("Sudo version 1.9.13p3\nSudoers policy plugin version 1.9.13p3\nSudoers file grammar version 50")
        return 0
    args, wanted, flags = list(call.args), "root", ""
    while args and args[0].startswith("-"):
        option = args.pop(0)
        if option in ("-u", "-g", "-p", "-U") and args:
            value = args.pop(0)
            wanted = value if option == "-u" else wanted
        elif option.startswith("-u"):
            wanted = option[2:]
        flags += _SUDO_FLAGS.get(option, "" if option[1:2] in "ugp-" else option[1:])
    asks = "n" not in flags
    if "l" in flags:
        return (yield from _listed(call, args, asks=asks))
    if not args and not set("is") & set(flags):
        return (yield from _without_command(call, flags))
    if shell.identity.uid == 0:
        return (yield from _as(call, wanted, args))
    if not asks:
        return call.fail("a password is required")
    return (yield from _sudo_after_password(call, wanted, args))


def _without_command(call: Call, flags: str) -> Effects:
    """Forget that a password was given (-k, -K), or ask for it again (-v)."""
    if "v" in flags and call.shell.identity.uid != 0:
        return (yield from _sudo_after_password(call, "root", ["true"]))
    return 0 if set("kKv") & set(flags) else call.fail("usage: sudo -h | -K | -k | -V")


_SUDO_FLAGS = {"--list": "l", "--non-interactive": "n", "--login": "i", "--shell": "s"}


def _listed(call: Call, args: list[str], *, asks: bool) -> Effects:
    """Tell what the user may run: all or nothing; root is asked for no password."""
    shell = call.shell
    if shell.identity.uid and not asks:
        return call.fail("a password is required")
    if shell.identity.uid:
        given = yield AskLine(f"[sudo] password for {shell.user.name}: ", echo=False)
        if given is None or not shell.password_is(shell.user, decode(given)):
            return call.fail("1 incorrect password attempt")
    if shell.identity.uid and not shell.user.sudo:
        call.print_error(f"Sorry, user {shell.user.name} may not run sudo on {shell.machine.hostname}.")
        return 1
    if args:
        path = on_path(shell, args[0])
        call.print(path or "", end="\n" if path else "")
        return int(path is None)
    call.print(_MAY_ALL.format(user=shell.user.name, host=shell.machine.hostname))
    return 0


_MAY_ALL = """\
Matching Defaults entries for {user} on {host}:
    env_reset, mail_badpass, secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin, use_pty

User {user} may run the following commands on {host}:
    (ALL : ALL) ALL"""


def _as(call: Call, name: str, args: list[str]) -> Effects:
    """Run a command as somebody; root is asked nothing."""
    shell = call.shell
    user = (
        shell.account(name)
        if not name.startswith("#")
        else next((one for one in shell.users if str(one.uid) == name[1:]), None)
    )
    if user is None:
        call.print_error(f"sudo: unknown user {name}\nsudo: error initializing audit plugin sudoers_audit")
        return 1
    if _is_shell(args) and call.stdin is None and (user.uid == 0 or not user.shell.endswith(("nologin", "false"))):
        if user.uid != shell.identity.uid:
            shell.become(user)
        return 0
    if not args:
        call.print("This account is currently not available.", end="" if user.shell.endswith("false") else "\n")
        return 1
    with shell.forked():
        cwd, invoker, kept = shell.cwd, shell.user, shell.variables.get("TERM", "unknown")
        shell.become(user)
        shell.cwd = cwd
        _set_by_sudo(call, invoker, args, kept)
        return (yield from _program(call, args))


def _set_by_sudo(call: Call, invoker: User, args: list[str], terminal: str) -> None:
    """Give a program the environment that sudo makes (sudo(8), Environment)."""
    shell = call.shell
    path = args[0] if "/" in args[0] else on_path(shell, args[0]) or args[0]
    terminal = "unknown" if shell.terminal is None else terminal
    given = {
        "MAIL": f"/var/mail/{shell.user.name}", "TERM": terminal, "SUDO_COMMAND": " ".join([path, *args[1:]])[:4096],
        "SUDO_USER": invoker.name, "SUDO_UID": str(invoker.uid), "SUDO_GID": str(invoker.gid),
    }  # fmt: skip
    for name, value in given.items():
        shell.set(name, value)
    shell.exported |= given.keys()
    shell.exported -= {"PWD", "SHLVL"}
    shell.bare = True


def _is_shell(args: list[str]) -> bool:
    """Whether what is to be run is a shell that is typed at: none named (-i, -s), one without a script, or su."""
    name = args[0].rpartition("/")[2] if args else "sh"
    return (name in ("sh", "bash", "dash") and all(one in ("-i", "-l", "--login") for one in args[1:])) or (
        name == "su" and args[1:] in ([], ["-"], ["-", "root"], ["root"], ["-l"])
    )


def _program(call: Call, args: list[str]) -> Effects:
    """Run a program as who the shell now is."""
    found = find_program(call.shell, args[0])
    if "=" in args[0] or found.status != 127 or not found.complaint:
        return (yield from call.runner.execute(args, call.streams, program=True))
    status = call.fail(f"{args[0]}: command not found")
    if args[0] in BUILTINS:
        call.print_error(_NO_BUILTIN.format(name=args[0]))
    return status


_NO_BUILTIN = """\
sudo: "{name}" is a shell built-in command, it cannot be run directly.
sudo: the -s option may be used to run a privileged shell.
sudo: the -D option may be used to run a command in a specific directory."""


def _sudo_after_password(call: Call, wanted: str, args: list[str]) -> Effects:
    shell = call.shell
    for attempt in range(3):
        given = yield AskLine(f"[sudo] password for {shell.user.name}: ", echo=False)
        if given is None:
            break
        if shell.user.sudo and shell.password_is(shell.user, decode(given)):
            return (yield from _as(call, wanted, args))
        yield Pause(1.5)
        if attempt < 2:
            call.print_error("Sorry, try again.")
    if not shell.user.sudo:
        return call.fail(f"{shell.user.name} is not in the sudoers file.")
    return call.fail("3 incorrect password attempts")
