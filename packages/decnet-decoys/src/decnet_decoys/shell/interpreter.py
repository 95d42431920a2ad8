# SPDX-License-Identifier: MIT
"""Runs command lines on a machine that is not there: a generator of effects, bounded in output, depth and work.

It never executes, opens or connects anything. A line that would run for ever exceeds its budget and then hangs, as the
attacker expects it to, until whoever drives it interrupts.
"""

from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

from decnet_decoys.shell.budget import MAX_COMMANDS, BudgetExceededError, LineBudget
from decnet_decoys.shell.call import Call, Handler
from decnet_decoys.shell.command_lookup import Found, find
from decnet_decoys.shell.commands.options import UsageError
from decnet_decoys.shell.commands.refused_options import refused
from decnet_decoys.shell.commands.versions import version_told
from decnet_decoys.shell.compound import as_process, complained, complaint_of, compound, in_child
from decnet_decoys.shell.control_flow import BROKEN_PIPE, KILLED, ExitShell, LoopJump, ReturnFunction
from decnet_decoys.shell.effects import Captured, Effect, Effects, Pause, Print, turn
from decnet_decoys.shell.encoding import encode, shell_word
from decnet_decoys.shell.environment.dash import BASH_ONLY, syntax_error
from decnet_decoys.shell.environment.preloading import preload_errors
from decnet_decoys.shell.environment.timing import took_text
from decnet_decoys.shell.environment.traps import acted, before_command, own_traps
from decnet_decoys.shell.expansion import arrays
from decnet_decoys.shell.expansion.assignment import assign
from decnet_decoys.shell.expansion.conditions import conditions_or_fields
from decnet_decoys.shell.expansion.parameters import ExpansionError, UnsetError
from decnet_decoys.shell.jobs import Job, text_of
from decnet_decoys.shell.machine.distribution import called_as
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import BUILTINS
from decnet_decoys.shell.redirection import MAX_DESCRIPTORS, redirected
from decnet_decoys.shell.state import OPTION_OF, ShellState
from decnet_decoys.shell.streams import InputBuffer, JobOutput, OutputBuffer, OutputFullError, Streams
from decnet_decoys.shell.syntax.dash import DashLexer
from decnet_decoys.shell.syntax.lexer import Lexer
from decnet_decoys.shell.syntax.nodes import (
    Command,
    Function,
    Group,
    IncompleteError,
    Pipeline,
    Sequence,
    ShellSyntaxError,
    Simple,
)
from decnet_decoys.shell.syntax.parser import Parser

