# SPDX-License-Identifier: MIT
"""Options that bash's builtins refuse, by the letters that each has (bash(1), Shell Builtin Commands)."""

from decnet_decoys.shell.commands.system.synopses import synopsis_of

_DECLARE = "acfgilnprtuxAFGI"
_COMPLETE = "abcdefgjksuvprDEIo:A:G:W:P:S:X:F:C:"
_LETTERS = {
    ".": "", "alias": "p", "bind": "lvpVPsSXf:q:u:m:r:x:", "builtin": "", "caller": "", "cd": "eLP@", "command": "pvV",
    "compgen": _COMPLETE, "complete": _COMPLETE, "compopt": "o:DEI", "declare": _DECLARE, "disown": "ahr",
    "enable": "adnpsf:", "eval": "", "exec": "cla:", "export": "aAfnp", "getopts": "", "hash": "dlp:rt",
    "help": "dms", "history": "acd:npsrw", "jobs": "lpnxrs", "local": _DECLARE, "mapfile": "d:u:n:O:tC:c:s:",
    "printf": "v:", "pwd": "LP", "read": "ersa:d:i:n:p:t:u:N:", "readarray": "d:u:n:O:tC:c:s:", "readonly": "aAfnp",
    "shopt": "psuoq", "source": "", "suspend": "f", "times": "", "trap": "lp", "type": "afptP", "typeset": _DECLARE,
    "ulimit": "SHabcdefiklmnpqrstuvxPRT", "umask": "Sp", "unalias": "a", "unset": "fnv", "wait": "np:f",
}  # fmt: skip
"""As getopt(3) takes them; a builtin that is not here takes anything, or reads its arguments otherwise."""


def refused(name: str, args: list[str]) -> tuple[str, str] | None:
    """Return what bash says of the first option that a builtin does not have, and how that is used; None: it has all.

    Options end at the first word that is none.
    """
    letters = _LETTERS.get(name)
    wrong = None if letters is None else _wrong(letters, args)
    return None if wrong is None else (f"{name}: {wrong}", f"{name}: usage: {synopsis_of(name)}")


def _wrong(letters: str, args: list[str]) -> str | None:
    rest = iter(args)
    for word in rest:
        if not word.startswith("-") or word in ("-", "--", "--help"):
            return None
        for index, letter in enumerate(word[1:256], 1):
            at = letters.find(letter)
            if at < 0 or letter == ":":
                return f"-{letter}: invalid option"
            if letters[at + 1 : at + 2] == ":":
                if not word[index + 1 :] and next(rest, None) is None:
                    return f"-{letter}: option requires an argument"
                break
    return None
