# SPDX-License-Identifier: MIT
"""One module per command, each with a typer `app`; imported only when its command is used (see `decnet.command`)."""
