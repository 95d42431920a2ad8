# SPDX-License-Identifier: MIT
"""subprocess and pty: commands that a program runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.command_lookup import find_program
from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.python.files import read_file
from decnet_decoys.shell.python.imports.functions import fixed, natives, ran
from decnet_decoys.shell.python.system_errors import os_error
from decnet_decoys.shell.python.values import (
    MAX_TEXT,
    RaisedError,
    Record,
    represented,
    text_of,
)
from decnet_decoys.shell.streams import OutputBuffer

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program

PID_OF_CHILD = 7
pipe, joined, away = -1, -2, -3


def _finished(title: str, command: Any, status: int, out: Any, err: Any) -> Record:
    shown = f"CompletedProcess(args={represented(command)}, returncode={status})"
    names = {"args": command, "returncode": status, "stdout": out, "stderr": err, "pid": 0, "__repr__": shown}
    return Record(
        title,
        names
        | natives(
            communicate=fixed((out, err)),
            wait=fixed(status),
            poll=fixed(status),
            kill=fixed(None),
            terminate=fixed(None),
            check_returncode=fixed(None),
        ),
    )


def play(program: Program, command: Any, named: dict[str, Any]) -> Steps[tuple[int, Any, Any]]:
    if not named.get("shell") and isinstance(command, str):
        command = [command]
    elif named.get("shell") and isinstance(command, list | tuple):
        command = text_of(command[0]) if command else ""
    first = text_of(command[0]) if isinstance(command, list | tuple) and command else "sh"
    if find_program(program.call.shell, first).complaint:
        raise RaisedError(os_error("No such file or directory", first))
    captured = bool(named.get("capture_output"))
    runner = program.call.runner
    out = runner.buffer() if captured or named.get("stdout") in (pipe, away) else None
    err = runner.buffer() if (captured or named.get("stderr") in (pipe, away)) else None
    if named.get("stderr") == joined:
        err = out
    given = named.get("input") or b""
    status = yield from ran(program, command, out, err, encode(given) if isinstance(given, str) else given)
    text = named.get("text") or named.get("universal_newlines") or named.get("encoding")

    def kept(buffer: OutputBuffer | None, wanted: Any) -> Any:
        if buffer is None or wanted == away or (buffer is out and buffer is err and wanted == joined):
            return None
        data = buffer.take()[:MAX_TEXT]
        return decode(data) if text else data

    return (
        (-(status - 128) if status > 128 else status),
        kept(out, named.get("stdout")),
        kept(err, named.get("stderr")),
    )


def failed(command: Any, status: int, out: Any) -> RaisedError:
    error = CalledProcessError(f"Command '{text_of(command)}' returned non-zero exit status {status}.")
    error.returncode, error.output = status, out  # type: ignore[attr-defined]
    return RaisedError(error)


def run(program: Program, command: Any, **named: Any) -> Steps[Record]:
    status, out, err = yield from play(program, command, named)
    if named.get("check") and status:
        raise failed(command, status, out)
    return _finished("CompletedProcess", command, status, out, err)


def popen(program: Program, command: Any, **named: Any) -> Steps[Record]:

    status, out, err = yield from play(program, command, named)
    made = _finished("Popen", command, status, out, err)
    made.names["pid"] = program.call.shell.pid + PID_OF_CHILD
    for name, data in (("stdout", out), ("stderr", err)):
        if data is not None:
            made.names[name] = read_file(
                "", encode(data) if isinstance(data, str) else data, binary=isinstance(data, bytes)
            )
    return made


def call(program: Program, command: Any, **named: Any) -> Steps[int]:
    return (yield from play(program, command, named))[0]


def check_call(program: Program, command: Any, **named: Any) -> Steps[int]:
    status = (yield from play(program, command, named))[0]
    if status:
        raise failed(command, status, None)
    return 0


def check_output(program: Program, command: Any, **named: Any) -> Steps[Any]:
    status, out, _err = yield from play(program, command, named | {"stdout": pipe})
    if status:
        raise failed(command, status, out)
    return out


def getoutput(program: Program, line: Any) -> Steps[str]:
    return (yield from getstatusoutput(program, line))[1]


def getstatusoutput(program: Program, line: Any) -> Steps[tuple[int, str]]:
    out = program.call.runner.buffer()
    status = yield from ran(program, text_of(line), out, out)
    return status, decode(out.take()[:MAX_TEXT]).removesuffix("\n")


def _subprocess(_program: Program) -> dict[str, Any]:
    return {
        **natives(
            run=run,
            Popen=popen,
            call=call,
            check_call=check_call,
            check_output=check_output,
            getoutput=getoutput,
            getstatusoutput=getstatusoutput,
        ),
        "PIPE": pipe,
        "STDOUT": joined,
        "DEVNULL": away,
        "CalledProcessError": CalledProcessError,
        "SubprocessError": CalledProcessError,
        "TimeoutExpired": TimeoutError,
    }


class CalledProcessError(OSError):
    """What subprocess raises for a command that failed."""

    __module__ = "subprocess"


def _pty(_program: Program) -> dict[str, Any]:
    def spawn(program: Program, command: Any, *_others: Any) -> Steps[int]:
        program.write_out()
        words = command if isinstance(command, list | tuple) else [text_of(command)]
        return (yield from ran(program, words, None, None)) << 8

    return natives(spawn=spawn)


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {"subprocess": _subprocess, "pty": _pty}
