# SPDX-License-Identifier: MIT
"""Perl's terms: numbers, quotes, variables, patterns, calls of functions."""

from __future__ import annotations

import math
import re

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.perl.syntax import words
from decnet_decoys.shell.perl.syntax.expressions import Expressions
from decnet_decoys.shell.perl.syntax.source import Source
from decnet_decoys.shell.perl.syntax.tree import Node

_DOCUMENT = re.compile(r"<<(~?)(?:\"([^\"\n]*)\"|'([^'\n]*)'|([A-Za-z_]\w*))")
_READ = re.compile(r"<(\$?\w*)>")
_GLOB = re.compile(r"<([^<>\n=]{1,200})>")
_FLAGS = re.compile(r"[a-z]*")
_HANDLE = re.compile(r"(STDERR|STDOUT|STDIN|[A-Z][A-Z0-9_]*)\b(?=\s*[\"'$@\w\\<;(-]|\s*$)(?!\s*(?:\(|=>|,|->|::|\.))")
_HANDLE_VARIABLE = re.compile(
    r"\$(\w+)(?=\s+(?:[\"'$@\\]|<<|[A-Za-z_]))(?!\s+(?:x|eq|ne|lt|gt|le|ge|cmp|and|or|xor|if|unless|for|foreach|while|until)\b)"
)
_PLAIN = frozenset(("scalar", "element", "value", "scalar_of", "called", "user", "method"))
"""What may stand between the braces of `@{...}` so that it may be made there."""
_QUOTES = frozenset(("q", "qq", "qw", "qx", "m", "qr", "s", "tr", "y"))
_QUOTED = re.compile(r"\s*(?:[^\s\w,;)=]|=(?![>=~]))")


