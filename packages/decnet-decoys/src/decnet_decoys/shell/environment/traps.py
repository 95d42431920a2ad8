# SPDX-License-Identifier: MIT
"""What `trap` wants done besides at the end: after a command that failed, before each one, and after functions."""

from collections.abc import Iterator
from contextlib import contextmanager

from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import Streams
from decnet_decoys.shell.syntax.nodes import Pipeline, Simple
from decnet_decoys.shell.syntax.printing import pipeline_text

EVENTS = ("EXIT", "ERR", "DEBUG", "RETURN")
_OF_CALLER = {"ERR": "errtrace", "DEBUG": "functrace", "RETURN": "functrace"}
"""What a function does not take over from where it was called, unless this option is on."""


def acted(runner: Runner, event: str, streams: Streams) -> Effects:
    """Do what a trap says, which changes no status, and which does not come within itself."""
    shell = runner.shell
    action, status = shell.traps.pop(event, ""), shell.status
    if action:
        yield from runner.script(action, streams)
        shell.traps.setdefault(event, action)
        shell.status = status
    return status


def after_failure(runner: Runner, pipeline: Pipeline, streams: Streams) -> Effects:
    """Do what is to be done after a command that failed and whose status nobody tests: `trap ... ERR`, `set -e`."""
    shell = runner.shell
    if "ERR" in shell.traps:
        shell.variables["BASH_COMMAND"] = yield from pipeline_text(pipeline)
    status = yield from acted(runner, "ERR", streams)
    if "errexit" in shell.options:
        raise ExitShell(status)
    return status


def before_command(runner: Runner, command: Simple, streams: Streams) -> Effects:
    """Do what `trap ... DEBUG` wants done before each command."""
    runner.shell.variables["BASH_COMMAND"] = yield from pipeline_text(Pipeline((command,), negated=False))
    return (yield from acted(runner, "DEBUG", streams))


def inherited(traps: dict[str, str], options: set[str]) -> dict[str, str]:
    """Return the traps that a subshell takes over: signals that are ignored, and what the options say."""
    return {name: action for name, action in traps.items() if not action or _OF_CALLER.get(name) in options}


@contextmanager
def own_traps(shell: ShellState, *, traced: bool) -> Iterator[None]:
    """Let a function begin without the traps that it does not take over; what it sets stays if there was none.

    `traced`: it has the attribute of `declare -t`.
    """
    options = {*shell.options, "functrace"} if traced else shell.options
    kept = {name: shell.traps.pop(name) for name, by in _OF_CALLER.items() if name in shell.traps and by not in options}
    try:
        yield
    finally:
        shell.traps.update(kept)
