# SPDX-License-Identifier: MIT
"""Simple commands: assignments, words and redirections, and what stands between [[ and ]] (bash(1))."""

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.syntax import bash_extensions, conditional
from decnet_decoys.shell.syntax.nodes import Assignment, Elements, Operator, Part, Redirect, Simple, Token, Word
from decnet_decoys.shell.syntax.token_reader import NEWLINE, REDIRECTIONS, TokenReader

_DECLARING = 4
"""Words at a command's beginning that say whether it declares variables."""


def simple_command(reader: TokenReader, line: int) -> Steps[Simple]:
    """Read a simple command that begins in this line; raises ShellSyntaxError."""
    assignments: list[Assignment] = []
    words: list[Word] = []
    redirects: list[Redirect] = []
    declares = ""
    while (token := reader.peek()) is not None:
        yield from turn()
        if isinstance(token, Operator):
            if token.text not in REDIRECTIONS:
                break
            redirects.append(reader.redirect(token))
            continue
        assignment = bash_extensions.assignment(token) if not words or declares else None
        if assignment is not None and not reader.lexer.bash and (assignment.append or assignment.key is not None):
            assignment = None
        if not words and reader.lexer.bash and reader.keyword("[["):
            words += yield from _condition(reader)
            continue
        reader.at += 1
        if (
            assignment is not None
            and reader.lexer.bash
            and reader.operator("(")
            and assignment.value == bash_extensions.literal("")
        ):
            elements = Elements(tuple((yield from _elements(reader))), declares == "A")
            assignments.append(assignment._replace(value=elements))
            words += [bash_extensions.literal(assignment.name)] if words else []
        elif assignment is None or words:
            words.append(token)
        else:
            assignments.append(assignment)
        if len(words) <= _DECLARING:
            declares = _declares(words)
    if not (assignments or words or redirects):
        raise reader.fault()
    return Simple(tuple(assignments), tuple(words), tuple(redirects), line)


def _condition(reader: TokenReader) -> Steps[list[Word]]:
    """Return the words from [[ to ]]."""
    tokens: list[Token] = []
    while not reader.keyword("]]"):
        yield from turn()
        token = reader.peek()
        if token is None:
            raise reader.fault()
        reader.at += 1
        if token == NEWLINE:
            continue
        tokens.append(token)
        if len(tokens) == 1:
            continue
        if token == bash_extensions.REGEX_FOLLOWS:
            tokens.append((yield from _regex(reader)))
    if len(tokens) > 1:
        conditional.check(tokens[1:])
    reader.at += 1
    if reader.operator("(") or (reader.peek() is not None and not isinstance(reader.peek(), Operator)):
        raise reader.fault()
    return [*map(bash_extensions.operand, tokens), bash_extensions.literal("]]")]


def _regex(reader: TokenReader) -> Steps[Word]:
    """Return what follows =~ as one word: brackets and bars are no operators there."""
    parts: list[Part] = []
    while not reader.keyword("]]") and not reader.operator("&&", "||"):
        yield from turn()
        token = reader.peek()
        if token is None:
            raise reader.fault()
        parts += bash_extensions.regex_part(token)
        reader.at += 1
    return tuple(parts) or bash_extensions.literal("")


def _elements(reader: TokenReader) -> Steps[list[Word]]:
    """Return what stands in the parentheses of an array's assignment."""
    reader.at += 1
    found: list[Word] = []
    while not reader.operator(")"):
        yield from turn()
        reader.skip_newlines()
        found.append(reader.word())
        reader.skip_newlines()
    reader.at += 1
    return found


def _declares(words: list[Word]) -> str:
    """Return whether the command so far declares variables: "A" for associative arrays, "a" for others, or ""."""
    texts = ["".join(part.text for part in word) for word in words[:_DECLARING]]
    if not texts or texts[0] not in ("declare", "typeset", "local", "readonly", "export"):
        return ""
    return "A" if any(text.startswith("-") and "A" in text for text in texts[1:]) else "a"
