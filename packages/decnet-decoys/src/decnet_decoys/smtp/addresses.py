# SPDX-License-Identifier: MIT
"""Addresses of mail and the options that follow them, as far as Postfix looks at them before it takes them; pure."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

_PATH = re.compile(r"\s*(?:\([^()<>]*\)\s*)?(?:<++(?P<bracketed>[^>]*+)>+|(?P<bare>\S*))(?P<rest>.*)", re.DOTALL)
_ADDRESS = re.compile(r'(?:@[^\s<>:]+:)?(?:[^\s<>",;]+|"(?:[^"\\]|\\.)*")(?:@[^\s@<>]+)?\Z')
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)\Z")
_MOST: Final = 255
"""Bytes of a host's name (RFC 1035)."""
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+\Z")
_NOTIFIED: Final = {"NEVER", "SUCCESS", "FAILURE", "DELAY"}
OPTIONS: Final = 20
"""Of a command that are looked at."""


def address_and_options(rest: str, prefix: str) -> tuple[str, list[str]] | None:
    """Return the address after FROM: or TO: and the options that follow it; None when there is no address."""
    if rest[: len(prefix)].upper() != prefix:
        return None
    found = _PATH.match(rest[len(prefix) :])
    if found is None or (found["bracketed"] is None and not found["bare"]):
        return None
    address = found["bracketed"] if found["bracketed"] is not None else found["bare"].removesuffix(">")
    if found["rest"][:1].strip():  # what follows the bracket at once is no option
        address = f"<{address}>{found['rest']}"
    return address, found["rest"].split()[:OPTIONS]


def is_address(address: str) -> bool:
    """Return whether an address is one (RFC 5321, section 4.1.2), as a mail's sender or recipient.

    To Postfix commas and semicolons around it part it from other addresses, of which there are none.
    """
    address = address.strip(",;")
    if address == "@" or not _ADDRESS.match(address):
        return False
    local, at, domain = ("", "", "") if address.endswith('"') else address.rpartition("@")
    return not at or (address.startswith("@") and not local) or is_domain(domain)


def is_domain(name: str) -> bool:
    """Return whether a name is a host's, or an address between square brackets."""
    if name.startswith("["):
        try:
            ipaddress.ip_address(name[1:].removesuffix("]").removeprefix("IPv6:"))
        except ValueError:
            return False
        return name.endswith("]")
    labels = name.removesuffix(".").split(".")
    return len(name) <= _MOST and all(map(_LABEL.match, labels)) and not all(map(str.isdecimal, labels))


def bad_notices(options: Iterable[str], *, of_mail: bool) -> str:
    """Return the option about notices (RFC 3461) whose value is none, or that is there twice; empty: none."""
    seen = set()
    for option in options:
        name, _, value = option.partition("=")
        name = name.upper()
        good = (
            value.upper() in ("FULL", "HDRS") if name == "RET"
            else bool(_XTEXT.match(value)) if name == "ENVID"
            else _is_notify(value.upper()) if name == "NOTIFY"
            else ";" in value if name == "ORCPT"
            else None
        )  # fmt: skip
        if good is not None and (name in ("RET", "ENVID")) == of_mail and (not good or name in seen):
            return name
        seen.add(name)
    return ""


def _is_notify(value: str) -> bool:
    asked = value.split(",")
    return set(asked) <= _NOTIFIED and (asked == ["NEVER"] or "NEVER" not in asked)
