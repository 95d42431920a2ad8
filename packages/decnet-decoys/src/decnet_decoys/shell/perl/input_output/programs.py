# SPDX-License-Identifier: MIT
"""What Perl programs run, with their handles as it finds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from decnet_decoys.shell.command_lookup import find_program
from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.perl.patterns import Patterns
from decnet_decoys.shell.perl.syntax.tree import Node
from decnet_decoys.shell.perl.values import Box, Handle, Value, integer, of_bytes, of_shell, text, to_shell
from decnet_decoys.shell.streams import Streams

if TYPE_CHECKING:
    from decnet_decoys.shell.call import Call

MAX_ENVIRONMENT = 200
"""Variables that a program passes on to what it runs."""
ERRORS = {
    1: "Operation not permitted", 2: "No such file or directory", 3: "No such process", 9: "Bad file descriptor",
    10: "No child processes", 13: "Permission denied", 17: "File exists", 20: "Not a directory", 21: "Is a directory",
    22: "Invalid argument", 24: "Too many open files", 39: "Directory not empty", 110: "Connection timed out",
    111: "Connection refused", 113: "No route to host",
}  # fmt: skip
_NUMBERS = {message: number for number, message in ERRORS.items()}
_META = re.compile(r"\s*(?:exec\s|\w+=)|.*[$&*(){}\[\]'\";\\|?<>~`\n]", re.DOTALL)
"""Begins what goes to a shell, as Perl cannot run it itself (perlfunc, exec)."""


class ErrorNumber(Box):
    """`$!`: a number that shows as its message."""

    code = 0

    @property
    def value(self) -> Value:
        return ERRORS.get(self.code, "") if self.code else ""

    @value.setter
    def value(self, given: Value) -> None:
        self.code = integer(given, 200)


class Programs(Patterns):
    """Runs what a program runs."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call
        self.shell = call.shell
        self.handles: dict[str, Handle] = {}
        self.memory.globals["$!"] = ErrorNumber()
        for name, out in (("STDOUT", call.out), ("STDERR", call.err), ("STDIN", None)):
            self.handles[name] = Handle(name)
            self.handles[name].out = out
        self.selected = self.handles["STDOUT"]
        self._written: list[Handle] = []
        """What is to be closed at the end, as its content would be lost."""

    def failed(self, error: FileSystemError | int | str) -> str:
        """Set $! and return what is false."""
        self.memory.globals["$!"].value = error if isinstance(error, int) else _NUMBERS.get(str(error), 5)
        return ""

    def _flushed(self) -> Steps[None]:
        """Save what was written so far: what is run next reads it (perlfunc, system)."""
        for handle in self._written:
            if not handle.piped and handle.out is not None and (data := handle.out.take()):
                yield from self.call.runner.save(handle.path, data, append=True, err=self.call.err)

    def _status_of(self, argv: list[str], streams: Streams) -> Steps[int]:
        """Run a program; returns its status."""
        yield from self._flushed()
        yield from self.call.runner.flush()
        try:
            with self.shell.forked():
                for name, value in list(self.memory.table("ENV").items())[:MAX_ENVIRONMENT]:
                    is_fixed = name in self.shell.readonly or not name.isidentifier()
                    if not is_fixed and of_shell(self.shell.variables.get(name, "")) != text(value):
                        self.shell.set(name, to_shell(value))
                        self.shell.exported.add(name)
                return (yield from self.call.runner.execute(argv, streams, program=True))
        except ExitShell as leaving:
            return leaving.status

    def argv(self, values: list[Value]) -> list[str]:
        """Return what is run for the arguments of system or exec: one of them goes to a shell if it needs one."""
        words = [to_shell(one) for one in values[:200]]
        if len(words) == 1:
            return ["sh", "-c", words[0]] if _META.match(words[0]) else words[0].split()
        return words

    def exists(self, argv: list[str]) -> bool:
        found = find_program(self.shell, argv[0]) if argv else None
        return found is not None and (found.handler is not None or found.script is not None)

    def system(self, values: list[Value]) -> Steps[int]:
        """Run a command; returns what $? is."""
        argv = self.argv(values)
        if not self.exists(argv):
            self.failed(2)
            return -1
        status = yield from self._status_of(argv, self.call.streams)
        return status - 128 if status > 128 and argv[0] != "sh" else status << 8

    def output(self, command: str, argv: list[str] | None = None) -> Steps[bytes]:
        """Return what a command writes, and set $?."""
        argv = self.argv([command]) if argv is None else argv
        buffer = self.call.runner.buffer()
        status = -1
        if self.exists(argv):
            status = (yield from self._status_of(argv, self.call.streams._replace(out=buffer))) << 8
        self.memory.scalar("?").value = status
        return buffer.take()

    def _s_output(self, node: Node) -> Steps[Value]:
        command = text((yield from self.scalar(node[1])))
        return self.memory.made(of_bytes((yield from self.output(command))))

    def _l_output(self, node: Node) -> Steps[list[Value]]:
        whole = yield from self._s_output(node)
        return list(re.findall(r"[^\n]*\n|[^\n]+$", whole))
