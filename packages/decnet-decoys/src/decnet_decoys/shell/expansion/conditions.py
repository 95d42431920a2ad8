# SPDX-License-Identifier: MIT
"""The words between [[ and ]]: neither split nor matched against files, and what was quoted is no pattern (bash(1))."""

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.expansion import splitting, words
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.syntax.nodes import Word

_PATTERN_AFTER = frozenset(("=", "==", "!="))
_REGEX_AFTER = "=~"
_PATTERN_MARKS = "*?[\\"
_REGEX_MARKS = ".[]*^$+?(){}|\\"


def conditions_or_fields(runner: Runner, given: tuple[Word, ...]) -> Steps[list[str]]:
    """Return the arguments of a command, of [[ as it takes them."""
    if not given or len(given[0]) != 1 or given[0][0].text != "[[" or given[0][0].quoted:
        return (yield from splitting.fields(runner, given))
    found: list[str] = []
    room = splitting.MAX_ARGUMENT_CHARACTERS
    for word in given[: splitting.MAX_ARGUMENTS]:
        before = found[-1] if found else ""
        if before in _PATTERN_AFTER or before == _REGEX_AFTER:
            found.append(
                (yield from _pattern(runner, word, _REGEX_MARKS if before == _REGEX_AFTER else _PATTERN_MARKS))
            )
        else:
            found.append((yield from words.text(runner, word)))
        room -= len(found[-1])
        if room < 0:
            return found[:-1]
    return found


def fits(shell: ShellState, subject: str, pattern: str) -> bool:
    """Return whether a pattern of `case` or [[ fits, as `shopt nocasematch` has it."""
    if shell.shopt.get("nocasematch"):
        return matches(subject.lower(), pattern.lower())
    return matches(subject, pattern)


def pattern_of(runner: Runner, word: Word) -> Steps[str]:
    """Return a pattern of `case`, in which what was quoted stands for itself."""
    pieces = []
    for part in word:
        value = yield from words.text(runner, (part,))
        quoted = (f"[{one}]" if one in _PATTERN_MARKS else one for one in value[:MAX_WORD])
        pieces.append("".join(quoted) if part.quoted else value)
    return "".join(pieces)


def _pattern(runner: Runner, word: Word, marks: str) -> Steps[str]:
    """Return a word in which what was quoted stands for itself."""
    pieces = []
    for part in word:
        value = yield from words.text(runner, (part,))
        if part.quoted:
            escape = "\\{}" if marks is _REGEX_MARKS else "[{}]"
            value = "".join(escape.format(one) if one in marks else one for one in value[:4096])
        pieces.append(value)
    return "".join(pieces)
