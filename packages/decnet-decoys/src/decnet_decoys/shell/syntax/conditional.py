# SPDX-License-Identifier: MIT
"""The grammar of [[ ]] (bash(1), Conditional Constructs): what stands between is checked before anything runs."""

from decnet_decoys.shell.syntax.nodes import Operator, ShellSyntaxError, Token

UNARY = frozenset(f"-{letter}" for letter in "abcdefghkprstuwxzLNOSGRvon")
_BINARY = frozenset(
    ("=", "==", "!=", "=~", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef")
)  # fmt: skip
_JOINTS = ("&&", "||")
MAX_NESTING = 40


class ConditionalError(ShellSyntaxError):
    """What stands between [[ and ]] is no condition; the message is all that bash says, which may be nothing."""


def check(tokens: list[Token]) -> None:
    """Raise ConditionalError unless the tokens between [[ and ]] are a condition."""
    _Check(tokens).whole()


class _Check:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    def whole(self) -> None:
        self._either()
        if self._at < len(self._tokens):
            raise ConditionalError("syntax error in conditional expression")

    def _shown(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        return "]]" if token is None else _text(token)

    def _operator(self, *texts: str) -> bool:
        """Whether one of these stands here unquoted."""
        if self._at >= len(self._tokens):
            return False
        return _is_plain(self._tokens[self._at]) and _text(self._tokens[self._at]) in texts

    def _is_word(self) -> bool:
        return self._at < len(self._tokens) and not self._operator(*_JOINTS, "(", ")", "<", ">", ";", "&", "|")

    def _either(self) -> None:
        self._term()
        while self._operator(*_JOINTS):
            self._at += 1
            if self._at >= len(self._tokens):
                raise ConditionalError("")
            self._term()

    def _term(self) -> None:
        while self._operator("!") and self._at + 1 < len(self._tokens):
            self._at += 1
        if self._operator("("):
            self._group()
        elif self._operator(*UNARY) and not self._is_compared():
            self._at += 1
            self._argument("unary")
        else:
            self._argument("unary")
            if self._operator(*_BINARY):
                self._at += 1
                self._argument("binary")
            elif self._is_word():
                raise ConditionalError("conditional binary operator expected")

    def _is_compared(self) -> bool:
        """Whether the word here, though it looks like an operator, is compared with another."""
        self._at += 1
        compared = self._operator(*_BINARY)
        self._at -= 1
        return compared and self._at + 2 < len(self._tokens)

    def _argument(self, kind: str) -> None:
        if not self._is_word():
            raise ConditionalError(f"unexpected argument `{self._shown()}' to conditional {kind} operator")
        self._at += 1

    def _group(self) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise ConditionalError("syntax error in conditional expression")
        self._at += 1
        self._either()
        if not self._operator(")"):
            raise ConditionalError(f"unexpected token `{self._shown()}', expected `)'")
        self._at += 1
        self._depth -= 1


def _text(token: Token) -> str:
    return token.text if isinstance(token, Operator) else "".join(part.text for part in token)


def _is_plain(token: Token) -> bool:
    return isinstance(token, Operator) or not any(part.quoted for part in token)
