# SPDX-License-Identifier: MIT
"""Command lines whose first word is a subcommand, or what the subcommand `show` takes."""

from collections.abc import Sequence
from typing import Any

import typer


class ShowByDefault(typer.Typer):
    """An application in which `show` need not be written: `campaign ID` is `campaign show ID`."""

    def __call__(self, *, args: Sequence[str], **options: Any) -> Any:
        """Run the command line as typer does."""
        names = {str(one.name) for one in self.registered_commands}
        implied = bool(args) and not args[0].startswith("-") and args[0] not in names
        return super().__call__(args=["show", *args] if implied else list(args), **options)
