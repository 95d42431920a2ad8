# SPDX-License-Identifier: MIT
"""python3 and perl: where the program comes from; `shell.python` and `perl_lines` play it, nothing is ever run."""

import posixpath
import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.perl_lines import Program, each_line, is_usual
from decnet_decoys.shell.effects import Effects, Pause, Steps, load
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import piece_of
from decnet_decoys.shell.programs import command

MAX_SOURCE = 16 << 10
_MODULES = {
    "json.tool": "import json,sys;print(json.dumps(json.load(sys.stdin),indent=4))",
    "http.server": "while True: pass",
    "pty": "import pty;pty.spawn('/bin/bash')",
    "this": "",
}
"""What the modules do that are run by their name."""
_PLAYER = "decnet_decoys.shell.python."
PARTS = (
    *("ast", "traceback", "json", "urllib.parse", "decnet_decoys.shell.expansion.regular_expressions"),
    *(f"{_PLAYER}{name}" for name in ("values", "methods", "evaluator", "builtins")),
    *(f"{_PLAYER}imports.{name}" for name in ("plain", "expressions", "operating_system", "processes", "network")),
    *(f"{_PLAYER}{name}" for name in ("imports.registry", "program")),
)
"""What plays a program of Python, in the order in which one needs the other."""
_VERSION = "Python 3.11.2"


@command("python3", "python3.11", families=("debian",))
def python(call: Call) -> Effects:
    """Tell the version, or print what a program of a few usual statements prints."""
    ubuntu = "Ubuntu" in call.shell.machine.persona.os
    options, operands = call.flags("cmWX")
    if {"V", "version"} & options.keys():
        call.print("Python 3.10.12" if ubuntu else _VERSION)
        return 0
    source, title, argv = options.get("c"), "<string>", ["-c", *operands]
    if source is None and "m" in options:
        source = _MODULES.get(options["m"])
        if source is None:
            call.print_error(f"/usr/bin/python3: No module named {options['m'][:64]}")
            return 1
    if source is None and operands and operands[0] != "-":
        try:
            source = piece_of(call.content(operands[0]), 0, MAX_SOURCE).decode("utf-8", "replace")
        except FileSystemError as fault:
            path = posixpath.join(call.shell.cwd, operands[0])
            return call.fail(f"can't open file '{path}': [Errno {2 if str(fault) == NOT_FOUND else 13}] {fault}", 2)
        title, argv = operands[0], operands
    if source is None and (call.stdin is not None or call.shell.terminal is None):
        source = (yield from call.input()).whole(MAX_SOURCE).decode("utf-8", "replace")
        title, argv = "<stdin>", operands or [""]
    yield Pause(0.05)
    yield from load(PARTS)
    from decnet_decoys.shell.python.program import Program

    return (yield from Program(call, source or "", title, argv[:64]).run())


_UNFINISHED = re.compile(r"[\w\s)][-+*.=]\s{0,32}$")
"""The end of a program in which an operator has nothing behind it."""
_PERL_VERSION = """
This is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64-linux-gnu-thread-multi
(with 56 registered patches, see perl -V for more detail)

Copyright 1987-2022, Larry Wall"""


@command("perl", families=("debian",))
def perl(call: Call) -> Effects:
    """Tell the version, or do what is understood of a program: given with -e, in a file, or on standard input."""
    options, operands = call.flags("eEIMF")
    if "v" in options:
        call.print(_PERL_VERSION)
        return 0
    source, title = options.get("e", options.get("E")), "-e"
    if source is None and operands:
        try:
            source = piece_of(call.content(operands[0]), 0, MAX_SOURCE).decode("utf-8", "replace")
        except FileSystemError as error:
            call.print_error(f'Can\'t open perl script "{operands[0]}": {error}')
            return 2
        title, operands = operands[0], operands[1:]
    elif source is None:
        source, title = (yield from call.input()).whole(MAX_SOURCE).decode("utf-8", "replace"), "-"
    if "c" in options or _UNFINISHED.search(source[-64:]):
        return _perl_checked(call, source, title)
    yield Pause(0.02)
    source, looped = source[:MAX_SOURCE], {"n", "p"} & options.keys()
    program = Program(call, title, operands if not looped else [], "\n" if {"l", "E"} & options.keys() else "")
    if not looped:
        return (yield from program.run(source))
    fields = options.get("F", "").strip("/") if {"a", "F"} & options.keys() else None
    if "i" not in options:
        return (yield from _perl_lines(program, call, source, operands, shown="p" in options, fields=fields))
    for path in operands:
        yield from _perl_in_place(program, call, source, path, shown="p" in options, fields=fields)
    return 0


def _perl_in_place(
    program: Program, call: Call, source: str, path: str, *, shown: bool, fields: str | None
) -> Steps[None]:
    """Do for each line of a file what -i does: what is printed is what the file holds then."""
    files, access = call.shell.files, call.shell.access
    try:
        kind = files.stat(path, access).kind
    except FileSystemError as error:
        call.print_error(f"Can't open {path}: {error}.")
        return
    if kind != "file":
        call.print_error(f"Can't do inplace edit: {path} is not a regular file.")
        return
    call.out = call.runner.buffer()
    yield from _perl_lines(program, call, source, [path], shown=shown, fields=fields)
    files.write(path, b"", access)
    yield from call.runner.save(path, call.out.take())


def _perl_checked(call: Call, source: str, title: str) -> int:
    """Tell whether a program is one, as far as its end tells."""
    if _UNFINISHED.search(source[-64:]):
        call.print_error(f"syntax error at {title} line 1, at EOF")
        call.print_error(f"Execution of {title} aborted due to compilation errors.")
        return 255
    call.print_error(f"{title} syntax OK")
    return 0


def _perl_lines(
    program: Program, call: Call, source: str, paths: list[str], *, shown: bool, fields: str | None
) -> Effects:
    """Do for each line of files what -n and -p do."""
    if is_usual(source):
        return (yield from each_line(call, source, paths, shown=shown))
    return (yield from program.each_line(source, paths, shown=shown, fields=fields))
