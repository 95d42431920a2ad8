# SPDX-License-Identifier: MIT
"""How functions of modules are made for a program, and how one runs a command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.python.system_errors import os_error
from decnet_decoys.shell.python.values import (
    MAX_TEXT,
    Native,
    RaisedError,
    kind_name,
    left_by,
    path_of,
    text_of,
)
from decnet_decoys.shell.streams import InputBuffer, OutputBuffer, Streams

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program


def natives(**functions: Callable[..., Any]) -> dict[str, Any]:
    return {name: Native(name, play) for name, play in functions.items()}


def fixed(value: Any) -> Callable[..., Any]:
    return lambda _program, *_args, **_named: value


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of the standard library that is pure, and fast for what is bounded."""

    def play(_program: Program, *args: Any, **named: Any) -> Any:
        given = [path_of(one) for one in args]
        if sum(len(one) for one in given if isinstance(one, str | bytes)) > MAX_TEXT:
            raise RaisedError(MemoryError())
        return function(*given, **named)

    return play


def file_call(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function on a path whose errors are the program's."""

    def play(program: Program, *args: Any, **_named: Any) -> Any:
        path = path_of(args[0]) if args else "."
        if not isinstance(path, str):
            raise TypeError(f"expected str, bytes or os.PathLike object, not {kind_name(path)}")
        try:
            return function(program, *([path, *args[1:]] if args else ()))
        except FileSystemError as error:
            raise RaisedError(os_error(error, path)) from error

    return play


def ran(
    program: Program, command: Any, out: OutputBuffer | None, err: OutputBuffer | None, given: bytes = b""
) -> Steps[int]:
    """Run a command line, or a list of words, as a shell does."""
    yield from program.save_files()
    words = (
        [text_of(one) for one in command[:256]] if isinstance(command, list | tuple) else ["sh", "-c", text_of(command)]
    )
    call = program.call
    stdin = InputBuffer(given) if out is not None or given else call.stdin
    streams = Streams(stdin, out or call.out, err or call.err)
    return (yield from call.runner.execute(words or ["true"], streams, program=True))


def leave(_program: Program, value: Any = None) -> None:
    """End the program, as sys.exit does."""
    raise left_by(value)
