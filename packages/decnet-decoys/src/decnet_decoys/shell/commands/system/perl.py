# SPDX-License-Identifier: MIT
"""perl: its options, and where the program comes from; `shell.perl` plays it, nothing is ever run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from decnet_decoys.shell.budget import BudgetExceededError
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Pause, Steps, load
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import piece_of
from decnet_decoys.shell.programs import command

if TYPE_CHECKING:
    from decnet_decoys.shell.perl.interpreter import Interpreter
    from decnet_decoys.shell.perl.syntax.tree import Block, Node

MAX_SOURCE = 16 << 10
_PLAYER = "decnet_decoys.shell.perl."
_NAMES = (
    "syntax.tree values syntax.source syntax.words syntax.interpolation syntax.expressions syntax.terms syntax.parser "
    "memory operators evaluator assignment patterns formats functions "
    "input_output.programs input_output.handles input_output.files input_output.sockets input_output.file_functions "
    "builtins lists subs "
    "interpreter"
)
PARTS = tuple(f"{_PLAYER}{name}" for name in _NAMES.split())
"""What plays a program, in the order in which one needs the other."""
_VERSION = """
This is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64-linux-gnu-thread-multi
(with 56 registered patches, see perl -V for more detail)

Copyright 1987-2022, Larry Wall

Perl may be copied only under the terms of either the Artistic License or the
GNU General Public License, which may be found in the Perl 5 source kit.

