# SPDX-License-Identifier: MIT
"""Plays a shell to a client: reads lines, runs them, does what their effects ask. Any service with a `Terminal` can."""

import logging
import time
from collections.abc import Iterable
from typing import Protocol, TypeVar

from decnet_core.text import for_terminal
from decnet_decoys.processor import turn
from decnet_decoys.shell.command_lookup import known
from decnet_decoys.shell.commands.shells.startup import changed_at_login
from decnet_decoys.shell.control_flow import INTERRUPTED, KILLED, StoppedByUser
from decnet_decoys.shell.effects import (
    AskKeys,
    AskLine,
    Captured,
    Effect,
    Effects,
    Pause,
    Print,
    ReadAll,
    Requested,
    Steps,
    Turn,
)
from decnet_decoys.shell.encoding import decode, encode, shell_word
from decnet_decoys.shell.interactive.completion import completion
from decnet_decoys.shell.interactive.history_expansion import EventNotFoundError, expanded
from decnet_decoys.shell.interactive.nesting import leave
from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.syntax.nodes import IncompleteError, Sequence
from decnet_decoys.shell.syntax.parser import parse
from decnet_decoys.terminal.line_editor import Done, LineEditor
from decnet_decoys.terminal.processor_time import LineTime, SessionTime
from decnet_decoys.terminal.program_input import QUIT, InterruptedByUser, ProgramInput
from decnet_decoys.terminal.terminal import QUIT as QUIT_KEY
from decnet_decoys.terminal.terminal import SUSPEND, ClientGoneError, Terminal

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_CONTINUED = 1 << 16
"""Characters of a command line of several lines."""


_UNKNOWN = ("", "dumb", "network", "unknown")


def _is_known(terminal: str | None) -> bool:
    """Return whether readline finds what a terminal understands."""
    return (terminal or "").lower() not in _UNKNOWN


def at_prompt(data: bytes) -> bytes:
    r"""Return what a shell reads: a key that sends a signal drops all that is not read yet (NOFLSH, termios(3)).

    A shell that reads a line ignores ^\ and ^Z.
    """
    start = max(data.rfind(b"\x03"), data.rfind(b"\x1c") + 1, data.rfind(b"\x1a") + 1)
    return data[start:] if start > 0 else data


class SessionEvents(Protocol):
    """Where what happens in a session is recorded."""

    def command(self, line: str, *, known: bool, moment: float) -> None:
        """Record a command line, `moment` seconds after the session began; `known` when the decoy can answer it."""
        ...

    def capturing(self, path: str, data: bytes, *, partial: bool = False) -> Iterable[None]:
        """Keep a file that the attacker wrote, in steps; a `partial` one is likely to grow."""
        ...

    def requested(self, action: str, detail: dict[str, str]) -> None:
        """Record a network request of the attacker; nothing was sent."""
        ...

    def limited(self, *, session: bool) -> None:
        """Count a line that used up its processor time, or that of its session."""
        ...

    def command_failed(self) -> None:
        """Count a command that raised in the decoy."""
        ...


