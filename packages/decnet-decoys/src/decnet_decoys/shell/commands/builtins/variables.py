# SPDX-License-Identifier: MIT
"""Builtins about variables and the shell's own state: declare, set, shopt, alias, help."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import shell_word, single_quoted
from decnet_decoys.shell.environment.tracing import is_traced, trace
from decnet_decoys.shell.expansion import arrays
from decnet_decoys.shell.expansion.assignment import MAX_ELEMENTS, clear, of_kind, remove
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import BUILTINS, command
from decnet_decoys.shell.syntax.printing import function_text

MAX_ALIASES = 50


@command("export", "declare", "typeset", "local", "readonly", folder="")
def declare(call: Call) -> int | Effects:
    """Set variables with their attributes, or list them."""
    shell = call.shell
    flags = "".join(arg[1:] for arg in call.args if arg[:1] in "-+" and len(arg) > 1)
    names = [arg for arg in call.args if arg[:1] not in "-+"]
    if call.name == "local" and not shell.localise(names[0].partition("=")[0] if names else "_"):
        if shell.dash:
            raise ExitShell(call.shell_error("local: not in a function", 2))
        return call.shell_error("local: can only be used in a function")
    if set("fF") & set(flags) and call.name != "export":
        return _functions(call, names, flags)
    if not names or "p" in flags:
        return _listed(call, names)
    return _all_declared(call, names[:200], flags)


def _all_declared(call: Call, names: list[str], flags: str) -> Effects:
    status = 0
    for arg in names:
        yield from turn()
        name = arg.partition("=")[0].rstrip("+")
        if not name.isidentifier() and "[" not in name:
            status = call.shell_error(f"{call.name}: `{arg}': not a valid identifier")
            continue
        status = (yield from _declared(call, arg, flags)) or status
    return status


def _declared(call: Call, arg: str, flags: str) -> Effects:
    """Do what one argument says: a name, `name=value` or `name+=value`."""
    shell = call.shell
    name, equals, value = arg.partition("=")
    append, name = name.endswith("+"), name.rstrip("+")
    if call.name in ("local", "declare", "typeset") and "g" not in flags:
        shell.localise(name)
    if "A" in flags and len(shell.associative) < MAX_ELEMENTS:
        shell.associative.add(name)
    given = "".join(one for one in "ilu" if one in flags)
    if given and len(shell.kinds) < MAX_ELEMENTS:
        shell.kinds[name] = "".join(sorted({*shell.kinds.get(name, ""), *given}))
    if "n" in flags and call.name in ("local", "declare", "typeset"):
        return _refer(call, name, value)
    if equals and call.name in ("export", "readonly") and is_traced(shell):
        yield from trace(call.runner, f"{name}{'+' * append}={shell_word(value) if value else ''}", call.err)
    if equals:
        shell.set(name, of_kind(shell, name, value, append=append))
    elif call.name in ("local", "declare", "typeset") and name not in shell.variables and not set(flags) & set("faA"):
        shell.set(name, "")
    if call.name == "export" or "x" in flags:
        taken = "n" in flags or any(one.startswith("+") and "x" in one for one in call.args)
        (shell.exported.discard if taken else shell.exported.add)(name)
    if call.name == "readonly" or "r" in flags:
        shell.readonly.add(name)
    return 0


def _refer(call: Call, name: str, target: str) -> int:
    """Make a variable a reference to another one."""
    shell = call.shell
    if target == name:
        return call.shell_error(f"{call.name}: {name}: nameref variable self references not allowed")
    shell.kinds.pop(name, None)
    shell.set(name, target)
    if len(shell.kinds) < MAX_ELEMENTS:
        shell.kinds[name] = "n"
    return 0


def _functions(call: Call, names: list[str], flags: str) -> Effects:
    """Name the functions, or show their text."""
    known = call.shell.functions
    for name in names or sorted(known):
        yield from turn()
        if name in known and "t" in flags and len(call.shell.traced) < MAX_ALIASES:
            call.shell.traced.add(name)
        elif name in known and "F" in flags:
            call.print(name if names else f"declare -f {name}")
        elif name in known:
            call.print((yield from function_text(known[name])))
    return int(any(name not in known for name in names))


def _listed(call: Call, names: list[str]) -> int:
    shell, status = call.shell, 0
    chosen = names or sorted(shell.exported if call.name == "export" or "-x" in call.args else shell.variables)
    if call.name == "readonly":
        chosen = sorted(shell.readonly)
    if shell.dash:
        for name in chosen:
            call.print(f"{call.name} {name}={single_quoted(shell.variables.get(name, ''))}")
        return 0
    for name in chosen:
        value = shell.variables.get(name)
        if f"{name}[@]" in shell.variables:
            found = zip(arrays.keys(shell.variables, name), arrays.values(shell.variables, name), strict=False)
            shown = " ".join(f'[{key}]="{element}"' for key, element in found)
            texts = name in shell.associative
            call.print(f"declare -{'A' if texts else 'a'} {name}=({shown}{' ' if texts else ''})")
            continue
        if value is None or not name.isidentifier():
            if names:
                status = call.shell_error(f"{call.name}: {name}: not found")
            continue
        marks = "".join(one for one, has in (("r", shell.readonly), ("x", shell.exported)) if name in has)
        marks = shell.kinds.get(name, "").replace("u", "") + marks + ("u" if "u" in shell.kinds.get(name, "") else "")
        call.print(f'declare -{marks or "-"} {name}="{value}"')
    return status


@command("shift", folder="")
def shift(call: Call) -> int:
    shell = call.shell
    count = int(call.args[0]) if call.args and call.args[0].isdecimal() and len(call.args[0]) < 5 else 1
    rest = shell.parameters
    if count > len(rest):
        if not shell.dash:
            return 1
        raise ExitShell(call.shell_error("shift: can't shift that many", 2))
    shell.set_parameters(["", *rest[count:]])
    return 0


@command("unset", folder="")
def unset(call: Call) -> int:
    itself = "-n" in call.args
    for name in call.args:
        if name in ("-v", "-f", "-n"):
            continue
        name = name if itself else call.shell.referred(name)  # noqa: PLW2901
        if name in call.shell.readonly:
            return call.shell_error(f"unset: {name}: cannot unset: readonly variable")
        if "[" in name and name.endswith("]"):
            remove(call.shell, *name[:-1].split("[", 1))
            continue
        call.shell.unset(name)
        call.shell.functions.pop(name, None)
        clear(call.shell, name)
    return 0


@command("alias", "unalias", folder="")
def alias(call: Call) -> int:
    shell, status = call.shell, 0
    if call.name == "unalias":
        for name in call.args:
            if name == "-a":
                shell.aliases.clear()
            elif shell.aliases.pop(name, None) is not None:
                continue
            elif shell.dash:
                call.print_error(f"unalias: {name} not found")
                status = 1
            else:
                status = call.shell_error(f"unalias: {name}: not found")
        return status
    for arg in [one for one in call.args if one != "-p"] or sorted(shell.aliases):
        name, equals, value = arg.partition("=")
        if equals and (len(shell.aliases) < MAX_ALIASES or name in shell.aliases):
            shell.aliases[name] = value[:4096]
        elif name in shell.aliases:
            call.print(f"{'' if shell.dash else 'alias '}{name}='{shell.aliases[name]}'")
        elif not equals:
            status = call.shell_error(f"alias: {name}: not found")
    return status


@command("enable", "builtin", folder="", families=("debian",))
def enable(call: Call) -> int | Effects:
    """List the builtins; `builtin NAME` runs one."""
    if call.name == "builtin":
        if call.args and call.args[0] not in BUILTINS:
            return call.shell_error(f"builtin: {call.args[0]}: not a shell builtin")
        return call.runner.execute(call.args, call.streams, functions=False) if call.args else 0
    if call.args and call.args[0] not in BUILTINS and not call.args[0].startswith("-"):
        return call.shell_error(f"enable: {call.args[0]}: not a shell builtin")
    flags, names = call.flags("f")
    status = 0
    for name in names:
        if name in BUILTINS:
            (call.shell.disabled.add if "n" in flags else call.shell.disabled.discard)(name)
        else:
            status = call.shell_error(f"enable: {name}: not a shell builtin")
    if names:
        return status
    for name in BUILTINS:
        is_off = name in call.shell.disabled
        if "a" in flags or is_off == ("n" in flags):
            call.print(f"enable {'-n ' if is_off else ''}{name}")
    return 0


@command("pushd", "popd", "dirs", folder="", families=("debian",))
def pushd(call: Call) -> Effects | int:
    """Go to a directory and back."""
    shell = call.shell
    stack = shell.stack
    if call.name == "pushd" and (call.args or stack):
        target = call.args[0] if call.args else stack.pop(0)
        try:
            entered = shell.files.enter(target, shell.access)
        except FileSystemError as error:
            return call.shell_error(f"pushd: {target}: {error}")
        shell.set("OLDPWD", shell.cwd)
        stack.insert(0, shell.cwd)
        del stack[32:]
        shell.cwd = entered
    elif call.name == "popd" and stack:
        shell.set("OLDPWD", shell.cwd)
        shell.cwd = stack.pop(0)
    elif call.name != "dirs":
        what = "directory stack empty" if call.name == "popd" else "no other directory"
        return call.shell_error(f"{call.name}: {what}")
    shell.set("PWD", shell.cwd)
    home = shell.variables.get("HOME", "")
    shown = [
        ("~" + one[len(home) :] if home and (one + "/").startswith(home + "/") else one) for one in (shell.cwd, *stack)
    ]
    flags = call.flags()[0] if call.name == "dirs" else {}
    if "c" in flags:
        stack.clear()
    elif "v" in flags:
        call.print("\n".join(f"{index:2}  {one}" for index, one in enumerate(shown)))
    else:
        call.print(("\n" if "p" in flags else " ").join([shell.cwd, *stack] if "l" in flags else shown))
    return 0
