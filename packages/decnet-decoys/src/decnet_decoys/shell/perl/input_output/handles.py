# SPDX-License-Identifier: MIT
"""Perl's handles: what `open` opens and `close` writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from weakref import WeakSet

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.perl.input_output.programs import Programs
from decnet_decoys.shell.perl.syntax.tree import Node
from decnet_decoys.shell.perl.values import Box, Handle, Ref, Value, text, to_bytes, to_shell
from decnet_decoys.shell.streams import InputBuffer, Streams

if TYPE_CHECKING:
    from decnet_decoys.shell.call import Call

MAX_HANDLES = 32
"""Those that have a name."""
MAX_OPEN = 1020
"""Handles that are open at once."""
_MODE = re.compile(r">>|\+?[<>]|\|")


class Handles(Programs):
    """Opens and closes handles: of files, texts and commands."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._open: WeakSet[Handle] = WeakSet()

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


def _mode_and_path(given: str) -> tuple[str, str]:
    """Return what the second argument of an `open` with two says, which has no blanks around it."""
    found = _MODE.match(given)
    mode, path = (found[0], given[found.end() :].lstrip()) if found else ("<", given)
    if path.endswith("|"):
        return "-|", path[:-1].rstrip()
    return "|-" if mode == "|" else mode, path
