# SPDX-License-Identifier: MIT
"""Commands that run others or steer the shell: sh, eval, exec, env, exit, break."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from decnet_decoys.shell import control_flow
from decnet_decoys.shell.call import STANDARD_INPUT, Call
from decnet_decoys.shell.command_lookup import on_path
from decnet_decoys.shell.commands.options import options
from decnet_decoys.shell.commands.starting import started
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.environment.traps import acted
from decnet_decoys.shell.expansion.parameters import ExpansionError
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.syntax.lexer import MAX_SCRIPT


@command("env", "printenv")
def env(call: Call) -> Effects | int:
    """List the environment, or run a command."""
    shell = call.shell
    if call.name == "printenv":
        names = call.words
        found = [shell.variables[name] for name in names if name in shell.exported & shell.variables.keys()]
        ends = "\0" if {"-0", "--null"} & set(call.args) else "\n"
        for value in found:
            call.print(value, end=ends)
        return int(len(found) < len(names)) if names else _environment(call, {})
    found_options = options(call, "i0vu:C:S:", _ENV_OPTIONS, status=125, permute=False)
    if "S" in found_options:
        found_options.operands[:0] = found_options.last("S").split()
    assigned = dict[str, str]()
    words = found_options.operands
    while words and "=" in words[0][1:] and len(assigned) < MAX_ASSIGNED:
        name, _, value = words.pop(0).partition("=")
        assigned[name] = value
    removed = set(found_options.values.get("u", []))
    empty = "i" in found_options or words[:1] == ["-"]
    words = words[1:] if words[:1] == ["-"] else words
    if not words and not empty and not removed:
        return _environment(call, assigned)
    return _with_environment(call, words, assigned, shell.exported if empty else removed)


MAX_ASSIGNED = 64
_ENV_OPTIONS = {
    "ignore-environment": "i",
    "null": "0",
    "unset": "u:",
    "chdir": "C:",
    "split-string": "S:",
    "debug": "v",
}


def _environment(call: Call, assigned: dict[str, str]) -> int:
    shell = call.shell
    inherited = {name: shell.variables[name] for name in sorted(shell.exported & shell.variables.keys() - {"_"})}
    own = {} if shell.bare else {"_": f"/usr/bin/{call.name}"}
    for name, value in (inherited | own | assigned).items():
        call.print(f"{name}={value}")
    return 0


@contextmanager
def _made_anew(shell: ShellState, anew: bool) -> Iterator[None]:
    kept = shell.bare
    shell.bare = kept or anew
    try:
        yield
    finally:
        shell.bare = kept


def _with_environment(call: Call, words: list[str], assigned: dict[str, str], removed: set[str]) -> Effects:
    """Run a program with variables set or removed; without one list what is left."""
    shell = call.shell
    with shell.forked(), _made_anew(shell, removed is shell.exported):
        for name in removed & shell.exported:
            if name != "PATH":  # the C library looks for programs in a default path without it
                shell.unset(name)
        shell.exported -= removed
        for name, value in assigned.items():
            shell.set(name, value)
            shell.exported.add(name)
        if words:
            return (yield from started(call, words))
        for name in [one for one in shell.variables if one in shell.exported and one != "_"]:
            call.print(f"{name}={shell.variables[name]}")
        return 0


@command("exit", "logout", folder="")
def exit_(call: Call) -> int:
    shell = call.shell
    if call.name == "logout" and not (shell.name.startswith("-") and shell.command is None):
        return call.shell_error("logout: not login shell: use `exit'")
    given = call.args[0] if call.args else "0"
    is_number = (given if shell.dash else given.lstrip("+-")).isdecimal()
    if len(call.args) > 1 and is_number and not shell.dash:
        raise ExpansionError(f"{call.name}: too many arguments")  # which gives up the rest of the line
    if not is_number:
        raise control_flow.ExitShell(call.shell_error(f"exit: {given}: numeric argument required", 2))
    if shell.outer and shell.is_typed_at and not shell.dash and not shell.jobs.of_child:
        call.print_error("logout" if shell.name.startswith("-") else "exit")
    raise control_flow.ExitShell(_status(call))


@command("return", folder="")
def return_(call: Call) -> int:
    if call.shell.dash and not call.shell.returns:
        raise control_flow.ExitShell(_status(call))
    if not call.shell.returns:
        return call.shell_error("return: can only `return' from a function or sourced script", 2)
    raise control_flow.ReturnFunction(_status(call))


def _status(call: Call) -> int:
    return (
        int(call.args[0]) & 255
        if call.args and call.args[0].removeprefix("-").isdecimal() and len(call.args[0]) < 9
        else call.shell.status
    )


@command("break", "continue", folder="")
def jump(call: Call) -> int:
    if not call.shell.loops:
        if not call.shell.dash:
            call.shell_error(f"{call.name}: only meaningful in a `for', `while', or `until' loop")
        return 0
    levels = int(call.args[0]) if call.args and call.args[0].isdecimal() and len(call.args[0]) < 4 else 1
    if not levels:
        return call.shell_error(f"{call.name}: {call.args[0]}: loop count out of range")
    raise control_flow.LoopJump(repeat=call.name == "continue", levels=levels)


@command("eval", folder="")
def eval_(call: Call) -> Effects:
    name, call.shell.evaluated = call.shell.evaluated, "eval: "
    args = call.args[1:] if call.args[:1] == ["--"] and not call.shell.dash else call.args
    if not args:
        return 0
    try:
        return (yield from call.runner.script(" ".join(args), call.streams))
    finally:
        call.shell.evaluated = name


@command("source", ".", folder="")
def source(call: Call) -> Effects:
    if not call.args:
        call.shell_error(f"{call.name}: filename argument required", 2)
        call.print_error(f"{call.name}: usage: {call.name} filename [arguments]")
        return 2
    path = call.args[0]
    try:
        content = (yield from call.input()).whole(MAX_SCRIPT) if path in STANDARD_INPUT else call.content(path)
    except FileSystemError as error:
        if call.shell.dash:
            missing = str(error) == "No such file or directory"
            why = "not found" if "/" not in path else f"{'No such file' if missing else error}"
            head = f".: {path}: " if "/" not in path else f".: cannot open {path}: "
            raise control_flow.ExitShell(call.shell_error(head + why, 2)) from error
        return call.shell_error(f"{path}: {error}")
    shell, named = call.shell, (call.shell.script, call.shell.line)
    shell.sourcing += 1
    given = shell.parameters
    kept = shell.set_parameters(["", *call.args[1:]]) if len(call.args) > 1 and not shell.dash else None
    try:
        if not shell.dash and (shell.script or shell.command is not None):
            shell.script, shell.line = path, 1
        shell.status = yield from call.runner.script(decode(whole_of(content)[:MAX_SCRIPT]), call.streams)
        return (yield from acted(call.runner, "RETURN", call.streams))
    except control_flow.ReturnFunction as leaving:
        return leaving.status
    finally:
        shell.sourcing -= 1
        shell.script, shell.line = named
        if kept is not None:
            shell.give_back_parameters(kept)
            shell.parameters = given


@command("exec", folder="")
def exec_(call: Call) -> Effects:
    """Replace the shell with a program."""
    shell = call.shell
    args, named = list(call.args), ""
    while not shell.dash and args and re.fullmatch("-[acl]+", args[0]):
        if "a" in args.pop(0) and args:
            named = args.pop(0)[:256]
    if not args:
        return 0
    debian = shell.machine.persona.family == "debian"
    if debian and "/" not in args[0] and on_path(shell, args[0]) is None:
        status = call.shell_error(f"exec: {args[0]}: not found", 127)
        if shell.command is None and shell.terminal is not None:
            return status  # a shell that is typed at stays
        raise control_flow.ExitShell(status)
    depth = len(shell.outer)
    shell.first_argument = named
    status = yield from call.runner.execute(args, call.streams, program=True)
    if len(shell.outer) > depth:  # a shell that is typed at, in place of this one
        shell.outer.pop()
        return status
    raise control_flow.ExitShell(status)
