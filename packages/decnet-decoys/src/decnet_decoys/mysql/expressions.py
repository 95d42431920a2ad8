# SPDX-License-Identifier: MIT
"""What statements name: literals, lists of expressions, patterns, variables and the machine's files."""

import fnmatch
import posixpath
import re
from collections.abc import Callable

from decnet_decoys.mysql.catalogue import Failed, Visitor
from decnet_decoys.mysql.state.server_state import variable_of_server

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}
"""What a letter after a backslash means in a string (MariaDB, "String Literals")."""
MOST_LOADED = 64 << 10
"""Bytes of a file that LOAD_FILE returns."""


def like(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a pattern of SQL's LIKE matches a value; its first 64 characters count.

    By `fnmatch`, whose expressions do not go back: percent signs in a row would take a regular expression for ever.
    """
    shell = pattern[:64].lower().replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
    matches = re.compile(fnmatch.translate(shell.replace("%", "*").replace("_", "?"))).match
    return lambda value: matches(value.lower()) is not None


def variable(visitor: Visitor, expression: str) -> str | Failed | None:
    name = re.sub(r"^@@(?:global\.|session\.|local\.)?", "", expression, flags=re.IGNORECASE).strip("`").lower()
    known = visitor.catalogue.variables.get(name)
    if not expression.lower().startswith("@@global."):
        known = visitor.settings.get(name, known)
    if known is None:
        known = variable_of_server(visitor.catalogue, name)
    if known is None:
        return Failed(1193, "HY000", f"Unknown system variable '{name}'")
    unset = name == "secure_file_priv" and not known and visitor.catalogue.profile.flavour == "mariadb"
    return None if unset else known


def loaded_file(visitor: Visitor, path: str) -> str | None:
    """Return a file of the machine that everybody may read, as the real server does, or NULL."""
    if visitor.files is None or not path.startswith("/"):
        return None
    data = visitor.files.read(path, MOST_LOADED, account="mysql")
    if data is None:
        return None
    if posixpath.normpath(path.lstrip("/")).startswith("proc/"):
        return ""  # as much as stat(2) says that there is
    return data.decode("utf-8", "surrogateescape")


def literal(text: str) -> bytes:
    """Return the bytes of a literal: hexadecimal, in quotes, or as it stands."""
    if text[:2].lower() == "0x":
        digits = re.match(r"[0-9a-fA-F]*", text[2:])
        found = digits[0] if digits else ""
        return bytes.fromhex(found[: len(found) & ~1])
    if len(text) >= 2 and text[0] in "'\"" and text[-1] == text[0]:
        text = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])
    return text.encode("utf-8", "surrogateescape")


def expressions(text: str) -> list[str]:
    """Return what commas divide, outside brackets and quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for index, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [part.strip() for part in (*parts, text[start:])][:64]
