# SPDX-License-Identifier: MIT
"""Conditions on texts: beginnings that an index serves, and parts, in which no character has a meaning of its own."""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, or_

from decnet_core.net.addresses import Network

_HIGHEST = "\U0010ffff"
_ESCAPE = "/"


def beginning_with(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a column begins with a text; an index of the column serves it."""
    return and_(column >= text, column < beyond(text))


def beyond(text: str) -> str:
    """Return the text before which all lie that begin with `text`."""
    return text + _HIGHEST


def containing(text: str | BindParameter[str], *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that one of the columns contains a text, upper and lower case being the same.

    The text, or the value of the parameter, is one that `escaped` returned. SQLite knows the case of ASCII letters
    only, PostgreSQL that of all which its locale has.
    """
    return or_(*(column.icontains(text, escape=_ESCAPE) for column in columns))


def escaped(text: str) -> str:
    """Return a text for `containing`, in which no character has a meaning of its own."""
    for character in (_ESCAPE, "%", "_"):
        text = text.replace(character, _ESCAPE + character)
    return text


def textual_prefix(network: Network) -> str:
    """Return a text with which the canonical form of every address of a network begins; it may be empty."""
    if network.version == 4:
        whole = network.prefixlen // 8
        octets = str(network.network_address).split(".")[:whole]
        return ".".join(octets) + ("." if 0 < whole < 4 else "")
    groups = network.network_address.exploded.split(":")[: network.prefixlen // 16]
    prefix = ""
    for group in groups:
        if int(group, 16) == 0:  # a run of zeros may be written as `::`
            break
        prefix += f"{int(group, 16):x}:"
    return prefix.removesuffix(":") if network.prefixlen == 128 else prefix