_KEEPS_ASSIGNMENTS = frozenset(
    ("export", "readonly", "exec", "eval", "set", ".", "source", "declare", "typeset", "local")
)
HANG_SECONDS = 900.0
MAX_JOBS_WITHIN = 3
"""Jobs that begin jobs, deep: more is taken for a fork bomb, which hangs the line."""
MAX_JOB_COMMANDS = MAX_COMMANDS // 2
"""Commands of a line after which a job in the background that pauses goes no further: the line needs the rest."""
ENDLESS_SECONDS = 30 * 86400.0
"""How long such a job is seen as running; what it has not yet shown by then is not shown."""
MAX_TRACED = 50
"""Marks of `set -x` for substitutions within each other."""
MAX_LINES_BEFORE = 20_000
"""Lines of a script before the one that is shown as wrong."""
_ENDED = "syntax error: unexpected end of file"
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
        self.shell.line = 1
        self._budget = LineBudget(self.shell.lease)
        self._jobs_within, self._bombed = 0, False
        self._screen, self._errors = self.buffer(), self.buffer()
        self.errors = self._errors
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
        try:
            shell.status = yield from self.script(line, Streams(stream, self._screen, self._errors))
        except ExitShell as leaving:
            shell.finished = True
            shell.status = leaving.status
        except BudgetExceededError:
            yield from self.flush()
            yield Pause(HANG_SECONDS)
            shell.status = KILLED
        except ExpansionError as fault:
            self._errors.write(encode(complaint_of(shell, fault)))
            shell.status = 127 if isinstance(fault, UnsetError) and shell.command is not None else 1
        except (OutputFullError, ReturnFunction, LoopJump):
            shell.status = BROKEN_PIPE
        yield from self._at_exit()
        if shell.readers:
            for buffer in (self._screen, self._errors):
                buffer.divert(buffer)
            with suppress(BudgetExceededError, ReturnFunction, LoopJump, ExpansionError):
                yield from self._feed(0, Streams(None, self._screen, self._errors))
            shell.readers.clear()
        self._screen.settle()
        self._errors.settle()
        self._report(begun)
        yield from self.flush()
        return shell.status

    def _report(self, begun: list[Job]) -> None:
        """Tell of jobs that have ended since an earlier line began them, as an interactive shell does."""
        shell, now = self.shell, self.shell.clock()
        if shell.terminal is None or shell.command is not None:
            return
        for job in [job for job in begun if job in shell.jobs.all and job.ends <= now]:
            self._errors.write(encode(job.line(now, shell.jobs.mark(job)) + "\n"))
            shell.jobs.forget(job)

    def _at_exit(self) -> Effects:
        """Run what `trap` wants done when the shell ends, if it does: one that runs a command, or that is left."""
        shell = self.shell
        action = shell.traps.get("EXIT", "")
        if action and (shell.finished or shell.command is not None):
            shell.traps.clear()
            status = shell.status
            with suppress(ExitShell, BudgetExceededError, OutputFullError, ReturnFunction, LoopJump, ExpansionError):
                yield from self.script(action, Streams(None, self._screen, self._errors))
            shell.status = status
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
        """Run a script line by line, as a shell reads it: what comes before a syntax error is done."""
        first = self.shell.line
        parser = Parser(text, DashLexer if self.shell.dash else Lexer, first)
        parser.end_with_text()
        try:
            with self._budget:
                while True:
                    try:
                        line = yield from parser.line()
                    except ShellSyntaxError as fault:
                        is_quote = isinstance(fault, IncompleteError) and fault.quotes
                        self.shell.line = parser.opened if is_quote else parser.reached()
                        return self._syntax_error(fault, text, first, streams)
                    if line is None:
                        return self.shell.status
                    self._warn_of_documents(parser, first, streams)
                    self.shell.line = parser.number
                    try:
                        self.shell.status = yield from self.sequence(line, streams)
                    except ExpansionError as fault:  # the rest of the line is given up, but not of the script
                        fault.line = fault.line or self.shell.line
                        if self.shell.dash or isinstance(fault, UnsetError):
                            raise
                        self.shell.status = complained(self, fault)
        finally:
            self.shell.line = first

    def _warn_of_documents(self, parser: Parser, first: int, streams: Streams) -> None:
        """Tell of here-documents that ended with the text, as bash does."""
        for delimiter, begun, ended in parser.unended() if not self.shell.dash else ():
            self.shell.line = first + ended - 1
            what = f"here-document at line {first + begun - 1} delimited by end-of-file (wanted `{delimiter[:256]}')"
            streams.err.write(encode(self.shell.complaint(f"warning: {what}") + "\n"))

    def _syntax_error(self, fault: ShellSyntaxError, text: str, first: int, streams: Streams) -> int:
        """Complain as bash does: of a string that it was given to run, with the line in question."""
        shell = self.shell
        if shell.dash:
            is_open = isinstance(fault, IncompleteError)
            shell.line = first + text.count("\n") if is_open else shell.line
            wrong = syntax_error(str(fault), fault.expected, incomplete=is_open)
            streams.err.write(encode(f"{shell.error_prefix}: {wrong}\n"))
            raise ExitShell(2)
        given = "-c: " if text == shell.string or (text == shell.command and shell.name == "bash") else shell.evaluated
        if isinstance(fault, IncompleteError):
            if not fault.quotes or str(fault) == ")":
                shell.line = first + text.count("\n") + (not text.endswith("\n"))
            message = f"unexpected EOF while looking for matching `{fault}'" if fault.quotes else _ENDED
        else:
            message = f"syntax error near unexpected token `{fault}'"
        prefix = shell.error_prefix.replace(": ", f": {given}", 1)
        message = f"{prefix}: {message}\n"
        if not isinstance(fault, IncompleteError) and (shell.terminal is None or shell.command or shell.script):
            place = min(shell.line - first, MAX_LINES_BEFORE)
            lines = text.split("\n", place + 1)[place:][:1]
            message += f"{prefix}: `{(lines or [text])[0][:4096]}'\n"
        streams.err.write(encode(message))
        return 2

    def sequence(self, sequence: Sequence, streams: Streams) -> Effects:
        previous, shell = ";", self.shell
        for pipeline, following in self._with_lists(sequence):
            skipped = (previous == "&&" and shell.status != 0) or (previous == "||" and shell.status == 0)
            if not skipped:
                tested = following in ("&&", "||") or pipeline.negated
                with shell.testing(tested):
                    run = self._background if following == "&" else self._pipeline
                    shell.status = yield from run(pipeline, streams)
                if shell.status and not tested and not shell.tested:
                    if "ERR" in shell.traps:
                        shell.variables["BASH_COMMAND"] = text_of(pipeline)
                    yield from self._failed(streams)
            previous = following
        return shell.status

    @staticmethod
    def _with_lists(sequence: Sequence) -> list[tuple[Pipeline, str]]:
        """Return the pipelines; those of an AND-OR list that runs in the background (`a && b &`) as one."""
        found: list[tuple[Pipeline, str]] = []
        for pipeline, following in sequence.items:
            found.append((pipeline, following))
            if following != "&":
                continue
            first = len(found) - 1
            while first and found[first - 1][1] in ("&&", "||"):
                first -= 1
            if first < len(found) - 1:
                whole = Sequence((*found[first:-1], (pipeline, ";")))
                found[first:] = [(Pipeline((Group(whole, subshell=True, redirects=()),), negated=False), "&")]
        return found

    def _failed(self, streams: Streams) -> Effects:
        """Do what is to be done after a command that failed and whose status nobody tests: `trap ... ERR`, `set -e`."""
        status = yield from acted(self, "ERR", streams)
        if "errexit" in self.shell.options:
            raise ExitShell(status)
        return status

    def _background(self, pipeline: Pipeline, streams: Streams) -> Effects:
        """Run a pipeline as a job: its pauses are not waited for, but put off its end."""
        shell = self.shell
        job = shell.jobs.begin(text_of(pipeline))
        if streams.out.target is self._screen and shell.terminal and shell.command is None:
            streams.err.write(encode(f"[{job.number}] {job.pid}\n"))
        output = JobOutput(self._budget, streams.out), JobOutput(self._budget, streams.err)
        streams = streams._replace(out=output[0], err=output[1])
        steps = in_child(self, self._pipeline(pipeline, streams), streams)
        reply, seconds, kept = None, 0.0, self._budget.half()
        self._jobs_within += 1
        try:
            while True:
                with self._budget.without(kept):
                    effect = steps.send(reply)
                if not isinstance(effect, Pause):
                    reply = yield effect
                    continue
                reply, seconds = None, seconds + effect.seconds
                for one in output:
                    one.hold()
                if self._budget.commands > MAX_JOB_COMMANDS:  # `while :; do ...; sleep 60; done &`
                    seconds = max(seconds, ENDLESS_SECONDS)
                    break
        except StopIteration as end:
            job.status = int(end.value)
        except BudgetExceededError:  # `while :; do :; done &`, but for a fork bomb
            self._refuse_bomb()
            seconds = ENDLESS_SECONDS
        finally:
            self._jobs_within -= 1
            job.ends = shell.clock() + seconds if seconds else 0.0
            job.output = output if seconds else ()
            for one in output:
                one.ends = job.ends
            if seconds >= ENDLESS_SECONDS:
                job.drop()
            steps.close()
        return 0

    def _refuse_bomb(self) -> None:
        """Raise BudgetExceededError when the job that used up its commands is one of too many within each other."""
        self._bombed = self._bombed or self._jobs_within > MAX_JOBS_WITHIN
        if self._bombed:
            raise BudgetExceededError

    def _timed(self, pipeline: Pipeline, streams: Streams) -> Effects:
        """Run a pipeline and tell how long it took, pauses included."""
        began, commands = self.shell.clock(), self._budget.commands
        status = yield from self._pipeline(pipeline._replace(timed=""), streams)
        yield from self.flush()
        took = self.shell.clock() - began, self._budget.commands - commands
        streams.err.write(encode(took_text(self.shell, pipeline, *took)))
        return status

    def _pipeline(self, pipeline: Pipeline, streams: Streams) -> Effects:
        if pipeline.timed:
            return (yield from self._timed(pipeline, streams))
        stdin = streams.stdin
        statuses = []
        for command in pipeline.commands[:-1]:
            pipe = self.buffer()
            statuses.append((yield from self._process(command, Streams(stdin, pipe, streams.err))))
            stdin = InputBuffer(pipe.take())
        run = self._command if len(pipeline.commands) == 1 else self._process
        status = yield from run(pipeline.commands[-1], streams._replace(stdin=stdin))
        statuses.append(status)
        arrays.keep(self.shell.variables, "PIPESTATUS", list(map(str, statuses[:MAX_STATUSES])))
        if "pipefail" in self.shell.options:
            status = next((one for one in reversed(statuses) if one), 0)
        return int(not status) if pipeline.negated else status

    def _process(self, command: Command, streams: Streams) -> Effects:
        """Run one command of a pipeline: its own process, so leaving ends only itself."""
        try:
            return (yield from in_child(self, self._command(command, streams), streams))
        except OutputFullError:
            return self._broken_pipe(streams)

    def _broken_pipe(self, streams: Streams) -> int:
        """End a command whose output is full; when it is the screen's the whole line ends."""
        if streams.out.target is self._screen:
            raise OutputFullError
        return BROKEN_PIPE

    def _command(self, command: Command, streams: Streams) -> Effects:
        self._budget.count_command()
        yield from turn()
        opened, readers = len(self.shell.opened), len(self.shell.readers)
        try:
            status = yield from self._one(command, streams)
        finally:
            self.shell.close_opened(opened)
        if len(self.shell.readers) > readers and not _is_exec(command):
            yield from self._feed(readers, streams)
        return status

    def _feed(self, kept: int, streams: Streams) -> Effects:
        """Run the commands of `>(command)` but for the first `kept`, on what was written to them."""
        shell = self.shell
        while len(shell.readers) > kept:
            path, command = shell.readers.popitem()
            try:
                data = whole_of(shell.files.read(path, shell.access))
                shell.files.remove(path, shell.access)
            except FileSystemError:
                continue
            with shell.forked(), suppress(ExitShell, OutputFullError):
                yield from self.script(command, streams._replace(stdin=InputBuffer(data)))
        return shell.status

    def _one(self, command: Command, streams: Streams) -> Effects:
        if isinstance(command, Function):
            self.shell.define(command)
            return 0
        if isinstance(command, Simple):
            status = yield from self._simple(command, streams)
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

    def _simple(self, simple: Simple, streams: Streams) -> Effects:
        if "DEBUG" in self.shell.traps:
            yield from before_command(self, simple, streams)
        self.errors, self.shell.substituted = streams.err, 0
        self.shell.line = simple.line or self.shell.line
        argv = yield from conditions_or_fields(self, simple.words)
        if argv and argv[0] in self.shell.aliases and self.shell.command is None:
            return (yield from self._aliased(argv, streams))
        kept = self.shell.temporary() if argv and argv[0] not in _KEEPS_ASSIGNMENTS else None
        traced = []
        for assignment in simple.assignments:
            traced.append((yield from assign(self, assignment)))
            if kept is not None:
                self.shell.exported.add(assignment.name)
        if "xtrace" in self.shell.options:
            shown = argv if argv[:1] == ["[["] else map(shell_word, argv)
            mark = self.shell.variables.get("PS4", "+ ")
            mark = mark[:1] * min(self.shell.within, MAX_TRACED) + mark
            streams.err.write(encode(f"{mark}{' '.join([*traced, *shown])}\n"))
        try:
            return (yield from self._run_simple(argv, simple, streams))
        finally:
            self.shell.variables["_"] = argv[-1][:4096] if argv else ""
            if kept is not None and simple.assignments:
                self.shell.restore(kept, [assignment.name for assignment in simple.assignments])

    def _aliased(self, argv: list[str], streams: Streams) -> Effects:
        quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in argv[1:])
        text = f"{self.shell.aliases[argv[0]]} {quoted}"
        kept, self.shell.aliases = self.shell.aliases, {}
        try:
            return (yield from self.script(text, streams))
        finally:
            self.shell.aliases = kept

    def _run_simple(self, argv: list[str], simple: Simple, streams: Streams) -> Effects:
        outcome = yield from redirected(self, simple.redirects, streams)
        if isinstance(outcome, int):
            return outcome
        inner, finish = outcome
        status = 0 if argv else self.shell.substituted
        if argv == ["exec"]:
            self._keep_open(streams, inner, finish)
        elif argv:
            try:
                status = yield from self.execute(argv, inner)
            except OutputFullError:
                status = self._broken_pipe(inner)
        yield from finish()
        for write in self._kept_open:
            yield from write()
        return status

    def _keep_open(self, streams: Streams, inner: Streams, finish: Callable[[], Generator[Effect, Any, None]]) -> None:
        """Let the redirections of an `exec` without a command be those of what follows in the line."""
        if inner.out is not streams.out:
            streams.out.divert(inner.out)
        if inner.err is not streams.err:
            streams.err.divert(inner.err)
        if len(self._kept_open) < MAX_DESCRIPTORS:
            self._kept_open.append(finish)

    def execute(self, argv: list[str], streams: Streams, *, program: bool = False) -> Effects:
        shell = self.shell
        if argv[0] in shell.functions and not program:
            return (yield from self._function(shell.functions[argv[0]].body, argv, streams))
        found = find(shell, argv[0])
        if shell.dash and not program and argv[0] in BASH_ONLY:
            found = Found(argv[0], complaint=f"{argv[0]}: not found")
        if found.handler is not None:
            return (yield from self._program(found.handler, found.name, argv, streams, own=program))
        if found.script is not None:
            return (yield from self._script_file(found.name, found.script, argv, streams))
        streams.err.write(encode(shell.complaint(found.complaint) + "\n"))
        return found.status

    def _script_file(self, name: str, text: str, argv: list[str], streams: Streams) -> Effects:
        """Run a script by what its first line names; one without such a line by a shell like this one."""
        shell = self.shell
        words = text[2:258].partition("\n")[0].split() if text.startswith("#!") else []
        words = words[1:] if words and words[0].endswith("/env") else words
        flags = set("".join(one[1:] for one in words[1:3] if one.startswith("-")))
        interpreter = words[0].rpartition("/")[2] if words else ""
        debian = shell.machine.persona.family == "debian"
        if debian and interpreter and interpreter not in ("sh", "dash", "bash"):
            with self._budget:  # what it names may be this script again
                return (yield from self.execute([*words, name, *argv[1:]], streams, program=True))
        with shell.forked():
            shell.dash = debian and (interpreter in ("sh", "dash") or (shell.dash and not interpreter))
            shell.options = {OPTION_OF[letter] for letter in flags & OPTION_OF.keys()}
            return (yield from self.subshell(text, [name, *argv[1:]], streams, named=shell.dash))

    def _program(self, handler: Handler, name: str, argv: list[str], streams: Streams, *, own: bool) -> Effects:
        version = version_told(self.shell.machine.persona, name, argv[1:])
        if version is not None:
            (streams.err if version.error else streams.out).write(encode(version.text + "\n"))
            return 0
        called = called_as(name, argv[0])
        wrong = refused(name, argv[1:]) if self._of_debian(name) else None
        if wrong is not None:
            text = wrong.text.replace(f"{name}: ", f"{called}: ", 1).replace(f"'{name} --", f"'{called} --")
            (streams.err if wrong.error else streams.out).write(encode(text if called != name else wrong.text))
            return wrong.status
        if self._of_debian(name):
            streams.err.write(encode(preload_errors(self.shell)))
        tty = streams.out.target is self._screen and self.shell.terminal is not None
        with self._budget:  # `exec exec exec ...` nests too
            call = Call(self, name, argv[1:], streams, tty=tty)
            call.called = called
            call.is_program = own or "/" in argv[0]
            self.shell.running.begin(argv, self.shell.cwd)
            try:
                answer = handler(call)
                return answer if isinstance(answer, int) else (yield from answer)
            except UsageError as fault:
                return call.fail(str(fault), fault.status)
            except FileSystemError as fault:
                return call.fail(str(fault))
            finally:
                self.shell.running.end()

    def _of_debian(self, name: str) -> bool:
        """Whether it is a program of Debian, and no builtin."""
        return self.shell.machine.persona.family == "debian" and name not in BUILTINS

    def _function(self, body: Group, argv: list[str], streams: Streams) -> Effects:
        with self.shell.calling(argv), own_traps(self.shell):
            try:
                with self._budget:
                    status = yield from self._command(body, streams)
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
            return (yield from as_process(self, self.script(text, streams), streams))

    def save(
        self, path: str, data: bytes, *, append: bool = False, err: OutputBuffer | None = None
    ) -> Generator[Effect, Any, None]:
        shell = self.shell
        if not data:
            return
        try:
            resolved = shell.files.write(path, data, shell.access, append=append)
        except FileSystemError as error:
            if err is not None:
                err.write(encode(f"{shell.error_prefix}: {path}: {error}\n"))
            return
        whole = shell.files.read(resolved)
        if isinstance(whole, bytes):
            yield Captured(resolved, whole, partial=len(whole) > len(data))


def _is_exec(command: Command) -> bool:
    """Return whether a command is `exec` alone, whose redirections last."""
    if not isinstance(command, Simple) or len(command.words) != 1:
        return False
    return "".join(part.text for part in command.words[0]) == "exec"
