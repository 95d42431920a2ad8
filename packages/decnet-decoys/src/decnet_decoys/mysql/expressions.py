# SPDX-License-Identifier: MIT
"""The expressions of a SELECT: literals, variables and the functions that intruders ask for; nothing is computed."""

import fnmatch
import posixpath
import re
import time
from collections.abc import Callable

from decnet_decoys.mysql.catalogue import Failed, Visitor
from decnet_decoys.mysql.packets import Column, blob_column, null_column, number_column

_SUM = re.compile(r"(\d{1,9}) ?([+*-]) ?(\d{1,9})")
_COMPARED = re.compile(
    r"(?P<what>@@[\w.]{1,64}|\w{1,64}\(\)) ?(?P<how>=|like) ?(?P<quote>['\"])(?P<with>[^'\"]{0,64})(?P=quote)",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}
"""What a letter after a backslash means in a string (MariaDB, "String Literals")."""
MOST_LOADED = 64 << 10
"""Bytes of a file that LOAD_FILE returns."""
_SIZES = dict.fromkeys(("current_user", "user", "session_user", "system_user"), 1536) | dict.fromkeys(
    ("database", "schema"), 256
)
"""Of what functions return, in the bytes that the real server says."""


def column_of(name: str, expression: str, value: str | None) -> Column:
    """Return how the real server describes an expression and its value."""
    if _COMPARED.fullmatch(expression):
        return number_column(name, 1, constant=False)
    shown, call = name.strip("'\""), expression.partition("(")[0].lower()
    if expression[:1].isdecimal() and expression[:2].lower() != "0x":
        return number_column(shown, len(expression))
    if call in _SIZES and "(" in expression:
        return Column(shown, size=_SIZES[call])
    if call == "null":
        return null_column(shown)
    constant = expression[:1] in ("'", '"')
    return blob_column(shown) if call == "load_file" else Column(shown, size=4 * len(value or ""), flags=int(constant))


def _compared(visitor: Visitor, found: re.Match[str]) -> str | Failed | None:
    value = value_of(visitor, found["what"])
    if value is None or isinstance(value, Failed):
        return value
    same = found["with"].lower() == value.lower() if found["how"] == "=" else like(found["with"])(value)
    return "1" if same else "0"


def like(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a pattern of SQL's LIKE matches a value; its first 64 characters count.

    By `fnmatch`, whose expressions do not go back: percent signs in a row would take a regular expression for ever.
    """
    shell = pattern[:64].lower().replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
    matches = re.compile(fnmatch.translate(shell.replace("%", "*").replace("_", "?"))).match
    return lambda value: matches(value.lower()) is not None


def _computed(found: re.Match[str]) -> str:
    one, two = int(found[1]), int(found[3])
    return str({"+": one + two, "-": one - two, "*": one * two}[found[2]])


def value_of(visitor: Visitor, expression: str) -> str | Failed | None:
    """Return an expression's value."""
    compared, computed = _COMPARED.fullmatch(expression), _SUM.fullmatch(expression)
    if compared:
        return _compared(visitor, compared)
    if computed:
        return _computed(computed)
    if expression[:2] == "@@":
        return variable(visitor, expression)
    call = re.fullmatch(r"(?P<name>\w+)\s*\((?P<given>.*)\)", expression, re.DOTALL)
    if call:
        return _called(visitor, call["name"].lower(), call["given"].strip(), call["name"])
    return _constant(expression)


def variable(visitor: Visitor, expression: str) -> str | Failed | None:
    name = re.sub(r"^@@(?:global\.|session\.|local\.)?", "", expression, flags=re.IGNORECASE).strip("`").lower()
    known = visitor.catalogue.variables.get(name)
    if known is None:
        return Failed(1193, "HY000", f"Unknown system variable '{name}'")
    unset = name == "secure_file_priv" and not known and visitor.catalogue.profile.flavour == "mariadb"
    return None if unset else known


def _constant(expression: str) -> str | Failed | None:
    if re.fullmatch(r"-?\d{1,30}(?:\.\d{1,30})?|(['\"]).*\1|0x[0-9a-fA-F]*", expression, re.DOTALL):
        return literal(expression).decode("utf-8", "replace") if not expression[:1].isdecimal() else _number(expression)
    if expression.lower() == "null":
        return None
    return Failed(1054, "42S22", f"Unknown column '{expression[:64]}' in 'field list'")


def _number(expression: str) -> str:
    return literal(expression).decode("utf-8", "replace") if expression[:2].lower() == "0x" else expression


def _called(visitor: Visitor, name: str, given: str, shown: str) -> str | Failed | None:
    if name in visitor.catalogue.functions:
        visitor.commands.append(literal(given).decode("utf-8", "replace"))
        return "0" if name.endswith("exec") else None
    simple: dict[str, Callable[[], str | None]] = {
        "version": lambda: visitor.catalogue.profile.version,
        "user": lambda: f"{visitor.user}@{visitor.address}", "current_user": lambda: f"{visitor.user}@%",
        "session_user": lambda: f"{visitor.user}@{visitor.address}",
        "system_user": lambda: f"{visitor.user}@{visitor.address}",
        "database": lambda: visitor.database or None, "schema": lambda: visitor.database or None,
        "now": lambda: time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
        "connection_id": lambda: str(visitor.number), "sleep": lambda: "0",
        "load_file": lambda: _loaded(visitor, given), "unix_timestamp": lambda: str(int(time.time())),
    }  # fmt: skip
    if name in simple:
        return simple[name]()
    if name in ("hex", "unhex", "concat", "char", "md5", "if", "ifnull", "count"):
        return literal(given).decode("utf-8", "replace")
    return Failed(
        1305, "42000", f"FUNCTION {visitor.database + '.' if visitor.database else ''}{shown[:64]} does not exist"
    )


def _loaded(visitor: Visitor, given: str) -> str | None:
    """Return a file of the machine that everybody may read, as the real server does, or NULL."""
    return loaded_file(visitor, literal(given).decode("utf-8", "surrogateescape"))


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
