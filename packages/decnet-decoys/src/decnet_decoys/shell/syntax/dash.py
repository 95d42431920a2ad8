# SPDX-License-Identifier: MIT
"""The tokens of dash, Debian's /bin/sh: those of POSIX.1-2017, without what bash adds."""

from decnet_decoys.shell.syntax.lexer import OPERATOR, Lexer
from decnet_decoys.shell.syntax.nodes import Operator, Part, ShellSyntaxError

_SHORTER = {"&>": 1, "&>>": 1, "|&": 1, ";;&": 2, ";&": 1}
"""Of bash's operators, how many characters are one of POSIX."""


class DashLexer(Lexer):
    """Makes tokens without process substitution, `((`, `<<<`, `&>` and `$'`."""

    bash = False

    def _begins_process(self) -> bool:
        return False

    def _arithmetic_command(self) -> bool:
        return False

    def _operator(self) -> Operator | None:
        match = OPERATOR.match(self.text, self.at)
        if match is None:
            return None
        if match[2] == "<<<":
            raise ShellSyntaxError("redirection")
        self.at = match.start(2) + _SHORTER.get(match[2], len(match[2]))
        return Operator(self.text[match.start(2) : self.at], None if match[1] is None else int(match[1]))

    def _dollar(self, *, quoted: bool) -> Part:
        if self.text.startswith("$'", self.at) and not quoted:
            self.at += 1
            return Part("text", "$", quoted)
        return super()._dollar(quoted=quoted)