class Terms(Expressions):
    """Reads one term."""

    def term(self) -> Steps[Node]:  # noqa: C901, PLR0911  # one return for each kind
        source = self.source
        one = source.peek()
        if one == "(":
            inner = yield from self._within("(", ")")
            return inner if inner[0] == "list" else ("list", (inner,))
        if one == "[":
            return ("new_array", (yield from self._within("[", "]")))
        if one == "{":
            return ("new_hash", (yield from self._within("{", "}")))
        if one in "$@%&" and one:
            return (yield from self._variable(one))
        if one in "\"'`" and one:
            text, _ = source.quoted()
            return (yield from self._quoted_as({'"': "qq", "'": "q", "`": "qx"}[one], text, one))
        if one == "/":
            return (yield from self._pattern())
        if one == "<":
            return (yield from self._angle())
        if (found := source.match(words.NUMBER)) is not None:
            return ("number", _number(found[0]))
        if (found := source.sees(words.NAME)) is not None:
            return (yield from self._word(found[0]))
        if source.take("-"):
            return ("minus", (yield from self.term()))
        raise source.unexpected()

    def _quoted_as(self, kind: str, text: str, delimiter: str) -> Steps[Node]:
        if kind == "q":
            return ("str", re.sub(r"\\([\\'])" if delimiter == "'" else r"\\(\\)", r"\1", text))
        if kind == "qw":
            return ("list", tuple(("str", word) for word in text.split()))
        node = ("str", text) if delimiter == "'" and kind == "qx" else (yield from self.interpolated(text))
        return ("output", node) if kind == "qx" else ("text", node)

    def _pattern(self, kind: str = "m") -> Steps[Node]:
        """Read m//, qr//, s/// or tr///; the target comes from `=~`, else it is $_."""
        source = self.source
        source.skip_blanks()
        text, delimiter = source.quoted()
        if kind in ("m", "qr"):
            node = ("str", text) if delimiter == "'" else (yield from self.interpolated(text, pattern=True))
            flags = _flags(source)
            return ("compiled", node, flags) if kind == "qr" else ("match", None, node, flags, False)
        if delimiter in "([{<":
            source.skip()
            new, closing = source.quoted()
        else:
            source.at -= 1
            new, closing = source.quoted()
        flags = _flags(source)
        if kind in ("tr", "y"):
            return ("translate", None, text, new, flags, False)
        node = ("str", text) if delimiter == "'" else (yield from self.interpolated(text, pattern=True))
        if "e" in flags:
            replacement = yield from self._inner_whole(new)
        else:
            replacement = ("str", new) if closing == "'" else (yield from self.interpolated(new))
        return ("replace", None, node, replacement, flags, False)

    def _inner_whole(self, text: str) -> Steps[Node]:
        """Read the expression that s///e evaluates."""
        outer, self.source = self.source, type(self.source)(text, self.source.line)
        try:
            return (yield from self.expression())
        finally:
            self.source = outer

    def _angle(self) -> Steps[Node]:
        source = self.source
        document = source.match(_DOCUMENT)
        if document is not None:
            indented, double, single, bare = document.groups()
            body: list[str] = []
            delimiter = next(one for one in (double, single, bare) if one is not None)
            source.waiting.append((delimiter, bool(indented), body))
            return ("document", body, single is None)
        found = source.match(_READ)
        if found is not None:
            name = found[1]
            return ("readline", ("scalar", name[1:]) if name.startswith("$") else ("str", name or "ARGV"))
        pattern = source.match(_GLOB)
        if pattern is None:
            raise source.unexpected()
        return ("glob", (yield from self.interpolated(pattern[1])))

    def _variable(self, sigil: str) -> Steps[Node]:
        source = self.source
        source.at += 1
        if (
            sigil == "$"
            and source.text.startswith("#", source.at)
            and source.text[source.at + 1 : source.at + 2] in "{$_" + _LETTERS
        ):
            source.at += 1
            return ("last_index", (yield from self._container("array")))
        if sigil == "&":
            if source.take("$"):
                source.at -= 1
                target = yield from self.term()
            else:
                found = source.match(words.NAME)
                if found is None:
                    raise source.unexpected()
                target = ("code", found[0])
            if source.text[source.at : source.at + 1] == "(":
                return ("called", target, (yield from self._within("(", ")")))
            return target if target[0] == "code" else ("called", target, ("array", "_"))
        if sigil == "%":
            return (yield from self._container("hash"))
        follows = yield from self._container("scalar" if sigil == "$" else "array")
        return (yield from self._subscripted(sigil, follows))

    def _subscripted(self, sigil: str, node: Node) -> Steps[Node]:
        """Read the subscript right behind a name: `$x[0]`, `$x{k}`, `@x[1,2]`, `@x{...}`."""
        source = self.source
        follows = source.text[source.at : source.at + 1]
        if follows not in ("[", "{"):
            return node
        inner = node[1]
        array, table = (
            (("array", inner), ("hash", inner))
            if node[0] in ("scalar", "array")
            else (("array_of", inner), ("hash_of", inner))
        )
        if follows == "[":
            index = yield from self._within("[", "]")
            return ("element", array, index) if sigil == "$" else ("slice", array, index)
        key = yield from self.key()
        return ("value", table, key) if sigil == "$" else ("hash_slice", table, key)

    def _container(self, kind: str) -> Steps[Node]:
        """Read what follows a sigil: a name, `{name}`, `{expression}` or `$reference`."""
        source = self.source
        if source.text.startswith("{", source.at):
            named = re.compile(r"\{\s*(\^?\w+)\s*\}").match(source.text, source.at)
            if named is not None:
                source.at = named.end()
                return (kind, named[1])
            body = yield from self.block()
            is_plain = len(body) == 1 and body[0].node[0] in _PLAIN
            return (f"{kind}_of", body[0].node if is_plain else ("do", body))
        if source.text.startswith("$", source.at) and re.match(
            r"[\w{$:]", source.text[source.at + 1 : source.at + 2] or " "
        ):
            source.at += 1
            return (f"{kind}_of", (yield from self._container("scalar")))
        found = words.VARIABLE.match(source.text, source.at)
        if found is None:
            raise source.unexpected()
        source.at = found.end()
        return (kind, found[0].replace("'", "::").removeprefix("main::").removeprefix("::"))

    def _word(self, name: str) -> Steps[Node]:  # noqa: C901, PLR0911, PLR0912  # one return for each kind of word
        source = self.source
        start = source.at
        source.at += len(name)
        if words.FAT_COMMA.match(source.text, source.at):
            return ("str", name)
        if name in _QUOTES and _QUOTED.match(source.text, source.at):
            if name in ("q", "qq", "qw", "qx"):
                source.skip_blanks()
                return (yield from self._quoted_as(name, *source.quoted()))
            return (yield from self._pattern(name))
        if name in ("my", "our", "local", "state"):
            return (name if name != "state" else "my", (yield from self.expression(words.UNARY)))
        if name == "sub":
            return ("function", "", (yield from self.block()))
        if name in ("do", "eval"):
            if source.peek() == "{":
                return (name, (yield from self.block()))
            operand = ("scalar", "_") if source.sees(words.ENDS) else (yield from self.expression(words.NAMED_UNARY))
            return ("evaluated" if name == "eval" else "do_file", operand)
        if name in ("print", "printf", "say"):
            return (yield from self._print(name))
        if name in ("map", "grep", "sort"):
            return (yield from self._over_list(name))
        if name in ("__FILE__", "__LINE__", "__PACKAGE__"):
            return {"__LINE__": ("number", source.line), "__FILE__": ("scalar", "0")}.get(name, ("str", "main"))
        if name == "return":
            return ("return", (yield from self.listed()))
        if name in ("last", "next", "redo"):
            label = source.match(re.compile(r"[A-Z_][A-Z0-9_]*\b"))
            return ("leave", name, label[0] if label else "")
        if name == "new" and (found := source.sees(words.NAME)) is not None:
            source.at += len(found[0])
            arguments = (yield from self._within("(", ")")) if source.peek() == "(" else (yield from self.listed())
            return ("method", ("str", found[0]), ("str", "new"), arguments)
        if source.peek(2) == "->" and name not in words.ONE_ARGUMENT and name not in self.subs:
            return ("str", name.removesuffix("::"))
        return (yield from self._call(name, source.text.count("\n", 0, start)))

    def _call(self, name: str, _line: int) -> Steps[Node]:
        source, line = self.source, self.source.line
        is_known = name in words.ONE_ARGUMENT or name in words.SEVERAL or name in words.NO_ARGUMENTS
        if source.peek() == "(":
            arguments = yield from self._within("(", ")")
            kind = "builtin" if is_known and name not in self.subs else "user"
            return (kind, name, arguments, line)
        if name in words.NO_ARGUMENTS:
            return ("builtin", name, ("list", ()), line)
        if name in words.ONE_ARGUMENT and name not in self.subs:
            ends = source.sees(words.ENDS) and not source.sees(_READ)
            arguments = ("list", ()) if ends else (yield from self.expression(words.NAMED_UNARY + 1))
            return ("builtin", name, arguments, line)
        if is_known and name not in self.subs:
            return ("builtin", name, (yield from self.listed()), line)
        if name in self.subs or (
            re.match(r"\s*[\"'$@%\\\[]", source.text[source.at : source.at + 40]) and name[:1].islower()
        ):
            return ("user", name, (yield from self.listed()), line)
        return ("bareword", name, line)

    def _print(self, kind: str) -> Steps[Node]:
        source = self.source
        bracket = source.peek() == "("
        place = source.at
        if bracket:
            source.at += 1
        handle: Node | None = None
        if source.peek() == "{" and not bracket:
            handle = ("do", (yield from self.block()))
        elif (found := source.match(_HANDLE)) is not None:
            if found[1] in self.subs:
                source.at = found.start()
            else:
                handle = ("str", found[1])
        elif (found := source.match(_HANDLE_VARIABLE)) is not None:
            handle = ("scalar", found[1])
        if not bracket:
            return ("print", kind, handle, (yield from self.listed()))
        if handle is None:
            source.at = place
            return ("print", kind, None, (yield from self._within("(", ")")))
        arguments = ("list", ()) if source.peek() == ")" else (yield from self.expression())
        source.expect(")")
        return ("print", kind, handle, arguments)

    def _over_list(self, kind: str) -> Steps[Node]:
        """Read map, grep or sort with its block or expression."""
        source = self.source
        bracket = source.take("(")
        body: Node | None = None
        if source.peek() == "{":
            body = ("do", (yield from self.block()))
            source.take(",")
        elif kind == "sort":
            named = source.match(re.compile(r"(\$?[A-Za-z_]\w*)(?=\s+[@(\w])"))
            if named is not None and named[1].lstrip("$") not in (
                "keys",
                "values",
                "map",
                "grep",
                "reverse",
                "split",
                "sort",
                "qw",
            ):
                body = ("called", ("scalar", named[1][1:]) if named[1][0] == "$" else ("code", named[1]), ("list", ()))
            elif named is not None:
                source.at = named.start()
        else:
            body = yield from self.expression(words.ASSIGNMENT)
            source.expect(",")
        empty = source.peek() == ")" if bracket else source.sees(words.ENDS)
        rest = ("list", ()) if empty else (yield from self.expression(0 if bracket else words.LIST))
        if bracket:
            source.expect(")")
        return (kind, body, rest)


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _flags(source: Source) -> str:
    found = _FLAGS.match(source.text, source.at)
    if found is None:
        return ""
    source.at = found.end()
    return found[0]


def _number(text: str) -> int | float:
    digits = text.replace("_", "")[:400]
    if digits[:2] in ("0x", "0X", "0b", "0B"):
        return _within_word(int(digits, 0) if len(digits) > 2 else 0)
    if digits.isdecimal():
        is_octal = digits[0] == "0" and len(digits) > 1 and not set(digits) & set("89")
        return _within_word(int(digits, 8 if is_octal else 10))
    try:
        return float(digits)
    except ValueError:  # such as a version, v1.2.3
        return 0


def _within_word(value: int) -> int | float:
    try:
        return value if value < 1 << 64 else float(value)
    except OverflowError:
        return math.inf
