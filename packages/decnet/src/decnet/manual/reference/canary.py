# SPDX-License-Identifier: MIT
"""The page of the kinds of canary tokens."""

from collections.abc import Iterator

from decnet.canary.kinds.registry import MODULES, kind_named


def canary_kinds() -> Iterator[str]:
    """Every kind with what trips it and what that reveals."""
    yield "# Kinds of canary tokens\n\nMade by `decnet canary new LABEL --kind KIND`.\n"
    yield "| kind | trips | reveals | on a decky |\n|---|---|---|---|"
    for name in MODULES:
        kind = kind_named(name)
        yield f"| `{name}` | {kind.trips} | {kind.reveals} | {f'`{kind.path}`' if kind.path else ''} |"
