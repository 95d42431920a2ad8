# SPDX-License-Identifier: MIT
"""Compound commands (POSIX.1-2017, Shell Command Language §2.9.4): groups, branches and loops."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.call import Streams
from decnet_decoys.shell.control_flow import ExitShell, LoopJump
from decnet_decoys.shell.effects import Step, Steps
from decnet_decoys.shell.expansion import parameters as expand
from decnet_decoys.shell.expansion import words
from decnet_decoys.shell.syntax.nodes import Case, For, Group, If, Loop, Sequence

if TYPE_CHECKING:
    from decnet_decoys.shell.interpreter import Shell


def compound(shell: Shell, command: Group | If | Loop | For | Case, streams: Streams) -> Steps:
    """Run a command that is made of commands; the generator returns its exit status."""
    if isinstance(command, Group):
        return (yield from _group(shell, command, streams))
    if isinstance(command, If):
        return (yield from _if(shell, command, streams))
    if isinstance(command, For):
        return (yield from _for(shell, command, streams))
    if isinstance(command, Case):
        return (yield from _case(shell, command, streams))
    return (yield from _loop(shell, command, streams))


def _group(shell: Shell, group: Group, streams: Streams) -> Steps:
    if not group.subshell:
        return (yield from shell.sequence(group.body, streams))
    kept = (shell.cwd, dict(shell.variables), shell.user, shell.identity)
    try:
        return (yield from shell.sequence(group.body, streams))
    except ExitShell as leaving:
        return int(leaving.args[0])
    finally:
        shell.cwd, shell.variables, shell.user, shell.identity = kept


def _if(shell: Shell, choice: If, streams: Streams) -> Steps:
    for condition, body in choice.branches:
        if (yield from shell.sequence(condition, streams)) == 0:
            return (yield from shell.sequence(body, streams))
    if choice.otherwise is not None:
        return (yield from shell.sequence(choice.otherwise, streams))
    return 0


def _for(shell: Shell, loop: For, streams: Streams) -> Steps:
    values = (
        shell.variables.get("@", "").split() if loop.words is None else (yield from words.fields(shell, loop.words))
    )
    status = 0
    for value in values:
        shell.set(loop.name, value)
        goes_on, status = yield from _turn(shell, loop.body, streams)
        if not goes_on:
            break
    return status


def _loop(shell: Shell, loop: Loop, streams: Streams) -> Steps:
    status = 0
    while True:
        answer = yield from shell.sequence(loop.condition, streams)
        if (answer == 0) == loop.until:
            return status
        goes_on, status = yield from _turn(shell, loop.body, streams)
        if not goes_on:
            return status


def _turn(shell: Shell, body: Sequence, streams: Streams) -> Generator[Step, Any, tuple[bool, int]]:
    """Run the body of a loop once; returns whether the loop goes on, and the status."""
    try:
        return True, (yield from shell.sequence(body, streams))
    except LoopJump as jump:
        return jump.args[0] == "continue", 0


def _case(shell: Shell, case: Case, streams: Streams) -> Steps:
    subject = yield from words.text(shell, case.subject)
    for patterns, body in case.arms:
        for pattern in patterns:
            if expand.matches(subject, (yield from words.text(shell, pattern))):
                return (yield from shell.sequence(body, streams))
    return 0
