# SPDX-License-Identifier: MIT
"""Builtins that show and set the options of a shell: set and shopt (POSIX.1-2017, set; bash(1))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import ansi_word, single_quoted
from decnet_decoys.shell.environment.language import OPTION_OF
from decnet_decoys.shell.expansion import arrays
from decnet_decoys.shell.expansion.words import shell_options
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.syntax.printing import function_text

_OPTIONS = (
    ("allexport", "off"), ("braceexpand", "on"), ("emacs", "off"), ("errexit", "off"), ("errtrace", "off"),
    ("functrace", "off"), ("hashall", "on"), ("histexpand", "off"), ("history", "off"), ("ignoreeof", "off"),
    ("interactive-comments", "on"), ("keyword", "off"), ("monitor", "off"), ("noclobber", "off"), ("noexec", "off"),
    ("noglob", "off"), ("nolog", "off"), ("notify", "off"), ("nounset", "off"), ("onecmd", "off"), ("physical", "off"),
    ("pipefail", "off"), ("posix", "off"), ("privileged", "off"), ("verbose", "off"), ("vi", "off"), ("xtrace", "off"),
)  # fmt: skip
_OPTIONS_OF_DASH = (
    "errexit", "noglob", "ignoreeof", "interactive", "monitor", "noexec", "stdin", "xtrace", "verbose", "vi", "emacs",
    "noclobber", "allexport", "notify", "nounset", "nolog", "debug",
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


_UNSEEN = dict.fromkeys(
    ("BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_CMDS", "BASH_LINENO", "BASH_SOURCE", "DIRSTACK", "GROUPS"), "()"
)
"""Arrays that bash fills when something asks for them: `set` lists them empty until then."""
_LOADABLES = "/usr/local/lib/bash:/usr/lib/bash:/opt/local/lib/bash:/usr/pkg/lib/bash:/opt/pkg/lib/bash:."
_DEFAULTS = {"BASH_LOADABLES_PATH": _LOADABLES, "OPTERR": "1", "OPTIND": "1", "PS4": "'+ '"}


def _listed(call: Call) -> Effects:
    """List all variables, and in bash the functions after them."""
    shell = call.shell
    if shell.dash:
        for name in filter(str.isidentifier, sorted(shell.variables)):
            call.print(f"{name}={single_quoted(shell.variables[name])}")
        return 0
    shown = _DEFAULTS | {name: _shown(shell, name) for name in shell.variables if name.isidentifier()}
    if shell.kind == "bash":
        shown |= _UNSEEN | {"SHELLOPTS": shell_options(shell), "BASHOPTS": ":".join(options_on(shell))}
        shown.pop("BASHPID", None)
        if shell.command is not None:
            shown["BASH_EXECUTION_STRING"] = ansi_word((shell.string or shell.command)[:4096])
    for name in sorted(shown):
        yield from turn()
        call.print(f"{name}={shown[name]}")
    for name in sorted(shell.functions):
        call.print((yield from function_text(shell.functions[name])))
    return 0


def options_on(shell: ShellState) -> list[str]:
    """Return the options of `shopt` that are on."""
    known = _SHOPT | ({"expand_aliases": True} if shell.command is None else {}) | shell.shopt
    return sorted(name for name in known if known[name])


def _shown(shell: ShellState, name: str) -> str:
    """Return a variable's value as `set` lists it."""
    variables = shell.variables
    if f"{name}[@]" in variables and not shell.dash:
        elements = (f'[{key}]="{variables.get(f"{name}[{key}]", "")}"' for key in arrays.keys(variables, name))
        return f"({' '.join(elements)})"
    return ansi_word(variables[name]) if variables[name] else ""


@command("set", folder="")
def set_(call: Call) -> Effects | int:
    """List all variables, set the positional parameters, or show options."""
    shell = call.shell
    if not call.args:
        return _listed(call)
    if call.args in (["-o"], ["+o"]):
        return _list_options(call)
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


def _list_options(call: Call) -> int:
    """List the options as `set -o` does, or as `set +o` does, which can be run again."""
    shell, given = call.shell, call.args[0]
    if given == "-o" and shell.dash:
        call.print("Current option settings")
        for name in _OPTIONS_OF_DASH:
            call.print(f"{name:<16}{'on' if name in shell.options else 'off'}")
        return 0
    for name, state in _OPTIONS:
        shown = "on" if name in shell.options else state
        off = f"set {'-' if shown == 'on' else '+'}o {name}"
        call.print(f"{name:<15}\t{shown}" if given == "-o" else off)
    return 0


def _switched(call: Call, option: str, args: list[str]) -> int:
    """Switch options; returns 2 for one that there is not. Each `o` among the letters takes the next argument."""
    wrong = next((one for one in option[1:200] if one not in "abefhkmnoptuvxBCEHPT"), "")
    if wrong:
        status = call.shell_error(f"set: -{wrong}: invalid option", 2)
        if call.shell.dash:
            raise ExitShell(status)
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
