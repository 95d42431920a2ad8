# SPDX-License-Identifier: MIT
"""Plays a shell on a terminal: reads lines, runs them, does what the steps ask."""

from __future__ import annotations

import logging
import time

from decnet_core.text import for_terminal
from decnet_decoys.errors import DecoysError
from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.shell.call import encode
from decnet_decoys.shell.command_lookup import known
from decnet_decoys.shell.completion import completion
from decnet_decoys.shell.effects import AskLine, Captured, Pause, Print, ReadAll, Requested, Step, Steps
from decnet_decoys.shell.interpreter import Shell
from decnet_decoys.shell.syntax.nodes import Sequence
from decnet_decoys.shell.syntax.parser import parse
from decnet_decoys.terminal.line_editor import Done, Editor
from decnet_decoys.terminal.terminal import GoneError, Terminal

log = logging.getLogger(__name__)

MAX_INPUT = 16 << 20
"""Bytes of standard input one command may be fed by a client."""
MAX_TYPED = 1 << 20
"""Bytes of standard input that may be typed."""
BUSY_SECONDS = 3.0
"""Processor time one command line may use; then it is killed."""


class InterruptedByUser(DecoysError):  # a key, not an error
    """^C was pressed."""


class Session:
    """One channel's shell."""

    def __init__(self, shell: Shell, terminal: Terminal, recorder: SessionRecorder) -> None:
        self._shell = shell
        self._terminal = terminal
        self._recorder = recorder
        self._editor = Editor(lambda line: completion(shell, line))
        self._editor.remember(list(shell.history))

    async def interactive(self) -> int:
        """Play a log-in shell until the attacker leaves; returns the exit status. Raises GoneError."""
        shell = self._shell
        await self._terminal.write(encode(self._greeting()))
        while not shell.finished:
            try:
                line = await self._line(shell.prompt, keep=True)
            except InterruptedByUser:
                continue
            if line is None:
                await self._terminal.write(b"logout\n" if shell.complaint == "-bash" else b"")
                break
            if line.strip():
                await self.run(await self._continued(line))
        return shell.status

    def _greeting(self) -> str:
        machine, shell = self._shell.machine, self._shell
        text = machine.expand(machine.persona.motd)
        if machine.persona.family == "busybox":
            return text
        when = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(shell.now - 93_784))
        return f"{text}Last login: {when} from 10.20.0.{11 + shell.machine.booted % 40}\n"

    async def _continued(self, line: str) -> str:
        """Return the line with those that an open quote or loop asks for."""
        while self._shell.unfinished(line) and len(line) < 1 << 16:
            try:
                more = await self._line("> ")
            except InterruptedByUser:
                return ""
            if more is None:
                break
            line += "\n" + more
        return line

    async def _line(self, prompt: str, *, echo: bool = True, keep: bool = False) -> str | None:
        """Return the next line typed, None at the end of input."""
        await self._terminal.write(encode(self._editor.begin(prompt, echo=echo, keep=keep)))
        while True:
            data = await self._terminal.read()
            shown, done, rest = self._editor.feed(data) if data else ("", Done("end"), b"")
            if done is None:
                await self._terminal.write(encode(shown))
                continue
            self._terminal.unread(rest)
            await self._terminal.write(encode(shown))
            if done.how == "interrupt":
                raise InterruptedByUser
            return done.text if done.how == "line" else None

    async def run(self, line: str) -> int:
        """Tell that a line was entered, run it, return its exit status."""
        if not line.strip():
            return 0
        shell, parsed = self._shell, parse(line)
        shell.history.append(line[:4096])
        del shell.history[:-1000]
        recognised = known(shell, parsed) if isinstance(parsed, Sequence) else False
        self._recorder.command(line, known=recognised, moment=self._terminal.moment)
        try:
            await self._drive(shell.run(line))
        except InterruptedByUser:
            shell.status = 130
            await self._terminal.write(b"^C\n")
        except (GoneError, OSError):
            raise
        except Exception:
            self._recorder.connection.counters.add("decoys_command_errors")
            log.exception("command failed line=%s", for_terminal(line))
            shell.status = 1
        return shell.status

    async def _drive(self, steps: Steps) -> None:
        busy, reply = 0.0, None
        try:
            while True:
                began = time.perf_counter()
                try:
                    step = steps.send(reply)
                except StopIteration:
                    return
                busy += time.perf_counter() - began
                if busy > BUSY_SECONDS:
                    await self._terminal.write(b"Killed\n")
                    self._shell.status = 137
                    return
                reply = await self._do(step)
        finally:
            steps.close()

    async def _do(self, step: Step) -> bytes | None:
        if isinstance(step, Print):
            await self._terminal.write(step.data, error=step.error)
        elif isinstance(step, Pause):
            if await self._terminal.pause(step.seconds):
                raise InterruptedByUser
        elif isinstance(step, AskLine):
            return await self._answer(step)
        elif isinstance(step, ReadAll):
            return await self._all_input()
        elif isinstance(step, Captured):
            self._recorder.captured(step.path, step.data, partial=step.partial)
        elif isinstance(step, Requested):
            self._recorder.requested(step.action, step.detail)
        return None

    async def _answer(self, step: AskLine) -> bytes | None:
        """Return a line: typed at the terminal, or the next of what a client pipes in."""
        if self._terminal.pty:
            line = await self._line(step.prompt, echo=step.echo)
            return None if line is None else encode(line)
        await self._terminal.write(encode(step.prompt), error=True)
        data = b""
        while b"\n" not in data and len(data) < MAX_INPUT:
            more = await self._terminal.read()
            if not more:
                break
            data += more
        given, newline, rest = data.partition(b"\n")
        self._terminal.unread(rest)
        return given if given or newline else None

    async def _all_input(self) -> bytes:
        """Return standard input up to its end: ^D on a terminal."""
        if not self._terminal.pty:
            return await self._piped()
        lines: list[str] = []
        size = 0
        while size < MAX_TYPED and (line := await self._line("")) is not None:
            lines.append(line + "\n")
            size += len(line) + 1
        return encode("".join(lines))

    async def _piped(self) -> bytes:
        """Return what a client pipes in, as much of it as there is memory for; the rest is taken and forgotten."""
        data, lease = bytearray(), self._shell.lease
        while more := await self._terminal.read():
            if len(data) + len(more) <= MAX_INPUT and lease.hold(len(more)):
                data += more
        lease.hold(-len(data))
        return bytes(data)
