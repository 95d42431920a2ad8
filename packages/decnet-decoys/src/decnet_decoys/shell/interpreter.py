# SPDX-License-Identifier: MIT
"""Runs command lines on a machine that is not there: a generator of effects, bounded in output, depth and work.

It never executes, opens or connects anything. A line that would run for ever exceeds its budget and then hangs, as the
attacker expects it to, until whoever drives it interrupts.
"""

from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

from decnet_decoys.shell.budget import BudgetExceededError, LineBudget
from decnet_decoys.shell.compound import as_process, complaint_of, compound, in_child, is_fatal
from decnet_decoys.shell.control_flow import (
    BROKEN_PIPE,
    KILLED,
    ExitShell,
    LoopJump,
    ReturnFunction,
    StoppedByUser,
)
from decnet_decoys.shell.effects import Effect, Effects, Pause, Print, turn
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.environment import dash
from decnet_decoys.shell.environment.traps import acted, after_failure, own_traps
from decnet_decoys.shell.execution.background import BackgroundJobs, with_lists
from decnet_decoys.shell.execution.complaints import refused_output
from decnet_decoys.shell.execution.evidence import save
from decnet_decoys.shell.execution.executables import run_named
from decnet_decoys.shell.execution.line_ends import (
    at_exit,
    become_stopped,
    feed,
    report_ended,
    tell_of_killed,
    tell_of_signal,
)
from decnet_decoys.shell.execution.pipelines import broken_pipe, run_pipeline, timed
from decnet_decoys.shell.execution.scripts import run_text
from decnet_decoys.shell.execution.simple_commands import is_exec, simple_command
from decnet_decoys.shell.expansion.parameters import ExpansionError
from decnet_decoys.shell.interactive import nesting
from decnet_decoys.shell.redirection import MAX_DESCRIPTORS, keep_open, redirected
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import InputBuffer, OutputBuffer, OutputFullError, Streams
from decnet_decoys.shell.syntax.nodes import (
    Command,
    Function,
    Group,
    Pipeline,
    Sequence,
    Simple,
)
from decnet_decoys.shell.syntax.printing import pipeline_text

HANG_SECONDS = 900.0
MAX_STATUSES = 64
"""Of a pipeline's commands, that $PIPESTATUS has."""
MAX_PRINTED = 32 << 10
"""Bytes that one Print shows: they are recorded and encrypted at once."""


