# SPDX-License-Identifier: MIT
"""What an operator says that an endpoint receives, or that a silence is about."""

import enum
import re
from collections.abc import Callable, Sequence

import msgspec

from decnet.cli.errors import WrongUsageError
from decnet.cli.labels import label
from decnet_workers.webhook.incidents.hours import span
from decnet_workers.webhook.incidents.selection import INCIDENTS, NOTICES, Selection, network
from decnet_workers.webhook.incidents.severity import NUMBERS


class Sends(enum.StrEnum):
    """What an endpoint receives of attackers."""

    INCIDENTS = INCIDENTS
    NOTICES = NOTICES


class Severity(enum.StrEnum):
    """How severe a notice or an incident is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Wish(msgspec.Struct, frozen=True):
    """What was said of a selection; None: nothing. An empty text in a list takes its condition away."""

    sends: Sends | None = None
    severity: Severity | None = None
    score: int | None = None
    sources: Sequence[str] | None = None
    deckies: Sequence[str] | None = None
    techniques: Sequence[str] | None = None
    tags: Sequence[str] | None = None
    hours: Sequence[str] | None = None
    quiet: Sequence[str] | None = None
    breaks_quiet: Severity | None = None

    def applied(self, before: Selection) -> Selection:
        """Return a selection with what was said; raises WrongUsageError."""
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        for name in ("severity", "breaks_quiet"):
            if name in said:
                said[name] = NUMBERS[said[name]]
        for name, check in _CHECKS.items():
            if name in said:
                said[name] = tuple(_checked(name, value, check) for value in said[name] if value)
        changed = msgspec.structs.replace(before, **{**said, "sends": _SENDS[said.get("sends", before.sends)]})
        if changed.quiet and changed.sends == NOTICES:
            raise WrongUsageError(
                "quiet hours are for a receiver of incidents (sends): of every notice nothing may be left out"
            )
        return changed


_SENDS: dict[str, str] = {NOTICES: NOTICES, INCIDENTS: INCIDENTS}
"""The plain text of each: one that is the default is left out of the row only if it is the very same."""


def _technique(text: str) -> None:
    if not re.fullmatch(r"T\d{4}(\.\d{3})?", text):
        raise ValueError(f"{text!r} is no ATT&CK technique; write e.g. T1003 or T1003.008")


def _glob(text: str) -> str:
    """Return the glob as labels are stored, or it would not match them."""
    return label(text, "glob")


_CHECKS: dict[str, Callable[[str], object]] = {
    "sources": network,
    "deckies": _glob,
    "techniques": _technique,
    "tags": _glob,
    "hours": span,
    "quiet": span,
}


def _checked(name: str, value: str, check: Callable[[str], object]) -> str:
    try:
        kept = check(value)
    except (ValueError, WrongUsageError) as error:
        raise WrongUsageError(f"{name}: {error}") from error
    return kept if isinstance(kept, str) else value
