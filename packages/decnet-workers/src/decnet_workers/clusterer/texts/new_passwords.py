# SPDX-License-Identifier: MIT
"""The passwords that a command gives to accounts, and which of them are an intruder's own.

Only a password that nobody else would take says whose it is: no word, no walk over the keyboard, and nothing that the
shell puts in, which is another one at each run. All patterns are linear in the text, which is bounded.
"""

import re
from itertools import islice, pairwise

from decnet_models.attackers.password_lists import is_guessable, plain_word

_LONGEST = 4096
_MOST = 32
_TOLD = re.compile(r"\|\s{0,8}(?:sudo )?(ch)?passwd\b")
_LONGEST_TOLD = 256
_QUOTED = re.compile(r"'[^']{0,256}'")
_EXPANDED = re.compile(r"\$[A-Za-z0-9_{(!?#$@*-]|`")
_LITERAL = {ord("$"): "\ue000", ord("`"): "\ue001"}
_BACK = {0xE000: "$", 0xE001: "`"}
"""What the shell takes literally between single quotes, as private characters while a text is taken apart."""

_LEAST, _LEAST_DIFFERENT = 8, 5
_LONG = 16
"""Letters of a word that hardly anybody else takes: it is several words."""
_WALK = 0.75
"""The part of the steps from key to key, in a password, that go to a key beside the last one: it is a walk then."""
_ROWS = ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./")
_SHIFTED = str.maketrans('!@#$%^&*()_+{}:"<>?', "1234567890-=[];',./")
_PLACE = {key: (column, row) for row, keys in enumerate(_ROWS) for column, key in enumerate(keys)}


def new_passwords(command: str) -> list[str]:
    """Return the passwords that a command gives to accounts: by `chpasswd`, or by `passwd`, which asks twice.

    One that the shell puts in, of a variable or a command, is left out.
    """
    text, found = command[:_LONGEST], []
    for told in islice(_TOLD.finditer(text), _MOST):
        _, echo, answer = text[max(0, told.start() - _LONGEST_TOLD) : told.start()].rpartition("echo ")
        literal = _QUOTED.sub(lambda quoted: quoted.group().translate(_LITERAL), answer)
        lines = literal.replace("\\n", "\n").replace("'", " ").replace('"', " ").split()
        if echo and lines:
            account, _, secret = lines[-1].partition(":") if told.group(1) else ("", "", lines[-1])
            secret = secret or account
            if not _EXPANDED.search(secret):
                found.append(secret.translate(_BACK))
    return found


def is_own(secret: str) -> bool:
    """Return whether two who set this password are one, because nobody would come to it alone."""
    if len(secret) < _LEAST or len(set(secret)) < _LEAST_DIFFERENT:
        return False
    return not (is_guessable("", secret) or _is_word(secret) or _is_walk(secret))


def _is_word(secret: str) -> bool:
    """Return whether a password is a word with what people put before and behind it, or letters in a word's place."""
    plain = plain_word(secret)
    capitals = sum(letter.isupper() for letter in secret)
    letters = sum(letter.isalpha() for letter in secret)
    written = capitals in (0, letters) or (capitals == 1 and secret.lstrip("0123456789!@#$%^&*._-? ")[:1].isupper())
    return len(plain) < _LONG and (not plain or (plain.isalpha() and written))


def _is_walk(secret: str) -> bool:
    """Return whether a password goes from key to key of an American keyboard, in several rows or in one."""
    steps = [(_PLACE.get(one), _PLACE.get(other)) for one, other in pairwise(secret.lower().translate(_SHIFTED))]
    near = sum(
        one is not None and other is not None and abs(one[0] - other[0]) <= 1 and abs(one[1] - other[1]) <= 1
        for one, other in steps
    )
    return near >= _WALK * len(steps)