Complete documentation for Perl, including FAQ lists, should be found on
this system using "man perl" or "perldoc perl".  If you have access to the
Internet, point your browser at https://www.perl.org/, the Perl Home Page.
"""
_FLAGS = "acfnpsStTuUvwWXgh"


class _Given(NamedTuple):
    """The options of a call."""

    letters: frozenset[str]
    source: str | None
    modules: tuple[str, ...]
    separator: str | None
    """What -F parts fields by."""
    records: str | None
    """Octal digits behind -0."""
    in_place: str | None
    """The suffix of copies that -i keeps."""
    operands: tuple[str, ...]
    wrong: str = ""


def _given(args: list[str]) -> _Given:  # noqa: C901  # one branch for each option
    """Return the options; letters stand together, and -e, -M, -F, -0, -i and -l take what follows them."""
    letters, lines, modules = set[str](), list[str](), list[str]()
    separator, records, in_place, wrong = None, None, None, ""
    rest = list(args[:1000])
    while rest and rest[0].startswith("-") and len(rest[0]) > 1 and not wrong:
        cluster = rest.pop(0)[1:]
        if cluster == "-":
            break
        while cluster:
            letter, cluster = cluster[0], cluster[1:]
            letters.add(letter)
            if letter in "eE":
                lines.append(cluster or (rest.pop(0) if rest else ""))
                cluster = ""
            elif letter in "MmI":
                modules.append((cluster or (rest.pop(0) if rest else "")) if letter != "I" else "")
                cluster = ""
            elif letter == "F":
                separator, cluster = cluster, ""
            elif letter == "i":
                in_place, cluster = cluster, ""
            elif letter in "0lCD":
                digits = re.match(r"[0-7]*|x[0-9a-f]*", cluster)
                taken = digits[0] if digits else ""
                cluster = cluster[len(taken) :]
                if letter == "0":
                    records = taken
            elif letter not in _FLAGS:
                wrong, cluster = letter + cluster, ""
    source = "\n".join(lines) if {"e", "E"} & letters else None
    return _Given(frozenset(letters), source, tuple(one for one in modules if one),
                  separator, records, in_place, tuple(rest), wrong)  # fmt: skip


@command("perl", "perl5.36.0", families=("debian",))
def perl(call: Call) -> Effects:
    """Tell the version, or do a program: given with -e, in a file, or on standard input."""
    given = _given(call.args)
    if given.wrong:
        call.print_error(f"Unrecognized switch: -{given.wrong}  (-h will show valid options).")
        return 29
    if "v" in given.letters:
        call.print(_VERSION)
        return 0
    operands, title, source = list(given.operands), "-e", given.source
    if source is None and operands and operands[0] != "-":
        title = operands.pop(0)
        try:
            source = piece_of(call.content(title), 0, MAX_SOURCE).decode("latin-1")
        except FileSystemError as error:
            call.print_error(f'Can\'t open perl script "{title}": {error}')
            return 2 if "No such" in str(error) else 13
    elif source is None:
        operands = operands[1:]
        source, title = (yield from call.input()).whole(MAX_SOURCE).decode("latin-1"), "-"
    else:
        source = encode(source).decode("latin-1")
    yield Pause(0.02)
    yield from load(PARTS)
    try:
        return (yield from _played(call, given, source[:MAX_SOURCE], title, operands))
    except RecursionError:
        raise BudgetExceededError from None


def _played(call: Call, given: _Given, source: str, title: str, operands: list[str]) -> Effects:
    from decnet_decoys.shell.perl.interpreter import Interpreter, not_found
    from decnet_decoys.shell.perl.syntax.tree import MissingModuleError, PerlSyntaxError

    player = Interpreter(call, title, operands)
    player.ending = "\n" if "l" in given.letters else ""
    if given.records is not None:
        code = int(given.records.lstrip("x") or "0", 16 if "x" in given.records else 8)
        player.memory.scalar("/").value = None if code > 0o377 else "" if given.records == "0" else chr(code)
    try:
        at = ""
        for module in given.modules:
            name, _, names = module.lstrip("-").partition("=")
            if name == "IO" and not names:
                call.print_error(f'Parameterless "use IO" deprecated at {title} line 0.')
            yield from player.parsed(f"use {name} qw({names})")
        at = title
        program = yield from player.parsed(source)
        fields = yield from _separator(player, given)
    except PerlSyntaxError as fault:
        return _refused(call, fault, title)
    except MissingModuleError as missing:
        call.print_error(not_found(str(missing.args[0]), at, missing.line), end="")
        return 2
    if "c" in given.letters:
        call.print_error(f"{title} syntax OK")
        return 0
    if not {"n", "p"} & given.letters and not (given.separator is not None or "a" in given.letters):
        return (yield from player.run(program))
    shown = "p" in given.letters
    if given.in_place is None:
        return (yield from player.each_line(program, shown=shown, fields=fields))
    return (yield from _in_place(call, player, program, given, fields))


def _separator(player: Interpreter, given: _Given) -> Steps[Node | None]:
    """Return the pattern that parts fields: -a alone at blanks, -F at what it says."""
    if given.separator is None:
        return ("text", ("str", " ")) if "a" in given.letters else None
    text = given.separator
    if len(text) > 1 and text[0] == text[-1] and text[0] in "/\"'":
        text = text[1:-1]
    (statement, *_) = yield from player.parsed(f"/{text.replace('/', chr(92) + '/')}/")
    node: Node = statement.node
    return node


def _refused(call: Call, fault: Exception, title: str) -> int:
    """Tell of a program that is none."""
    message, line = str(fault.args[0]), int(getattr(fault, "line", 1))
    if "%s" not in message:
        call.print_error(f"{message} at {title} line {line}.")
        return 255
    call.print_error(message.replace("%s", title).replace("%d", str(line)))
    call.print_error(f"Execution of {title} aborted due to compilation errors.")
    return 255


def _in_place(call: Call, player: Interpreter, program: Block, given: _Given, fields: Node | None) -> Effects:
    """Do for each line of files what -i does: what is printed is what the file holds then."""
    files, access, status = call.shell.files, call.shell.access, 0
    for path in given.operands[:200]:
        try:
            kind = files.stat(path, access).kind
        except FileSystemError as error:
            call.print_error(f"Can't open {path}: {error}.")
            continue
        if kind != "file":
            call.print_error(f"Can't do inplace edit: {path} is not a regular file.")
            continue
        before = call.content(path)
        player.memory.array("ARGV")[:] = [encode(path).decode("latin-1")]
        player.arguments.clear()
        player.selected.out = buffer = call.runner.buffer()
        status = yield from player.each_line(program, shown="p" in given.letters, fields=fields)
        player.selected.out = call.out
        if given.in_place:
            files.write(path + given.in_place, before, access)
        files.write(path, b"", access)
        yield from call.runner.save(path, buffer.take())
    return status
