# SPDX-License-Identifier: MIT
"""Options by which an operator says what an endpoint receives, or what a silence is about."""

import enum
import re
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
import typer

from decnet.cli.errors import WrongUsageError
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


ReceiverId = Annotated[str, typer.Argument(help="The webhook's id, as decnet webhook list shows it.")]
SendsOption = Annotated[
    Sends | None,
    typer.Option("--sends", help="Incidents, or every notice; default: incidents for formats that people read."),
]
SeverityOption = Annotated[Severity | None, typer.Option("--severity", help="Only at least so severe.")]
ScoreOption = Annotated[
    int | None, typer.Option("--score", min=0, max=100, help="Only attackers with at least this threat score.")
]
SourceOption = Annotated[
    list[str] | None, typer.Option("--source", help="Only from this address or network; repeatable.")
]
DeckyOption = Annotated[list[str] | None, typer.Option("--decky", help="Only at this decky or glob; repeatable.")]
TechniqueOption = Annotated[
    list[str] | None,
    typer.Option("--technique", help="Only this ATT&CK technique, with its sub-techniques; repeatable."),
]
TagOption = Annotated[
    list[str] | None,
    typer.Option("--tag", help="Only this canary token, label or title of a rule, or glob; repeatable."),
]
HoursOption = Annotated[
    list[str] | None,
    typer.Option("--hours", help='Only in this span of the week, local time: "mon-fri 08:00-18:00"; repeatable.'),
]
QuietOption = Annotated[
    list[str] | None,
    typer.Option("--quiet", help='Quiet hours, e.g. "22:00-07:00", then one digest; repeatable; an empty one: none.'),
]
BreaksOption = Annotated[
    Severity | None, typer.Option("--breaks-quiet", help="Told in quiet hours if so severe; default: critical.")
]


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
            raise WrongUsageError("--quiet is for --sends incidents: of every notice nothing may be left out")
        return changed


_SENDS: dict[str, str] = {NOTICES: NOTICES, INCIDENTS: INCIDENTS}
"""The plain text of each: one that is the default is left out of the row only if it is the very same."""


def _technique(text: str) -> None:
    if not re.fullmatch(r"T\d{4}(\.\d{3})?", text):
        raise ValueError(f"{text!r} is no ATT&CK technique; write e.g. T1003 or T1003.008")


def _anything(text: str) -> None:
    del text


_CHECKS: dict[str, Callable[[str], object]] = {
    "sources": network,
    "deckies": _anything,
    "techniques": _technique,
    "tags": _anything,
    "hours": span,
    "quiet": span,
}


def _checked(name: str, value: str, check: Callable[[str], object]) -> str:
    try:
        check(value)
    except ValueError as error:
        raise WrongUsageError(f"{name}: {error}") from error
    return value
