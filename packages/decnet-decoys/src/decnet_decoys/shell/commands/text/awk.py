# SPDX-License-Identifier: MIT
"""The command awk; its language is in `shell.awk`, imported when it is used."""

import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, load
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.syntax.escapes import unescape

_PARTS = "values", "lexer", "parser", "records", "formats", "builtins", "expressions", "evaluator", "interpreter"
PARTS = tuple(f"decnet_decoys.shell.awk.{name}" for name in _PARTS)
"""What plays a program, in the order in which one needs the other."""
_USAGE = """\
Usage: mawk [Options] [Program] [file ...]

Program:
    The -f option value is the name of a file containing program text.
    If no -f option is given, a "--" ends option processing; the following
    parameters are the program text.

Options:
    -f program-file  Program  text is read from file instead of from the
                     command-line.  Multiple -f options are accepted.
    -F value         sets the field separator, FS, to value.
    -v var=value     assigns value to program variable var.
    --               unambiguous end of options.

    Implementation-specific options are prefixed with "-W".  They can be
    abbreviated:

    -W version       show version information and exit.
    -W dump          show assembler-like listing of program and exit.
    -W help          show this message and exit.
    -W interactive   set unbuffered output, line-buffered input.
    -W exec file     use file as program as well as last option.
    -W random=number set initial random seed.
    -W sprintf=number adjust size of sprintf buffer.
    -W posix_space   do not consider "\\n" a space.
    -W usage         show this message and exit.
"""


@command("awk", "mawk", "nawk")
def awk(call: Call) -> Effects:
    """Run a program on records: `-F separator`, `-v name=value`, `-f file`."""
    yield from load(PARTS)
    from decnet_decoys.shell.awk.interpreter import Awk
    from decnet_decoys.shell.awk.lexer import AwkSyntaxError
    from decnet_decoys.shell.awk.memory import AwkError
    from decnet_decoys.shell.awk.parser import parse

    variables, programs, operands = _arguments(call)
    if not programs and not operands:
        call.err.write(_USAGE.encode())
        return 0
    source = _program(call, programs) if programs else operands.pop(0)
    if source is None:
        return 2
    try:
        program = parse(source)
        return (yield from Awk(call, program, variables).run(operands))
    except AwkSyntaxError as error:
        return _complain(call, source, str(error).strip())
    except RecursionError:
        return call.fail("program limit exceeded: eval stack size=1024", 2)
    except (AwkError, BadPatternError, FileSystemError) as error:
        return call.fail(str(error), 2)


_TEXTS = re.compile(r'"(?:[^"\\\n]|\\.)*+"|/(?:[^/\\\n]|\\.){1,1000}+/|#[^\n]*+')
"""What brackets do not count in: strings, regular expressions, comments."""


def _complain(call: Call, source: str, near: str) -> int:
    """Tell of a program that is none, as mawk does: of what is open at its end, or where it was not understood."""
    line = 1 + source.count("\n")
    bare = _TEXTS.sub("", source)
    if '"' in bare:
        return call.fail(f"line {line}: runaway string constant {bare[bare.index(chr(34)) :][:11]} ...", 2)
    if near:
        call.fail(f"line {line}: syntax error at or near {near}")
    elif bare.count("(") > bare.count(")"):
        call.fail(f"line {line}: missing ) near end of line")
    elif bare.count("{") <= bare.count("}"):
        call.fail(f"line {line}: syntax error at or near end of line")
    if bare.count("{") > bare.count("}"):
        call.fail(f"line {line + 1}: missing }} near end of file")
    elif bare.count("{") < bare.count("}"):
        call.fail(f"line {line}: extra '}}'")
    return 2


def _arguments(call: Call) -> tuple[dict[str, str], list[str], list[str]]:
    """Return the variables, the program's files and what follows the options."""
    variables: dict[str, str] = {}
    programs: list[str] = []
    args = list(call.args)
    while args and args[0].startswith("-") and len(args[0]) > 1:
        arg = args.pop(0)
        if arg == "--":
            break
        letter, value = arg[1], arg[2:]
        if letter in "Fvf" and not value:
            value = args.pop(0) if args else ""
        if letter == "F":
            variables["FS"] = "\t" if value == "t" else unescape(value)[0]
        elif letter == "v":
            name, _, text = value.partition("=")
            variables[name] = unescape(text)[0]
        elif letter == "f":
            programs.append(value)
    return variables, programs, args


def _program(call: Call, paths: list[str]) -> str | None:
    texts = []
    for path in paths[:8]:
        source = call.open(path)
        if source is None:
            return None
        texts.append(decode(source.whole(1 << 15)))
    return "\n".join(texts)
