# SPDX-License-Identifier: MIT
"""What an awk program reads and writes: its operands record by record, files and commands by name."""

from __future__ import annotations

from collections.abc import Iterator

from decnet_decoys.shell.awk.memory import AwkError, Memory
from decnet_decoys.shell.awk.records import records
from decnet_decoys.shell.awk.values import text
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.streams import InputBuffer, InputFile, OutputBuffer, Streams

MAX_OPENED = 32


class Files:
    """Opens by name, keeps open what was opened, and closes it."""

    def __init__(self, call: Call, memory: Memory) -> None:
        self._call, self._memory = call, memory
        self._readers: dict[str, Iterator[bytes]] = {}
        self._written: dict[tuple[str, str], OutputBuffer] = {}
        self._input: Iterator[bytes | None] = iter(())
        self._sources: Iterator[InputFile] = iter(())
        self.waiting: list[str] | None = None
        """What is to be read, as soon as a record is asked for."""
        self.status = 0
        """2 when something could not be read."""

    def _read(self, paths: list[str]) -> Steps[None]:
        """Read these files from now on."""
        found = []
        for path in paths or ["-"]:
            yield from turn()
            source = (yield from self._call.input()) if path == "-" else self._opened(path)
            if source is None:
                self.status = 2
            else:
                found.append(source)
        self._sources = iter(found)

    def _opened(self, path: str) -> InputFile | None:
        try:
            return InputFile(path, self._call.content(path))
        except FileSystemError as error:
            self._call.fail(f"cannot open {path} ({error})" if self._call.name != "gawk" else f"{path}: {error}")
            return None

    def next_record(self) -> Steps[bytes | None]:
        """Return the next record of what is read, None at the end; counts it."""
        if self.waiting is not None:
            paths, self.waiting = self.waiting, None
            yield from self._read(paths)
        while (line := (yield from self._next_of_source())) is None:
            source = next(self._sources, None)
            if source is None:
                return None
            names = self._memory.globals
            names["FILENAME"], names["FNR"] = "" if source.name == "-" else source.name, 0.0
            self._input = records(source, text(self._separator()))
        for name in ("NR", "FNR"):
            self._memory.count(name)
        return line

    def _next_of_source(self) -> Steps[bytes | None]:
        for line in self._input:
            if line is not None:
                return line
            yield from turn()
        return None

    def _separator(self) -> str:
        value = self._memory.globals["RS"]
        return "\n" if isinstance(value, dict) else text(value)

    def finish(self) -> Steps[None]:
        """Hand what was written to files and commands to them."""
        for (operator, target), buffer in list(self._written.items()):
            yield from self._close(operator, target, buffer)
        self._written.clear()

    def _close(self, operator: str, target: str, buffer: OutputBuffer) -> Steps[int]:
        if operator == "|":
            streams = Streams(InputBuffer(buffer.take()), self._call.out, self._call.err)
            return (yield from self._call.runner.subshell(target, ["sh"], streams))
        yield from self._call.runner.save(target, buffer.take(), append=True, err=self._call.err)
        return 0

    def closed(self, target: str) -> Steps[int]:
        """Close what was opened under a name; -1 if nothing was."""
        status = 0 if self._readers.pop(target, None) is not None else -1
        for key in [key for key in self._written if key[1] == target]:
            status = yield from self._close(*key, self._written.pop(key))
        return status

    def write(self, shown: str, operator: str, target: str) -> None:
        """Write to a file or command."""
        if target in ("/dev/stdout", "-", "/dev/stderr"):
            (self._call.err if target == "/dev/stderr" else self._call.out).write(encode(shown))
            return
        buffer = self._written.get((operator, target))
        if buffer is None:
            if len(self._written) >= MAX_OPENED:
                raise AwkError("too many open files")
            buffer = self._written[operator, target] = self._call.runner.buffer()
            if operator == ">":
                self._call.shell.files.write(target, b"", self._call.shell.access)
        buffer.write(encode(shown))

    def line(self, operator: str, name: str) -> Steps[str | float | None]:
        """Return the next line of a file or command; None at its end, -1 if it cannot be read."""
        if name not in self._readers:
            if len(self._readers) >= MAX_OPENED:
                raise AwkError("too many open files")
            opened = (yield from self._output_of(name)) if operator == "|" else self._opened_quietly(name)
            if opened is None:
                return -1.0
            self._readers[name] = opened.lines()
        line = next(self._readers[name], None)
        return None if line is None else decode(line)

    def _output_of(self, command: str) -> Steps[InputFile | None]:
        buffer = self._call.runner.buffer()
        yield from self._call.runner.subshell(command, ["sh"], Streams(None, buffer, self._call.err))
        return InputFile("-", buffer.take())

    def _opened_quietly(self, path: str) -> InputFile | None:
        try:
            return InputFile(path, self._call.content(path))
        except FileSystemError:
            return None
