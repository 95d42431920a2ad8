# SPDX-License-Identifier: MIT
"""What a command line is made of (POSIX.1-2017, Shell Command Language §2.9), as plain values."""

from __future__ import annotations

from typing import Literal, NamedTuple

from decnet_decoys.errors import DecoysError


class Part(NamedTuple):
    """A piece of a word: literal text, a variable, a command or process substitution, or arithmetic."""

    kind: Literal["text", "variable", "command", "arithmetic", "process"]
    text: str
    quoted: bool


Word = tuple[Part, ...]


class Operator(NamedTuple):
    """A control or redirection operator; `fd` is the number written before a redirection."""

    text: str
    fd: int | None = None
    variable: str = ""
    """The name in braces before a redirection, whose number the shell chooses."""


class HereDocument(NamedTuple):
    """The lines between `<<` and its delimiter; `quoted` when the delimiter was, so nothing is expanded."""

    body: str
    quoted: bool
    delimiter: str = "EOF"


Token = Word | Operator


class Redirect(NamedTuple):
    """`fd op target`, e.g. 2 >> log."""

    fd: int
    op: str
    target: Word | HereDocument
    variable: str = ""
    """What is set to the number that the shell chooses, as in `{name}>log`."""


class Elements(NamedTuple):
    """What stands in the parentheses of an array's assignment."""

    words: tuple[Word, ...]
    associative: bool


class Assignment(NamedTuple):
    """`name=value`, `name[key]=value`, `name+=value` or `name=(elements)`."""

    name: str
    value: Word | Elements
    key: Word | None = None
    append: bool = False


class Simple(NamedTuple):
    """Assignments, words and redirections."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    line: int = 0
    """Of the script, 0 where it is not known."""


class Group(NamedTuple):
    """`( ... )` when `subshell`, else `{ ...; }`."""

    body: Sequence
    subshell: bool
    redirects: tuple[Redirect, ...]


class If(NamedTuple):
    """Conditions with their bodies, and the `else` part."""

    branches: tuple[tuple[Sequence, Sequence], ...]
    otherwise: Sequence | None
    redirects: tuple[Redirect, ...]


class Loop(NamedTuple):
    """`while`, or `until`."""

    until: bool
    condition: Sequence
    body: Sequence
    redirects: tuple[Redirect, ...]
    step: Sequence | None = None
    """What follows each turn, also one that `continue` has ended."""


class For(NamedTuple):
    """`for name in words`, or `select`; without words the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: Sequence
    redirects: tuple[Redirect, ...]
    asks: bool = False
    """Whether it is `select`: the words are offered and one is asked for."""


class Case(NamedTuple):
    """`case word in pattern) body ;; esac`; each arm with what ends it: `;;`, `;&` or `;;&`."""

    subject: Word
    arms: tuple[tuple[tuple[Word, ...], Sequence, str], ...]
    redirects: tuple[Redirect, ...]


class Function(NamedTuple):
    """`name() body`."""

    name: str
    body: Group
    size: int
    """Characters of its text."""
    text: str
    """The text, none of a function that is defined within another command."""


Command = Simple | Group | If | Loop | For | Case | Function


class Pipeline(NamedTuple):
    """Commands joined by `|`; `negated` by a leading `!`."""

    commands: tuple[Command, ...]
    negated: bool
    timed: str = ""
    """`time` when what it took is told, `time -p` when in the form of POSIX."""


class Sequence(NamedTuple):
    """Pipelines, each with what follows it: `;`, `&`, `&&` or `||`."""

    items: tuple[tuple[Pipeline, str], ...]


class ShellSyntaxError(DecoysError, ValueError):
    """The text is no command line; the message is the token that did not fit, as bash names it."""

    expected = ""
    """The word that should have come, where only one may."""


class IncompleteError(ShellSyntaxError):
    """The text is the beginning of a command line: a quote, a here-document or a compound is open."""

    @property
    def quotes(self) -> bool:
        """Whether a quote or an expansion is open, whose end the message is."""
        return str(self) in ('"', "'", "`", ")", "}")
