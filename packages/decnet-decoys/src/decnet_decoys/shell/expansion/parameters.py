# SPDX-License-Identifier: MIT
"""Parameter expansion: `${name}`, `${name:-word}`, `${name%pattern}`, `${name:1:2}` (POSIX.1-2017, §2.6.2; bash(1))."""

import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import single_quoted
from decnet_decoys.shell.expansion import arrays
from decnet_decoys.shell.expansion.arithmetic import arithmetic
from decnet_decoys.shell.expansion.patterns import matches

MAX_TRIMMED = 1024
"""Characters of a value in which a pattern is looked for: each position costs a match."""

_NAME = r"([A-Za-z_]\w*(?:\[[^\]]{1,64}\])?|[?$#@*!0-9-]|[1-9]\d{1,3})"
_WITH_OPERATOR = re.compile(_NAME + r"(:?[-+=?]|##?|%%?|//?|\^\^?|,,?|~~?|:|@)(.*)", re.DOTALL)
_INDIRECT = re.compile(r"!([A-Za-z_]\w*)([*@]|\[[@*]\])?")
_OLD = re.compile(r"/?(?:[^/\\'\"]|\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|['\"\\])*+", re.DOTALL)
"""What is replaced in `${name/old/new}`: to the first slash that is neither first nor quoted."""
_PLAIN_PATTERN = re.compile(r"[^*?\[\\]*")


class ExpansionError(DecoysError):
    """A line cannot be expanded; the message is the shell's, without its name."""

    line = 0
    """That of the script, if it is known."""
    where = ""
    """What the message begins with, where that is not what the shell's others begin with: within a function."""


class UnsetError(ExpansionError):
    """A variable that has to be set is not: a script ends with another status."""


class Context(NamedTuple):
    """What an expansion needs of the shell."""

    variables: Mapping[str, str]
    expand: Callable[[str], Steps[str]]
    assign: Callable[[str, str], None]
    associative: Set[str] = frozenset()
    """Arrays whose keys are texts."""
    parameters: Sequence[str] = ()
    """$1 and the following."""
    strict: bool = False
    """Whether a variable that is not set is an error (`set -u`)."""
    expand_quoted: Callable[[str], Steps[str]] | None = None
    """For the word of `"${x:-word}"` and its like, in which apostrophes are characters."""


def parameter(inner: str, context: Context) -> Steps[str]:
    """Return what `${inner}` stands for."""
    variables = context.variables
    indirect = _INDIRECT.fullmatch(inner)
    if indirect is not None:
        if (indirect[2] or "").startswith("["):
            return " ".join(arrays.keys(variables, indirect[1]))[:MAX_WORD]
        if indirect[2]:
            names = (name for name in variables if name.startswith(indirect[1]) and name.isidentifier())
            return " ".join(sorted(names))[:MAX_WORD]
        return variables.get(variables.get(indirect[1], ""), "")[:MAX_WORD]
    if inner.startswith("#") and len(inner) > 1:
        return str((yield from _length(inner[1:], context)))
    name = inner if inner in variables else (yield from _indexed(inner, context))
    if name in variables or re.fullmatch(_NAME, name):
        if context.strict and name not in variables and name[-3:] not in ("@", "*", "[@]", "[*]"):
            raise UnsetError(f"{'$' * inner.isdecimal()}{inner}: unbound variable")
        return variables.get(name, "")[:MAX_WORD]
    match = _WITH_OPERATOR.fullmatch(inner)
    if match is None:
        raise ExpansionError(f"${{{inner}}}: bad substitution")
    name, operator, word = match.groups()
    return (yield from _operated((yield from _indexed(name, context)), operator, word, context))


def _length(name: str, context: Context) -> Steps[int]:
    if name.endswith(("[@]", "[*]")):
        return len(arrays.keys(context.variables, name[:-3]))
    return len(context.variables.get((yield from _indexed(name, context)), ""))


