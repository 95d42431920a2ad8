# SPDX-License-Identifier: MIT
"""Perl's statements to nodes (perlsyn(1))."""

from __future__ import annotations

import re

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.perl.syntax import words
from decnet_decoys.shell.perl.syntax.source import Source
from decnet_decoys.shell.perl.syntax.terms import Terms
from decnet_decoys.shell.perl.syntax.tree import Block, MissingModuleError, Node, Statement

MAX_STATEMENTS = 2000
_LABEL = re.compile(r"([A-Z_][A-Z0-9_]*)\s*:(?!:)")
_SUB = re.compile(r"sub\s+([A-Za-z_]\w*(?:::\w+)*)\s*(?:\([^)]*\))?\s*(?=\{)")
_DECLARED = re.compile(r"sub\s+([A-Za-z_]\w*)")
_ONCE = re.compile(r"(BEGIN|END|INIT|CHECK)\s*(?=\{)")
_USED = re.compile(r"(use|no)\s+([\w:.]+)\s*([^;{}]*)")
_PACKAGE = re.compile(r"package\s+([\w:]+)\s*(?=[;{])")
_HASH = re.compile(r"\{\s*(?:(?:\w+|'[^']*'|\"[^\"]*\"|\$\w+)\s*(?:=>|,)|%\$?\w+\s*[,}]|\}\s*[;)}])")
"""What begins a hash where a statement may begin (perlref(1))."""
_CONDITION = re.compile(r"(if|unless|while|until)\s*(?=\()")
_EACH = re.compile(r"(?:foreach|for)\b\s*(?:(?:my|our|local)\b\s*)?(?:\$(\w+)\s*)?(?=\()")
_BEHIND = re.compile(r"(if|unless|while|until|foreach|for)\b")
_PRAGMAS = frozenset(
    [
        "strict",
        "warnings",
        "vars",
        "utf8",
        "lib",
        "constant",
        "base",
        "parent",
        "integer",
        "feature",
        "bytes",
        "diagnostics",
        "subs",
        "overload",
        "sigtrap",
        "threads",
        "IO::Socket",
        "IO::Socket::INET",
        "IO::Select",
        "IO::Handle",
        "IO::File",
        "IO",
        "FileHandle",
        "Socket",
        "POSIX",
        "MIME::Base64",
        "Data::Dumper",
        "File::Basename",
        "File::Copy",
        "File::Find",
        "File::Path",
        "File::Spec",
        "File::Temp",
        "Getopt::Long",
        "Getopt::Std",
        "Time::HiRes",
        "Time::Local",
        "List::Util",
        "Scalar::Util",
        "Storable",
        "Sys::Hostname",
        "Digest::MD5",
        "Digest::SHA",
        "Encode",
        "Fcntl",
        "Cwd",
        "Carp",
        "Exporter",
        "Env",
        "Errno",
        "English",
        "Symbol",
        "Text::Wrap",
        "Term::ANSIColor",
        "Tie::Hash",
        "HTTP::Tiny",
        "JSON::PP",
        "Compress::Zlib",
        "IPC::Open2",
        "IPC::Open3",
        "Benchmark",
        "Config",
        "Net::FTP",
        "Net::SMTP",
        "Net::Ping",
        "Unicode::Normalize",
        "charnames",
        "locale",
        "open",
        "sort",
        "re",
        "mro",
        "if",
        "autodie",
    ]
)
"""What may be used: pragmas, and modules that come with Debian's perl."""


_UNCLOSED = "Missing right curly or square bracket at %s line %d, at end of line\nsyntax error at %s line %d, at EOF"
_UNOPENED = 'Unmatched right curly bracket at %s line %d, at end of line\nsyntax error at %s line %d, near "}"'


