# SPDX-License-Identifier: MIT
"""What the commands' command lines have in common."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON: one document, or one per line for a stream.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print JSON, one document per line.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print a CSV table.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most this many.")]


def application(summary: str) -> typer.Typer:
    """Return an empty command line: plain help (rich costs 0.15 s), no shell completion, our own errors."""
    return typer.Typer(
        help=summary,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