def _indexed(name: str, context: Context) -> Steps[str]:
    """Return the name of an array's element with its index computed."""
    head, bracket, index = name.partition("[")
    if not bracket or not index.endswith("]") or index in ("@]", "*]"):
        return name
    text = yield from context.expand(index[:-1])
    if head in context.associative:
        return f"{head}[{text}]"
    number = arithmetic(text, context.variables)
    if number is None:
        return f"{head}[{text}]"
    if number < 0:
        number += yield from _length(f"{head}[@]", context)
    return f"{head}[{number}]" if f"{head}[@]" in context.variables or number else head


def _operated(name: str, operator: str, word: str, context: Context) -> Steps[str]:
    value, kind = context.variables.get(name), operator.lstrip(":")
    if kind and kind in "-=?+":
        return (yield from _defaulted(name, value, operator, word, context))
    text = value or ""
    if operator == ":":
        bounds = (yield from context.expand(word)) if any(mark in word for mark in "$`") else word
        if name in ("@", "*"):
            every = [context.variables.get("0", ""), *context.parameters]
            separator = context.variables.get("IFS", " ")[:1] if name == "*" else " "
            return separator.join(arrays.sliced(every, bounds, context.variables))[:MAX_WORD]
        return _cut(name, text, bounds, context.variables)
    if operator == "@" and word == "A" and name.isidentifier():
        return f"{name}={single_quoted(text)}"
    if name in ("@", "*") or name.endswith(("[@]", "[*]")):
        whole = context.parameters if name in ("@", "*") else arrays.values(context.variables, name[:-3])
        separator = context.variables.get("IFS", " ")[:1] if name.endswith(("*", "[*]")) else " "
        return separator.join((yield from each_changed(whole, operator, word, context)))[:MAX_WORD]
    return (yield from _changed(text, operator, word, context))


def each_changed(values: Sequence[str], operator: str, word: str, context: Context) -> Steps[list[str]]:
    """Return values as an operator of `@`, `^`, `,`, `/`, `#` or `%` changes each of them."""
    changed = []
    for one in values:
        changed.append((yield from _changed(one, operator, word, context)))  # noqa: PERF401
    return changed


def _changed(text: str, operator: str, word: str, context: Context) -> Steps[str]:
    """Return a value as `@`, `^`, `,`, `/`, `#` and `%` change it."""
    yield from turn()
    kind = operator.lstrip(":")
    if operator == "@":
        changed = {"Q": single_quoted(text), "U": text.upper(), "L": text.lower(), "u": text[:1].upper() + text[1:]}
        return changed.get(word, text)
    if kind[0] in "^,~":
        return (yield from _cased(text, kind, (yield from context.expand(word))))
    if kind[0] == "/":
        return (yield from _replaced(text, word, context, every=kind == "//"))[:MAX_WORD]
    return (yield from _trimmed(text[:MAX_TRIMMED], kind, _unescaped((yield from context.expand(word))))) + text[
        MAX_TRIMMED:
    ]


def _defaulted(name: str, value: str | None, operator: str, word: str, context: Context) -> Steps[str]:
    kind, expand = operator.lstrip(":"), context.expand_quoted or context.expand
    absent = value is None or (operator.startswith(":") and not value) or (yield from _none(name, context))
    if kind == "+":
        return "" if absent else (yield from expand(word))[:MAX_WORD]
    if not absent:
        return (value or "")[:MAX_WORD]
    text = (yield from expand(word))[:MAX_WORD]
    if kind == "?":
        unset = "parameter null or not set" if operator == ":?" else "parameter not set"
        raise UnsetError(f"{name}: {text or unset}")
    if kind == "=":
        context.assign(name, text)
    return text


def _none(name: str, context: Context) -> Steps[bool]:
    """Return whether a name stands for all parameters or elements, of which there are none."""
    if name in ("@", "*"):
        return context.variables.get("#") == "0"
    return name.endswith(("[@]", "[*]")) and not (yield from _length(name, context))


