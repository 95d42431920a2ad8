# SPDX-License-Identifier: MIT
"""Why a document cannot be instrumented."""


class DocumentError(Exception):
    """The document cannot be instrumented; the message says why."""
