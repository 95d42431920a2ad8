# SPDX-License-Identifier: MIT
"""os and os.path: the machine's files and commands."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.python.files import read_file
from decnet_decoys.shell.python.imports.functions import file_call, fixed, leave, natives, plain, ran
from decnet_decoys.shell.python.system_errors import os_error
from decnet_decoys.shell.python.values import (
    MAX_ITEMS,
    MAX_TEXT,
    RaisedError,
    Record,
    left_by,
    path_of,
    text_of,
)

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program

MAX_FOUND = 500
PID_OF_CHILD = 7


def _os(program: Program) -> dict[str, Any]:
    shell, user = program.call.shell, program.call.shell.user
    environ = {name: shell.variables[name] for name in sorted(shell.exported & shell.variables.keys())}
    machine = shell.machine
    uname = {
        "sysname": "Linux",
        "nodename": machine.hostname,
        "release": machine.persona.kernel,
        "machine": machine.persona.machine,
        "version": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26)",
    }
    return {
        **natives(
            getuid=fixed(user.uid),
            geteuid=fixed(user.uid),
            getgid=fixed(user.gid),
            getegid=fixed(user.gid),
            getpid=fixed(shell.pid + 1),
            getppid=fixed(shell.pid),
            getcwd=lambda program: program.call.shell.cwd,
            getlogin=fixed(user.name),
            cpu_count=fixed(machine.persona.hardware.cores),
            system=_system,
            popen=_popen,
            listdir=file_call(_listed),
            mkdir=file_call(_mkdir),
            makedirs=_makedirs,
            remove=file_call(_removed),
            unlink=file_call(_removed),
            rmdir=file_call(_removed),
            rename=file_call(_renamed),
            chdir=file_call(_chdir),
            chmod=file_call(_chmod),
            stat=file_call(_stat),
            walk=_walk,
            access=_access,
            getenv=_getenv,
            putenv=fixed(None),
            setsid=fixed(shell.pid),
            fork=fixed(shell.pid + PID_OF_CHILD),
            umask=fixed(0o022),
            dup2=fixed(0),
            close=fixed(None),
            kill=fixed(None),
            wait=fixed((shell.pid + PID_OF_CHILD, 0)),
            execl=_executed,
            execv=_executed,
            execlp=_executed,
            execvp=_executed,
            _exit=leave,
            nice=fixed(0),
            getloadavg=fixed((0.08, 0.03, 0.01)),
            uname=fixed(Record("uname_result", uname | {"__items__": tuple(uname.values())})),
            urandom=_noise,
            setuid=fixed(None),
            setgid=fixed(None),
            readlink=file_call(_target),
            isatty=fixed(False),
        ),
        "environ": environ,
        "name": "posix",
        "sep": "/",
        "linesep": "\n",
        "devnull": "/dev/null",
        "curdir": ".",
        "path": program.module("os.path"),
        "F_OK": 0,
        "R_OK": 4,
        "W_OK": 2,
        "X_OK": 1,
        "error": OSError,
    }


def _listed(program: Program, path: str = ".") -> list[str]:
    return program.call.shell.files.names(path, program.call.shell.access)[:MAX_ITEMS]


def _mkdir(program: Program, path: str, *_mode: Any) -> None:
    program.call.shell.files.mkdir(path, program.call.shell.access)


def _makedirs(program: Program, path: Any, *_mode: Any, exist_ok: Any = False) -> None:
    at, files, access = (
        "/" if text_of(path).startswith("/") else "",
        program.call.shell.files,
        program.call.shell.access,
    )
    parts = [one for one in text_of(path).split("/") if one][:64]
    try:
        for number, part in enumerate(parts, 1):
            at = posixpath.join(at, part)
            if not files.exists(at, access) or (number == len(parts) and not exist_ok):
                files.mkdir(at, access)
    except FileSystemError as error:
        raise RaisedError(os_error(error, path)) from error


def _removed(program: Program, path: str) -> None:
    program.call.shell.files.remove(path, program.call.shell.access)


def _renamed(program: Program, old: str, new: str) -> None:
    program.call.shell.files.rename(old, text_of(new), program.call.shell.access)


def _chdir(program: Program, path: str) -> None:
    program.call.shell.cwd = program.call.shell.files.enter(path, program.call.shell.access)


def _chmod(program: Program, path: str, mode: Any) -> None:
    program.call.shell.files.change(path, program.call.shell.access, mode=int(mode) & 0o7777)


def _target(program: Program, path: str) -> str:
    files = program.call.shell.files
    return files.target(files.locate(path, program.call.shell.access, follow=False))


def _stat(program: Program, path: str) -> Record:
    entry = program.call.shell.files.stat(path, program.call.shell.access)
    names = {
        "st_mode": entry.st_mode,
        "st_size": entry.size,
        "st_uid": entry.uid,
        "st_gid": entry.gid,
        "st_mtime": float(entry.mtime),
        "st_ctime": float(entry.mtime),
        "st_atime": float(entry.mtime),
        "st_nlink": 1,
    }
    return Record("stat_result", names)


def _walk(program: Program, top: Any, *_others: Any, **_named: Any) -> Steps[list[Any]]:
    """Return what os.walk yields, all at once."""
    found: list[Any] = []
    pending = [text_of(top)]
    files, access = program.call.shell.files, program.call.shell.access
    while pending and len(found) < MAX_FOUND:
        yield from program.step()
        at = pending.pop(0)
        try:
            names = files.names(at, access)[:MAX_ITEMS]
        except FileSystemError:
            continue
        below: dict[str, None] = {}
        for name in names:
            yield from turn()
            entry = files.entry(posixpath.join(at, name))
            if entry is not None and entry.kind == "dir":
                below[name] = None
        found.append((at, list(below), [name for name in names if name not in below]))
        pending[:0] = [posixpath.join(at, name) for name in below]
    return found


def _access(program: Program, path: Any, *_mode: Any) -> bool:
    return program.call.shell.files.exists(text_of(path), program.call.shell.access)


def _getenv(program: Program, name: Any, default: Any = None) -> Any:
    shell = program.call.shell
    return shell.variables.get(text_of(name), default) if name in shell.exported else default


def _noise(program: Program, count: Any) -> bytes:
    seed = program.call.shell.random()
    return hashlib.shake_128(str(seed).encode()).digest(max(0, min(int(count), MAX_TEXT)))


def _system(program: Program, line: Any) -> Steps[int]:
    status = yield from ran(program, text_of(line), None, None)
    return status << 8


def _popen(program: Program, line: Any, *_mode: Any) -> Steps[Record]:

    out = program.call.runner.buffer()
    yield from ran(program, text_of(line), out, None)
    return read_file("", out.take()[:MAX_TEXT], binary=False)


def _executed(program: Program, path: Any, *args: Any) -> Steps[None]:
    words = list(args[0]) if args and isinstance(args[0], list | tuple) else list(args)
    program.write_out()
    status = yield from ran(program, [text_of(path), *words[1:]], None, None)
    raise left_by(status)


def _path(_program: Program) -> dict[str, Any]:
    def kind(wanted: str) -> Callable[..., bool]:
        def play(program: Program, path: Any) -> bool:
            try:
                entry = program.call.shell.files.stat(
                    text_of(path_of(path)), program.call.shell.access, follow=wanted != "link"
                )
            except FileSystemError:
                return False
            return not wanted or entry.kind == wanted

        return play

    return natives(
        exists=kind(""),
        isfile=kind("file"),
        isdir=kind("dir"),
        islink=kind("link"),
        lexists=kind(""),
        join=plain(posixpath.join),
        basename=plain(posixpath.basename),
        dirname=plain(posixpath.dirname),
        splitext=plain(posixpath.splitext),
        split=plain(posixpath.split),
        isabs=plain(posixpath.isabs),
        normpath=plain(posixpath.normpath),
        getsize=file_call(lambda program, path: program.call.shell.files.stat(path, program.call.shell.access).size),
        abspath=lambda program, path: posixpath.normpath(posixpath.join(program.call.shell.cwd, text_of(path))),
        realpath=lambda program, path: posixpath.normpath(posixpath.join(program.call.shell.cwd, text_of(path))),
        expanduser=lambda program, path: (
            text_of(path).replace("~", program.call.shell.user.home, 1) if text_of(path).startswith("~") else path
        ),
    )


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {"os": _os, "os.path": _path, "posixpath": _path}
