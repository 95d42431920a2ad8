# SPDX-License-Identifier: MIT
"""Completion scripts for bash, zsh and fish: tables of words, so that a press of Tab starts no Python."""

import enum
import shlex
from collections.abc import Iterator

from decnet.manual.programs import COMMON, Command, Parameter


class Shell(enum.StrEnum):
    """Those that completion is for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def script(shell: Shell, programs: list[Command]) -> str:
    """Return the script that makes `shell` complete the programs."""
    lines = {Shell.BASH: _bash, Shell.ZSH: _zsh, Shell.FISH: _fish}[shell](programs)
    return "\n".join(lines) + "\n"


def _bash(programs: list[Command]) -> Iterator[str]:
    yield "# Completion of DECNET's programs for bash; written by `decnet completion bash`."
    yield from _table_function(programs)
    yield from _BASH_BODY.splitlines()
    yield f"complete -F _decnet {' '.join(program.name for program in programs)}"


def _zsh(programs: list[Command]) -> Iterator[str]:
    yield f"#compdef {' '.join(program.name for program in programs)}"
    yield "# Completion of DECNET's programs for zsh; written by `decnet completion zsh`."
    yield from _table_function(programs)
    yield from _ZSH_BODY.splitlines()
    yield f'if [ -n "$funcstack" ]; then _decnet "$@"; else compdef _decnet {_names(programs)}; fi'


def _fish(programs: list[Command]) -> Iterator[str]:
    yield "# Completion of DECNET's programs for fish; written by `decnet completion fish`."
    yield from _FISH_BODY.splitlines()
    for program in programs:
        name = shlex.quote(program.name)
        yield f"complete -c {name} -f"
        for command in _all(program):
            condition = shlex.quote(f"_decnet_{'at' if command.commands else 'in'} {shlex.quote(command.name)}")
            for each in command.commands:
                word = each.name.rpartition(" ")[2]
                yield f"complete -c {name} -n {condition} -a {shlex.quote(word)} -d {shlex.quote(each.help)}"
            for one in _options(command):
                yield f"complete -c {name} -n {condition} {_fish_option(one)}"


def _fish_option(one: Parameter) -> str:
    words = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in one.names]
    if one.takes_value:
        words.append("-r" + ("F" if one.path else "f"))
    if one.choices:
        words.append(f"-a {shlex.quote(' '.join(one.choices))}")
    return " ".join([*words, f"-d {shlex.quote(one.help)}"])


def _table_function(programs: list[Command]) -> Iterator[str]:
    """Yield a function of sh that sets `follow` to what may follow a command, and `values` to what an option takes."""
    yield "_decnet_table() {"
    yield '    follow="" values=""'
    yield '    case "$1" in'
    for program in programs:
        for command in _all(program):
            below = [each.name.rpartition(" ")[2] for each in command.commands]
            options = [name for one in _options(command) for name in one.names]
            taking = [f"{name}={_kind(one)}" for one in _options(command) if one.takes_value for name in one.names]
            follow, values = (shlex.quote(" ".join(each)) for each in ([*below, *options], taking))
            yield f"        {shlex.quote(command.name)}) follow={follow} values={values} ;;"
    yield "        *) return 1 ;;"
    yield "    esac"
    yield "}"


def _kind(one: Parameter) -> str:
    return ",".join(one.choices) if one.choices else "@" if one.path else "-"


def _options(command: Command) -> list[Parameter]:
    common = COMMON if command.name.partition(" ")[0] == "decnet" and " " in command.name else ()
    return [*(one for one in command.parameters if one.is_option), *common]


def _all(command: Command) -> Iterator[Command]:
    yield command
    for each in command.commands:
        yield from _all(each)


def _names(programs: list[Command]) -> str:
    return " ".join(program.name for program in programs)


_WALK = """\
    local at="" word previous="" follow="" values="" value
    for word in {typed}; do
        if [ -n "$previous" ]; then previous=""; continue; fi
        if [ -z "$at" ]; then at="${{word##*/}}"; _decnet_table "$at"; continue; fi
        case " $values " in *" $word="*) previous="$word"; continue ;; esac
        case "$word" in -*) continue ;; esac
        if _decnet_table "$at $word"; then at="$at $word"; else _decnet_table "$at"; fi
    done
    if [ -n "$previous" ]; then
        value="${{values#*"$previous="}}"; value="${{value%% *}}"
"""
"""Finds the command that the words before the cursor lead to, and the option whose value is being typed."""

_BASH_BODY = (
    "_decnet() {\n"
    '    local current="${COMP_WORDS[COMP_CWORD]}"\n'
    + _WALK.format(typed='"${COMP_WORDS[@]:0:COMP_CWORD}"')
    + """\
        case "$value" in
            @) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
            -) COMPREPLY=() ;;
            *) mapfile -t COMPREPLY < <(compgen -W "${value//,/ }" -- "$current") ;;
        esac
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$follow" -- "$current")
}"""
)

_ZSH_BODY = (
    "_decnet() {\n    emulate -L sh\n"
    + _WALK.format(typed='"${words_before[@]}"').replace(
        '    local at=""',
        '    local -a words_before\n    words_before=("${(@)words[1,CURRENT-1]}")\n    local at=""',
        1,
    )
    + """\
        case "$value" in
            @) _files ;;
            -) ;;
            *) compadd -- ${=value//,/ } ;;
        esac
        return
    fi
    compadd -- ${=follow}
}"""
)

_FISH_BODY = """\
function _decnet_typed
    set -l typed (commandline -opc)
    set typed[1] (string split -r -m1 / -- $typed[1])[-1]
    string join ' ' -- (string match -v -- '-*' $typed)
end
function _decnet_at
    test (_decnet_typed) = "$argv"
end
function _decnet_in
    string match -q -- "$argv *" (_decnet_typed)' '
end"""
