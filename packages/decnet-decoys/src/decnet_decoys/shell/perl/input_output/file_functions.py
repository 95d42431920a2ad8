# SPDX-License-Identifier: MIT
"""Perl's functions about files, directories, programs and sockets (perlfunc(1))."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.perl.input_output.sockets import Sockets
from decnet_decoys.shell.perl.syntax.tree import Node
from decnet_decoys.shell.perl.values import (
    MAX_ITEMS,
    Handle,
    Value,
    integer,
    of_shell,
    text,
    to_shell,
)

MAX_OPEN_FOLDERS = 64
"""Handles that may be open when a directory is opened, whose names its handle keeps."""


class FileFunctions(Sockets):
    """A function `x` is done by `_f_x`, which is given the nodes of its arguments."""

    def _f_open(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        values: list[Value] = []
        for node in arguments[1:]:
            values += yield from self.items(node)
        return (yield from self.open(arguments[0], values or [""]))

    def _f_close(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self.close((yield from self._handle(arguments))))

    def _handle(self, arguments: list[Node]) -> Steps[Handle | None]:
        value = (yield from self.scalar(arguments[0])) if arguments else "STDIN"
        return self.handle(value)

    _f_closedir = _f_close

    def _f_eof(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        handle = (yield from self._handle(arguments)) if arguments else self.handles.get("ARGV", self.handles["STDIN"])
        if handle is None or handle.reader is None:
            return 1
        return "" if handle.reader.has_more() else 1

    def _f_binmode(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        yield from self._handle(arguments)
        return 1

    _f_flock = _f_setsockopt = _f_bind = _f_listen = _f_socket_option = _f_binmode

    def _f_fileno(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        handle = yield from self._handle(arguments)
        return None if handle is None else {"STDIN": 0, "STDOUT": 1, "STDERR": 2}.get(handle.name, 3)

    def _f_read(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        handle = yield from self._handle(arguments)
        most = integer((yield from self.scalar(arguments[2])), 1 << 16) if len(arguments) > 2 else 0
        data = ""
        if handle is not None and (handle.reader is not None or handle.name == "STDIN"):
            separator, self.memory.scalar("/").value = self.memory.scalar("/").value, None
            whole = yield from self.read_line(handle)
            self.memory.scalar("/").value = separator
            data = text(whole)[:most]
        yield from self.assign(arguments[1], data)
        return len(data)

    _f_sysread = _f_recv = _f_read

    def _f_syswrite(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        handle = yield from self._handle(arguments)
        data = text((yield from self.scalar(arguments[1]))) if len(arguments) > 1 else ""
        if handle is None or handle.out is None:
            return None
        handle.out.write(data.encode("latin-1", "replace"))
        return len(data)

    _f_send = _f_syswrite

    def _f_glob(self, arguments: list[Node], wants: bool) -> Steps[Any]:
        node = ("glob", arguments[0] if arguments else ("scalar", "_"))
        return (yield from self._l_glob(node)) if wants else (yield from self._s_glob(node))

    def _f_opendir(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        path, handle = to_shell((yield from self.scalar(arguments[1]))), Handle("DIR")
        if len(self._open) >= MAX_OPEN_FOLDERS:
            return self.failed(24)
        try:
            names = self.shell.files.names(path, self.shell.access)
        except FileSystemError as error:
            return self.failed(error)
        self._open.add(handle)
        handle.names = [".", "..", *map(of_shell, names[:MAX_ITEMS])][::-1]
        yield from self.opened(arguments[0], handle)
        return 1

    def _f_readdir(self, arguments: list[Node], wants: bool) -> Steps[Any]:
        handle = yield from self._handle(arguments)
        if handle is None or not handle.names:
            return [] if wants else None
        if wants:
            found, handle.names = handle.names[::-1], []
            return found
        return handle.names.pop()

    def _for_each(self, arguments: list[Node], action: Callable[[str], object]) -> Steps[Value]:
        values = yield from self.items(("list", tuple(arguments or [("scalar", "_")])))
        done = 0
        for value in values[:200]:
            try:
                action(to_shell(value))
                done += 1
            except FileSystemError as error:
                self.failed(error)
        return done or ""

    def _f_unlink(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self._for_each(arguments, lambda path: self.shell.files.remove(path, self.shell.access)))

    def _f_rmdir(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self._command_for("rmdir", arguments))

    def _f_mkdir(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self._command_for("mkdir", arguments[:1]))

    def _f_rename(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self._command_for("mv", arguments))

    def _f_symlink(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self._command_for("ln -s", arguments))

    def _f_link(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self._command_for("ln", arguments))

    def _f_copy(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self._command_for("cp", arguments))

    def _f_move(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self._command_for("mv", arguments))

    def _command_for(self, command: str, arguments: list[Node]) -> Steps[Value]:
        """Have a program of the machine do what a system call would."""
        values = yield from self.items(("list", tuple(arguments or [("scalar", "_")])))
        errors = self.call.runner.buffer()
        argv = [*command.split(), "--", *[to_shell(one) for one in values[:50]]]
        status = yield from self._status_of(argv, self.call.streams._replace(err=errors, out=errors))
        if not status:
            return 1
        said = errors.take().decode("utf-8", "replace").strip().rpartition(": ")[2]
        return self.failed({"File exists": 17, "Permission denied": 13, "Directory not empty": 39}.get(said, 2))

    def _f_chmod(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        values = yield from self.items(("list", tuple(arguments)))
        mode = [f"{integer(values[0]) & 0o7777:o}"] if values else ["0"]
        errors = self.call.runner.buffer()
        done = 0
        for one in values[1:50]:
            argv = ["chmod", *mode, "--", to_shell(one)]
            status = yield from self._status_of(argv, self.call.streams._replace(err=errors))
            done += not status
            if status:
                self.failed(2)
        return done

    def _f_chdir(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        path = to_shell((yield from self.scalar(arguments[0])) if arguments else self.shell.variables.get("HOME", "/"))
        try:
            self.shell.cwd = self.shell.files.enter(path, self.shell.access)
        except FileSystemError as error:
            return self.failed(error)
        return 1

    def _f_readlink(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        path = to_shell((yield from self.scalar(arguments[0])) if arguments else self.memory.scalar("_").value)
        try:
            entry = self.shell.files.stat(path, self.shell.access, follow=False)
        except FileSystemError as error:
            self.failed(error)
            return None
        return of_shell(entry.target) if entry.kind == "link" else None

    def _f_stat(self, arguments: list[Node], _wants: bool) -> Steps[list[Value]]:
        path = to_shell((yield from self.scalar(arguments[0])) if arguments else self.memory.scalar("_").value)
        try:
            entry = self.shell.files.stat(path, self.shell.access)
        except FileSystemError as error:
            self.failed(error)
            return []
        kind = {"dir": 0o040000, "link": 0o120000, "device": 0o020000}.get(entry.kind, 0o100000)
        moment = entry.mtime
        return [
            2049,
            4711,
            kind | entry.mode & 0o7777,
            1,
            entry.uid,
            entry.gid,
            0,
            entry.size,
            moment,
            moment,
            moment,
            4096,
            entry.size + 511 >> 9,
        ]

    _f_lstat = _f_stat

    def _f_umask(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        old = self.shell.umask
        if arguments:
            self.shell.umask = integer((yield from self.scalar(arguments[0]))) & 0o777
        return old

    def _f_system(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        status = yield from self.system((yield from self.items(("list", tuple(arguments)))))
        self.memory.scalar("?").value = status
        return status

    def _f_exec(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        argv = self.argv((yield from self.items(("list", tuple(arguments)))))
        if not self.exists(argv):
            return self.failed(2)
        yield from self.finish()
        raise ExitShell((yield from self._status_of(argv, self.call.streams)))

    # sockets

    def _f_socket(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        handle = Handle("SOCK")
        handle.out = self.call.runner.buffer()
        yield from self.opened(arguments[0], handle)
        return 1

    def _f_connect(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self.connected((yield from self.scalar(arguments[1])) if len(arguments) > 1 else ""))

    def _f_accept(self, _arguments: list[Node], _wants: bool) -> Steps[Value]:
        yield from self.call.runner.flush()
        return self.waited()

    def _f_getprotobyname(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        name = text((yield from self.scalar(arguments[0]))) if arguments else ""
        return {"tcp": 6, "udp": 17, "icmp": 1}.get(name)

    def _f_gethostbyname(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        return (yield from self.address(to_shell((yield from self.scalar(arguments[0])) if arguments else "")))
