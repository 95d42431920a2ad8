# SPDX-License-Identifier: MIT
"""Options by which an operator says what an endpoint receives, or what a silence is about: the API needs no typer."""

from typing import Annotated

import typer

from decnet.webhook.selecting import Sends, Severity

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
