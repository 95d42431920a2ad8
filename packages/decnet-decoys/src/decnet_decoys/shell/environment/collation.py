# SPDX-License-Identifier: MIT
"""In which order names and lines are (strcoll(3)), as the locale that the variables choose has it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from decnet_decoys.shell.encoding import decode

_NOT_COLLATED = re.compile(r"[^0-9A-Za-z\u0080-\U0010ffff]")
MAX_COLLATED = 256
"""Characters of a line by which it is ordered in a locale; beyond them by its bytes."""


def in_locale(variables: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the key by which names are ordered where these variables choose the locale."""
    locale = next((variables[name] for name in ("LC_ALL", "LC_COLLATE", "LANG") if variables.get(name)), "C")
    return str if locale.partition(".")[0] in ("C", "POSIX") else collated


def collated(name: str) -> tuple[str, str, str]:
    """Return the key by which names are ordered in the locale en_US: letters and digits first, small before capital."""
    plain = _NOT_COLLATED.sub("", name)
    return plain.lower(), plain.swapcase(), name


def lines_in_locale(variables: Mapping[str, str]) -> Callable[[bytes], Any]:
    """Return the key by which lines are ordered."""
    return bytes if in_locale(variables) is str else _collated_line


def _collated_line(line: bytes) -> tuple[str, str, bytes]:
    plain = _NOT_COLLATED.sub("", decode(line[:MAX_COLLATED]))
    return plain.lower(), plain.swapcase(), line
