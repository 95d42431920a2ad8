# SPDX-License-Identifier: MIT
"""Words with their parts to arguments; a command substitution runs on the shell, so these are generators of effects."""

import re
from contextlib import suppress
from functools import partial

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.control_flow import BROKEN_PIPE, ExitShell
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.environment.collation import in_locale
from decnet_decoys.shell.environment.dash import BAD_SUBSTITUTION
from decnet_decoys.shell.expansion import arrays, patterns
from decnet_decoys.shell.expansion.arithmetic import ExpressionError, evaluate
from decnet_decoys.shell.expansion.elements import set_named
from decnet_decoys.shell.expansion.parameters import Context, ExpansionError, each_changed, parameter
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import OutputFullError, Streams
from decnet_decoys.shell.syntax.lexer import parts_of
from decnet_decoys.shell.syntax.nodes import Part, ShellSyntaxError, Word

MAX_ARGUMENTS = 2000
MAX_ARGUMENT_CHARACTERS = 1 << 18
"""Of all arguments of a command; a real machine takes more (2 MiB), but no one types them."""
MAX_READERS = 8
"""Commands of `>(command)` that wait for what is written to them."""
BLANKS = " \t\n"
"""What $IFS is at first."""
_APART = re.compile(r"(!?)(?:@|([A-Za-z_]\w*)\[@\])(?::(?![-=?+])([^:}]{1,64}(?::[^}]{1,64})?))?")
_APART_OR = re.compile(r"(@|[A-Za-z_]\w*\[@\])(:?)([-+]).*", re.DOTALL)
"""`"${@:-word}"`, of which the word is a field where there are none, or, with the colon, where all are empty; and
`"${@:+word}"`, which is no field then."""
_CHANGED = re.compile(r"(@|[A-Za-z_]\w*\[@\])(##?|%%?|//?|\^\^?|,,?)(.*)", re.DOTALL)
"""`"${@%word}"` and its like, whose values stay apart as well."""
_READ = re.compile(r"\s*<\s*[^<(&\s]\S*\s*$")
"""`$(<file)`, which is what the file has."""
_REFERENCE = re.compile(r"([#!]?)([A-Za-z_]\w*)")
_QUOTED = "\x00"
"""Stands before a pattern character that was quoted; NUL cannot be typed into a word."""
_MARKS = {ord(mark): _QUOTED + mark for mark in "*?["}


def fields(runner: Runner, words: tuple[Word, ...]) -> Steps[list[str]]:
    """Return the arguments that the words become: braces, substitution, splitting, path names."""
    found: list[str] = []
    room = MAX_ARGUMENT_CHARACTERS
    for word in words:
        for alternative in [word] if runner.shell.dash else _braced(word):
            pieces = yield from _split(runner, alternative)
            for piece in pieces:
                fields = yield from _globbed(runner, piece)
                room -= sum(map(len, fields))
                if room < 0 or len(found) + len(fields) > MAX_ARGUMENTS:
                    return found
                found += fields
                yield from turn()
    return found


def text(runner: Runner, word: Word) -> Steps[str]:
    """Return the word as one string, neither split nor matched against files."""
    values: list[str] = []
    room = MAX_WORD
    for index, part in enumerate(word):
        yield from turn()
        value = yield from _value(runner, part)
        values.append(_home(runner.shell, value) if index == 0 and not part.quoted else value)
        room -= len(value)
        if room < 0:
            break
    return "".join(values)[:MAX_WORD]


def document(runner: Runner, body: str) -> Steps[str]:
    """Return a here-document with what is in it expanded."""
    try:
        parts = parts_of(body)
    except ShellSyntaxError:
        return body
    return (yield from text(runner, parts))


_STAND_IN = 0xF0000
"""Characters from here on, which no line has, stand for the parts of a word in which braces mean nothing."""


def _braced(word: Word) -> list[Word]:
    plain = [part.kind == "text" and not part.quoted for part in word]
    if not any(is_plain and "{" in part.text for is_plain, part in zip(plain, word, strict=True)):
        return [word]
    texts = (part.text if plain[index] else chr(_STAND_IN + index) for index, part in enumerate(word))
    return [_unbraced(alternative, word) for alternative in patterns.braces("".join(texts))]


def _unbraced(text: str, word: Word) -> Word:
    """Return the word that a text of a brace expansion is, with the parts that characters stood for."""
    parts = []
    for piece in re.split("([\U000f0000-\U000fffff])", text):
        if len(piece) == 1 and ord(piece) - _STAND_IN in range(len(word)):
            parts.append(word[ord(piece) - _STAND_IN])
        elif piece:
            parts.append(Part("text", piece, quoted=False))
    return tuple(parts)


def _split(runner: Runner, word: Word) -> Steps[list[str]]:  # one branch for each kind of part
    """Return the fields of a word; quoted characters are marked so that they match only themselves."""
    shell = runner.shell
    pieces: list[str] = []
    open_field: str | None = None
    for index, part in enumerate(word):
        yield from turn()
        if part.kind == "variable" and shell.kinds and not part.text.startswith("!"):
            part = part._replace(text=_dereferenced(shell, part.text))  # noqa: PLW2901
        changed = _CHANGED.fullmatch(part.text) if part.quoted and part.kind == "variable" else None
        if changed is None:
            value = yield from _value(runner, part)
            several = _several(runner.shell, part)
        else:
            name, operator, operand = changed.groups()
            whole = shell.parameters if name == "@" else arrays.values(shell.variables, name[:-3])
            several = yield from each_changed(whole, operator, operand, _context(runner))
        if several is not None:
            if several:
                pieces.extend([_longer(open_field, _marked(several[0])), *map(_marked, several[1:])])
                open_field = pieces.pop()
            continue
        if part.quoted:
            open_field = _longer(open_field, _marked(value))
            continue
        if part.kind == "text":
            if value:  # braces leave empty words, which are none
                open_field = _longer(open_field, _home(runner.shell, value) if index == 0 else value)
            continue
        open_field = _separate(value, shell.variables.get("IFS", BLANKS), pieces, open_field)
    if open_field is not None:
        pieces.append(open_field)
    return pieces[:MAX_ARGUMENTS]


def _separate(value: str, separators: str, pieces: list[str], open_field: str | None) -> str | None:
    """Add the fields of a value to those of its word; returns the field that what follows in the word belongs to."""
    inner = separated(value, separators)
    if value and value[0] in separators[:16] and open_field is not None:
        pieces.append(open_field)
        open_field = None
        inner = inner[1:] if inner[:1] == [""] else inner
    if not inner:
        return open_field
    pieces.extend([_longer(open_field, inner[0]), *inner[1:]])
    return None if value[-1] in separators[:16] else pieces.pop()


def _several(shell: ShellState, part: Part) -> list[str] | None:
    """Return the fields of `"$@"` and `"${name[@]}"`, which stay apart within quotes; None for anything else."""
    if not part.quoted or part.kind != "variable":
        return None
    otherwise = _APART_OR.fullmatch(part.text)
    match = _APART.fullmatch(part.text if otherwise is None else otherwise[1])
    found = None if match is None else _apart(shell, match)
    if otherwise is None or found is None:
        return found
    absent = not (" ".join(found) if otherwise[2] else found)
    if otherwise[3] == "+":
        return [] if absent else None
    return None if absent else found


def _apart(shell: ShellState, match: re.Match[str]) -> list[str]:
    listed, name, bounds = match.groups()
    if name is None:
        parameters = [shell.variables.get("0", shell.name), *shell.parameters] if bounds else shell.parameters
        return arrays.sliced(parameters, bounds, shell.variables) if bounds else parameters
    if listed:
        return arrays.keys(shell.variables, name)
    return arrays.elements(shell.variables, name, bounds) if bounds else arrays.values(shell.variables, name)


def separated(text: str, separators: str) -> list[str]:
    """Return the fields of text that was expanded (POSIX.1-2017, §2.6.5)."""
    if separators == BLANKS:
        return text.split()
    if not separators:
        return [text] if text else []
    blanks = "".join(one for one in separators[:16] if one in BLANKS)
    marks = [one for one in separators[:16] if one not in BLANKS]
    for mark in marks[1:]:
        text = text.replace(mark, marks[0])
    text = text.strip(blanks) if blanks else text
    if not marks:
        return [field for field in re.split(f"[{blanks}]+", text) if field]
    found = [field.strip(blanks) if blanks else field for field in text.removesuffix(marks[0]).split(marks[0])]
    return found if text else []


def _longer(field: str | None, value: str) -> str:
    return ((field or "") + value)[: 2 * MAX_WORD]  # marks count


def _home(shell: ShellState, value: str) -> str:
    if value == "~" or value.startswith("~/"):
        return shell.variables.get("HOME", "/") + value[1:]
    if value.startswith("~") and len(value) < 100:
        name, slash, rest = value[1:].partition("/")
        known = {"+": shell.cwd, "-": shell.variables.get("OLDPWD", value)}
        user = shell.account(name)
        return (
            value if user is None and name not in known else known.get(name, user.home if user else "") + slash + rest
        )
    return value


def _marked(value: str) -> str:
    return value.translate(_MARKS)


def _globbed(runner: Runner, piece: str) -> Steps[list[str]]:
    plain = piece.replace(_QUOTED, "")[:MAX_WORD]
    shell = runner.shell
    if _QUOTED in piece or "noglob" in shell.options or not any(mark in piece for mark in "*?["):
        return [plain]
    chosen = shell.shopt
    found = yield from patterns.paths(
        piece[:MAX_WORD], shell.files, shell.cwd, in_locale(shell.variables),
        hidden=chosen.get("dotglob", False), any_case=chosen.get("nocaseglob", False),
    )  # fmt: skip
    if not found and chosen.get("failglob"):
        raise ExpansionError(f"no match: {plain}")
    return found or ([] if chosen.get("nullglob") else [plain])


def _context(runner: Runner, *, quoted: bool = False) -> Context:
    shell = runner.shell
    operand, strict = partial(_operand, runner), "nounset" in shell.options
    in_quotes = partial(_quoted_operand, runner) if quoted else None
    return Context(_Variables(shell), operand, shell.set, shell.associative, shell.parameters, strict, in_quotes)


def _value(runner: Runner, part: Part) -> Steps[str]:
    shell = runner.shell
    if part.kind == "text":
        return part.text
    if part.kind == "variable" and shell.kinds:
        part = part._replace(text=_dereferenced(shell, part.text))
    if part.kind == "variable" and (joined := _joined_by_ifs(shell, part.text)) is not None:
        return joined
    if part.kind == "variable":
        if shell.dash and BAD_SUBSTITUTION.fullmatch(part.text):
            raise ExpansionError("Bad substitution")
        return (yield from parameter(part.text, _context(runner, quoted=part.quoted)))
    if part.kind == "arithmetic":
        inner = yield from document(runner, part.text)
        try:
            return str(evaluate(inner, shell.variables, partial(set_named, shell), posix=shell.dash))
        except ExpressionError as fault:
            raise ExpansionError(str(fault)) from fault
    if part.kind == "process":
        return (yield from _process(runner, part.text))
    return (yield from _substituted(runner, part.text))


def _dereferenced(shell: ShellState, text: str) -> str:
    """Return what stands between `${` and `}` with the variable for which a reference stands."""
    found = _REFERENCE.match(text)
    if found is None or "n" not in shell.kinds.get(found[2], ""):
        return text
    if found[1] == "!":  # the name itself
        return found[2] + text[found.end() :]
    return found[1] + shell.referred(found[2]) + text[found.end() :]


def _joined_by_ifs(shell: ShellState, name: str) -> str | None:
    """Return what `${name[*]}` is where $IFS begins with anything but a blank."""
    separator = shell.variables.get("IFS", " ")[:1]
    if separator == " " or not name.endswith("[*]") or f"{name[:-3]}[@]" not in shell.variables:
        return None
    return separator.join(arrays.values(shell.variables, name[:-3]))[:MAX_WORD]


def _substituted(runner: Runner, command: str) -> Steps[str]:
    out, err, shell = runner.buffer(), runner.errors, runner.shell
    if _READ.match(command):
        command = f"cat {command}"
    shell.within += 1
    try:
        shell.status = yield from runner.script(command, Streams(None, out, err.inherited()))
    except ExitShell as leaving:
        shell.status = leaving.status
    except OutputFullError:
        shell.status = BROKEN_PIPE
    finally:
        shell.within -= 1
    runner.errors, shell.substituted = err, shell.status
    return decode(out.take()).rstrip("\n").replace("\0", "")[:MAX_WORD]


def _operand(runner: Runner, word: str) -> Steps[str]:
    """Return the word of `${x:-word}` expanded."""
    if not any(mark in word for mark in "$`\\\"'~"):
        return word
    if word[:1] == word[-1:] == "'" and len(word) > 1:
        return word[1:-1]
    return (yield from text(runner, parts_of(word.replace('"', ""))))


def _quoted_operand(runner: Runner, word: str) -> Steps[str]:
    """Return the word of `"${x:-word}"` expanded, in which apostrophes are characters like others."""
    if not any(mark in word for mark in '$`\\"'):
        return word
    return (yield from text(runner, parts_of(word.replace('"', ""))))


def _process(runner: Runner, command: str) -> Steps[str]:
    """Run `<(command)` and return the name under which its output is read."""
    out, shell = runner.buffer(), runner.shell
    direction, command = command[0], command[1:]
    if direction == "<":
        with shell.forked(), suppress(ExitShell, OutputFullError):
            yield from runner.script(command, Streams(None, out, runner.buffer()))
    number = 63 - (len(shell.opened) + len(shell.readers)) % 32
    path = f"/dev/fd/{number}"
    if direction == ">" and len(shell.readers) < MAX_READERS:
        path = f"/dev/shm/.fd{number}"  # noqa: S108  # a path of the decoy
        with suppress(FileSystemError):
            shell.files.write(path, b"", shell.access)
        shell.readers[path] = command
        return path
    shell.opened[path] = out.take()
    shell.files.pipes[f"/proc/self/fd/{number}"] = Entry(
        "link", 0o500, mtime=shell.now, target=f"pipe:[{shell.pid * 7 + number}]"
    )
    return path


class _Variables(dict[str, str]):
    """The shell's variables with the special parameters among them."""

    def __init__(self, shell: ShellState) -> None:
        super().__init__(shell.variables)
        self |= {"?": str(shell.status), "$": str(shell.pid), "!": str(shell.jobs.last_pid or ""), "-": shell.flags}
        self.setdefault("0", shell.name)
        if "IFS" in self and shell.parameters:
            self["*"] = self["IFS"][:1].join(shell.parameters)[: 1 << 16]
        self.setdefault("#", "0")
        self.update({str(index): value for index, value in enumerate(shell.parameters[9:], 10)})
        if shell.dash:
            return
        own = {"braceexpand", "hashall", "interactive-comments"}
        typed = {"emacs", "histexpand", "history", "monitor"} if shell.is_typed_at else set()
        self["SHELLOPTS"] = ":".join(sorted(shell.options | own | typed))
        self["BASH_SUBSHELL"] = str(shell.within + shell.jobs.of_child)
        self["RANDOM"] = str(shell.random())
        self["SECONDS"] = str(max(0, shell.now - shell.began))
        self["LINENO"] = str(shell.line)
