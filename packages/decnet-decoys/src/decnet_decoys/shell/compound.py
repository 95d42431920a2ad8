# SPDX-License-Identifier: MIT
"""Compound commands (POSIX.1-2017, Shell Command Language §2.9.4): groups, branches and loops."""

from collections.abc import Generator
from typing import Any

from decnet_decoys.shell.control_flow import ExitShell, LoopJump, ReturnFunction
from decnet_decoys.shell.effects import AskLine, Effect, Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.environment.tracing import as_written, is_traced, trace
from decnet_decoys.shell.environment.traps import acted, inherited
from decnet_decoys.shell.expansion import splitting, words
from decnet_decoys.shell.expansion.conditions import fits, pattern_of
from decnet_decoys.shell.expansion.parameters import ExpansionError, UnsetError
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import Streams
from decnet_decoys.shell.syntax.nodes import Case, For, Group, If, Loop, Sequence, Word

MAX_OFFERED = 100
"""Words that `select` offers."""


def compound(runner: Runner, command: Group | If | Loop | For | Case, streams: Streams) -> Effects:
    """Run a command that is made of commands; the generator returns its exit status."""
    if isinstance(command, Group):
        return (yield from _group(runner, command, streams))
    if isinstance(command, If):
        return (yield from _if(runner, command, streams))
    if isinstance(command, For):
        return (yield from _for(runner, command, streams))
    if isinstance(command, Case):
        return (yield from _case(runner, command, streams))
    return (yield from _loop(runner, command, streams))


def _group(runner: Runner, group: Group, streams: Streams) -> Effects:
    if not group.subshell:
        return (yield from runner.sequence(group.body, streams))
    own = streams.inherited()
    return (yield from in_child(runner, runner.sequence(group.body, own), own))


def in_child(runner: Runner, steps: Effects, streams: Streams) -> Effects:
    """Do `steps` as a process of its own: leaving ends only that, and what it sets is gone then."""
    with runner.shell.forked():
        return (yield from as_process(runner, steps, streams))


def as_process(runner: Runner, steps: Effects, streams: Streams) -> Effects:
    """Do what a process does from its beginning to its end, which runs its own `trap ... EXIT`."""
    shell = runner.shell
    kept, shell.traps = shell.traps, inherited(shell.traps, shell.options)
    try:
        try:
            status = yield from steps
        except (ExitShell, ReturnFunction) as leaving:
            status = leaving.status
            shell.ended_by = leaving.signal if isinstance(leaving, ExitShell) else ""
        except ExpansionError as fault:
            runner.errors = streams.err
            status = complained(runner, fault)
            status = 127 if is_fatal(shell, fault) and shell.string and not shell.dash else status
        action = shell.traps.pop("EXIT", "")
        if action:
            shell.status = status
            try:
                yield from runner.script(action, streams)
            except (ExitShell, ReturnFunction) as leaving:
                status = leaving.status
        return status
    finally:
        shell.traps = kept


def is_fatal(shell: ShellState, fault: ExpansionError) -> bool:
    """Whether a shell that runs a string ends with the status of a command that it does not find."""
    return isinstance(fault, UnsetError) and "errexit" not in shell.options


def complaint_of(shell: ShellState, fault: ExpansionError) -> str:
    """Return the line that tells what could not be expanded."""
    return (f"{fault.where}: {fault}" if fault.where else shell.complaint(str(fault))) + "\n"


def complained(runner: Runner, fault: ExpansionError) -> int:
    """Tell what could not be expanded; returns the status of a shell that this ends."""
    shell = runner.shell
    line, shell.line = shell.line, fault.line or shell.line
    runner.errors.write(encode(complaint_of(shell, fault)))
    shell.line = line
    return 2 if shell.dash else 1


def _if(runner: Runner, choice: If, streams: Streams) -> Effects:
    for condition, body in choice.branches:
        with runner.shell.testing(True):
            tested = yield from runner.sequence(condition, streams)
        if tested == 0:
            return (yield from runner.sequence(body, streams))
    if choice.otherwise is not None:
        return (yield from runner.sequence(choice.otherwise, streams))
    return 0


