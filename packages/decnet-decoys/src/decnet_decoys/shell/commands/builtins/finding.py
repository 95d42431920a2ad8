# SPDX-License-Identifier: MIT
"""Commands that say what a name is and where its program lies: type, command, which, whereis."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.command_lookup import all_on_path, find, on_path
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.programs import BUILTINS, Program, command, programs
from decnet_decoys.shell.syntax.printing import function_text

_KEYWORD_NAMES = "if then else elif fi case esac for select while until do done in function time { } ! [[ ]]"
_KEYWORDS = frozenset(_KEYWORD_NAMES.split())


@command("type", "command", folder="")
def type_(call: Call) -> Effects | int:
    """Print what a name is; `command name` runs it."""
    options, names = call.flags()
    if not names:
        return 0
    if call.name == "command" and not {"v", "V"} & options.keys():
        return call.runner.execute(call.args[call.args.index(names[0]) :], call.streams, functions=False)
    if "P" in options:
        return which(call)
    return _where(call, names, options)


def _where(call: Call, names: list[str], options: dict[str, str]) -> Effects:
    status, short, found = 0, call.name == "command" and "V" not in options, False
    missing = 127 if call.shell.dash else 1
    for name in names:
        yield from turn()
        kind, path = _kind(call, name)
        if not kind:
            status = missing
            if not short and not {"t", "p"} & options.keys():
                if call.shell.dash:
                    call.print(f"{name}: not found")
                else:
                    call.shell_error(f"{call.name}: {name}: not found")
        elif "t" in options:
            call.print(kind)
        elif short or "p" in options:
            found = True
            if kind == "file" or short:
                call.print(_short(call, kind, name, path))
        else:
            hashed = kind == "file" and "/" not in name and name in call.shell.hashed and "a" not in options
            path = f"hashed ({path})" if hashed else path
            call.print(f"{name} is {_described(call, kind, name, path)}")
            if kind == "function":
                call.print((yield from function_text(call.shell.functions[name])))
            for other in _others(call, kind, name, path) if "a" in options and "/" not in name else ():
                call.print(f"{name} is {other}")
    return 0 if found else status


def _short(call: Call, kind: str, name: str, path: str) -> str:
    """Return what `command -v` says of a name."""
    if kind == "alias" and not call.shell.dash:
        return f"alias {name}='{call.shell.aliases[name]}'"
    return path if kind == "file" else name


def _described(call: Call, kind: str, name: str, path: str) -> str:
    """Return what `type` says that a name is."""
    if kind == "alias" and not call.shell.dash:
        return f"aliased to `{call.shell.aliases[name]}'"
    return {"builtin": "a shell builtin", "keyword": "a shell keyword", "function": "a function"}.get(kind, path)


def _others(call: Call, kind: str, name: str, path: str) -> list[str]:
    """Return the further files of a name that `type -a` shows."""
    if kind == "builtin" and name in programs() and programs()[name].folder:
        folder = programs()[name].folder
        return [f"{folder}/{name}", f"{folder.removeprefix('/usr')}/{name}"]
    return [one for one in all_on_path(call.shell, name) if one != path] if kind == "file" else []


def _kind(call: Call, name: str) -> tuple[str, str]:
    """Return whether a name is a keyword, function, builtin or file, and where the file is; empty: unknown."""
    if name in call.shell.aliases and call.shell.expands_aliases:
        return "alias", name
    if name in _KEYWORDS:
        return "keyword", name
    if name in call.shell.functions:
        return "function", name
    if name in BUILTINS and name not in call.shell.disabled and call.shell.machine.persona.family == "debian":
        return "builtin", name
    path = path_of(call, name)
    if path is None:
        return "", ""
    return ("builtin", name) if path == name and "/" not in name else ("file", path)


def path_of(call: Call, name: str) -> str | None:
    """Return where a command lies, its own name for a builtin, None for an unknown one."""
    if name in call.shell.functions:
        return name
    found = find(call.shell, name)
    if found.handler is None and found.script is None:
        return None
    if "/" in name:
        return name
    program = programs().get(name)
    builtin = name in BUILTINS and name not in call.shell.disabled and call.shell.machine.persona.family == "debian"
    if program is not None and (builtin or (not program.folder and call.shell.machine.persona.family == "busybox")):
        return _beside_builtin(program, name)
    return on_path(call.shell, name)


def _beside_builtin(program: Program, name: str) -> str:
    """Return where the program lies that has a builtin's name, or the name where there is none."""
    return f"{program.folder}/{name}" if program.folder else name


@command("which")
def which(call: Call) -> Effects:
    wrong = next((arg for arg in call.args if arg.startswith("-") and set(arg[1:]) - {"a"} and arg != "--"), "")
    if wrong and call.name == "which" and call.shell.machine.persona.family == "debian":
        letter = wrong[1:].lstrip("a")[0]
        call.print_error(f"Illegal option -{letter}")
        call.print("Usage: /usr/bin/which [-a] args")
        return 2
    status = 0
    for name in call.words:
        yield from turn()
        path = path_of(call, name)
        if path is None or (path == name and "/" not in name):
            status = 1
        else:
            for one in all_on_path(call.shell, name) if "-a" in call.args and "/" not in name else [path]:
                call.print(one)
    return status if call.words else 1


@command("whereis")
def whereis(call: Call) -> Effects:
    binary_only = "-b" in call.args
    for name in call.words:
        yield from turn()
        path = path_of(call, name)
        manual = "" if binary_only else f" /usr/share/man/man1/{name}.1.gz"
        call.print(f"{name}:" + (f" {path}{manual}" if path is not None and path != name else ""))
    return 0
