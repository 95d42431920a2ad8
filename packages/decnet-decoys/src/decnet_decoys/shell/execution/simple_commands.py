# SPDX-License-Identifier: MIT
"""Simple commands (POSIX.1-2017, Shell Command Language §2.9.1): words and assignments, then what they name."""

from collections.abc import Callable

from decnet_decoys.shell.effects import Effects, Steps
from decnet_decoys.shell.encoding import shell_word, single_quoted
from decnet_decoys.shell.environment.tracing import as_written, trace
from decnet_decoys.shell.environment.traps import before_command
from decnet_decoys.shell.expansion.assignment import assign
from decnet_decoys.shell.expansion.conditions import conditions_or_fields
from decnet_decoys.shell.interactive.nesting import in_outer
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.streams import Streams
from decnet_decoys.shell.syntax.nodes import Command, Elements, Simple
from decnet_decoys.shell.syntax.printing import assignment_text

_KEEPS_ASSIGNMENTS = frozenset(
    ("export", "readonly", "exec", "eval", "set", ".", "source", "declare", "typeset", "local")
)
_DECLARING = frozenset(("declare", "typeset", "local"))
"""What makes variables local to a function."""


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
    if argv and argv[0] in shell.aliases and shell.expands_aliases and not simple.words[0][0].quoted:
        return (yield from _aliased(runner, argv, streams))
    kept = shell.temporary() if argv and argv[0] not in _KEEPS_ASSIGNMENTS else None
    yield from _assigned(runner, simple, argv, streams, exports=kept is not None)
    depth = len(shell.outer)
    try:
        return (yield from run(argv, simple, streams))
    finally:
        shell.variables["_"] = argv[-1][:4096] if argv else ""
        if kept is not None and simple.assignments:
            with in_outer(shell, depth):
                shell.restore(kept, [assignment.name for assignment in simple.assignments])


def _assigned(runner: Runner, simple: Simple, argv: list[str], streams: Streams, *, exports: bool) -> Steps[None]:
    """Make the assignments of a command, and show it as `set -x` does: dash in one line, bash each by itself."""
    shell = runner.shell
    traced, made = "xtrace" in shell.options, []
    for assignment in simple.assignments:
        if argv and argv[0] in _DECLARING:
            shell.localise(assignment.name)
        is_array = isinstance(assignment.value, Elements)
        if is_array and traced:
            yield from trace(runner, assignment_text(assignment, as_written), streams.err)
        made.append((yield from assign(runner, assignment)))
        if exports:
            shell.exported.add(assignment.name)
        if traced and not shell.dash and not is_array:
            yield from trace(runner, _traced_assignment(made.pop()), streams.err)
    if traced and shell.dash:
        yield from trace(runner, " ".join([*map("".join, made), *argv]), streams.err)
    elif traced and argv and argv[0] != "[[":
        yield from trace(runner, " ".join(_traced(argv)), streams.err)


def _traced_assignment(made: tuple[str, str]) -> str:
    """Return an assignment as bash's `set -x` shows it, its value in quotes if it needs them."""
    return made[0] + (shell_word(made[1]) if made[1] else "")


def _traced(argv: list[str]) -> list[str]:
    """Return a command's words as bash's `set -x` shows them."""
    return ["((", *argv[1:], "))"] if argv[:1] == ["(("] else list(map(shell_word, argv))


def _aliased(runner: Runner, argv: list[str], streams: Streams) -> Effects:
    shell = runner.shell
    quoted = " ".join(map(single_quoted, argv[1:]))
    text = f"{shell.aliases[argv[0]]} {quoted}"
    kept, shell.aliases = shell.aliases, {name: text for name, text in shell.aliases.items() if name != argv[0]}
    try:
        return (yield from runner.script(text, streams))
    finally:
        shell.aliases = kept


def is_exec(command: Command) -> bool:
    """Return whether a command is `exec` alone, whose redirections last."""
    if not isinstance(command, Simple) or len(command.words) != 1:
        return False
    return "".join(part.text for part in command.words[0]) == "exec"
