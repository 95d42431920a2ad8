# SPDX-License-Identifier: MIT
"""A workbook with a picture that is fetched when it is opened."""

from decnet.canary.instrument.ooxml import instrumented
from decnet.canary.kinds.documents.templates import template
from decnet.canary.kinds.kind import Bait, Kind, Token
from decnet_core.canary import SlugKind

_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _make(token: Token) -> Bait:
    return Bait(instrumented(template("xlsx"), f"{token.url}.gif"), "salaries.xlsx", _TYPE)


KIND = Kind(
    SlugKind.WEBBUG,
    _make,
    trips="a spreadsheet program that opens the file; one in protected view only when editing is allowed",
    reveals="the address, the program and its version, and the time",
)
