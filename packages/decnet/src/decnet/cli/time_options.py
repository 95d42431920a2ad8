# SPDX-License-Identifier: MIT
"""`--since` and `--until` as options of a command (`time_window`)."""

from typing import Annotated

import typer

Since = Annotated[
    str | None, typer.Option(metavar="TIME", help='Only from this time on: "1h" (ago), "yesterday 22:00", RFC 3339.')
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Only before this time.")]