class ShellSession:
    """One shell and its terminal."""

    def __init__(self, shell: ShellState, terminal: Terminal, events: SessionEvents) -> None:
        self._shell = shell
        self._interpreter = Interpreter(shell)
        self._terminal = terminal
        self._events = events
        self._bracketed = terminal.pty and shell.machine.persona.family == "debian" and _is_known(shell.terminal)
        self._editor = LineEditor(
            lambda line: completion(shell, line), bracketed=self._bracketed, columns=shell.columns
        )
        self._editor.remember(list(shell.history.lines))
        self._input = ProgramInput(terminal, shell.lease)
        self._processor = SessionTime()

    async def interactive(self) -> int:
        """Run a login shell until the attacker leaves; returns the exit status. Raises ClientGoneError.

        Without a terminal it reads what the client sends as a script: no greeting, no prompt and no echo.
        """
        shell = self._shell
        if self._terminal.pty:
            await self._show(self._greeting())
        await self._start_up()
        while not shell.finished:
            try:
                line = await self._line(shell.prompt, keep=True)
            except InterruptedByUser:
                shell.status = INTERRUPTED
                continue
            if line is None:
                if not await self._left():
                    break
                continue
            line = await self._recalled(line)
            if line.strip():
                await self.run(await self._continued(line))
        if shell.name == "-bash" and shell.status != KILLED and self._terminal.pty:
            await self._show("logout\n")
        shell.keep_history()
        return shell.status

    async def _left(self) -> bool:
        """Go back to the shell within which this one was begun, as at the end of input; False if there is none."""
        told = "logout" if self._shell.name.startswith("-") else "exit"
        is_dash = self._shell.dash
        if not leave(self._shell):
            return False
        await self._show("\n" if is_dash else f"{told}\n")
        await self._performed("")  # what is left of the line in which it was begun
        return True

    async def _recalled(self, line: str) -> str:
        """Return the line with what it names of the history, which is shown; empty if there is no such thing.

        A shell that reads a script expands nothing (bash(1), History Expansion).
        """
        expands = self._terminal.pty and self._shell.machine.persona.family == "debian" and not self._shell.dash
        if not expands or not {"!", "^"} & set(line):
            return line
        try:
            found = expanded(line, self._shell.history.lines)
        except EventNotFoundError as error:
            await self._show(f"{self._shell.error_prefix}: {error}\n")
            return ""
        if found != line:
            await self._show(found + "\n")
        return found

    def _greeting(self) -> str:
        machine, shell = self._shell.machine, self._shell
        text = machine.expand(machine.persona.motd)
        if machine.persona.family == "busybox":
            return text
        when = shell.date("%a %b %e %H:%M:%S %Y", shell.now - 93_784)
        return f"{text}Last login: {when} from 10.20.0.{11 + machine.booted % 40}\n"

    async def _continued(self, line: str) -> str:
        """Return the line with those that an open quote or loop asks for."""
        while len(line) < MAX_CONTINUED and isinstance(await self._in_turns(parse(line)), IncompleteError):
            try:
                more = await self._line("> ")
            except InterruptedByUser:
                return ""
            if more is None:
                break
            line += "\n" + more
        return line

    async def _show(self, text: str, *, error: bool = False) -> None:
        await self._terminal.write(encode(text), error=error)

    async def _line(self, prompt: str, *, echo: bool = True, keep: bool = False) -> str | None:
        """Return the next line typed, or piped in, None at the end of input."""
        if not self._terminal.pty:
            given = await self._input.given_line()
            return None if given is None else decode(given)
        self._editor.bracket(self._bracketed and not self._shell.dash)
        await self._show(self._editor.begin(prompt, echo=echo, keep=keep))
        while True:
            data = await self._terminal.read()
            shown, done, rest = self._editor.feed(at_prompt(data)) if data else ("", Done("end"), b"")
            self._terminal.unread(rest)
            await self._show(shown)
            await turn.give_way()
            if done is None:
                continue
            if done.how == "interrupt":
                raise InterruptedByUser
            return done.text if done.how == "line" else None

    async def run(self, line: str) -> int:
        """Record that a line was entered, run it, return its exit status. Raises ClientGoneError."""
        if not line.strip():
            return 0
        shell = self._shell
        shell.history.add(line)
        commands = await self._in_turns(parse(line))
        recognised = isinstance(commands, Sequence) and await self._in_turns(known(shell, commands))
        self._events.command(line, known=recognised, moment=self._terminal.elapsed)
        if shell.command is not None:
            await self._start_up()
        await self._performed(line)
        return shell.status

    async def _start_up(self) -> None:
        """Run what an intruder has put into the files that a shell reads at its start."""
        path = changed_at_login(self._shell)
        if path:
            await self._performed(f". {shell_word(path)}")
            self._shell.status = 0

    async def _performed(self, line: str) -> None:
        """Run a line; one that raises in the decoy only fails. Raises ClientGoneError."""
        shell = self._shell
        try:
            await self._drive(self._interpreter.run(line))
        except InterruptedByUser as key:
            shell.status = key.status
            await self._show(key.shown + "\n")
        except (ClientGoneError, OSError):
            raise
        except Exception:
            self._events.command_failed()
            log.exception("command failed line=%s", for_terminal(line))
            shell.status = 1
        finally:
            if shell.on_changed is not None:
                shell.on_changed()

    async def _drive(self, effects: Effects) -> None:
        line, reply = self._processor.line(), None
        stopped: StoppedByUser | None = None
        try:
            while True:
                began = time.thread_time()
                try:
                    effect = effects.send(reply) if stopped is None else effects.throw(stopped)
                except StopIteration:
                    return None
                finally:
                    line.charge(time.thread_time() - began)
                if line.exhausted:
                    return await self._killed(line)
                reply, stopped = None, None
                try:
                    reply = await self._perform(effect)
                except StoppedByUser as stop:
                    stopped = stop
                if pause := line.pause():
                    await self._perform(Pause(pause))
                else:
                    await turn.give_way()
        finally:
            effects.close()

    async def _killed(self, line: LineTime) -> None:
        """Kill a command line that has used up its processor time, as an exhausted system would."""
        self._events.limited(session=line.session_exhausted)
        self._shell.status = KILLED
        self._shell.finished = self._shell.finished or line.session_exhausted
        await self._show("Killed\n")

    async def _in_turns(self, steps: Steps[T]) -> T:
        """Run `steps` to its result, yielding to other sessions meanwhile."""
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # a generator's value is untyped
            await self._terminal.pause(0)

    async def _perform(self, effect: Effect) -> bytes | None:
        if isinstance(effect, Print):
            await self._terminal.write(effect.data, error=effect.error)
        elif isinstance(effect, Turn):
            await self._terminal.pause(0)
        elif isinstance(effect, Pause):
            began = time.monotonic()
            if not await self._terminal.pause(effect.seconds):
                return None
            if self._terminal.pressed == SUSPEND:
                raise StoppedByUser(max(0.0, effect.seconds - (time.monotonic() - began)))
            raise InterruptedByUser("^\\Quit", QUIT) if self._terminal.pressed == QUIT_KEY else InterruptedByUser
        elif isinstance(effect, AskLine | AskKeys | ReadAll):
            return await self._input.asked(effect)
        elif isinstance(effect, Captured):
            for _ in self._events.capturing(effect.path, effect.data, partial=effect.partial):
                await turn.give_way()
        elif isinstance(effect, Requested):
            self._events.requested(effect.action, effect.detail)
        return None
