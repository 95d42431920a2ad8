# SPDX-License-Identifier: MIT
"""Why a document cannot be instrumented."""

from decnet.cli.errors import CommandError


class DocumentError(CommandError):
    """The document cannot be instrumented; the message says why."""
