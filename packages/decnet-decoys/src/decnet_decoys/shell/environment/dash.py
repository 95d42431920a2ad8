# SPDX-License-Identifier: MIT
"""How dash, Debian's /bin/sh, differs from bash: commands that it has not, and the words in which it complains."""

import re

from decnet_decoys.shell.environment.wording import reworded, shown_token, words_of

BASH_ONLY = frozenset(
    ("[[", "source", "let", "declare", "typeset", "shopt", "pushd", "popd", "dirs", "mapfile", "readarray", "compgen",
     "complete", "compopt", "disown", "enable", "help", "logout", "builtin", "caller", "suspend", "bind", "history",
     "select", "function", "((")
)  # fmt: skip
SPECIAL = frozenset(
    (".", ":", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "times",
     "trap", "unset")
)  # fmt: skip
"""Builtins of which a refused redirection ends a script (POSIX.1-2017, §2.8.1)."""
VARIABLES = ("UID", "EUID", "HOSTNAME", "BASHPID", "HOSTTYPE", "OSTYPE", "MACHTYPE", "RANDOM", "SECONDS")
"""What only bash sets."""
BAD_SUBSTITUTION = re.compile(r"!.+|[A-Za-z_@*]\w*(?:\[|/|\^|,|~|@|:(?![-=?+])).*", re.DOTALL)
"""Parameter expansions that only bash has."""
_WORDS = words_of(
    (r"(.*): command not found", r"\1: not found"),
    (r"cd: (.*): [^:]*", r"cd: can't cd to \1"),
    (r"kill: \(\d+\) - (.*)", "kill: \\1\n"),
    (r"kill: (.*): arguments must be process or job IDs", r"kill: Illegal number: \1"),
    (r"kill: (.*): invalid signal specification", r"kill: invalid signal number or name: \1"),
    (r"\$?(.*): unbound variable", r"\1: parameter not set"),
    (r"(.*): readonly variable", r"\1: is read only"),
    (r"(.*): bad substitution", "Bad substitution"),
    (r"(.*): division by 0 .*", r'arithmetic expression: division by zero: "\1"'),
    (r"(.*): parameter null or not set", r"\1: parameter not set or null"),
    (r"(test|\[): (.*): integer expression expected", r"\1: Illegal number: \2"),
    (r"\[: missing `\]'", "[: missing ]"),
    (r"set: (\w*): invalid option name", r"set: Illegal option -o \1"),
    (r"printf: `(.*)': invalid format character", r"printf: %\1: invalid directive"),
    (r"(fg|bg): no job control", r"\1: No current job"),
    (r"(.*): syntax error in expression .*", r'arithmetic expression: expecting EOF: "\1"'),
    (r"(.*): syntax error: operand expected .*", r'arithmetic expression: expecting primary: "\1"'),
    (r"(\w+|\.): -(.): invalid option", r"\1: Illegal option -\2"),
    (r"exec: (.*): Is a directory", r"exec: \1: Permission denied"),
    (r"exit: (.*): numeric argument required", r"exit: Illegal number: \1"),
)


def in_words_of_dash(message: str) -> str:
    """Return how dash says what bash says."""
    return reworded(message, _WORDS)


def refused_redirection(path: str, reason: str, *, reads: bool) -> str:
    """Return how dash says that a file cannot be opened."""
    missing = "No such file" if reads else "Directory nonexistent"
    why = missing if reason == "No such file or directory" else reason
    return f"cannot {'open' if reads else 'create'} {path}: {why}"


_REDIRECTIONS = ("<", ">", ">>", "<<", "<<-", ">&", "<&", "<>", ">|")
_UNTERMINATED = {
    '"': "Unterminated quoted string",
    "'": "Unterminated quoted string",
    "`": "EOF in backquote substitution",
    "}": "Missing '}'",
    ")": 'end of file unexpected (expecting ")")',
}


def syntax_error(token: str, expected: str, *, incomplete: bool) -> str:
    """Return how dash says that a text is no command line; `expected` is the word that should have come, if known."""
    if incomplete and token in _UNTERMINATED:
        return f"Syntax error: {_UNTERMINATED[token]}"
    shown = shown_token("redirection" if token in _REDIRECTIONS else token, incomplete=incomplete)
    return f"Syntax error: {shown} unexpected" + (f' (expecting "{expected}")' if expected else "")
