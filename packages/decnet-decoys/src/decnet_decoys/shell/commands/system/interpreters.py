# SPDX-License-Identifier: MIT
"""python3 and perl, as far as one line goes: what is usual in bots' one-liners is computed, nothing is ever run.

A line is read as Python's syntax tree (`ast`), bounded in length, and only literals, arithmetic on small numbers, and
the few names below have a value; any other program ends without output.
"""

import posixpath
import re
from contextlib import suppress

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.perl_lines import each_line, statements
from decnet_decoys.shell.commands.python_lines import errno_of, printed
from decnet_decoys.shell.effects import Effects, Pause, Steps
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import piece_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputBuffer, OutputFullError, Streams
from decnet_decoys.shell.syntax.escapes import unescape

MAX_SOURCE = 2048
_VERSIONS = {"python3": "Python 3.11.2", "perl": "v5.36.0"}


@command("python3", "python3.11", families=("debian",))
def python(call: Call) -> Effects:
    """Tell the version, or print what a program of a few usual statements prints."""
    ubuntu = "Ubuntu" in call.shell.machine.persona.os
    options, operands = call.flags("cmWX")
    if {"V", "version"} & options.keys():
        call.print("Python 3.10.12" if ubuntu else _VERSIONS["python3"])
        return 0
    source = options.get("c")
    if source is None and operands[:1] == ["-"]:
        operands = operands[1:] if call.stdin is None else []
    if source is None and operands:
        try:
            source = piece_of(call.content(operands[0]), 0, MAX_SOURCE).decode("utf-8", "replace")
        except FileSystemError as fault:
            path = posixpath.join(call.shell.cwd, operands[0])
            return call.fail(f"can't open file '{path}': [Errno {errno_of(fault)[0]}] {fault}", 2)
    if source is None and (call.stdin is not None or call.shell.terminal is None):
        source = (yield from call.input()).whole(MAX_SOURCE).decode("utf-8", "replace")
    yield Pause(0.05)
    ran = _SYSTEM.fullmatch((source or "")[:MAX_SOURCE])
    if ran is not None:
        return (yield from call.runner.execute(["sh", "-c", unescape(ran[2])[0]], call.streams))
    outputs = yield from _read_from((source or "")[:MAX_SOURCE], call)
    output, error, status = printed(call.shell, (source or "")[:MAX_SOURCE], tuple(operands), outputs)
    call.print(output, end="")
    if error:
        call.print_error(error)
    return status


_SYSTEM = re.compile(
    r"""(?:\s*+import\s++[\w, ]{1,64}[;\n]\s*+)*+"""
    r"""(?:os\.(?:system|popen|execl)|subprocess\.(?:call|run|check_call|Popen)|pty\.spawn)"""
    r"""\(\s*+(["'])((?:[^"'\\]|\\.)*+)\1\s*+(?:,\s*+shell\s*+=\s*+True\s*+)?\)\s*+;?\s*+"""
)
"""A Python program that does nothing but run a command line."""


_POPEN = re.compile(r"""\bos\.popen\(\s*+(["'])((?:[^"'\\]|\\.){1,1000}+)\1\s*+\)""")
MAX_READ_FROM = 8


def _read_from(source: str, call: Call) -> Steps[dict[str, str]]:
    """Return what the command lines print that a program reads from with os.popen."""
    found: dict[str, str] = {}
    for match in list(_POPEN.finditer(source))[:MAX_READ_FROM]:
        line, out = unescape(match[2])[0], call.runner.buffer()
        with suppress(OutputFullError):
            yield from call.runner.execute(["sh", "-c", line], Streams(InputBuffer(b""), out, call.err), program=True)
        found[line] = decode(out.take()[:MAX_SOURCE])
    return found


@command("perl", families=("debian",))
def perl(call: Call) -> Effects:
    """Tell the version, or print what `print` of texts and sums prints."""
    options, operands = call.flags("eEIM")
    if "v" in options:
        call.print(
            "\nThis is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64-linux-gnu-thread-multi\n"
            "(with 56 registered patches, see perl -V for more detail)\n\nCopyright 1987-2022, Larry Wall"
        )
        return 0
    source = options.get("e", options.get("E"))
    if source is None:
        if operands and call.open(operands[0]) is None:
            return 2
        yield from call.input() if not operands and call.stdin is not None else ()
        return 0
    yield Pause(0.02)
    if "n" in options or "p" in options:
        return (yield from each_line(call, source[:MAX_SOURCE], operands, shown="p" in options))
    return (yield from statements(call, source[:MAX_SOURCE], "\n" if "l" in options or "E" in options else ""))
