# SPDX-License-Identifier: MIT
"""What programs read of a client: lines and keys that are typed, edited by the terminal alone, or what is piped in."""

import asyncio

from decnet_decoys.errors import DecoysError
from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.processor import turn
from decnet_decoys.shell.control_flow import INTERRUPTED
from decnet_decoys.shell.effects import AskKeys, AskLine, ReadAll
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.streams import MAX_LINE
from decnet_decoys.terminal.line_editor import MAX_KEYS
from decnet_decoys.terminal.login_line import LoginLine
from decnet_decoys.terminal.terminal import Terminal

MAX_PIPED = 16 << 20
"""Bytes of standard input one command may be fed by a client."""
MAX_TYPED = 1 << 20
"""Bytes of standard input that may be typed."""
QUIT = 131
"""The status of what ^\\ has ended."""


class InterruptedByUser(DecoysError):  # a key, not an error
    r"""^C or ^\ was pressed; `shown` is what is to be seen of it, at the end of a line."""

    def __init__(self, shown: str = "^C", status: int = INTERRUPTED) -> None:
        super().__init__(shown)
        self.shown = shown
        self.status = status


class ProgramInput:
    """Standard input of what runs in one terminal."""

    def __init__(self, terminal: Terminal, lease: MemoryLease) -> None:
        self._terminal = terminal
        self._lease = lease

    async def asked(self, effect: AskLine | AskKeys | ReadAll) -> bytes | None:
        if isinstance(effect, AskLine):
            return await self._ask_line(effect)
        if isinstance(effect, AskKeys):
            return await self._keys(effect.seconds)
        return await (self._typed() if self._terminal.pty else self._piped())

    async def _ask_line(self, effect: AskLine) -> bytes | None:
        """Return a line: typed at the terminal, or the next of what a client pipes in."""
        if self._terminal.pty:
            return await self._cooked(effect.prompt, echo=effect.echo)
        await self._terminal.write(encode(effect.prompt), error=True)
        return await self.given_line()

    async def given_line(self) -> bytes | None:
        """Return the next line of what a client pipes in, None at its end."""
        data = b""
        while b"\n" not in data and len(data) < MAX_LINE:
            more = await self._terminal.read()
            if not more:
                break
            data += more
        given, newline, rest = data.partition(b"\n")
        self._terminal.unread(rest)
        return given if given or newline else None

    async def _keys(self, seconds: float | None) -> bytes | None:
        """Return some of what is typed, as it comes; nothing when `seconds` have passed."""
        try:
            data = await asyncio.wait_for(self._terminal.read(), seconds)
        except TimeoutError:
            return b""
        self._terminal.unread(data[MAX_KEYS:])
        return data[:MAX_KEYS] or None

    async def _typed(self) -> bytes:
        """Return what is typed up to ^D."""
        typed = bytearray()
        while len(typed) < MAX_TYPED and (line := await self._cooked("")) is not None:
            typed += line + b"\n"
        return bytes(typed)

    async def _cooked(self, prompt: str, *, echo: bool = True) -> bytes | None:
        """Return a line that a program reads, edited by the terminal alone; None at the end of input."""
        await self._terminal.write(encode(prompt))
        line = LoginLine(echo=echo, ends=b"\x03\x1c", column=len(prompt))
        while data := await self._terminal.read():
            shown, entered, rest = line.feed(data[:MAX_KEYS])
            self._terminal.unread(rest + data[MAX_KEYS:])
            await self._terminal.write(shown)
            await turn.give_way()
            if entered is not None and entered.how in ("interrupt", "quit"):
                raise InterruptedByUser("") if entered.how == "interrupt" else InterruptedByUser("Quit", QUIT)
            if entered is not None:
                return entered.text if entered.how == "line" else None
        return None

    async def _piped(self) -> bytes:
        """Return what a client pipes in, as much of it as there is memory for; the rest is read and dropped."""
        data, lease = bytearray(), self._lease
        while more := await self._terminal.read():
            if len(data) + len(more) <= MAX_PIPED and lease.hold(len(more)):
                data += more
        lease.hold(-len(data))
        return bytes(data)
