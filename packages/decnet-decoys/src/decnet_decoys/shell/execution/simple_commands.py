# SPDX-License-Identifier: MIT
"""Simple commands (POSIX.1-2017, Shell Command Language §2.9.1): words and assignments, then what they name."""

from collections.abc import Callable

from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.encoding import shell_word, single_quoted
from decnet_decoys.shell.environment.tracing import trace
from decnet_decoys.shell.environment.traps import before_command
from decnet_decoys.shell.expansion.assignment import assign
from decnet_decoys.shell.expansion.conditions import conditions_or_fields
from decnet_decoys.shell.interactive.nesting import in_outer
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.streams import Streams
from decnet_decoys.shell.syntax.nodes import Assignment, Command, Elements, Simple

_KEEPS_ASSIGNMENTS = frozenset(
    ("export", "readonly", "exec", "eval", "set", ".", "source", "declare", "typeset", "local")
)


def simple_command(
    runner: Runner, simple: Simple, streams: Streams, run: Callable[[list[str], Simple, Streams], Effects]
) -> Effects:
    """Expand a command's words, make its assignments and call `run` with the words."""
    shell = runner.shell
    if "DEBUG" in shell.traps:
        yield from before_command(runner, simple, streams)
    runner.errors, shell.substituted = streams.err, 0
    shell.line = simple.line or shell.line
    argv = yield from conditions_or_fields(runner, simple.words)
    expands = shell.command is None or shell.shopt.get("expand_aliases")
    if argv and argv[0] in shell.aliases and expands and not simple.words[0][0].quoted:
        return (yield from _aliased(runner, argv, streams))
    kept = shell.temporary() if argv and argv[0] not in _KEEPS_ASSIGNMENTS else None
    made = []
    for assignment in simple.assignments:
        made.append((yield from assign(runner, assignment)))
        if kept is not None:
            shell.exported.add(assignment.name)
    if "xtrace" in shell.options:
        pairs = zip(simple.assignments, made, strict=True)
        traced = [_traced_assignment(one, text, dash=shell.dash) for one, text in pairs]
        trace(shell, " ".join([*traced, *_traced(argv, dash=shell.dash)]), streams.err)
    depth = len(shell.outer)
    try:
        return (yield from run(argv, simple, streams))
    finally:
        shell.variables["_"] = argv[-1][:4096] if argv else ""
        if kept is not None and simple.assignments:
            with in_outer(shell, depth):
                shell.restore(kept, [assignment.name for assignment in simple.assignments])


def _traced_assignment(assignment: Assignment, made: str, *, dash: bool) -> str:
    """Return an assignment as `set -x` shows it, its value in quotes if it needs them."""
    name, mark, value = made.partition("=")
    plain = dash or not value or isinstance(assignment.value, Elements)
    return made if plain else f"{name}{mark}{shell_word(value)}"


def _traced(argv: list[str], *, dash: bool) -> list[str]:
    """Return a command's words as `set -x` shows them."""
    if argv[:1] == ["[["] or dash:
        return argv
    return ["((", *argv[1:], "))"] if argv[:1] == ["(("] else list(map(shell_word, argv))


def _aliased(runner: Runner, argv: list[str], streams: Streams) -> Effects:
    shell = runner.shell
    quoted = " ".join(map(single_quoted, argv[1:]))
    text = f"{shell.aliases[argv[0]]} {quoted}"
    kept, shell.aliases = shell.aliases, {}
    try:
        return (yield from runner.script(text, streams))
    finally:
        shell.aliases = kept


def is_exec(command: Command) -> bool:
    """Return whether a command is `exec` alone, whose redirections last."""
    if not isinstance(command, Simple) or len(command.words) != 1:
        return False
    return "".join(part.text for part in command.words[0]) == "exec"
