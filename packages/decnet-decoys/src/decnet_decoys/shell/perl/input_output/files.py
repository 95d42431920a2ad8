# SPDX-License-Identifier: MIT
"""What Perl reads of files and asks about them: those of the decoy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.expansion import patterns as globs
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.perl.input_output.handles import Handles
from decnet_decoys.shell.perl.syntax.tree import Node
from decnet_decoys.shell.perl.values import (
    MAX_ITEMS,
    MAX_TEXT,
    Handle,
    Value,
    of_bytes,
    of_shell,
    text,
    to_bytes,
    to_shell,
)
from decnet_decoys.shell.streams import InputBuffer

if TYPE_CHECKING:
    from decnet_decoys.shell.call import Call


class Files(Handles):
    """Reads lines, names and kinds of files."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self.arguments: list[str] = []
        self._read_lines = 0
        """Lines that were read of them."""

    def read_line(self, handle: Handle | None) -> Steps[str | None]:
        """Return the next line with its end, as $/ has it; None at the end."""
        if handle is None or not handle.is_open:
            return None
        if handle.name == "STDIN" and handle.reader is None:
            stdin = self.call.stdin
            handle.reader = stdin if stdin is not None else InputBuffer((yield from self.call.input()).whole())
        reader = handle.reader
        if reader is None:
            return None
        yield from turn()
        separator = self.memory.scalar("/").value
        if separator is None:
            data = reader.rest().whole(MAX_TEXT)
            handle.at_end = True
            return self.memory.made(of_bytes(data)) if data else None
        found = yield from self._record(reader, to_bytes(text(separator)))
        if not found:
            handle.at_end = True
            return None
        handle.lines += 1
        self.memory.scalar(".").value = handle.lines
        return self.memory.made(of_bytes(found))

    def _record(self, reader: InputBuffer, separator: bytes) -> Steps[bytes]:
        """Return what comes to the next separator, with it; an empty one parts paragraphs."""
        found, ends = b"", separator or b"\n\n"
        while len(found) < MAX_TEXT:
            yield from turn()
            piece = reader.line(ends[-1:])
            if piece is None and not reader.found_end:
                break
            if found or separator or piece:
                found += (piece or b"") + (ends[-1:] if reader.found_end else b"")
            if found.endswith(ends) or not reader.found_end:
                break
        return found

    def next_of_arguments(self) -> Steps[str | None]:
        """Return the next line of `<>`: of the files that @ARGV names, or of standard input."""
        row = self.memory.array("ARGV")
        current = self.handles.get("ARGV")
        while True:
            yield from turn()
            if current is None:
                if self.arguments == ["-"] and not row:
                    return None
                if not row:
                    if self.arguments:
                        return None
                    self.arguments = ["-"]
                    current = self.handles["ARGV"] = self.handles["STDIN"]
                else:
                    path = text(row.pop(0))
                    self.arguments = ["files"]
                    current = yield from self._argument(path)
                    if current is None:
                        continue
            found = yield from self.read_line(current)
            if found is not None:
                number = self.memory.scalar(".")
                self._read_lines += 1
                number.value = self._read_lines
                return found
            self.handles.pop("ARGV", None)
            if current.name == "STDIN":
                return None
            current = None

    def _argument(self, path: str) -> Steps[Handle | None]:
        yield from ()
        self.memory.scalar("ARGV").value = path
        handle = Handle("ARGV")
        try:
            handle.reader = InputBuffer(self.call.content(to_shell(path)))
        except FileSystemError as error:
            self.call.print_error(f"Can't open {to_shell(path)}: {error}.")
            return None
        self.handles["ARGV"] = handle
        return handle

    def _s_readline(self, node: Node) -> Steps[Value]:
        name = yield from self.scalar(node[1])
        if name == "ARGV":
            return (yield from self.next_of_arguments())
        return (yield from self.read_line(self.handle(name)))

    def _l_readline(self, node: Node) -> Steps[list[Value]]:
        found: list[Value] = []
        while len(found) < MAX_ITEMS and (line := (yield from self._s_readline(node))) is not None:
            found.append(line)
        return found

    def _l_glob(self, node: Node) -> Steps[list[Value]]:
        found: list[Value] = []
        for word in text((yield from self.scalar(node[1]))).split()[:50]:
            for one in globs.braces(to_shell(word)):
                paths = yield from globs.paths(one, self.shell.files, self.shell.cwd)
                found += [of_shell(path) for path in paths or ([one] if not set("*?[") & set(one) else [])]
        return found

    def _s_glob(self, node: Node) -> Steps[Value]:
        found = yield from self._l_glob(node)
        return found[0] if found else None

    def _s_filetest(self, node: Node) -> Steps[Value]:  # noqa: PLR0911  # one return for each kind of test
        _, letter, operand = node
        value = self.memory.scalar("_").value if operand is None else (yield from self.scalar(operand))
        if letter == "t":
            return 1 if self.shell.terminal is not None else ""
        path = to_shell(value)
        try:
            entry = self.shell.files.stat(path, self.shell.access, follow=letter != "l")
        except FileSystemError as error:
            self.failed(error)
            return None if letter in "sMAC" else ""
        identity = self.shell.identity
        if letter in "rwx":
            bit = {"r": 4, "w": 2, "x": 1}[letter]
            if letter == "x" and identity.uid == 0:
                return 1 if entry.kind == "dir" or entry.mode & 0o111 else ""
            return 1 if identity.may(entry, bit) else ""
        if letter in "MAC":
            return (self.shell.now - entry.mtime) / 86400
        if letter == "s":
            return entry.size or ""
        if letter == "z":
            return "" if entry.size else 1
        if letter in "ugk":
            return 1 if entry.mode & {"u": 0o4000, "g": 0o2000, "k": 0o1000}[letter] else ""
        if letter == "o":
            return 1 if entry.uid == identity.uid else ""
        kinds = {"f": "file", "d": "dir", "l": "link", "p": "pipe", "S": "socket", "c": "device", "b": "disk"}
        return 1 if letter not in kinds or entry.kind == kinds[letter] else ""
