# SPDX-License-Identifier: MIT
"""Builtins about variables and the shell's own state: declare, set, shopt, alias, help."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import shell_word, single_quoted
from decnet_decoys.shell.environment.language import OPTION_OF
from decnet_decoys.shell.environment.tracing import is_traced, trace
from decnet_decoys.shell.expansion import arrays
from decnet_decoys.shell.expansion.assignment import MAX_ELEMENTS, clear, of_kind, remove
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import BUILTINS, command
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.syntax.printing import function_text

MAX_ALIASES = 50
_OPTIONS = (
    ("allexport", "off"), ("braceexpand", "on"), ("emacs", "off"), ("errexit", "off"), ("errtrace", "off"),
    ("functrace", "off"), ("hashall", "on"), ("histexpand", "off"), ("history", "off"), ("ignoreeof", "off"),
    ("interactive-comments", "on"), ("keyword", "off"), ("monitor", "off"), ("noclobber", "off"), ("noexec", "off"),
    ("noglob", "off"), ("nolog", "off"), ("notify", "off"), ("nounset", "off"), ("onecmd", "off"), ("physical", "off"),
    ("pipefail", "off"), ("posix", "off"), ("privileged", "off"), ("verbose", "off"), ("vi", "off"), ("xtrace", "off"),
)  # fmt: skip
_SHOPT_NAMES = """
autocd assoc_expand_once cdable_vars cdspell checkhash checkjobs +checkwinsize +cmdhist compat31 compat32 compat40
compat41 compat42 compat43 compat44 +complete_fullquote direxpand dirspell dotglob execfail expand_aliases extdebug
extglob +extquote failglob +force_fignore +globasciiranges +globskipdots globstar gnu_errfmt histappend histreedit
histverify +hostcomplete huponexit inherit_errexit +interactive_comments lastpipe lithist localvar_inherit
localvar_unset login_shell mailwarn no_empty_cmd_completion nocaseglob nocasematch noexpand_translation nullglob
+patsub_replacement +progcomp progcomp_alias +promptvars restricted_shell shift_verbose +sourcepath varredir_close
xpg_echo
"""
_SHOPT = {name.lstrip("+"): name.startswith("+") for name in _SHOPT_NAMES.split()}
"""Each option, and whether it is on unless somebody changes it."""


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
        (shell.exported.discard if "n" in flags else shell.exported.add)(name)
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


def _shown(shell: ShellState, name: str) -> str:
    """Return a variable's value as `set` lists it."""
    variables = shell.variables
    if f"{name}[@]" in variables and not shell.dash:
        elements = (f'[{key}]="{variables.get(f"{name}[{key}]", "")}"' for key in arrays.keys(variables, name))
        return f"({' '.join(elements)})"
    return shell_word(variables[name]) if variables[name] else ""


@command("set", folder="")
def set_(call: Call) -> int:
    """List all variables, set the positional parameters, or show options."""
    shell = call.shell
    if not call.args:
        for name in filter(str.isidentifier, sorted(shell.variables)):
            shown = single_quoted(shell.variables[name]) if shell.dash else _shown(shell, name)
            call.print(f"{name}={shown}")
        return 0
    if call.args in (["-o"], ["+o"]):
        for name, state in _OPTIONS:
            shown = "on" if name in shell.options else state
            off = f"set {'-' if shown == 'on' else '+'}o {name}"
            call.print(f"{name:<15}\t{shown}" if call.args == ["-o"] else off)
        return 0
    args = list(call.args)
    if shell.dash and "pipefail" in args:
        raise ExitShell(call.shell_error("set: Illegal option -o pipefail", 2))
    while args and args[0][:1] in ("-", "+") and args[0] not in ("--", "-"):
        wrong = _switched(call, args.pop(0), args)
        if wrong:
            return wrong
    if args:
        shell.set_parameters(["", *(args[1:] if args[0] in ("--", "-") else args)])
    return 0


def _switched(call: Call, option: str, args: list[str]) -> int:
    """Switch options; returns 2 for one that there is not. Each `o` among the letters takes the next argument."""
    wrong = next((one for one in option[1:200] if one not in "abefhkmnoptuvxBCEHPT"), "")
    if wrong:
        call.shell_error(f"set: -{wrong}: invalid option")
        call.print_error("set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]")
        return 2
    for letter in option[1:200]:
        name = args.pop(0) if letter == "o" and args else OPTION_OF.get(letter, "")
        if letter == "o" and name not in dict(_OPTIONS):
            status = call.shell_error(f"set: {name}: invalid option name", 2)
            if call.shell.dash:
                raise ExitShell(status)
            return status
        _switch(call, option[0], name)
    return 0


def _switch(call: Call, sign: str, name: str) -> None:
    (call.shell.options.add if sign == "-" else call.shell.options.discard)(name)


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


@command("shopt", folder="")
def shopt(call: Call) -> int:
    """Show or set the options of bash that `set -o` does not have."""
    letters = "".join(arg[1:] for arg in call.args if arg.startswith("-"))
    flags, names, shell = {f"-{letter}" for letter in letters}, call.words, call.shell
    if "-o" in flags:
        return _switch_named(call, flags, names)
    known = _SHOPT | ({"expand_aliases": True} if shell.command is None else {}) | shell.shopt
    for name in names:
        if name not in known:
            return call.shell_error(f"shopt: {name}: invalid shell option name")
        if flags & {"-s", "-u"}:
            shell.shopt[name] = "-s" in flags
    if (names and flags & {"-s", "-u"}) or "-q" in flags:
        return int("-q" in flags and not all(known[name] for name in names))
    shown = names or [name for name in known if not flags & {"-s", "-u"} or known[name] == ("-s" in flags)]
    for name in shown:
        state = "on" if known[name] else "off"
        call.print(f"shopt {'-s' if known[name] else '-u'} {name}" if "-p" in flags else f"{name:<15}\t{state}")
    return int(bool(names) and not all(known[name] for name in names))


def _switch_named(call: Call, flags: set[str], names: list[str]) -> int:
    """Show or set the options of `set -o`, as `shopt -o` does."""
    states = {name: name in call.shell.options or state == "on" for name, state in _OPTIONS}
    for name in names:
        if name not in states:
            return call.shell_error(f"shopt: {name}: invalid option name")
        if flags & {"-s", "-u"}:
            _switch(call, "-" if "-s" in flags else "+", name)
    if (names and flags & {"-s", "-u"}) or "-q" in flags:
        return int("-q" in flags and not all(states[name] for name in names))
    for name in names or states:
        call.print(f"{name:<15}\t{'on' if states[name] else 'off'}")
    return int(bool(names) and not all(states[name] for name in names))


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
