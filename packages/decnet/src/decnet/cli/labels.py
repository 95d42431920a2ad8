# SPDX-License-Identifier: MIT
"""Which words of their own people may name things by: tokens of programs, canaries, known sources, passkeys.

Any language is welcome. Refused is what is not seen: control characters, line ends, marks that turn the direction of
writing, spaces of no width. By these a name passes for another, and a glob that somebody types does not match it. Of
the several ways to write an accented letter one is kept (Unicode's form NFC), so that equal names are equal text.
"""

import unicodedata

from decnet.cli.errors import WrongUsageError

LONGEST = 255


def label(text: str, what: str, longest: int = LONGEST) -> str:
    """Return the label of `what` as it is stored; raises WrongUsageError, which names what is wrong with it."""
    kept = unicodedata.normalize("NFC", text.strip())
    if len(kept) > longest:
        raise WrongUsageError(f"the {what} has at most {longest} characters")
    unseen = next((character for character in kept if not character.isprintable()), "")
    if unseen:
        raise WrongUsageError(f"the {what} has visible characters only, not {code_point(unseen)}")
    return kept


def code_point(character: str) -> str:
    """Return how a character is told that may be invisible: U+202E RIGHT-TO-LEFT OVERRIDE."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()
