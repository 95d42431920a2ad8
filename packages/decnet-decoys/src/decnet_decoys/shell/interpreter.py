# SPDX-License-Identifier: MIT
"""Runs command lines on a machine that is not there: a generator of steps, bounded in output, depth and work.

It never executes, opens or connects anything. A line that would run for ever runs out of commands and then hangs, as
the attacker expects it to, until whoever drives it interrupts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, NamedTuple

from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.personas.schema import User
from decnet_decoys.shell.call import MAX_WRITTEN, Allowance, Call, Feed, Handler, OutputFullError, Sink, Streams, encode
from decnet_decoys.shell.command_lookup import Found, find
from decnet_decoys.shell.compound import compound
from decnet_decoys.shell.control_flow import ExitShell, LoopJump, ReturnFunction, TooMuchError
from decnet_decoys.shell.effects import Captured, Pause, Print, Step, Steps
from decnet_decoys.shell.expansion import parameters as expand
from decnet_decoys.shell.expansion import words
from decnet_decoys.shell.machine.distribution import version_of
from decnet_decoys.shell.machine.fs_errors import FileFault
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.overlays import Disk
from decnet_decoys.shell.machine.tree import ROOT, Identity
from decnet_decoys.shell.redirection import redirected
from decnet_decoys.shell.syntax.nodes import (
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Loop,
    Pipeline,
    Sequence,
    Simple,
    SyntaxFault,
    UnfinishedError,
)
from decnet_decoys.shell.syntax.parser import parse

MAX_COMMANDS = 3000
"""Commands one line may run, loops included."""
MAX_DEPTH = 48
"""Nesting of scripts, substitutions and functions."""
MAX_VARIABLES = 500
HANG_SECONDS = 900.0

LOGIN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Source(NamedTuple):
    """Where the client came from."""

    address: str
    port: int


class Shell:
    """One log-in's state."""

    def __init__(
        self,
        machine: Machine,
        user: User,
        clock: Callable[[], float],
        source: Source,
        *,
        terminal: str | None = None,
        columns: int = 80,
        lease: MemoryLease | None = None,
        disk: Disk | None = None,
        command: str | None = None,
    ) -> None:
        """`command` is what it was started to run; without one it is a log-in shell."""
        self.machine = machine
        self.clock = clock
        self.source = source
        self.terminal = terminal
        self.columns = columns
        self.command = command
        disk = disk or Disk(machine)
        self.files, self.users = disk.files, disk.users
        self.lease = lease or disk.lease
        self.files.live["/proc/uptime"] = partial(_uptime, machine, clock)  # the disk must not keep this shell
        self.functions: dict[str, Group] = {}
        self.history: list[str] = list(machine.persona.history) if user.uid == 0 else []
        self.status = 0
        self.finished = False
        self.pid = 28_000 + int(clock()) % 3_000
        self.exported: set[str] = set()
        self.variables: dict[str, str] = {}
        self._renew()
        self.become(user)

    def _renew(self) -> None:
        """Give the next line its allowances."""
        self._allowance = Allowance(MAX_WRITTEN)
        self._screen, self._errors = self.sink(), self.sink()
        self._budget, self._depth = MAX_COMMANDS, 0

    def sink(self) -> Sink:
        """Return a place for output that counts against the line's allowance."""
        return Sink(self._allowance)

    def become(self, user: User) -> None:
        """Log in as `user`: identity, home and environment."""
        self.user = user
        self.identity = Identity(user.uid, frozenset((user.gid,)))
        self.cwd = user.home if self.files.exists(user.home) else "/"
        own = {
            "HOME": user.home, "USER": user.name, "LOGNAME": user.name, "SHELL": user.shell, "PATH": LOGIN_PATH,
            "PWD": self.cwd, "LANG": "en_US.UTF-8", "HOSTNAME": self.machine.hostname, "SHLVL": "1",
            "SSH_CLIENT": f"{self.source.address} {self.source.port} 22",
            "SSH_CONNECTION": f"{self.source.address} {self.source.port} {self.machine.address} 22",
        }  # fmt: skip
        if self.terminal:
            own |= {"TERM": self.terminal, "SSH_TTY": "/dev/pts/0"}
        self.exported = set(own)
        self.variables = own | {"IFS": " \t\n", "PPID": str(self.pid - 12)}
        if self.terminal:
            self.variables["PS1"] = "\\u@\\h:\\w\\$ "
        if self.machine.persona.family == "debian":
            self.variables |= self._of_bash(user)

    def _of_bash(self, user: User) -> dict[str, str]:
        """Return the variables that bash sets besides (bash(1), Shell Variables)."""
        machine = self.machine.persona.machine
        version = "5.1.16" if "Ubuntu" in self.machine.persona.os else "5.2.15"
        own = {
            "BASH_VERSION": f"{version}(1)-release",
            "BASHPID": str(self.pid),
            "OSTYPE": "linux-gnu",
            "HOSTTYPE": machine,
            "MACHTYPE": f"{machine}-pc-linux-gnu",
            "EUID": str(user.uid),
            "UID": str(user.uid),
        }
        return own | ({} if self.terminal else {"TERM": "dumb"})

    @property
    def now(self) -> int:
        """Unix time in seconds."""
        return int(self.clock())

    @property
    def prompt(self) -> str:
        """The prompt as bash, or BusyBox's ash, shows it."""
        home = self.variables.get("HOME", "")
        place = "~" + self.cwd[len(home) :] if home != "/" and (self.cwd + "/").startswith(home + "/") else self.cwd
        mark = "#" if self.identity.uid == 0 else "$"
        return f"{self.user.name}@{self.machine.hostname}:{place}{mark} "

    @property
    def name(self) -> str:
        """What $0 is."""
        shell = "sh" if self.machine.persona.family == "busybox" else "bash"
        return shell if self.command is not None else f"-{shell}"

    @property
    def complaint(self) -> str:
        """How the shell calls itself in its own messages."""
        return "bash: line 1" if self.name == "bash" else self.name

    def set(self, name: str, value: str) -> None:
        """Set a variable, bounded in number and length."""
        if name in self.variables or len(self.variables) < MAX_VARIABLES:
            self.variables[name] = value[: expand.MAX_FIELD]

    def unfinished(self, line: str) -> bool:
        """Tell whether `line` needs another line to be complete."""
        return isinstance(parse(line), UnfinishedError)

    def run(self, line: str, stdin: bytes | None = None) -> Steps:
        """Run a command line; the generator returns its exit status."""
        self._renew()
        feed = None if stdin is None else Feed(stdin)
        try:
            self.status = yield from self.script(line, Streams(feed, self._screen, self._errors))
        except ExitShell as leaving:
            self.finished = True
            self.status = int(leaving.args[0])
        except TooMuchError:
            yield from self.flush()
            yield Pause(HANG_SECONDS)
            self.status = 137
        except (OutputFullError, ReturnFunction, LoopJump):
            self.status = 141
        yield from self.flush()
        return self.status

    def script(self, text: str, streams: Streams) -> Steps:
        """Run the text of a script, a substitution or a line."""
        parsed = parse(text)
        if isinstance(parsed, SyntaxFault):
            yield from ()
            return self._complain(parsed, streams)
        self._enter()
        try:
            return (yield from self.sequence(parsed, streams))
        finally:
            self._depth -= 1

    def _complain(self, fault: SyntaxFault, streams: Streams) -> int:
        if isinstance(fault, UnfinishedError):
            message = "syntax error: unexpected end of file"
        else:
            message = f"syntax error near unexpected token `{fault}'"
        streams.err.write(encode(f"{self.complaint}: {message}\n"))
        return 2

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooMuchError

    def flush(self) -> Generator[Step, Any, None]:
        """Show what has been printed so far."""
        errors, shown = self._errors.take(), self._screen.take()
        if shown:
            yield Print(shown)
        if errors:
            yield Print(errors, error=True)

    def sequence(self, sequence: Sequence, streams: Streams) -> Steps:
        """Run pipelines one after the other, but for those that `&&` and `||` skip."""
        previous = ";"
        for pipeline, following in sequence.items:
            skipped = (previous == "&&" and self.status != 0) or (previous == "||" and self.status == 0)
            if not skipped:
                self.status = yield from self._pipeline(pipeline, streams)
            previous = following
            if following == "&" and streams.out is self._screen and self.terminal:
                streams.err.write(encode(f"[1] {self.pid + 7}\n"))
        return self.status

    def _pipeline(self, pipeline: Pipeline, streams: Streams) -> Steps:
        stdin, status = streams.stdin, 0
        for command in pipeline.commands[:-1]:
            pipe = self.sink()
            yield from self._stage(command, Streams(stdin, pipe, streams.err))
            stdin = Feed(pipe.take())
        last = streams._replace(stdin=stdin)
        if len(pipeline.commands) == 1:
            status = yield from self._command(pipeline.commands[0], last)
        else:
            status = yield from self._stage(pipeline.commands[-1], last)
        return int(not status) if pipeline.negated else status

    def _stage(self, command: Command, streams: Streams) -> Steps:
        """Run one command of a pipeline: its own process, so leaving ends only itself."""
        try:
            return (yield from self._command(command, streams))
        except ExitShell as leaving:
            return int(leaving.args[0])
        except OutputFullError:
            if streams.out is self._screen:
                raise
            return 141

    def _command(self, command: Command, streams: Streams) -> Steps:
        self._budget -= 1
        if self._budget < 0:
            raise TooMuchError
        if self._budget % 100 == 0:
            yield Pause(0)  # a long loop lets others have their turn
        if isinstance(command, Simple):
            status = yield from self._simple(command, streams)
            yield from self.flush()
            return status
        if isinstance(command, Function):
            if len(self.functions) < MAX_VARIABLES:
                self.functions[command.name] = command.body
            return 0
        outcome = yield from redirected(self, command.redirects, streams)
        if isinstance(outcome, int):
            return outcome
        inner, finish = outcome
        status = yield from self._compound(command, inner)
        yield from finish()
        return status

    def _compound(self, command: Group | If | Loop | For | Case, streams: Streams) -> Steps:
        self._enter()
        try:
            return (yield from compound(self, command, streams))
        finally:
            self._depth -= 1

    def _simple(self, simple: Simple, streams: Streams) -> Steps:
        argv = yield from words.fields(self, simple.words)
        for name, word in simple.assignments:
            self.set(name, (yield from words.text(self, word)))
        outcome = yield from redirected(self, simple.redirects, streams)
        if isinstance(outcome, int):
            return outcome
        inner, finish = outcome
        status = 0
        if argv:
            try:
                status = yield from self.execute(argv, inner)
            except OutputFullError:
                if inner.out is self._screen:
                    raise
                status = 141
        yield from finish()
        return status

    def execute(self, argv: list[str], streams: Streams) -> Steps:
        """Run the command that `argv` names: a function, a program, a script, or nothing that is known."""
        if argv[0] in self.functions:
            return (yield from self._called(self.functions[argv[0]], argv, streams))
        found = find(self, argv[0])
        version = version_of(self.machine.persona, found.name) if argv[1:] == ["--version"] else None
        if version is not None and found.handler is not None:
            streams.out.write(encode(version + "\n"))
            return 0
        if found.handler is not None:
            tty = streams.out is self._screen and self.terminal is not None
            call = Call(self, [found.name, *argv[1:]], streams.stdin, streams.out, streams.err, tty=tty)
            return (yield from self._handled(found.handler, call))
        if found.script is not None:
            return (yield from self.run_script(found.script, argv, streams))
        return self._refused(found, streams)

    def _handled(self, handler: Handler, call: Call) -> Steps:
        self._enter()  # `exec exec exec ...` nests too
        try:
            answer = handler(call)
            return answer if isinstance(answer, int) else (yield from answer)
        finally:
            self._depth -= 1

    def _refused(self, found: Found, streams: Streams) -> int:
        streams.err.write(encode(f"{self.complaint}: {found.complaint}\n"))
        return found.status

    def _called(self, body: Group, argv: list[str], streams: Streams) -> Steps:
        kept = self.set_parameters(argv)
        self._enter()
        try:
            return (yield from self.sequence(body.body, streams))
        except ReturnFunction as leaving:
            return int(leaving.args[0])
        finally:
            self._depth -= 1
            self.variables.update(kept)

    def run_script(self, text: str, argv: list[str], streams: Streams) -> Steps:
        """Run a script's text in a subshell with its own positional parameters."""
        kept = (self.cwd, dict(self.variables))
        self.set_parameters(argv)
        try:
            return (yield from self.script(text, streams))
        except (ExitShell, ReturnFunction) as leaving:
            return int(leaving.args[0])
        finally:
            self.cwd, self.variables = kept

    def set_parameters(self, argv: list[str]) -> dict[str, str]:
        """Set $0 to $9, $@ and $#; returns what they were."""
        names = [*map(str, range(10)), "@", "*", "#"]
        kept = {name: self.variables.get(name, "") for name in names}
        argv = [argv[0] or self.variables.get("0", self.name), *argv[1:]]
        rest = " ".join(argv[1:])
        self.variables.update({str(place): argv[place] if place < len(argv) else "" for place in range(10)})
        self.variables.update({"@": rest, "*": rest, "#": str(len(argv) - 1)})
        return kept

    def save(
        self, path: str, data: bytes, *, append: bool = False, err: Sink | None = None
    ) -> Generator[Step, Any, None]:
        """Write a file of the decoy and have its content kept as evidence."""
        if not data:
            return
        try:
            self.files.write(path, data, self.identity, self.cwd, now=self.now, append=append)
        except FileFault as fault:
            if err is not None:
                err.write(encode(f"{self.complaint}: {path}: {fault}\n"))
            return
        whole = self.files.read(path, ROOT, self.cwd)
        yield Captured(self.files.locate(path, self.cwd), whole, partial=len(whole) > len(data))


def _uptime(machine: Machine, clock: Callable[[], float]) -> bytes:
    """Return what /proc/uptime says: seconds since the boot, and all processors' idle ones."""
    up = max(0.0, clock() - machine.booted)
    return f"{up:.2f} {up * machine.persona.hardware.cores * 0.988:.2f}\n".encode()
