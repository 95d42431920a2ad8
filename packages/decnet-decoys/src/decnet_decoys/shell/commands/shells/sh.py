# SPDX-License-Identifier: MIT
"""The shells as programs: what runs a script, a string (-c) or standard input, or is typed at within another."""

import posixpath

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.command_lookup import on_path
from decnet_decoys.shell.commands.shells.startup import read_startup_files
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.environment.language import OPTION_OF, ShellKind
from decnet_decoys.shell.interactive.first_variables import LOGIN_PATH
from decnet_decoys.shell.interactive.nesting import enter
from decnet_decoys.shell.interactive.prompts import OF_BASH, USUAL
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import Streams
from decnet_decoys.shell.syntax.lexer import MAX_SCRIPT


@command("sh", "bash", "ash", "dash")
def sh(call: Call) -> Effects:
    """Run a script, a string (-c) or standard input; with none of them be a shell within the shell."""
    shell, streams = call.shell, Streams(None, call.out, call.err)
    refused = _refused(call)
    if refused:
        return call.fail(f"0: Illegal option -{refused}", 2)
    flags, operands, named = _sh_arguments(call)
    if "version" in flags:
        return _show_version(call)
    if "c" in flags:
        if not operands:
            return _without_text(call)
        text, argv, streams = operands[0], operands[1:] or [call.path], call.streams
    elif operands and "s" not in flags:
        script = _script(call, operands[0])
        if script is None:
            return 127 if call.name == "bash" else 2
        text, argv, streams = script, operands, call.streams
    elif call.stdin is not None or shell.terminal is None:
        source = yield from call.input()
        text, argv = decode(source.whole(MAX_SCRIPT)), [call.path, *operands]
    else:
        return (yield from _typed_at(call, flags, named))
    with shell.forked():
        shell.kind = _kind(call)
        shell.only_exported()
        _set_at_start(call)
        shell.options = _switched_on(flags, named)
        shell.string = text if "c" in flags else ""
        shell.shopt = {**shell.shopt, "login_shell": _is_login(flags)}
        if "i" in flags:
            _begin_interactive(call)
        if "noprofile" not in flags:
            yield from read_startup_files(call, login=_is_login(flags), interactive={"i", "norc"} & flags == {"i"})
        return (yield from call.runner.subshell(text, argv, streams, named=True))


def _typed_at(call: Call, flags: set[str], named: set[str]) -> Effects:
    """Begin a shell that is typed at within this one, if there may be one."""
    shell = call.shell
    if enter(shell, _kind(call), call.path):
        _set_at_start(call)
        shell.options = _switched_on(flags, named)
        if shell.kind == "bash":
            shell.variables["PS1"] = OF_BASH if "norc" in flags else USUAL
        yield from read_startup_files(call, login=_is_login(flags), interactive="norc" not in flags)
    return 0


_LETTERS_OF_DASH = "aCefnuvxIimqVEblscpo"
"""What dash takes as options; `-o` names one."""


def _refused(call: Call) -> str:
    """Return the letter of the first option that dash does not have, empty if there is none."""
    if _kind(call) != "dash" or not call.args or not call.args[0].startswith("-") or call.args[0] == "--":
        return ""
    return next((letter for letter in call.args[0][1:] if letter not in _LETTERS_OF_DASH), "")


def _without_text(call: Call) -> int:
    dash = _kind(call) == "dash"
    return call.fail("0: -c requires an argument" if dash else "-c: option requires an argument", 2)


def _show_version(call: Call) -> int:
    told = call.shell.variables
    call.print(f"GNU bash, version {told.get('BASH_VERSION', '')} ({told.get('MACHTYPE', '')})")
    return 0


def _is_login(flags: set[str]) -> bool:
    return bool({"l", "login"} & flags)


def _begin_interactive(call: Call) -> None:
    """Set the prompt of `-i`, which complains where there is no terminal."""
    shell = call.shell
    shell.variables["PS1"] = USUAL if shell.kind == "bash" else "# " if shell.identity.uid == 0 else "$ "
    if shell.terminal is not None:
        return
    if shell.kind == "bash":
        call.print_error(f"{call.path}: cannot set terminal process group (-1): Inappropriate ioctl for device")
        call.print_error(f"{call.path}: no job control in this shell")
    elif shell.kind == "dash":
        call.print_error(f"{call.path}: 0: can't access tty; job control turned off")


def _switched_on(flags: set[str], named: set[str]) -> set[str]:
    return {OPTION_OF[letter] for letter in flags & OPTION_OF.keys()} | named


def _set_at_start(call: Call) -> None:
    """Set the variables that a shell sets itself when it starts."""
    shell = call.shell
    shell.variables.setdefault("PATH", _BASH_PATH if shell.kind == "bash" else LOGIN_PATH)
    if shell.bare:
        shell.variables["PWD"] = shell.cwd
        shell.exported.add("PWD")
    if shell.kind == "bash":
        shell.set("BASH", _own_path(call))


_BASH_PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin:."
"""$PATH of a bash that is given none, as Debian compiles it."""


def _kind(call: Call) -> ShellKind:
    """Return which shell the program of that name is."""
    shell = call.shell
    if shell.machine.persona.family != "debian" or call.name == "ash" or shell.running.is_applet:
        return "ash"
    return "bash" if call.name == "bash" else "dash"


def _script(call: Call, path: str) -> str | None:
    try:
        content = call.content(path)
    except FileSystemError as error:
        if call.name == "bash":
            told = f"{path}: {error}"
        elif _kind(call) == "ash":
            told = f"can't open '{path}': {error}"
        else:
            told = f"0: cannot open {path}: {str(error).replace('No such file or directory', 'No such file')}"
        call.print_error(f"{call.path}: {told}")
        return None
    return decode(whole_of(content)[:MAX_SCRIPT])


def _own_path(call: Call) -> str:
    """Return what $BASH is: the absolute path of the shell that is started."""
    if "/" in call.path:
        return posixpath.normpath(posixpath.join(call.shell.cwd, call.path))
    return on_path(call.shell, call.path) or f"/usr/bin/{call.name}"


def _sh_arguments(call: Call) -> tuple[set[str], list[str], set[str]]:
    """Return the options' letters, what follows them, and the options that `-o` names."""
    flags: set[str] = set()
    named: set[str] = set()
    args = list(call.args)
    while args and args[0][:1] in ("-", "+") and len(args[0]) > 1:
        option = args.pop(0)
        if option == "--":
            break
        if option.startswith("--"):
            flags.add(option[2:])
        else:
            flags |= set(option[1:])
            if "o" in option[1:] and args:
                named.add(args.pop(0))
    return flags, args, named