def _for(runner: Runner, loop: For, streams: Streams) -> Effects:
    values = list(runner.shell.parameters) if loop.words is None else (yield from splitting.fields(runner, loop.words))
    status = 0
    if not loop.name.isidentifier():
        runner.errors.write(encode(runner.shell.complaint(f"`{loop.name}': not a valid identifier") + "\n"))
        return 1
    if loop.asks:
        return (yield from _select(runner, loop, values, streams))
    for value in values:
        if "DEBUG" in runner.shell.traps:
            runner.shell.variables["BASH_COMMAND"] = _head(loop)
            yield from acted(runner, "DEBUG", streams)
        if is_traced(runner.shell):
            yield from trace(runner, _head(loop), streams.err)
        runner.shell.set(loop.name, value)
        goes_on, status = yield from _turn(runner, loop.body, streams)
        if not goes_on:
            break
    return status


def _head(loop: For) -> str:
    """Return the first line of a loop over words."""
    given = ['"$@"'] if loop.words is None else map(as_written, loop.words[:MAX_OFFERED])
    return " ".join(["select" if loop.asks else "for", loop.name, "in", *given])


def _select(runner: Runner, loop: For, values: list[str], streams: Streams) -> Effects:
    """Offer the words with numbers, and run the body with the one that is chosen, until there is no more input."""
    shell = runner.shell
    status = 0
    if is_traced(shell):
        yield from trace(runner, _head(loop), streams.err)
    menu = whole = "".join(f"{index}) {value}\n" for index, value in enumerate(values[:MAX_OFFERED], 1))
    while values:
        prompt = shell.variables.get("PS3", "#? ")
        streams.err.write(encode(menu + (prompt if streams.stdin is not None else "")))
        menu = ""
        yield from runner.flush()
        yield from turn()
        given = streams.stdin.line() if streams.stdin is not None else (yield AskLine(prompt))
        if given is None:
            streams.out.write(b"\n")
            return 1
        reply = decode(given).strip()
        if not reply:
            menu = whole
            continue
        number = int(reply) if reply.isdecimal() and len(reply) < 5 else 0
        shell.set("REPLY", reply)
        shell.set(loop.name, values[number - 1] if 0 < number <= len(values) else "")
        goes_on, status = yield from _turn(runner, loop.body, streams)
        if not goes_on:
            break
    return status


def _loop(runner: Runner, loop: Loop, streams: Streams) -> Effects:
    status = 0
    while True:
        with runner.shell.testing(True):
            answer = yield from runner.sequence(loop.condition, streams)
        if (answer == 0) == loop.until:
            return status
        goes_on, status = yield from _turn(runner, loop.body, streams)
        if not goes_on:
            return status
        if loop.step is not None:
            with runner.shell.testing(True):
                yield from runner.sequence(loop.step, streams)


def _turn(runner: Runner, body: Sequence, streams: Streams) -> Generator[Effect, Any, tuple[bool, int]]:
    """Run the body of a loop once; returns whether the loop goes on, and the status."""
    runner.shell.loops += 1
    try:
        return True, (yield from runner.sequence(body, streams))
    except LoopJump as jump:
        if jump.levels > 1 and runner.shell.loops > 1:
            raise LoopJump(repeat=jump.repeat, levels=jump.levels - 1) from None
        return jump.repeat, 0
    finally:
        runner.shell.loops -= 1


def _case(runner: Runner, case: Case, streams: Streams) -> Effects:
    subject = yield from words.text(runner, case.subject)
    if is_traced(runner.shell):
        yield from trace(runner, f"case {as_written(case.subject)} in", streams.err)
    status, falls = 0, False
    for patterns, body, end in case.arms:
        if not falls and not (yield from _fits(runner, subject, patterns)):
            continue
        status = yield from runner.sequence(body, streams)
        if end == ";;":
            break
        falls = end == ";&"
    return status


def _fits(runner: Runner, subject: str, patterns: tuple[Word, ...]) -> Steps[bool]:
    for pattern in patterns:
        if fits(runner.shell, subject, (yield from pattern_of(runner, pattern))):
            return True
    return False