class Interpreter:
    """Runs the lines of one shell; a `Runner` to what it calls."""

    def __init__(self, shell: ShellState) -> None:
        self.shell = shell
        self._begin_line()

    def _begin_line(self) -> None:
        self.shell.line = self.shell.typed_lines + 1
        self._budget = LineBudget(self.shell.lease)
        self._background_jobs = BackgroundJobs(self.shell, self._budget)
        self._screen, self._errors = self.buffer(), self.buffer()
        self.errors = self._errors
        self._within = 0
        """Pipelines within each other that are running."""
        self.descriptors: dict[int, InputBuffer | OutputBuffer] = {}
        self._kept_open: list[Callable[[], Generator[Effect, Any, None]]] = []

    def buffer(self) -> OutputBuffer:
        return OutputBuffer(self._budget)

    def run(self, line: str, stdin: bytes | None = None) -> Effects:
        """Run a command line; the generator returns its exit status."""
        self._begin_line()
        try:
            return (yield from self._line(line, None if stdin is None else InputBuffer(stdin)))
        finally:
            for job in self.shell.jobs.all:
                job.output = ()
            self._budget.close()

    def _line(self, line: str, stream: InputBuffer | None) -> Effects:
        shell = self.shell
        begun = list(shell.jobs.all)
        shell.typed_lines += (line.count("\n") + 1) * (shell.dash and shell.is_typed_at)
        streams = Streams(stream, self._screen, self._errors)
        try:
            if (yield from self._typed(self._resumed(streams))) and line:
                yield from self._typed(self.script(line, streams))
                yield from self._typed(self._resumed(streams))
        except BudgetExceededError:
            yield from self.flush()
            yield Pause(HANG_SECONDS)
            shell.status = KILLED
        except ExpansionError as fault:
            self._errors.write(encode(complaint_of(shell, fault)))
            shell.status = 127 if is_fatal(shell, fault) and shell.command is not None else 1
        except (OutputFullError, ReturnFunction, LoopJump):
            shell.status = BROKEN_PIPE
        yield from at_exit(self, Streams(None, self._screen, self._errors))
        if shell.readers:
            for buffer in (self._screen, self._errors):
                buffer.divert(buffer)
            with suppress(BudgetExceededError, ReturnFunction, LoopJump, ExpansionError):
                yield from feed(self, 0, Streams(None, self._screen, self._errors))
            shell.readers.clear()
        self._screen.settle()
        self._errors.settle()
        report_ended(shell, begun, self._errors)
        yield from self.flush()
        return shell.status

    def _typed(self, steps: Effects) -> Effects:
        """Run what was typed; where that ends the shell, the outer one goes on. Returns whether there is any."""
        shell = self.shell
        try:
            shell.status = yield from steps
        except ExitShell as leaving:
            shell.finished = not nesting.leave(shell)
            shell.status = leaving.status
            yield from self.flush()
        return not shell.finished

    def _resumed(self, streams: Streams) -> Effects:
        """Run what is left of the line in which a shell was begun that has ended."""
        shell = self.shell
        while shell.pending:
            following, rest = shell.pending.pop(0)
            shell.status = yield from self._sequence(rest, streams, following)
        return shell.status

    def flush(self) -> Generator[Effect, Any, None]:
        now = self.shell.clock()
        for buffer in (self._screen, self._errors):
            buffer.settle(now)
        errors, shown = self._errors.written(), self._screen.written()
        for data, error in ((shown, False), (errors, True)):
            for start in range(0, len(data), MAX_PRINTED):
                yield Print(data[start : start + MAX_PRINTED], error=error)

    def script(self, text: str, streams: Streams) -> Effects:
        return run_text(self, self._budget, text, streams)

    def sequence(self, sequence: Sequence, streams: Streams) -> Effects:
        return self._sequence(sequence, streams, ";")

    def _sequence(self, sequence: Sequence, streams: Streams, previous: str) -> Effects:
        """Run pipelines one after the other; `previous` is what stands before the first one."""
        shell = self.shell
        depth, items = len(shell.outer), with_lists(sequence)
        for index, (pipeline, following) in enumerate(items, 1):
            skipped = (previous == "&&" and shell.status != 0) or (previous == "||" and shell.status == 0)
            skipped = skipped or ("noexec" in shell.options and not shell.is_typed_at)
            if not skipped:
                tested = following in ("&&", "||") or pipeline.negated
                killed = bool(shell.jobs.killed)
                with shell.testing(tested):
                    run = self._background if following == "&" else self._pipeline
                    shell.status = yield from self._until_stopped(run(pipeline, streams), pipeline, streams)
                if killed:
                    tell_of_killed(shell, streams.err)
                if shell.ended_by and following != "&":
                    yield from tell_of_signal(shell, pipeline, streams.err)
                if shell.status and not tested and not shell.tested:
                    yield from after_failure(self, pipeline, streams)
            if len(shell.outer) > depth:  # a shell that is typed at has begun
                nesting.put_off(shell, depth, following, Sequence(tuple(items[index:])))
                break
            previous = following
        return shell.status

    def _until_stopped(self, steps: Effects, pipeline: Pipeline, streams: Streams) -> Effects:
        """Run a pipeline; where ^Z stops it, it is a job from then on: as a whole, whatever of it was running."""
        shell = self.shell
        self._within += 1
        try:
            return (yield from steps)
        except StoppedByUser as stopped:
            if self._within > 1 or not shell.is_typed_at:
                raise
            return (yield from become_stopped(self, pipeline, stopped.left, streams))
        finally:
            self._within -= 1

    def _background(self, pipeline: Pipeline, streams: Streams) -> Effects:
        """Run a pipeline as a job."""
        shell = self.shell
        job = shell.jobs.begin((yield from pipeline_text(pipeline)))
        if self.shows(streams.out) and shell.is_typed_at and not shell.jobs.of_child:
            streams.err.write(encode(f"[{job.number}] {job.pid}\n"))
        begun = lambda given: in_child(self, self._pipeline(pipeline, given), given)  # noqa: E731
        is_program = isinstance(pipeline.commands[-1], Simple)
        return (yield from self._background_jobs.run(job, begun, streams, is_program=is_program))

    def _pipeline(self, pipeline: Pipeline, streams: Streams) -> Effects:
        if not pipeline.timed:
            return run_pipeline(self, pipeline, streams)
        return timed(self, self._budget, pipeline, streams)

    def shows(self, buffer: OutputBuffer) -> bool:
        return buffer.target is self._screen

    def command(self, command: Command, streams: Streams) -> Effects:
        self._budget.count_command()
        yield from turn()
        opened, readers = len(self.shell.opened), len(self.shell.readers)
        try:
            status = yield from self._one(command, streams)
        finally:
            self.shell.close_opened(opened)
        if len(self.shell.readers) > readers and not is_exec(command):
            yield from feed(self, readers, streams)
        return status

    def _one(self, command: Command, streams: Streams) -> Effects:
        if isinstance(command, Function):
            self.shell.define(command)
            return 0
        if isinstance(command, Simple):
            status = yield from simple_command(self, command, streams, self._run_simple)
            yield from self.flush()
            return status
        outcome = yield from redirected(self, command.redirects, streams)
        if isinstance(outcome, int):
            return outcome
        inner, finish = outcome
        with self._budget:
            status = yield from compound(self, command, inner)
        yield from finish()
        return status

    def _run_simple(self, argv: list[str], simple: Simple, streams: Streams) -> Effects:
        outcome = yield from redirected(self, simple.redirects, streams)
        if isinstance(outcome, int):
            if self.shell.dash and argv and argv[0] in dash.SPECIAL and not self.shell.is_typed_at:
                raise ExitShell(outcome)
            return outcome
        inner, finish = outcome
        status = 0 if argv else self.shell.substituted
        if argv == ["exec"]:
            keep_open(streams, inner)
            if len(self._kept_open) < MAX_DESCRIPTORS:
                self._kept_open.append(finish)
        elif argv:
            try:
                status = yield from self.execute(argv, inner)
            except OutputFullError:
                status = broken_pipe(self, inner)
            status = refused_output(self.shell, argv[0], inner, status)
        yield from finish()
        for write in self._kept_open:
            yield from write()
        return status

    def execute(self, argv: list[str], streams: Streams, *, program: bool = False, functions: bool = True) -> Effects:
        shell = self.shell
        if argv[0] in shell.functions and functions and not program:
            return (yield from self._function(shell.functions[argv[0]].body, argv, streams))
        tty = self.shows(streams.out) and shell.terminal is not None
        return (yield from run_named(self, self._budget, argv, streams, tty=tty, program=program))

    def _function(self, body: Group, argv: list[str], streams: Streams) -> Effects:
        with self.shell.calling(argv), own_traps(self.shell, traced=argv[0] in self.shell.traced):
            try:
                with self._budget:
                    status = yield from self.command(body, streams)
            except ReturnFunction as leaving:
                status = leaving.status
            except ExpansionError as fault:
                fault.where = fault.where or ("" if self.shell.dash else self.shell.error_prefix)
                raise
            if "RETURN" in self.shell.traps:
                self.shell.status = status
                yield from acted(self, "RETURN", streams)
            return status

    def subshell(self, text: str, argv: list[str], streams: Streams, *, named: bool = False) -> Effects:
        shell = self.shell
        with shell.forked():
            shell.set_parameters(argv)
            shell.script = argv[0] if "/" in argv[0] or named else ""
            shell.status, shell.line = 0, 1
            own = streams.inherited()
            return (yield from as_process(self, self.script(text, own), own))

    def save(
        self, path: str, data: bytes, *, append: bool = False, err: OutputBuffer | None = None
    ) -> Generator[Effect, Any, None]:
        return save(self.shell, path, data, append=append, err=err)
