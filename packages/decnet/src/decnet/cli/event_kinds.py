# SPDX-License-Identifier: MIT
"""Kinds of events as people type them."""

from collections.abc import Sequence

from decnet.cli.errors import WrongUsageError
from decnet_core.events.catalogue import KINDS


def known_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds; raises WrongUsageError for one that the catalogue does not have."""
    for kind in kinds:
        if kind not in KINDS:
            raise WrongUsageError(f"there is no event kind {kind!r}; kinds are: {', '.join(KINDS)}")
    return tuple(kinds)
