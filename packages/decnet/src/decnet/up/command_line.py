# SPDX-License-Identifier: MIT
"""Reads the command line of `decnet up` without typer, which would stay in memory as long as the fleet runs."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from decnet.up.hosting import Hosting

MOST_PORT_OFFSET = 60_000


class Options(msgspec.Struct, frozen=True):
    """What the operator asked for; `decnet.commands.up` describes the options."""

    plain: bool = False
    as_json: bool = False
    address: str | None = None
    port_offset: Annotated[int, msgspec.Meta(ge=0, le=MOST_PORT_OFFSET)] = 0
    host: Hosting = Hosting.FORK
    seconds: Annotated[float, msgspec.Meta(ge=0)] | None = None
    ready_file: str | None = None


SWITCHES = {"--plain": "plain", "--json": "as_json"}
VALUES = {
    "--address": "address",
    "--port-offset": "port_offset",
    "--host": "host",
    "--for": "seconds",
    "--ready-file": "ready_file",
}


def read(words: Sequence[str]) -> Options | None:
    """Return the options; None for what typer has to answer: a question for help, or a mistake."""
    given: dict[str, object] = {}
    rest = iter(words)
    for word in rest:
        name, joined, value = word.partition("=")
        if word in SWITCHES:
            given[SWITCHES[word]] = True
        elif name in VALUES:
            given[VALUES[name]] = value if joined else next(rest, None)
        else:
            return None
    try:
        return None if None in given.values() else msgspec.convert(given, Options, strict=False)
    except msgspec.ValidationError:
        return None
