# SPDX-License-Identifier: MIT
"""sudo and visudo (sudo(8), visudo(8))."""

import posixpath
import re
from itertools import takewhile

from decnet_decoys.personas.schema import User
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.command_lookup import find_program, on_path
from decnet_decoys.shell.commands.options import Options, options
from decnet_decoys.shell.commands.shells.startup import read_startup_files
from decnet_decoys.shell.commands.system import sudoers
from decnet_decoys.shell.effects import AskLine, Effects, Pause, Steps, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.interactive.first_variables import LOGIN_PATH
from decnet_decoys.shell.interactive.nesting import enter
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND
from decnet_decoys.shell.programs import BUILTINS, command

MAX_ASSIGNED = 64
"""Variables that are set for a program."""


@command("visudo", folder="/usr/sbin", families=("debian",))
def visudo(call: Call) -> Effects:
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
            return call.fail(f"unable to open {path}: {NOT_FOUND}")
        fault = yield from sudoers.fault_in(sudoers.lines_of(call.shell, path))
        if fault is not None:
            _show_fault(call, path, *fault)
            return 1
        if "q" not in found:
            call.print(f"{path}: parsed OK")
    return 0


def _show_fault(call: Call, path: str, number: int, fault: sudoers.SudoersError) -> None:
    """Show where a line is wrong, with a mark below the token."""
    line = sudoers.lines_of(call.shell, path)[number - 1]
    mark = " " * (fault.column - 1) + "^" + "~" * (len(fault.token) - 1)
    call.print_error(f"{path}:{number}:{fault.column}: {fault}\n{line}\n{mark}")


@command("sudo", families=("debian",))
def sudo(call: Call) -> Effects:
    """Run a command as root after the user's password."""
    shell = call.shell
    found = options(call, _LETTERS, _LONG, permute=False)
    wanted, asks = found.last("u", "root"), "n" not in found
    args = found.operands[len(_assignments(found)) :]
    if "V" in found:
        call.print("Sudo version 1.9.13p3\nSudoers policy plugin version 1.9.13p3\nSudoers file grammar version 50")
        return 0
    if "l" in found:
        return (yield from _listed(call, args, found.last("U"), asks=asks))
    if not args and not found.any("is"):
        return (yield from _without_command(call, found))
    rule = yield from _rule(call, wanted, args)
    if shell.identity.uid == 0 or (rule is not None and rule.free):
        return (yield from _as(call, wanted, args))
    return (yield from _sudo_after_password(call, wanted, args)) if asks else call.fail("a password is required")


def _assignments(found: Options) -> list[str]:
    """Return the `NAME=value` before the command."""
    return list(takewhile(_ASSIGNMENT.match, found.operands))


def _rule(call: Call, wanted: str, args: list[str]) -> Steps[sudoers.Rule | None]:
    """Return the rule by which the user may run a command, or a shell where there is none."""
    shell = call.shell
    command = [on_path(shell, args[0]) or args[0], *args[1:]] if args else [shell.user.shell]
    rules = yield from sudoers.rules_of(shell, shell.user.name)
    return (yield from sudoers.rule_for(rules, wanted, command[0], command[1:]))


def _without_command(call: Call, found: Options) -> Effects:
    """Forget that a password was given (-k, -K), or ask for it again (-v)."""
    if "v" in found and call.shell.identity.uid != 0:
        return (yield from _sudo_after_password(call, "root", ["true"]))
    return 0 if found.any("kKv") else call.fail("usage: sudo -h | -K | -k | -V")


_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_LETTERS = "ABbC:D:Eeg:HhiKklNnPp:R:r:SsT:t:U:u:Vv"
_LONG = {
    "askpass": "A", "background": "b", "bell": "B", "chdir": "D:", "chroot": "R:", "close-from": "C:",
    "command-timeout": "T:", "edit": "e", "group": "g:", "help": "h", "host": "host:", "list": "l", "login": "i",
    "no-update": "N", "non-interactive": "n", "other-user": "U:", "preserve-env": "E?", "preserve-groups": "P",
    "prompt": "p:", "remove-timestamp": "K", "reset-timestamp": "k", "role": "r:", "set-home": "H", "shell": "s",
    "stdin": "S", "type": "t:", "user": "u:", "validate": "v", "version": "V",
}  # fmt: skip


