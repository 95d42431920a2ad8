# SPDX-License-Identifier: MIT
"""The argument of commands that names a token; the API has no need of typer."""

from typing import Annotated

import typer

TokenName = Annotated[str, typer.Argument(metavar="TOKEN", help="The token, or its URL or host name.")]
