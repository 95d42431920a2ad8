# SPDX-License-Identifier: MIT
"""What the commands' command lines have in common."""

from typing import Annotated

import typer

from decnet.cli.default_command import ShowByDefault

Json = Annotated[bool, typer.Option("--json", help="Print JSON: one document, or one per line for a stream.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print JSON, one document per line.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print a CSV table.")]
Graphml = Annotated[bool, typer.Option("--graphml", help="Print a graph: GraphML.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever reads it later.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most this many.")]


def application(summary: str, *, show_by_default: bool = False) -> typer.Typer:
    """Return an empty command line: plain help (rich costs 0.15 s), no shell completion, our own errors.

    With `show_by_default` its first word may be what the subcommand `show` takes.
    """
    return (ShowByDefault if show_by_default else typer.Typer)(
        help=summary,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
