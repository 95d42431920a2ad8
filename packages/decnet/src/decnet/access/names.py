# SPDX-License-Identifier: MIT
"""Which names accounts may have.

Lower-case ASCII only. Two names that look the same (a Cyrillic letter among Latin ones, another Unicode form, marks
that turn the direction of writing) are how somebody passes for another in a list or in the audit, and no table of
look-alikes is ever complete. What is refused is named by its code point, since it may be invisible.
"""

import re

from decnet.cli.errors import WrongUsageError
from decnet.cli.labels import code_point

LONGEST = 64
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]*")
_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._@+-")


def account_name(text: str) -> str:
    """Return the name in lower case; raises WrongUsageError, which says what is wrong with it."""
    name = text.lower() if text.isascii() else text
    if not name:
        raise WrongUsageError("a user needs a name")
    if len(name) > LONGEST:
        raise WrongUsageError(f"a user's name has at most {LONGEST} characters")
    strange = next((character for character in name if character not in _ALLOWED), "")
    if strange:
        raise WrongUsageError(f"a user's name has ASCII letters, digits and . _ - @ + only, not {code_point(strange)}")
    if not _NAME.fullmatch(name):
        raise WrongUsageError("a user's name begins with a letter or a digit")
    return name
