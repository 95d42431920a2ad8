# SPDX-License-Identifier: MIT
"""Perl's files, pipes, directories and processes: those of the decoy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from weakref import WeakSet

from decnet_decoys.shell.command_lookup import find
from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.expansion import patterns as globs
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.perl.patterns import Patterns
from decnet_decoys.shell.perl.syntax.tree import Node
from decnet_decoys.shell.perl.values import (
    MAX_ITEMS,
    MAX_TEXT,
    Box,
    Handle,
    Ref,
    Value,
    integer,
    of_bytes,
    of_shell,
    text,
    to_bytes,
    to_shell,
)
from decnet_decoys.shell.streams import InputBuffer, Streams

if TYPE_CHECKING:
    from decnet_decoys.shell.call import Call

MAX_HANDLES = 32
"""Those that have a name."""
MAX_OPEN = 1020
"""Handles that are open at once."""
MAX_ENVIRONMENT = 200
"""Variables that a program passes on to what it runs."""
ERRORS = {
    1: "Operation not permitted", 2: "No such file or directory", 3: "No such process", 9: "Bad file descriptor",
    10: "No child processes", 13: "Permission denied", 17: "File exists", 20: "Not a directory", 21: "Is a directory",
    22: "Invalid argument", 24: "Too many open files", 39: "Directory not empty", 110: "Connection timed out",
    111: "Connection refused", 113: "No route to host",
}  # fmt: skip
_NUMBERS = {message: number for number, message in ERRORS.items()}
_META = re.compile(r"[$&*(){}\[\]'\";\\|?<>~`\n]")
_MODE = re.compile(r">>|\+?[<>]|\|")


class ErrorNumber(Box):
    """`$!`: a number that shows as its message."""

    code = 0

    @property
    def value(self) -> Value:
        return ERRORS.get(self.code, "") if self.code else ""

    @value.setter
    def value(self, given: Value) -> None:
        self.code = integer(given, 200)


class Files(Patterns):
    """Opens, reads and writes by handles; runs what a program runs."""

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
        self.arguments: list[str] = []
        self._read_lines = 0
        """Lines that were read of them."""
        self._open: WeakSet[Handle] = WeakSet()
        self._written: list[Handle] = []
        """What is to be closed at the end, as its content would be lost."""

    def failed(self, error: FileSystemError | int | str) -> str:
        """Set $! and return what is false."""
        self.memory.globals["$!"].value = error if isinstance(error, int) else _NUMBERS.get(str(error), 5)
        return ""

    def handle(self, value: Value) -> Handle | None:
        """Return the handle that a name, a glob or a scalar stands for."""
        if isinstance(value, Ref):
            value = (
                value.target.value
                if isinstance(value.target, Box)
                else value.target.get("handle")
                if isinstance(value.target, dict)
                else None
            )
        if isinstance(value, Handle):
            return value
        return self.handles.get(text(value).removeprefix("*").removeprefix("main::"))

    def opened(self, target: Node, handle: Handle) -> Steps[None]:
        """Give a handle to a bare name or a variable."""
        if target[0] in ("bareword", "str"):
            old = self.handles.get(target[1])
            if old is not None:
                yield from self.close(old)
            if len(self.handles) < MAX_HANDLES:
                handle.name = target[1]
                self.handles[target[1]] = handle
                if old is self.selected:
                    self.selected = handle
        else:
            value = yield from self.scalar(target)
            if isinstance(value, str) and value:
                self.handles[value[:64]] = handle
            else:
                yield from self.assign(target, handle)

    def open(self, target: Node, values: list[Value]) -> Steps[Value]:
        """Do what `open` does with its mode and path; 1, or empty with $! set."""
        if len(values) == 1:
            mode, path = _mode_and_path(text(values[0])[:4096].strip())
        else:
            mode, path = (
                text(values[0]).split(":")[0].strip() if values else "<",
                text(values[1]) if len(values) > 1 else "",
            )
        if len(self._open) >= MAX_OPEN:
            return self.failed(24)
        handle = Handle("")
        if mode.rstrip("=").endswith("&"):
            return (yield from self._duplicated(target, mode[0], path))
        found = re.fullmatch(r"&=?\s*(\w+)", path)
        if found is not None:
            return (yield from self._duplicated(target, mode[0], found[1]))
        if isinstance(values[-1], Ref) and isinstance(values[-1].target, Box):
            handle.reader = InputBuffer(to_bytes(self.memory.made(text(values[-1].target.value))))
        elif mode == "-|":
            words = [to_shell(one) for one in values[1:]]
            output = yield from self.output(path if len(values) < 3 else "", words if len(values) > 2 else None)
            handle.reader = InputBuffer(output)
        elif mode == "|-":
            handle.out, handle.path, handle.piped = self.call.runner.buffer(), path, True
        else:
            try:
                self._open_file(handle, mode, to_shell(path))
            except FileSystemError as error:
                return self.failed(error)
        self._open.add(handle)
        if handle.path:
            self._written.append(handle)
        yield from self.opened(target, handle)
        return 1

    def _open_file(self, handle: Handle, mode: str, path: str) -> None:
        files, access = self.shell.files, self.shell.access
        if mode in ("<", "+<"):
            if path == "-":
                handle.reader = self.call.stdin
                return
            if files.stat(path, access).kind == "dir":
                handle.reader = InputBuffer(b"")
                return
            handle.reader = InputBuffer(self.call.content(path))
            return
        if path == "-":
            handle.out = self.call.out
            return
        resolved = files.write(path, b"", access, append=mode == ">>")
        handle.out = self.call.runner.buffer()
        handle.path = "" if files.stat(resolved).kind in ("device", "pipe") else resolved

    def _duplicated(self, target: Node, mode: str, name: str) -> Steps[Value]:
        old = self.handles.get(name.strip("=& "))
        if old is None or not old.is_open or (old.out is None and old.reader is None and old.name != "STDIN"):
            return self.failed(9)
        same = target[0] in ("bareword", "str") and target[1] in ("STDIN", "STDOUT", "STDERR")
        if same and mode == ">" and old.out is not None:
            self.handles[target[1]].out = old.out
        elif not same:
            handle = Handle(name)
            handle.reader, handle.out = old.reader, old.out
            yield from self.opened(target, handle)
        return 1

    def close(self, handle: Handle | None) -> Steps[Value]:
        """Close a handle: what was written goes to its file or command."""
        if handle is None or not handle.is_open:
            return self.failed(9)
        handle.is_open = False
        self._open.discard(handle)
        if handle in self._written:
            self._written.remove(handle)
        if handle.out is not None and handle.piped:
            streams = Streams(InputBuffer(handle.out.take()), self.call.out, self.call.err)
            yield from self._status_of(["sh", "-c", to_shell(handle.path)], streams)
        elif handle.out is not None and handle.path:
            yield from self.call.runner.save(handle.path, handle.out.take(), append=True, err=self.call.err)
        return 1

    def finish(self) -> Steps[None]:
        """Close at the end what is still open, whether or not the program still knows it."""
        for handle in list(self._written):
            yield from self.close(handle)

    def _flushed(self) -> Steps[None]:
        """Save what was written so far: what is run next reads it (perlfunc, system)."""
        for handle in self._written:
            if not handle.piped and handle.out is not None and (data := handle.out.take()):
                yield from self.call.runner.save(handle.path, data, append=True, err=self.call.err)

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
            return ["sh", "-c", words[0]] if _META.search(words[0]) else words[0].split()
        return words

    def exists(self, argv: list[str]) -> bool:
        found = find(self.shell, argv[0]) if argv else None
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


def _mode_and_path(given: str) -> tuple[str, str]:
    """Return what the second argument of an `open` with two says, which has no blanks around it."""
    found = _MODE.match(given)
    mode, path = (found[0], given[found.end() :].lstrip()) if found else ("<", given)
    if path.endswith("|"):
        return "-|", path[:-1].rstrip()
    return "|-" if mode == "|" else mode, path
