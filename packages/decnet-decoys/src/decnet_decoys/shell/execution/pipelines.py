# SPDX-License-Identifier: MIT
"""Pipelines (POSIX.1-2017, Shell Command Language §2.9.2): each command is a process that reads what another wrote."""

from decnet_decoys.shell.budget import LineBudget
from decnet_decoys.shell.compound import in_child
from decnet_decoys.shell.control_flow import BROKEN_PIPE
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.environment.timing import took_text
from decnet_decoys.shell.expansion import arrays
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.streams import InputBuffer, OutputFullError, Streams
from decnet_decoys.shell.syntax.nodes import Command, Pipeline

MAX_STATUSES = 64
"""Of a pipeline's commands, that $PIPESTATUS has."""


def run_pipeline(runner: Runner, pipeline: Pipeline, streams: Streams) -> Effects:
    """Run the commands of a pipeline, the last one in this shell if it is the only one or `lastpipe` is on."""
    shell, stdin = runner.shell, streams.stdin
    statuses = []
    for command in pipeline.commands[:-1]:
        pipe = runner.buffer()
        statuses.append((yield from _process(runner, command, Streams(stdin, pipe, streams.err))))
        stdin = InputBuffer(pipe.take())
    stays = len(pipeline.commands) == 1 or (shell.shopt.get("lastpipe") and not shell.is_typed_at)
    last, given = pipeline.commands[-1], streams._replace(stdin=stdin)
    status = yield from runner.command(last, given) if stays else _process(runner, last, given)
    statuses.append(status)
    arrays.keep(shell.variables, "PIPESTATUS", list(map(str, statuses[:MAX_STATUSES])))
    if "pipefail" in shell.options:
        status = next((one for one in reversed(statuses) if one), 0)
    return int(not status) if pipeline.negated else status


def timed(runner: Runner, budget: LineBudget, pipeline: Pipeline, streams: Streams) -> Effects:
    """Run a pipeline and tell how long it took, pauses included."""
    began, commands = runner.shell.clock(), budget.commands
    status = yield from run_pipeline(runner, pipeline, streams)
    yield from runner.flush()
    took = runner.shell.clock() - began, budget.commands - commands
    streams.err.write(encode(took_text(runner.shell, pipeline, *took)))
    return status


def _process(runner: Runner, command: Command, streams: Streams) -> Effects:
    """Run one command of a pipeline: its own process, so leaving ends only itself."""
    try:
        own = streams.inherited()
        return (yield from in_child(runner, runner.command(command, own), own))
    except OutputFullError:
        return broken_pipe(runner, streams)


def broken_pipe(runner: Runner, streams: Streams) -> int:
    """End a command whose output is full; when it is the screen's the whole line ends."""
    if runner.shows(streams.out):
        raise OutputFullError
    return BROKEN_PIPE
