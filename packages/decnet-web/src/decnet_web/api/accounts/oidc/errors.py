# SPDX-License-Identifier: MIT
"""Why a log-in through a provider came to nothing."""

from __future__ import annotations

from typing import Literal

from decnet_web.errors import WebError

Reason = Literal["denied", "expired", "failed", "no_role", "name_taken", "name_unusable", "disabled"]
"""What the log-in page is told; the sentence is in the audit, for a provider or a link may have put words into it."""


class OidcError(WebError):
    """The log-in cannot go on; `reason` is for the user, the message for the operator."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason
