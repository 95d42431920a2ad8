# SPDX-License-Identifier: MIT
"""Words to arguments: braces, what stays apart or is split at $IFS, path names (bash(1), EXPANSION)."""

import re

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.environment.collation import in_locale
from decnet_decoys.shell.expansion import arrays, patterns
from decnet_decoys.shell.expansion.parameters import ExpansionError, each_changed
from decnet_decoys.shell.expansion.words import context_of, dereferenced, home_of, value_of
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.syntax.nodes import Part, Word

MAX_ARGUMENTS = 2000
MAX_ARGUMENT_CHARACTERS = 1 << 18
"""Of all arguments of a command; a real machine takes more (2 MiB), but no one types them."""
BLANKS = " \t\n"
"""What $IFS is at first."""
_APART = re.compile(r"(!?)(?:@|([A-Za-z_]\w*)\[@\])(?::(?![-=?+])([^:}]{1,64}(?::[^}]{1,64})?))?")
_APART_OR = re.compile(r"(@|[A-Za-z_]\w*\[@\])(:?)([-+]).*", re.DOTALL)
"""`"${@:-word}"`, of which the word is a field where there are none, or, with the colon, where all are empty; and
`"${@:+word}"`, which is no field then."""
_CHANGED = re.compile(r"(@|[A-Za-z_]\w*\[@\])(##?|%%?|//?|\^\^?|,,?)(.*)", re.DOTALL)
"""`"${@%word}"` and its like, whose values stay apart as well."""
_QUOTED = "\x00"
"""Stands before a pattern character that was quoted; NUL cannot be typed into a word."""
_MARKS = {ord(mark): _QUOTED + mark for mark in "*?["}
_STAND_IN = 0xF0000
"""Characters from here on, which no line has, stand for the parts of a word in which braces mean nothing."""


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
            part = part._replace(text=dereferenced(shell, part.text))  # noqa: PLW2901
        changed = _CHANGED.fullmatch(part.text) if part.quoted and part.kind == "variable" else None
        if changed is None:
            value = yield from value_of(runner, part)
            several = _several(runner.shell, part)
        else:
            name, operator, operand = changed.groups()
            whole = shell.parameters if name == "@" else arrays.values(shell.variables, name[:-3])
            several = yield from each_changed(whole, operator, operand, context_of(runner))
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
                open_field = _longer(open_field, home_of(runner.shell, value) if index == 0 else value)
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