def _cut(name: str, text: str, word: str, variables: Mapping[str, str]) -> str:
    if name.endswith(("[@]", "[*]")):
        return " ".join(arrays.elements(variables, name[:-3], word))
    first, _, size = word.partition(":")
    start = arithmetic(first or "0", variables) or 0
    start = max(0, len(text) + start) if start < 0 else start
    if not size:
        return text[start:]
    length = arithmetic(size, variables) or 0
    return text[start : start + length] if length >= 0 else text[start : len(text) + length]


def _cased(text: str, kind: str, pattern: str) -> Steps[str]:
    """Return a value with the letters changed that a pattern fits: all of them, or the first."""
    change = {"^": str.upper, ",": str.lower, "~": str.swapcase}[kind[0]]
    reach = len(text) if len(kind) == 2 else 1
    if not pattern or pattern == "?":
        return change(text[:reach]) + text[reach:]
    reach, changed = min(reach, MAX_TRIMMED), ""
    for letter in text[:reach]:
        changed += change(letter) if matches(letter, pattern) else letter
        yield from turn()
    return changed + text[reach:]


def _replaced(text: str, word: str, context: Context, *, every: bool) -> Steps[str]:
    end = _OLD.match(word)
    old, new = (word, "") if end is None else (word[: end.end()], word[end.end() + 1 :])
    new = re.sub(r"(\\\\)|\\/", lambda found: found[1] or "/", new[:MAX_WORD])
    old, new = _unescaped((yield from context.expand(old))), (yield from context.expand(new))
    if not old:
        return text
    if old in ("#", "%"):  # nothing, at one end
        return new + text if old == "#" else text + new
    if old[0] in "#%":
        trimmed = yield from _trimmed(text[:MAX_TRIMMED], old[0] * 2, old[1:])
        if len(trimmed) == len(text[:MAX_TRIMMED]):
            return text
        return new + trimmed + text[MAX_TRIMMED:] if old[0] == "#" else trimmed + new
    if _PLAIN_PATTERN.fullmatch(old):
        times = MAX_WORD // max(1, len(new)) + 1 if every else 1
        return text.replace(old, new, times)
    return (yield from _substituted(text, old, new, every=every))


def _unescaped(pattern: str) -> str:
    """Return a pattern in which what a backslash quotes stands for itself."""
    return re.sub(r"\\(.)", lambda found: f"[{found[1]}]" if found[1] in "*?[" else found[1], pattern)


def _substituted(text: str, pattern: str, new: str, *, every: bool) -> Steps[str]:
    """Replace the longest match at each place, from the left."""
    found: list[str] = []
    at, limit, size = 0, min(len(text), MAX_TRIMMED), 0
    while at < limit and size < MAX_WORD:
        end = (yield from _longest(text, at, limit, pattern)) if _may_begin(text[at], pattern) else 0
        yield from turn()
        if not end:
            found.append(text[at])
            at += 1
            continue
        found.append(new)
        size += len(new)
        at = end
        if not every:
            break
    return "".join(found) + text[at:]


def _longest(text: str, at: int, limit: int, pattern: str) -> Steps[int]:
    """Return where the longest match that begins at `at` ends, 0 for none."""
    for end in range(limit, at, -1):
        if matches(text[at:end], pattern):
            return end
        yield from turn()
    return 0


def _may_begin(character: str, pattern: str) -> bool:
    return pattern[0] in "*?[" or pattern[0] == character


def _trimmed(value: str, kind: str, word: str) -> Steps[str]:
    """Return the value without the shortest or longest part at an end that the pattern fits."""
    head, longest = kind[0] == "#", len(kind) == 2
    cuts = range(len(value) + 1)
    for cut in reversed(cuts) if head == longest else cuts:
        part, rest = (value[:cut], value[cut:]) if head else (value[cut:], value[:cut])
        if matches(part, word):
            return rest
        yield from turn()
    return value