class Parser(Terms):
    """Reads a whole program; `once` has what BEGIN and END blocks do."""

    def __init__(self, text: str) -> None:
        super().__init__(Source(text))
        self.subs = set(_DECLARED.findall(text))
        self.functions: dict[str, Block] = {}
        self.once: dict[str, list[Block]] = {"BEGIN": [], "END": []}
        self.used: list[tuple[str, str]] = []
        self._count = 0
        self._package = "main"

    def program(self) -> Steps[Block]:
        """Return the statements; raises PerlSyntaxError or MissingModuleError."""
        found: list[Statement] = []
        while self.source.peek():
            if self.source.peek() == "}":
                raise self.source.fault(_UNOPENED)
            found += yield from self._statement()
        return tuple(found)

    def block(self) -> Steps[Block]:
        self.source.expect("{")
        found: list[Statement] = []
        self._depth += 1
        if self._depth > 36:
            raise self.source.unexpected()
        while not self.source.take("}"):
            if not self.source.peek():
                raise self.source.fault(_UNCLOSED)
            found += yield from self._statement()
        self._depth -= 1
        return tuple(found)

    def _statement(self) -> Steps[list[Statement]]:
        yield from turn()
        self._count += 1
        if self._count > MAX_STATEMENTS:
            raise self.source.unexpected()
        source = self.source
        if source.take(";"):
            return []
        source.skip()
        line = source.line
        label = source.match(_LABEL)
        node = yield from self._compound(label[1] if label else "")
        if node is None:
            node = yield from self._simple()
        return [] if node[0] == "nothing" else [Statement(line, node)]

    def _compound(self, label: str) -> Steps[Node | None]:  # noqa: PLR0911  # one return for each kind
        source = self.source
        if source.peek() == "{" and not source.sees(_HASH):
            return ("block", label, (yield from self.block()))
        if (found := source.match(_SUB)) is not None:
            return ("define", self._qualified(found[1]), (yield from self.block()))
        if (found := source.match(_ONCE)) is not None:
            body = yield from self.block()
            if found[1] != "END":
                return ("block", "", body)
            self.once["END"].insert(0, body)
            return ("nothing",)
        if (found := source.match(_PACKAGE)) is not None:
            return (yield from self._in_package(found[1]))
        if (found := source.match(_USED)) is not None:
            return (yield from self._use(*found.groups()))
        if (found := source.match(_CONDITION)) is not None:
            condition = yield from self._within("(", ")")
            if found[1] in ("while", "until"):
                body = yield from self.block()
                after = (yield from self.block()) if source.match(re.compile(r"continue\s*(?=\{)")) else ()
                condition = ("number", 1) if condition == ("list", ()) else _read_into(condition)
                return ("loop", label, found[1] == "until", condition, body, after)
            return (yield from self._choices(condition, negated=found[1] == "unless"))
        if (found := source.match(_EACH)) is not None:
            return (yield from self._for(found[1], label))
        return None

    def _in_package(self, name: str) -> Steps[Node]:
        before, self._package = self._package, name
        if self.source.peek() == "{":
            body = yield from self.block()
            self._package = before
            return ("block", "", (Statement(self.source.line, ("package", name)), *body))
        return ("package", name)

    def _qualified(self, name: str) -> str:
        return name if "::" in name or self._package == "main" else f"{self._package}::{name}"

    def _use(self, kind: str, name: str, given: str) -> Steps[Node]:
        version = name.lstrip("v").replace(".", "").isdecimal()
        if not version and name not in _PRAGMAS:
            raise MissingModuleError(name, self.source.line)
        self.used.append((name, given))
        found = re.match(r"(\w+)\s*(?:=>|,)\s*", given)
        if name == "constant" and kind == "use" and found is not None:
            self.subs.add(found[1])
            self.source.at -= len(given) - found.end()
            return ("constants", ("list", (("str", found[1]), (yield from self.expression(words.ASSIGNMENT)))))
        if name == "constant" and self.source.peek() == "{":
            self.subs |= set(re.findall(r"(\w+)\s*=>", self.source.text[self.source.at : self.source.at + 2000]))
            return ("constants", (yield from self._within("{", "}")))
        return ("nothing",)

    def _choices(self, condition: Node, *, negated: bool) -> Steps[Node]:
        arms = [(("not", condition) if negated else condition, (yield from self.block()))]
        source = self.source
        while source.match(re.compile(r"elsif\b")):
            condition = yield from self._within("(", ")")
            arms.append((condition, (yield from self.block())))
        otherwise = (yield from self.block()) if source.match(re.compile(r"else\b")) else None
        return ("choose", tuple(arms), otherwise)

    def _for(self, name: str | None, label: str) -> Steps[Node]:
        source = self.source
        source.expect("(")
        first = None if source.peek() in (";", ")") else (yield from self.expression())
        if name is None and source.take(";"):
            condition = None if source.peek() == ";" else (yield from self.expression())
            source.expect(";")
            step = None if source.peek() == ")" else (yield from self.expression())
            source.expect(")")
            return ("count", label, first, condition, step, (yield from self.block()))
        source.expect(")")
        return ("each", label, name or "_", first or ("list", ()), (yield from self.block()))

    def _simple(self) -> Steps[Node]:
        source = self.source
        node = yield from self.expression()
        while (found := source.match(_BEHIND)) is not None:
            condition = yield from self.expression()
            body = (Statement(source.line, node),)
            if found[1] in ("if", "unless"):
                node = ("choose", ((("not", condition) if found[1] == "unless" else condition, body),), None)
            elif found[1] in ("while", "until"):
                is_first = node[0] == "do"
                node = ("loop", "", found[1] == "until", _read_into(condition), body, ())
                node = ("loop_once", *node[1:]) if is_first else node
            else:
                node = ("each", "", "_", condition, body)
        if not source.take(";") and source.peek() not in ("", "}"):
            raise source.unexpected()
        return node


def _read_into(condition: Node) -> Node:
    """Return the condition of a loop; `while (<F>)` reads each line into $_, and asks whether there was one."""
    if condition[0] == "list" and len(condition[1]) == 1:
        condition = condition[1][0]
    reads = ("readline", "glob")
    if condition[0] in reads or (
        condition[0] == "builtin" and condition[1] in ("readdir", "shift", "each") and condition[1] == "readdir"
    ):
        condition = ("assign", "", ("scalar", "_"), condition)
    if (
        condition[0] == "assign"
        and not condition[1]
        and (condition[3][0] in reads or condition[3][:2] == ("builtin", "readdir"))
    ):
        return ("builtin", "defined", condition, 0)
    return condition
