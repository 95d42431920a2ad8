# SPDX-License-Identifier: MIT
"""How ash, the shell of BusyBox, words what bash says: measured on BusyBox 1.35 (`busybox sh`).

It is what telnet bots ask for (`/bin/busybox sh`) and the only shell of small devices.
"""

from decnet_decoys.shell.environment.wording import reworded, shown_token, words_of

_SHELLS = ("sh", "ash", "-sh", "busybox")
"""What it is called by where it runs no script of a file."""
_LISTED = """
. alias bg break cd chdir command continue eval exec exit export fg getopts hash jobs let local read readonly return set
shift source times trap type ulimit umask unalias unset wait
"""
_BUILTINS = frozenset(_LISTED.split())
"""Builtins that are named in what they complain of."""
_NO_PREFIX = "\0"
"""Marks messages that the shell does not begin with the builtin's name, though bash does."""
_WORDS = words_of(
    (r"(.*): command not found", r"\1: not found"),
    (r"(cd: )([^:]*): (.*)", r"\1can't cd to \2: \3"),
    (r"kill: \((\d+)\) - (.*)", _NO_PREFIX + r"can't kill pid \1: \2"),
    (r"kill: (.*): arguments must be process or job IDs", _NO_PREFIX + r"invalid number '\1'"),
    (r"kill: (.*): invalid signal specification", _NO_PREFIX + r"bad signal name '\1'"),
    (r"(?:\[|test): (.*): integer expression expected", _NO_PREFIX + r"\1: bad number"),
    (r"\[: missing `\]'", _NO_PREFIX + "missing ]"),
    (r"(\w+: )`(.*)': not a valid identifier", r"\1\2: bad variable name"),
    (r"(.*): unbound variable", r"\1: parameter not set"),
    (r"(?:\w+: )?(.*): (?:cannot unset: )?readonly variable", r"\1: is read only"),
    (r"(?:.*): bad substitution", "syntax error: bad substitution"),
    (r"(?:.*): division by 0 .*", "divide by zero"),
    (r"(exit: |return: )(.*): numeric argument required", r"\1Illegal number: \2"),
    (r"(umask: )(.*): octal number out of range", r"\1illegal mode: \2"),
)


def in_words_of_ash(message: str) -> tuple[str, str]:
    """Return how ash says what bash says: the builtin that complains, empty if none is named, and what it says."""
    message = reworded(message, _WORDS)
    if message.startswith(_NO_PREFIX):
        return "", message.removeprefix(_NO_PREFIX)
    builtin, colon, rest = message.partition(": ")
    return (builtin, rest) if colon and builtin in _BUILTINS else ("", message)


def prefix(name: str, line: int) -> str:
    """Return what a message begins with: a script also tells its line."""
    return name if name in _SHELLS else f"{name}: line {line}"


def complaint(message: str, name: str, line: int, *, counts: bool, typed_at: bool) -> str:
    """Return how ash tells what bash would.

    A builtin tells its line, except to who types at the shell; `counts` is unset for a string that it was given to
    run, whose lines have no numbers.
    """
    builtin, text = in_words_of_ash(message)
    if not builtin:
        return f"{prefix(name, line)}: {text}"
    place = "" if typed_at else f"line {line if counts or name not in _SHELLS else 0}: "
    return f"{name}: {builtin}: {place}{text}"


def refused_redirection(path: str, reason: str, *, reads: bool) -> str:
    """Return how ash says that a file cannot be opened."""
    missing = "no such file" if reads else "nonexistent directory"
    why = missing if reason == "No such file or directory" else reason
    return f"can't {'open' if reads else 'create'} {path}: {why}"


_UNTERMINATED = {
    '"': "unterminated quoted string",
    "'": "unterminated quoted string",
    "`": "EOF in backquote substitution",
    "}": "missing '}'",
    ")": 'unexpected end of file (expecting ")")',
}


def syntax_error(token: str, expected: str, *, incomplete: bool) -> str:
    """Return how ash says that a text is no command line; `expected` is the word that should have come, if known."""
    if incomplete and token in _UNTERMINATED:
        return f"syntax error: {_UNTERMINATED[token]}"
    shown = shown_token(token, incomplete=incomplete)
    return f"syntax error: unexpected {shown}" + (f' (expecting "{expected}")' if expected else "")