def _listed(call: Call, args: list[str], other: str, *, asks: bool) -> Effects:
    """Tell what the user, or for root another one, may run; root is asked for no password."""
    shell = call.shell
    name = other or shell.user.name
    if shell.account(name) is None:
        return call.fail(f"unknown user {name[:64]}")
    rules = yield from sudoers.rules_of(shell, name)
    if shell.identity.uid and not any(rule.free for rule in rules):
        if not asks:
            return call.fail("a password is required")
        given = yield AskLine(f"[sudo] password for {shell.user.name}: ", echo=False)
        if given is None or not shell.password_is(shell.user, decode(given)):
            return call.fail("1 incorrect password attempt")
    if not rules:
        return _without_rules(call, name, asked=bool(other))
    if args:
        path = on_path(shell, args[0])
        allowed = path is not None and (yield from sudoers.rule_for(rules, "root", path, args[1:])) is not None
        call.print(" ".join([path, *args[1:]]) if path and allowed else "", end="\n" if allowed else "")
        return int(not allowed)
    call.print(_MAY.format(user=name, host=shell.machine.hostname))
    for rule in rules:
        yield from turn()
        call.print(f"    ({rule.run_as}) {'NOPASSWD: ' if rule.free else ''}{rule.command}")
    return 0


def _without_rules(call: Call, name: str, *, asked: bool) -> int:
    host = call.shell.machine.hostname
    if asked:
        call.print(f"User {name} is not allowed to run sudo on {host}.")
        return 0
    call.print_error(f"Sorry, user {name} may not run sudo on {host}.")
    return 1


_MAY = """\
Matching Defaults entries for {user} on {host}:
    env_reset, mail_badpass, secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin, use_pty

User {user} may run the following commands on {host}:"""


def _as(call: Call, name: str, args: list[str]) -> Effects:
    """Run a command as somebody; root is asked nothing."""
    shell = call.shell
    user = shell.account_of(name[1:]) if name.startswith("#") else shell.account(name)
    if user is None:
        call.print_error(f"sudo: unknown user {name}\nsudo: error initializing audit plugin sudoers_audit")
        return 1
    if _is_shell(args) and call.stdin is None and (user.uid == 0 or not user.shell.endswith(("nologin", "false"))):
        name = _shell_name(call, user, args)
        entered = enter(shell, "dash" if name.lstrip("-") in ("sh", "dash") else "bash", name)
        if user.uid != shell.identity.uid:
            shell.become(user)
        if entered:
            yield from read_startup_files(call, login=name.startswith("-"), interactive=True)
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
        "PATH": LOGIN_PATH, "MAIL": f"/var/mail/{shell.user.name}", "TERM": terminal,
        "SUDO_COMMAND": " ".join([path, *args[1:]])[:4096],
        "SUDO_USER": invoker.name, "SUDO_UID": str(invoker.uid), "SUDO_GID": str(invoker.gid),
    }  # fmt: skip
    words = _assignments(options(call, _LETTERS, _LONG, permute=False))[:MAX_ASSIGNED]
    given |= {name: value for name, _, value in (word.partition("=") for word in words)}
    for name, value in given.items():
        shell.set(name, value)
    shell.exported |= given.keys()
    shell.exported -= {"PWD", "SHLVL"}
    shell.bare = True


def _shell_name(call: Call, user: User, args: list[str]) -> str:
    """Return what $0 is in a shell that is typed at: a login shell's begins with a dash."""
    named = args[0] if args else user.shell
    if posixpath.basename(named) == "su":
        named = "/bin/bash"
    is_login = {"-i", "--login"} & set(call.args) if not args else {"-", "-l", "--login"} & set(args[1:])
    return f"-{posixpath.basename(named)}" if is_login else posixpath.basename(named)


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
        if shell.password_is(shell.user, decode(given)):
            return (yield from _if_allowed(call, wanted, args))
        yield Pause(1.5)
        if attempt < 2:
            call.print_error("Sorry, try again.")
    if not (yield from sudoers.rules_of(shell, shell.user.name)):
        return call.fail(f"{shell.user.name} is not in the sudoers file.")
    return call.fail("3 incorrect password attempts")


def _if_allowed(call: Call, wanted: str, args: list[str]) -> Effects:
    """Run a command after the right password, if a rule of /etc/sudoers fits."""
    shell = call.shell
    if (yield from _rule(call, wanted, args)) is not None:
        return (yield from _as(call, wanted, args))
    if not (yield from sudoers.rules_of(shell, shell.user.name)):
        return call.fail(f"{shell.user.name} is not in the sudoers file.")
    shown = " ".join([on_path(shell, args[0]) or args[0], *args[1:]]) if args else shell.user.shell
    told = f"Sorry, user {shell.user.name} is not allowed to execute '{shown}' as {wanted} on {shell.machine.hostname}."
    call.print_error(told)
    return 1
