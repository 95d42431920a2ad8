# SPDX-License-Identifier: MIT
"""python3: where the program comes from; `shell.python` plays it, nothing is ever run."""

import posixpath

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Pause, load
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import piece_of
from decnet_decoys.shell.programs import command

MAX_SOURCE = 16 << 10
MAX_LETTERS = 64
_JSON_TOOL = """\
import json, sys
try:
    text = open(sys.argv[1]).read() if sys.argv[1:] else sys.stdin.read()
    print(json.dumps(json.loads(text), indent=4))
except ValueError as error:
    raise SystemExit(str(error))
"""
_HTTP_SERVER = """\
import argparse, time
parser = argparse.ArgumentParser(prog="server.py")
parser.add_argument("--cgi", action="store_true", help="run as CGI server")
parser.add_argument("-b", "--bind", metavar="ADDRESS", help="bind to this address (default: all interfaces)")
parser.add_argument("-d", "--directory", default=".", help="serve this directory (default: current directory)")
parser.add_argument("-p", "--protocol", metavar="VERSION", help="conform to this HTTP version (default: HTTP/1.0)")
parser.add_argument("port", default=8000, type=int, nargs="?", help="bind to this port (default: 8000)")
parser.parse_args()
while True:
    time.sleep(86400)
"""
"""What refuses the arguments that the real one refuses; nobody can connect to it."""
_MODULES = {
    "json.tool": _JSON_TOOL,
    "http.server": _HTTP_SERVER,
    "pty": "import pty;pty.spawn('/bin/bash')",
    "this": "print('The Zen of Python, by Tim Peters')",
}
"""What the modules do that are run by their name."""
_PLAYER = "decnet_decoys.shell.python."
PARTS = (
    *("ast", "traceback", "json", "urllib.parse", "_strptime", "decnet_decoys.shell.expansion.regular_expressions"),
    *(
        f"{_PLAYER}{name}"
        for name in ("values", "dates", "methods", "attributes", "operators", "evaluator", "builtins")
    ),
    *(
        f"{_PLAYER}imports.{name}"
        for name in (
            "plain",
            "accounts",
            "dates",
            "queues_and_times",
            "expressions",
            "operating_system",
            "processes",
            "iteration",
            "library",
            "network",
        )
    ),
    *(f"{_PLAYER}{name}" for name in ("imports.network", "imports.registry", "program")),
)
"""What plays a program of Python, in the order in which one needs the other."""
_VERSION = "Python 3.11.2"


def _parted(args: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the interpreter's own options, and what follows them: -c and -m are the last, each with its value."""
    found: dict[str, str] = {}
    rest = list(args)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        arg = rest.pop(0)
        if arg.startswith("--"):
            found[arg[2:]] = ""
            continue
        for index, letter in enumerate(arg[1:MAX_LETTERS], 2):
            if letter not in "cmWX":
                found[letter] = ""
                continue
            found[letter] = arg[index:] or (rest.pop(0) if rest else "")
            if letter in "cm":
                return found, rest
            break
    return found, rest


@command("python3", "python3.11", families=("debian",))
def python(call: Call) -> Effects:
    """Tell the version, or print what a program of a few usual statements prints."""
    ubuntu = "Ubuntu" in call.shell.machine.persona.os
    options, operands = _parted(call.args)
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
