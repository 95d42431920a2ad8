# SPDX-License-Identifier: MIT
"""What `trap` wants done besides at the end: after a command that failed, before each one, and after functions."""

from collections.abc import Iterator
from contextlib import contextmanager

from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.jobs import text_of
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import Streams
from decnet_decoys.shell.syntax.nodes import Pipeline, Simple

EVENTS = ("EXIT", "ERR", "DEBUG", "RETURN")
_OF_CALLER = ("DEBUG", "RETURN")
"""What a function does not take over from where it was called."""


def acted(runner: Runner, event: str, streams: Streams) -> Effects:
    """Do what a trap says, which changes no status, and which does not come within itself."""
    shell = runner.shell
    action, status = shell.traps.pop(event, ""), shell.status
    if action:
        yield from runner.script(action, streams)
        shell.traps.setdefault(event, action)
        shell.status = status
    return status


def before_command(runner: Runner, command: Simple, streams: Streams) -> Effects:
    """Do what `trap ... DEBUG` wants done before each command."""
    runner.shell.variables["BASH_COMMAND"] = text_of(Pipeline((command,), negated=False))
    return (yield from acted(runner, "DEBUG", streams))


@contextmanager
def own_traps(shell: ShellState) -> Iterator[None]:
    """Let a function begin without the traps that it does not take over; what it sets stays if there was none."""
    kept = {name: shell.traps.pop(name) for name in _OF_CALLER if name in shell.traps}
    try:
        yield
    finally:
        shell.traps.update(kept)
