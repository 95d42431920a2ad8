# SPDX-License-Identifier: MIT
"""A text document with a picture that is fetched when it is opened."""

from decnet.canary.instrument.ooxml import instrumented
from decnet.canary.kinds.documents.templates import template
from decnet.canary.kinds.kind import Bait, Kind, Token
from decnet_core.canary import SlugKind

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _make(token: Token) -> Bait:
    return Bait(instrumented(template("docx"), f"{token.url}.gif"), "passwords.docx", _TYPE)


KIND = Kind(
    SlugKind.WEBBUG,
    _make,
    trips="a word processor that opens the file; one in protected view only when editing is allowed",
    reveals="the address, the program and its version, and the time",
)
